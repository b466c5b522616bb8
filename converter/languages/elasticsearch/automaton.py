"""Decide whether a regular expression describes a whole text, with the effort that Lucene makes before it refuses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from converter.languages.elasticsearch.refusal import Refusal
from converter.languages.elasticsearch.regexp import Chars, Choice, Expression, Join, Ranges, Repeat, holds

USUAL_STATES: Final = 10_000
"""``max_determinized_states`` of a query that does not name it."""
_EFFORT: Final = 10
"""States that Lucene visits to make an automaton deterministic before it refuses, for each of ``max_determinized_states``."""
_MAX_STATES: Final = 20_000
_MAX_WORK: Final = 1_000_000
"""Parts of an expression, repetitions written out, empty ones too, and steps from one to another."""

_Part: TypeAlias = tuple[bool, int, int]


class Automaton:
    """Decides texts in time linear in their length; built once from an expression.

    A state is a set of places in the expression, as bits: place 0 is the
    start, the others are its characters, repetitions written out.
    """

    def __init__(self, expression: Expression, states: int = USUAL_STATES) -> None:
        """Build the automaton; ``states`` is the query's ``max_determinized_states``.

        Raises:
            Refusal: when Lucene would refuse to make it deterministic.
        """
        self._ranges: list[Ranges] = [()]
        self._next: list[int] = [0]
        self._work = 0
        empty, first, self._last = self._add(expression)
        self._next[0] = first
        self._last |= int(empty)
        self._cuts = sorted({cut for ranges in self._ranges for run in ranges for cut in (run[0], run[1] + 1)})
        self._masks = [sum(1 << at for at, ranges in enumerate(self._ranges) if holds(ranges, point)) for point in (-1, *self._cuts)]
        self._reached: dict[int, int] = {}
        self._check(states)

    def _add(self, expression: Expression) -> _Part:
        """Add an expression's places; return whether it may be empty, and where it begins and ends."""
        self._count(10)
        match expression:
            case Chars(ranges):
                if len(self._ranges) > _MAX_STATES:
                    raise Refusal("a regular expression with too many repetitions", early=True, help="repeat less")
                self._ranges.append(ranges)
                self._next.append(0)
                place = 1 << (len(self._ranges) - 1)
                return False, place, place
            case Join(parts):
                return self._row(parts)
            case Choice(options):
                found = [self._add(option) for option in options]
                return any(one[0] for one in found), _either(one[1] for one in found), _either(one[2] for one in found)
            case Repeat(body, least, None):
                before = self._row([body] * (least - 1))
                loop = self._add(body)
                self._link(loop[2], loop[1])
                empty, first, last = self._joined(before, loop)
                return empty or least == 0, first, last
            case Repeat(body, least, int() as most):
                return self._row([body] * least + [Choice((Join(()), body))] * (most - least))
        raise AssertionError("an expression of another kind")

    def _row(self, parts: Iterable[Expression]) -> _Part:
        """Add parts one after the other."""
        found: _Part = (True, 0, 0)
        for part in parts:
            found = self._joined(found, self._add(part))
        return found

    def _joined(self, left: _Part, right: _Part) -> _Part:
        self._link(left[2], right[1])
        return left[0] and right[0], left[1] | (right[1] if left[0] else 0), right[2] | (left[2] if right[0] else 0)

    def _count(self, steps: int) -> None:
        """Count what it takes to write the expression out, to an end."""
        self._work += steps
        if self._work > _MAX_WORK:
            raise Refusal("a regular expression with too many repetitions", unknown=True, help="repeat less")

    def _link(self, places: int, after: int) -> None:
        self._count(places.bit_count())
        for place in _bits(places):
            self._next[place] |= after

    def _after(self, state: int) -> int:
        """Return where the characters behind a state may stand."""
        if state not in self._reached:
            self._reached[state] = _either(self._next[place] for place in _bits(state))
        return self._reached[state]

    def _check(self, states: int) -> None:
        """Make it deterministic, as Lucene does, until the effort is too much."""
        seen, pending, effort = {1}, [1], 0
        while pending:
            state = pending.pop()
            effort += state.bit_count()
            if effort > states * _EFFORT:
                raise Refusal(f"determinizing the automaton would require more than {states} states", help="write a simpler expression")
            after = self._after(state)
            for mask in self._masks:
                if (reached := after & mask) and reached not in seen:
                    seen.add(reached)
                    pending.append(reached)

    def describes(self, text: str) -> bool:
        """Say whether the expression describes the whole of ``text``."""
        state = 1
        for char in text:
            state = self._after(state) & self._masks[bisect_right(self._cuts, ord(char))]
            if not state:
                return False
        return bool(state & self._last)


def _either(sets: Iterable[int]) -> int:
    found = 0
    for one in sets:
        found |= one
    return found


def _bits(places: int) -> Iterator[int]:
    while places:
        low = places & -places
        yield low.bit_length() - 1
        places ^= low
