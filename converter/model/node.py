"""The decorator of tree nodes and the other values of the compiler: frozen for the type checker, plain slots at run time.

``dataclass(frozen=True)`` makes creation four times slower, and writes and
compiles six methods for a class where this compiles one: of a command's start
that was a third.  ``tests/test_architecture.py`` looks for assignments to
node attributes instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[_Class]) -> type[_Class]:
    """Make ``cls`` a hashable dataclass with slots; treat it as immutable."""
    made = dataclass(slots=True, repr=False, eq=False)(cls)
    names = [one.name for one in fields(made) if one.compare]  # type: ignore[arg-type]  # made a dataclass above
    values: Callable[[Any], Any] = attrgetter(*names) if len(names) > 1 else lambda self: tuple(getattr(self, name) for name in names)

    def same(self: Any, other: Any) -> Any:  # noqa: ANN401 - any nodes; a truth value or NotImplemented
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:  # noqa: ANN401 - any node
        return hash(values(self))

    for name, method in (("__eq__", same), ("__hash__", hashed), ("__repr__", _shown)):
        setattr(made, name, method)
    return made


def _shown(self: Any) -> str:  # noqa: ANN401 - any node
    """Return a node as the call that makes it."""
    return f"{type(self).__qualname__}({', '.join(f'{one.name}={getattr(self, one.name)!r}' for one in fields(self) if one.repr)})"
