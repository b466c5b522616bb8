"""Proofs that a test decides nothing, from what is sound of tests alone: no event is made, so a whole corpus is asked in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from converter.data import Field
from converter.ir import Node
from converter.synthesis.build import Builder, Clause, builder, presence, relations
from converter.synthesis.candidates import fitting
from converter.synthesis.column import Column
from converter.synthesis.gates import Layout, bits, layout
from converter.synthesis.lemma import excludes, impossible
from converter.synthesis.result import AtomFound, Found
from converter.synthesis.solver import Kind, Solver
from converter.synthesis.states import clauses, closed, count

_PAIRED: Final = 60
"""Tests of one field that are all held against each other."""
_BY_FIELDS: Final = (Kind.FIELDS,)


def idle_parts(tree: Node, fields: Mapping[str, Field]) -> tuple[AtomFound | None, ...] | None:
    """Return for each test the proof that it decides nothing, ``None`` where there is none; ``None`` for a rule that never matches.

    ``found`` is ``TOGETHER`` where the test still says something along with others of its field.

    Raises:
        SolverMissingError: python-sat is not installed.
    """
    arranged = layout(tree)
    made = builder(arranged, fields, {}, 0)
    known = closed(made)
    solver = Solver(arranged, count(known))
    try:
        for kind, clause in (*presence(made), *relations(made), *clauses(known, len(arranged.tests) + 1), *lemmas(made)):
            solver.learn(kind, clause)
        if solver.answering(True, _BY_FIELDS) is None:
            return None
        return tuple(_idle(solver, made, arranged, place) for place in range(len(arranged.leaves)))
    finally:
        solver.close()


def _idle(solver: Solver, made: Builder, arranged: Layout, place: int) -> AtomFound | None:
    if all(solver.hanging(place, truth, _BY_FIELDS) is not False for truth in (True, False)):
        return None
    found = proof(solver, made, place)
    if found is None or found.found is Found.DEAD:
        return found
    number = arranged.unique[place]
    together = any(solver.turning(number, made.group(number), truth, _BY_FIELDS) for truth in (True, False))
    return replace(found, found=Found.TOGETHER) if together else found


def proof(solver: Solver, made: Builder, place: int) -> AtomFound | None:
    """Return the verdict that the solver proves without anything that was merely learned."""
    number = made.layout.unique[place]
    for kinds in ((), _BY_FIELDS):
        by_fields = bool(kinds)
        for truth in (True, False):
            if solver.holding(number, truth, kinds) is False:
                return AtomFound(Found.DEAD, (), True, _because(solver, made, number), not truth, by_fields)
        for truth in (True, False):
            if solver.hanging(place, truth, kinds) is False:
                return AtomFound(Found.MASKED, (), True, _because(solver, made, number), not truth, by_fields)
    return None


def _because(solver: Solver, made: Builder, number: int) -> tuple[int, ...]:
    """Return the first place of each test that the last proof leans on; where some have to do with the test itself, those."""
    reasons = [one for one in solver.reasons() if one != number]
    close = [one for one in reasons if made.implies(number, one) or made.implies(one, number)]
    return tuple(sorted(next(bits(made.layout.places[one])) for one in close or reasons))


def lemmas(made: Builder) -> Iterator[Clause]:
    """Yield what the tests of each field imply of one another, and of the keywords."""
    for one in (*made.columns, *([made.keywords] if made.keywords is not None else [])):
        for first, test in one.tests.items():
            if one.known is not None and impossible(test, one.known):
                yield Kind.FIELDS, (-first - 1,)
            # What the test implies, any of its values passes.
            value = next((value for value in fitting([test], (), None, 0) if one.of(value) >> first & 1), None)
            implied = 0 if value is None else one.of(value) | (made.keywords.of(value) if made.keywords is not None else 0)
            yield from (
                (Kind.SOUND, (-first - 1, second + 1)) for second in bits(implied) if second != first and made.implies(first, second)
            )
        yield from _exclusive(one)


def _exclusive(one: Column) -> Iterator[Clause]:
    if not one.scalar or len(one.tests) > _PAIRED:
        return
    tests = list(one.tests.items())
    for at, (first, test) in enumerate(tests):
        yield from ((Kind.FIELDS, (-first - 1, -second - 1)) for second, other in tests[at + 1 :] if excludes(test, other))
