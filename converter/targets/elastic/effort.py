"""How hard Lucene finds it to make an expression deterministic, which it does before it searches.

Lucene counts the states that it visits, and refuses at ten times
``max_determinized_states``; a repetition of anything behind a search can need
a state for each set of places where it may have begun.  Our count is of
places in the expression, about the states of Lucene's automaton; an unverified
likeness, so that half of each bound is kept free.

Source: Lucene 9.12, Operations.determinize; Elasticsearch 8.19, regexp query, ``max_determinized_states``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, TypeAlias

from converter.ir import Chain, CharSet, Choice, Expression, Literal, Ranges, Repeat

USUAL: Final = 10_000
"""``max_determinized_states`` of a query that does not name it."""
RAISED: Final = 250_000
"""The most that an output asks for: a second of the engine's time, once for each search."""
_PLACES: Final = 20_000

_Ends: TypeAlias = tuple[bool, int, int]
"""Whether a part may be empty, the places where it begins and those where it ends, as bits."""


@lru_cache(maxsize=256)  # each language that is tried for a rule asks for the same
def states_needed(tree: Expression, most: int = RAISED) -> int | None:
    """Return the ``max_determinized_states`` that an expression without anchors needs, ``None`` when it is more than ``most``."""
    places = _Places()
    try:
        _, first, _ = places.of(tree)
    except OverflowError:
        return None
    kinds = places.kinds()
    effort, seen = 1, {0}
    pending = {first & kind for kind in kinds} - seen
    while pending:
        seen |= pending
        reached: set[int] = set()
        for state in pending:
            effort += state.bit_count()
            if effort > most * 5:
                return None
            following = places.following(state)
            reached.update([following & kind for kind in kinds])
        pending = reached - seen
    return USUAL if effort <= USUAL * 5 else RAISED


class _Places:
    """The single characters of an expression, repetitions written out, and which may stand behind which."""

    def __init__(self) -> None:
        self.chars: list[Ranges] = []
        self.after: list[int] = []
        self._behind: dict[int, int] = {}

    def of(self, tree: Expression) -> _Ends:
        """Add a part.

        Raises:
            OverflowError: if it has too many places.
        """
        match tree:
            case Literal(text, folded):
                return self._row(CharSet(tuple((ord(one), ord(one)) for one in _cases(char, folded))) for char in text)
            case CharSet(ranges):
                if len(self.chars) >= _PLACES:
                    raise OverflowError
                self.chars.append(ranges)
                self.after.append(0)
                return False, 1 << (len(self.chars) - 1), 1 << (len(self.chars) - 1)
            case Chain(children):
                return self._row(children)
            case Choice(children):
                empty, first, last = False, 0, 0
                for child in children:
                    one = self.of(child)
                    empty, first, last = empty or one[0], first | one[1], last | one[2]
                return empty, first, last
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
        found: _Ends = (True, 0, 0)
        for part in parts:
            found = self._joined(found, self.of(part))
        return found

    def _joined(self, left: _Ends, right: _Ends) -> _Ends:
        self._link(left[2], right[1])
        return left[0] and right[0], left[1] | right[1] if left[0] else left[1], right[2] | left[2] if right[0] else right[2]

    def kinds(self) -> set[int]:
        """Return the places that take a character, for each kind of character that the places tell apart, but for none."""
        turns: dict[int, int] = {}
        for at, ranges in enumerate(self.chars):
            for first, last in ranges:
                turns[first] = turns.get(first, 0) ^ (1 << at)
                turns[last + 1] = turns.get(last + 1, 0) ^ (1 << at)
        found, taking = set(), 0
        for edge in sorted(turns):
            taking ^= turns[edge]
            found.add(taking)
        return found - {0}

    def following(self, state: int) -> int:
        """Return the places that may stand behind those of a state; eight at a time, as states have much in common."""
        found = 0
        for at, eight in enumerate(state.to_bytes((state.bit_length() + 7) // 8, "little")):
            if eight:
                known = self._behind.get(at << 8 | eight)
                if known is None:
                    known = 0
                    for place in _bits(eight):
                        known |= self.after[at * 8 + place]
                    self._behind[at << 8 | eight] = known
                found |= known
        return found

    def _link(self, ends: int, begins: int) -> None:
        for place in _bits(ends):
            self.after[place] |= begins


def _bits(places: int) -> Iterator[int]:
    while places:
        low = places & -places
        yield low.bit_length() - 1
        places ^= low


def _cases(char: str, folded: bool) -> set[str]:
    return {char, *(one for one in (char.lower(), char.upper()) if len(one) == 1)} if folded else {char}
