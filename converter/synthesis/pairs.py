"""The pairs of a rule: for each test two events that differ in it, and answers that hang on it.

An event that was found is turned in one test before the solver is asked, so
that most events serve several tests.  A set of answers that no event has is
learned, and the solver asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from converter.data import Field
from converter.ir import Node, evaluate
from converter.model import node
from converter.synthesis.build import Builder, builder, presence, relations
from converter.synthesis.gates import Layout, answer, bits, layout, live, witness
from converter.synthesis.idle import proof as prove
from converter.synthesis.result import AtomFound, ExampleEvent, Found, Synthesis
from converter.synthesis.solver import Kind, Solver
from converter.synthesis.states import clauses, closed, count
from converter.synthesis.words import label

LARGEST: Final = 20_000
"""Tests of a rule; a larger one is left open."""
WORK: Final = 3_000_000
"""Values times tests that are asked of a rule's fields; what is left then stays open.  The corpora need a tenth."""
ASKED: Final = 40
"""Questions to the solver for one test and one way to a pair."""
_STARTS: Final = 4
"""Events that are turned for one test, and kept for each of its answers."""
_ORACLE: Final = 64
"""Tests up to which the oracle answers each test of each event too."""

_INSIDE: Final = (Kind.FIELDS, Kind.UNSEEN_INSIDE, Kind.UNSEEN)
_ANYWHERE: Final = (Kind.UNSEEN,)


@node
class _Event:
    """An event that was found: the tests that hold, the places its answer hangs on."""

    event: Mapping[str, Any]
    truths: int
    live: int
    expected: bool
    outside: bool


@dataclass(slots=True)
class _Search:
    """What is known of a rule so far."""

    layout: Layout
    builder: Builder
    solver: Solver
    events: list[_Event] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    by_truths: dict[tuple[int, bool], int | None] = field(default_factory=dict)
    hanging: dict[tuple[int, bool], list[int]] = field(default_factory=dict)


def synthesize(tree: Node, fields: Mapping[str, Field], carried: Mapping[str, Any] | None = None, seed: int = 0) -> Synthesis:
    """Return example events of a rule, and what they show of each test; the same for the same seed and solver.

    Args:
        tree: a detection that the oracle can answer (``converter.ir.unevaluable`` found nothing).
        fields: the fields of its log source by name; one that is not there may hold anything.
        carried: what each event holds besides (``frame``), but for the fields that the rule asks for.
        seed: other values in the events.

    Raises:
        SolverMissingError: python-sat is not installed.
    """
    arranged = layout(tree)
    made = builder(arranged, fields, carried or {}, seed)
    if len(arranged.tests) > LARGEST:
        solver = Solver(layout(arranged.leaves[0]))
        solver.close()
        return Synthesis((), (AtomFound(Found.OPEN, reason=f"the rule has more than {LARGEST} tests"),) * len(arranged.leaves))
    known = closed(made)
    solver = Solver(arranged, count(known))
    search = _Search(arranged, made, solver)
    try:
        for kind, clause in (*presence(made), *relations(made), *clauses(known, len(arranged.tests) + 1)):
            solver.learn(kind, clause)
        _first(search)
        found = tuple(_place(search, place) for place in range(len(arranged.leaves)))
    finally:
        solver.close()
    return _used(search, found)


def _first(search: _Search) -> None:
    """Find an event that the rule matches."""
    for _ in range(ASKED):
        truths = search.solver.answering(True, _INSIDE)
        if truths is None or _event(search, truths, True, None, 0) is not None:
            return


def _place(search: _Search, place: int) -> AtomFound:
    """Return what is found for one place of a test."""
    proof: AtomFound | None = None
    together: tuple[int, int] | None = None
    if search.builder.spent[0] > WORK:
        return _known_pair(search, place) or AtomFound(Found.OPEN, reason="the rule took too long before this part was reached")
    free = search.builder.group(search.layout.unique[place])
    for inside in (True, False):
        pair = _known_pair(search, place) or _turned(search, place, inside) or _asked_pair(search, place, inside, 0, Found.STRICT)
        # A proof spares the questions that it has answered.
        proof = proof or (None if pair else prove(search.solver, search.builder, place))
        if not pair and not proof:
            pair = _asked_pair(search, place, inside, free, Found.FIELD) or _two_sides(search, place, inside)
        if pair:
            return pair
        if proof and proof.found is Found.DEAD:
            return proof
        together = together or _together(search, place, inside)
        if proof:
            return replace(proof, found=Found.TOGETHER, pair=together) if together else proof
    return AtomFound(Found.TOGETHER, together) if together else AtomFound(Found.OPEN, reason="no values were found that show it")


def _known_pair(search: _Search, place: int) -> AtomFound | None:
    """Return a pair of events that were found already and differ in this test alone."""
    bit = 1 << search.layout.unique[place]
    for index in search.hanging.get((place, True), ()):
        other = search.by_truths.get((search.events[index].truths ^ bit, True))
        if other is None:
            other = search.by_truths.get((search.events[index].truths ^ bit, False))
        if other is not None and search.events[other].live >> place & 1:
            return AtomFound(Found.STRICT, (index, other))
    return None


def _turned(search: _Search, place: int, inside: bool) -> AtomFound | None:
    """Turn the test in events whose answer hangs on it."""
    number = search.layout.unique[place]
    for truth in (True, False):
        for index in tuple(search.hanging.get((place, truth), ())):
            turned = _event(search, search.events[index].truths ^ 1 << number, inside, number, place)
            if turned is not None and search.events[turned].live >> place & 1:
                return AtomFound(Found.STRICT, (index, turned) if truth else (turned, index))
    return None


def _asked_pair(search: _Search, place: int, inside: bool, free: int, found: Found) -> AtomFound | None:
    """Ask the solver for a pair whose other tests agree, but for those of ``free``."""
    number = search.layout.unique[place]
    kinds = _INSIDE if inside else _ANYWHERE
    for _ in range(ASKED):
        pair = search.solver.pair(place, free, kinds)
        if not isinstance(pair, tuple):
            return None
        first = _event(search, pair[0], inside, number, place)
        second = None if first is None else _event(search, pair[1], inside, number, place)
        if first is not None and second is not None:
            return AtomFound(found, (first, second))
    return None


def _two_sides(search: _Search, place: int, inside: bool) -> AtomFound | None:
    """Find an event for each answer of the test, whatever else differs."""
    sides: list[int] = []
    for truth in (True, False):
        there = next(iter(search.hanging.get((place, truth), ())), None)
        for _ in range(ASKED):
            if there is not None:
                break
            truths = search.solver.hanging(place, truth, _INSIDE if inside else _ANYWHERE)
            if truths is None or isinstance(truths, bool):
                return None
            there = _event(search, truths, inside, search.layout.unique[place], place)
        if there is None:
            return None
        sides.append(there)
    return AtomFound(Found.APART, tuple(sides))


def _together(search: _Search, place: int, inside: bool) -> tuple[int, int] | None:
    """Find two events with different answers that differ in this test, and in others of its field."""
    number = search.layout.unique[place]
    free = search.builder.group(number)
    for truth in (True, False):
        for _ in range(ASKED):
            pair = search.solver.turning(number, free, truth, _INSIDE if inside else _ANYWHERE)
            if pair is None:
                break
            first = _event(search, pair[0], inside, number, place)
            second = None if first is None else _event(search, pair[1], inside, number, place)
            if first is not None and second is not None:
                return first, second
    return None


def _event(search: _Search, truths: int, inside: bool, flipped: int | None, place: int) -> int | None:
    """Return the index of an event in which exactly these tests hold; what stands in the way is learned."""
    for key in ((truths, True),) if inside else ((truths, True), (truths, False)):
        if search.by_truths.get(key) is not None:
            return search.by_truths[key]
    key = (truths, inside)
    if key in search.by_truths:
        return None
    search.by_truths[key] = None
    built = search.builder.build(truths, inside, flipped)
    if isinstance(built, list):
        for kind, clause in built:
            search.solver.learn(kind, clause)
        return None
    spread = search.layout.spread(truths)
    expected = answer(search.layout.gate, spread)
    if not search.builder.holds_what_was_wished(built.event, truths) or not _is_so(search, built.event, spread, expected):
        unseen = Kind.UNSEEN_INSIDE if inside else Kind.UNSEEN
        count_of_tests = len(search.layout.tests)
        search.solver.learn(unseen, tuple(-one - 1 if truths >> one & 1 else one + 1 for one in range(count_of_tests)))
        return None
    index = len(search.events)
    search.by_truths[key] = index
    found = _Event(built.event, truths, live(search.layout.gate, spread), expected, built.outside)
    search.events.append(found)
    leaf = search.layout.leaves[place]
    search.labels.append(
        label(leaf, bool(spread >> place & 1), expected) if found.live >> place & 1 else "matches" if expected else "no match"
    )
    for one in bits(found.live):
        indexes = search.hanging.setdefault((one, bool(spread >> one & 1)), [])
        if len(indexes) < _STARTS:
            indexes.append(index)
    return index


def _is_so(search: _Search, event: Mapping[str, Any], spread: int, expected: bool) -> bool:
    """Whether the oracle says so: the answer always, each test where they are few."""
    leaves = search.layout.leaves
    if len(leaves) <= _ORACLE and any(evaluate(leaf, event) is not bool(spread >> place & 1) for place, leaf in enumerate(leaves)):
        return False
    return evaluate(witness(search.layout, search.layout.gate, spread), event) is expected


def _used(search: _Search, found: tuple[AtomFound, ...]) -> Synthesis:
    """Return the events that some pair needs, in the order in which they were found."""
    kept = sorted({index for one in found for index in one.pair})
    if not kept and search.events:
        kept = [0]
    renamed = {index: position for position, index in enumerate(kept)}
    events = tuple(
        ExampleEvent(search.labels[index], search.events[index].event, search.events[index].expected, search.events[index].outside)
        for index in kept
    )
    verdicts = tuple(replace(one, pair=tuple(renamed[index] for index in one.pair)) for one in found)
    return Synthesis(events, verdicts)
