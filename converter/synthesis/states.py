"""Fields whose values are a closed list: which tests can hold together, said completely, for proofs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from converter.synthesis.build import Builder, Clause
from converter.synthesis.column import MISSING, Column, Scalar
from converter.synthesis.gates import bits
from converter.synthesis.solver import Kind

_MOST: Final = 40
"""Values of a list that is written out."""


def closed(builder: Builder) -> list[tuple[Column, tuple[Scalar, ...]]]:
    """Return the fields that the tables close, with their values."""
    found: list[tuple[Column, tuple[Scalar, ...]]] = []
    for one in builder.columns:
        if one.known is None or not one.plain:
            continue
        values: tuple[Scalar, ...] = (True, False) if one.known.type == "boolean" else one.known.values
        if 0 < len(values) <= _MOST:
            found.append((one, values))
    return found


def count(fields: list[tuple[Column, tuple[Scalar, ...]]]) -> int:
    """Return how many variables the states take: one a value, one for a missing field, one for null and one for an empty list."""
    return sum(len(values) + 3 for _, values in fields)


def clauses(fields: list[tuple[Column, tuple[Scalar, ...]]], first: int) -> Iterator[Clause]:
    """Yield the clauses of all closed fields; ``first`` is the number of the first variable that is a state."""
    for one, values in fields:
        masks = [one.mask([value]) & one.plain for value in values]
        special = [one.mask(MISSING) & one.plain, one.mask(None) & one.plain, one.mask([]) & one.plain]
        states = range(first, first + len(masks) + 3)
        first += len(masks) + 3
        yield Kind.FIELDS, tuple(states)
        many = one.known is not None and (one.known.many or one.known.each)
        # Of several values each may be there or not; missing, null and nothing exclude all else.
        alone = states[len(masks) :] if many else states
        for at, state in enumerate(states):
            for other in states[at + 1 :]:
                if other in alone or state in alone:
                    yield Kind.FIELDS, (-state, -other)
        for test in bits(one.plain):
            having = [state for state, mask in zip(states, [*masks, *special], strict=True) if mask >> test & 1]
            yield Kind.FIELDS, (-test - 1, *having)
            for state, mask in zip(states, [*masks, *special], strict=True):
                if mask >> test & 1:
                    yield Kind.FIELDS, (-state, test + 1)
