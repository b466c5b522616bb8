"""The decorator of tree nodes and the other values of the compiler: frozen for the type checker, plain slots at run time.

``dataclass(frozen=True)`` makes creation four times slower, and writes and
compiles six methods where this one has three: of a command's start that was a
third.  ``tests/test_architecture.py`` looks for assignments to node
attributes instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[_Class]) -> type[_Class]:
    """Make ``cls`` a hashable dataclass with slots; treat it as immutable."""
    made = dataclass(slots=True, unsafe_hash=True, repr=False)(cls)
    made.__repr__ = _shown  # type: ignore[method-assign]  # mypy knows no assignment to a method
    return made


def _shown(self: Any) -> str:  # noqa: ANN401 - any node
    """Return a node as the call that makes it."""
    return f"{type(self).__qualname__}({', '.join(f'{one.name}={getattr(self, one.name)!r}' for one in fields(self) if one.repr)})"
