"""What the compiler makes is a value: equal and hashed by its fields, of its own class only, and shown as the call that makes it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import nan

import pytest

from converter.model import node


@node
class One:
    """A value of one field."""

    only: object


@node
class Pair:
    """A value of two fields and one that is no part of it."""

    first: int
    second: str = "b"
    place: int = field(default=0, compare=False, repr=False)


@node
class Other:
    """A value with the fields of another."""

    first: int
    second: str = "b"


@node
class Empty:
    """A value without fields."""


@dataclass(frozen=True)
class Plain:
    """What the standard library makes of the same fields."""

    first: int
    second: str = "b"


def test_values_are_equal_and_hashed_by_their_fields() -> None:
    assert Pair(1) == Pair(1, "b", 7)
    assert hash(Pair(1)) == hash(Pair(1, "b", 7)) == hash(Plain(1))
    assert Pair(1) != Pair(2)
    for other in (Other(1), (1, "b"), Plain(1), object()):
        assert Pair(1) != other
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert One(nan) == One(nan)  # one and the same object, as in a tuple
    assert {One(1): "a"}[One(1)] == "a"


def test_a_value_is_shown_as_the_call_that_makes_it() -> None:
    assert repr(Pair(1, "x", 5)) == "Pair(first=1, second='x')"
    assert repr(One(Pair(1))) == "One(only=Pair(first=1, second='b'))"
    assert repr(Empty()) == "Empty()"


def test_a_value_has_no_other_fields_and_can_be_replaced_and_matched() -> None:
    with pytest.raises(AttributeError):
        Pair(1).third = 3  # type: ignore[attr-defined]
    assert replace(Pair(1), first=2) == Pair(2)
    match Pair(3, "y"):
        case Pair(first, second):
            assert (first, second) == (3, "y")
