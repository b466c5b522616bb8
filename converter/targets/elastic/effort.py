"""Whether Lucene would make an expression deterministic, or refuse the search as too complex.

Lucene counts the states that it visits, and gives up at ten times
``max_determinized_states``; a repetition of anything behind a search can need
a state for each set of places where it may have begun.  Our count is of
places in the expression, which are about the states of Lucene's automaton.

Source: Lucene 9.12, Operations.determinize; Elasticsearch 8.19, regexp query, ``max_determinized_states`` 10,000.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from converter.ir import Chain, CharSet, Choice, Expression, Literal, Ranges, Repeat

BOUND: Final = 100_000
_PLACES: Final = 20_000

_Ends: TypeAlias = tuple[bool, frozenset[int], frozenset[int]]
"""Whether a part may be empty, the places where it begins and those where it ends."""


def is_simple(tree: Expression) -> bool:
    """Say whether an expression without anchors stays within Lucene's bound."""
    places = _Places()
    try:
        _, first, _ = places.of(tree)
    except OverflowError:
        return False
    edges = sorted({edge for one in places.chars for first_code, last_code in one for edge in (first_code, last_code + 1)})
    kinds = {frozenset(at for at, one in enumerate(places.chars) if _has(one, code)) for code in edges} - {frozenset()}
    start = frozenset({-1})
    seen, pending, effort = {start}, [start], 0
    while pending:
        state = pending.pop()
        effort += len(state)
        if effort > BOUND:
            return False
        following = first if state is start else frozenset().union(*(places.after[at] for at in state))
        for kind in kinds:
            reached = following & kind
            if reached and reached not in seen:
                seen.add(reached)
                pending.append(reached)
    return True


class _Places:
    """The single characters of an expression, repetitions written out, and which may stand behind which."""

    def __init__(self) -> None:
        self.chars: list[Ranges] = []
        self.after: list[set[int]] = []

    def of(self, tree: Expression) -> _Ends:
        """Add a part.

        Raises:
            OverflowError: if it has too many places.
        """
        match tree:
            case Literal(text, folded):
                return self._row([CharSet(tuple((ord(one), ord(one)) for one in _cases(char, folded))) for char in text])
            case CharSet(ranges):
                if len(self.chars) >= _PLACES:
                    raise OverflowError
                self.chars.append(ranges)
                self.after.append(set())
                place = frozenset({len(self.chars) - 1})
                return False, place, place
            case Chain(children):
                return self._row(children)
            case Choice(children):
                ends = [self.of(child) for child in children]
                return (
                    any(one[0] for one in ends),
                    frozenset().union(*(one[1] for one in ends)),
                    frozenset().union(*(one[2] for one in ends)),
                )
            case Repeat(child, least, most):
                return self._repeat(child, least, most)
            case _:
                raise ValueError(f"{type(tree).__name__} in an expression for the whole value")

    def _repeat(self, child: Expression, least: int, most: int | None) -> _Ends:
        if most is not None:
            return self._row([child] * least + [Choice((Chain(()), child))] * (most - least))
        head = self._row([child] * max(least - 1, 0))
        loop = self.of(child)
        self._link(loop[2], loop[1])
        empty, first, last = self._joined(head, loop)
        return empty or not least, first, last

    def _row(self, parts: Iterable[Expression]) -> _Ends:
        found: _Ends = (True, frozenset(), frozenset())
        for part in parts:
            found = self._joined(found, self.of(part))
        return found

    def _joined(self, left: _Ends, right: _Ends) -> _Ends:
        self._link(left[2], right[1])
        return left[0] and right[0], left[1] | right[1] if left[0] else left[1], right[2] | left[2] if right[0] else right[2]

    def _link(self, ends: frozenset[int], begins: frozenset[int]) -> None:
        for place in ends:
            self.after[place] |= begins


def _cases(char: str, folded: bool) -> set[str]:
    return {char, *(one for one in (char.lower(), char.upper()) if len(one) == 1)} if folded else {char}


def _has(ranges: Ranges, code: int) -> bool:
    return any(first <= code <= last for first, last in ranges)
