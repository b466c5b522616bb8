"""The decorator of tree nodes and other values that a compiler makes by the thousand: frozen for the type checker, plain slots at run time.

``dataclass(frozen=True)`` makes creation four times slower; ``tests/test_architecture.py`` looks for assignments to
node attributes instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def node(cls: type[_Class]) -> type[_Class]:
    """Make ``cls`` a hashable dataclass with slots; treat it as immutable."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
