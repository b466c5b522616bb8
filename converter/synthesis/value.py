"""A value for one field: it passes exactly the tests that it should, or what stood in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import islice
from typing import Any, Final

from converter.data import Field
from converter.ir import Text
from converter.model import node
from converter.synthesis.candidates import belongs, fitting, near, neutral
from converter.synthesis.column import MISSING, Column, ValueTest
from converter.synthesis.gates import bits

TRIED: Final = 600
"""Values that are tried for one field and one set of answers."""
_NEAR: Final = 40
"""Tests whose near misses are tried where no test is to pass."""


@node
class Value:
    """A value, and whether it is one that the producer does not write."""

    value: Any
    outside: bool = False


@node
class Conflict:
    """No value was found: ``positive`` tests were to pass, and each value that passed them passed one of ``hit`` too."""

    positive: int
    hit: int


@node
class Wish:
    """What is asked of a field's value.

    Args:
        truths: the tests of the field that are to pass, as bits.
        inside: only what the producer writes.
        flipped: a test that is not to pass, and whose near misses are wanted.
        avoid: keywords that no value may satisfy, as bits.
        keywords: the column of keywords.
        hints: values to try first.
        also: patterns that the value must fit besides, because another field refers to it.
        related: whether a value stands to other fields as it must.
    """

    truths: int
    inside: bool
    flipped: ValueTest | None = None
    avoid: int = 0
    keywords: Column | None = None
    hints: Sequence[Any] = ()
    also: tuple[Text, ...] = ()
    related: Callable[[Any], bool] | None = field(default=None, compare=False)


def value_for(column: Column, wish: Wish, seed: int, spent: list[int]) -> Value | Conflict:
    """Return a value with exactly the wished answers, a list only where no single value has them.

    What it cost is added to the one number of ``spent``: values times tests that were asked of each.
    """
    known = column.known
    tests = [column.tests[one] for one in bits(wish.truths) if one in column.tests]
    hit = passed = 0
    outside: Any = None
    for candidate in islice(_formed(_candidates(column, wish, tests, seed), known), TRIED):
        spent[0] += column.weight
        found = _answers(column, wish, candidate)
        if found & wish.truths != wish.truths:
            continue
        passed += 1
        if found != wish.truths or (wish.related is not None and not wish.related(candidate)):
            hit |= found & ~wish.truths
            continue
        if _inside(candidate, known):
            return Value(candidate)
        if not wish.inside and outside is None:
            outside = candidate
    if outside is not None:
        return Value(outside, True)
    listed = _list_for(column, wish, tests, seed, spent) if len(tests) > 1 and not (column.scalar and wish.inside) else None
    if isinstance(listed, list) and (wish.related is None or wish.related(listed)):
        beyond = column.scalar or not all(_inside(one, known) for one in listed)
        if not (beyond and wish.inside):
            return Value(listed, beyond)
    if isinstance(listed, Conflict):
        return listed
    return Conflict(wish.truths, hit if passed else 0)


def _each_once(values: Iterator[Any]) -> Iterator[Any]:
    seen: set[tuple[type, str]] = set()
    for value in values:
        key = (type(value), value if isinstance(value, str) else repr(value))
        if key not in seen:
            seen.add(key)
            yield value


def _answers(column: Column, wish: Wish, value: Any) -> int:  # noqa: ANN401 - any JSON value
    """Return the tests that a value passes, and the unwanted keywords that it satisfies."""
    found = column.mask(value)
    if wish.avoid and wish.keywords is not None:
        for one in _scalars(value):
            found |= wish.keywords.of(one) & wish.avoid
    return found


def _scalars(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        for one in value:
            yield from _scalars(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _scalars(one)
    elif value is not None and value is not MISSING:
        yield value


def _formed(candidates: Iterator[Any], known: Field | None) -> Iterator[Any]:
    """Yield values in the form that the producer gives all of them, before each as it is."""
    for one in candidates:
        if known is not None and known.form and isinstance(one, str):
            yield from (whole for whole in known.written(one) if whole != one)
        yield one


def _candidates(column: Column, wish: Wish, tests: Sequence[ValueTest], seed: int) -> Iterator[Any]:
    yield from wish.hints
    known = column.known
    if tests or wish.also:
        others = [column.tests[one] for one in islice(column.tests, 200) if not wish.truths >> one & 1]
        if tests == [] and wish.also:
            yield from neutral(known, seed)
        yield from fitting([*tests, *wish.also], others, known, seed)
        return
    if wish.truths & column.null:
        yield from (MISSING, None)
    if wish.flipped is not None and not wish.truths & column.absent:
        yield from near(wish.flipped, known)
    yield MISSING
    yield from neutral(known, seed)
    yield from (None, [], {})
    for one in islice(column.tests, _NEAR):
        yield from near(column.tests[one], known)


def _inside(value: Any, known: Field | None) -> bool:  # noqa: ANN401 - any JSON value
    if value is MISSING or value is None or known is None:
        return True
    if isinstance(value, Mapping) or value == []:
        return False
    return belongs(value, known)


def _list_for(column: Column, wish: Wish, tests: Sequence[ValueTest], seed: int, spent: list[int]) -> list[Any] | Conflict | None:
    """Return a list with an element for each test that no earlier one passes; none passes an unwanted test."""
    unwanted = ~wish.truths
    numbers = [one for one in bits(wish.truths) if one in column.tests]
    elements: list[Any] = []
    covered = 0
    for number, test in zip(numbers, tests, strict=True):
        if covered >> number & 1:
            continue
        hit = 0
        for candidate in islice(fitting([test, *wish.also], (), column.known, seed), TRIED):
            spent[0] += column.weight
            found = _answers(column, wish, [candidate])
            if not found >> number & 1 or (wish.inside and not _inside(candidate, column.known)):
                continue
            if not found & unwanted:
                elements.append(candidate)
                covered |= found
                break
            hit |= found & unwanted
        else:
            return Conflict(1 << number, hit) if hit else None
    if _answers(column, wish, elements) != wish.truths:
        return None
    return elements
