"""Numbers of a correlation: which values count as numbers, what a condition says of a figure, and what a percentile is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

from converter.ir.condition import Condition, Junction, Name, Negation, Selector, selected
from converter.ir.evaluate import _number
from converter.ir.events import lookup
from converter.model import Criterion

if TYPE_CHECKING:
    from fractions import Fraction

Figure: TypeAlias = "int | Fraction"
"""A number without rounding.  Fractions are imported where they are made: few commands make any."""

HIGHEST: Final = 10**300
"""Numbers beyond it are none, so that every sum is a number to every program."""

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le, "eq": eq, "neq": ne}


def measured(value: object) -> Figure | None:
    """Return a number, or a text that is one in decimal, as the decimal that is written; ``None`` for all else and beyond ``HIGHEST``."""
    number = _number(value)
    if number is None or not -HIGHEST <= number <= HIGHEST:
        return None
    if isinstance(number, int):
        return number
    if number.is_integer():
        return int(number)
    from fractions import Fraction

    return Fraction(repr(number))


def meets(criteria: Iterable[Criterion], figure: Figure) -> bool:
    """Return whether a figure meets every criterion."""
    return all(_COMPARE[one.operator](figure, measured(one.value)) for one in criteria)


def percentile(ordered: Sequence[Figure], percent: Figure) -> Figure:
    """Return a percentile of values in ascending order, at least one.

    Between the two values whose ranks are closest it is interpolated: of ``n``
    values the rank is ``percent / 100 * (n - 1)``, counted from 0, so 0 is the
    smallest, 50 the median and 100 the largest (as in numpy's ``linear`` and
    Excel's PERCENTILE.INC).
    """
    from fractions import Fraction

    rank = Fraction(percent) * (len(ordered) - 1) / 100
    low = int(rank)
    if rank == low:
        return ordered[low]
    return ordered[low] + (ordered[low + 1] - ordered[low]) * (rank - low)


def scalars(event: Mapping[str, Any], field: str) -> tuple[object, ...]:
    """Return the values at a field that can be a group or be counted: lists taken apart, without null and objects."""
    return tuple(one for one in lookup(event, field).values if one is not None and not isinstance(one, Mapping))


def named(expression: Condition, references: tuple[str, ...]) -> frozenset[str]:
    """Return the references that a condition in words names."""
    match expression:
        case Name(name):
            return frozenset({name})
        case Selector():
            return frozenset(selected(expression.pattern, references))
        case Negation(operand):
            return named(operand, references)
        case Junction():
            return frozenset(name for operand in expression.operands for name in named(operand, references))
    assert_never(expression)


def true_of(expression: Condition, present: frozenset[str], references: tuple[str, ...]) -> bool:
    """Return whether a condition in words holds when just the rules ``present`` have a match."""
    match expression:
        case Name(name):
            return name in present
        case Selector():
            found = [name in present for name in selected(expression.pattern, references)]
            return all(found) if expression.every else any(found)
        case Negation(operand):
            return not true_of(operand, present, references)
        case Junction():
            found = [true_of(one, present, references) for one in expression.operands]
            return all(found) if expression.word == "and" else any(found)
    assert_never(expression)
