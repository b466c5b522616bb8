"""Correlations and streams of events for tests: by hand and drawn at random."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from converter.ir import SECOND, FieldMatch, Linked, Part, Text, Timed, Wild, detected, leaves, parse_condition
from converter.match import Alert, Stream
from converter.model import TYPES, Correlation, Criterion, LogSource, Reference, Rule, Source

NOWHERE = Source("test.yml", "")


def rule(name: str, correlation: Correlation | None = None) -> Rule:
    """A rule that has its name as id."""
    return Rule(NOWHERE, name, name, LogSource(), {}, name=name, correlation=correlation)


def detection(name: str, field: str = "kind") -> Part:
    """A part that matches the events whose field holds its name."""
    return Part(name, rule(name), FieldMatch(field, Text((name,))))


def everything(name: str) -> Part:
    """A part that matches every event with a field ``kind``."""
    return Part(name, rule(name), FieldMatch("kind", Text((Wild.MANY,))))


def linked(name: str, correlation: Correlation, parts: Sequence[Part]) -> Linked:
    """A correlation with its parts; the references are theirs."""
    expression = parse_condition(correlation.expression) if correlation.expression else None
    return Linked(rule(name, correlation), correlation, tuple(parts), expression)


def part_of(inner: Linked) -> Part:
    """A correlation as a part of another."""
    return Part(inner.rule.name, inner.rule, inner)


def alerts(stream: Stream, correlations: Sequence[Linked], events: Sequence[Timed]) -> list[Alert]:
    """What a stream says of events in the order of their arrival; each is from its index."""
    parts = {part.rule.id: part for one in correlations for part in leaves(one)}
    found: list[Alert] = []
    for index, timed in enumerate(events):
        matched = [name for name, part in parts.items() if detected(part, timed.event)]
        found += stream.add(timed.time, matched, timed.event, index)
    return [*found, *stream.finish()]


NAMES = ["a", "b", "c"]
FIELDS = ["u", "v", "n"]
OPERATORS = st.sampled_from(["gt", "gte", "lt", "lte", "eq", "neq"])
BOUNDS = {"value_sum": [0, 1, 3, 2.1, 5], "value_percentile": [1, 2, 1.5, 50, 33.3, 100]}
EXPRESSIONS = ["{0}", "not {0}", "{0} and not {1}", "{0} or {1}", "{1} and ({0} or not {0})"]


def _criteria(kind: str) -> st.SearchStrategy[list[Criterion]]:
    bounds = st.sampled_from(BOUNDS.get(kind, [1, 2, 3, 1.5]))
    return st.lists(st.builds(Criterion, OPERATORS, bounds), min_size=1, max_size=2)


@st.composite
def _correlation(draw: st.DrawFn, kind: str, references: list[str]) -> Correlation:
    temporal = kind.startswith("temporal")
    expression = ""
    if kind == "temporal" and draw(st.booleans()):
        expression = draw(st.sampled_from(EXPRESSIONS)).format(references[0], references[-1])
    names = st.lists(st.sampled_from([*FIELDS, "alias"]), unique=True, min_size=1, max_size=2)
    aliases = {reference: draw(st.sampled_from(FIELDS)) for reference in draw(st.lists(st.sampled_from(references), max_size=3))}
    bare = kind == "temporal_ordered" or expression or (temporal and draw(st.booleans()))
    return Correlation(
        kind,
        tuple(map(Reference, references)),
        draw(st.integers(1, 4)),
        tuple(draw(st.one_of(st.just([]), names))),
        () if bare else tuple(draw(_criteria(kind))),
        expression,
        tuple(draw(names)) if kind.startswith("value_") else (),
        draw(st.sampled_from([None, 0, 10, 50, 75.5, 100])) if kind == "value_percentile" else None,
        {"alias": aliases},
    )


@st.composite
def correlations(draw: st.DrawFn, kind: str) -> list[Linked]:
    """One to three correlations, of detections and of each other; the first is of a given type."""
    parts = [*(detection(name) for name in NAMES), everything("all")]
    found: list[Linked] = []
    for number in range(draw(st.sampled_from([1, 1, 2, 3]))):
        of = draw(st.sampled_from(TYPES)) if number else kind
        # In an ordered correlation a rule may stand twice.
        same = None if of.startswith("temporal") else (lambda one: one.rule.id)
        chosen = draw(st.lists(st.sampled_from(parts), min_size=1, max_size=3, unique_by=same))
        found.append(linked(f"c{number}", draw(_correlation(of, [part.reference for part in chosen])), chosen))
        parts.append(part_of(found[-1]))
    return found


SCALARS = st.sampled_from(["x", "X", "1", "2.5", 1, 2, 0.1, True, None, ""])
VALUES = st.one_of(st.sampled_from(["x", 1]), SCALARS, st.lists(SCALARS, max_size=3), st.just({"x": 1}))
ONE = st.sampled_from(NAMES)
EVENTS = st.fixed_dictionaries({"kind": st.one_of(ONE, ONE, ONE, st.lists(ONE, max_size=2))}, optional=dict.fromkeys(FIELDS, VALUES))


@st.composite
def streams(draw: st.DrawFn) -> list[Timed]:
    """Events with ties, in any order."""
    times = st.integers(0, 16).map(lambda half: half * SECOND // 2)
    found: list[Timed] = draw(st.lists(st.builds(Timed, times, EVENTS), min_size=4, max_size=16))
    if draw(st.booleans()):
        found.sort(key=lambda one: one.time)
    return found


def disorder(events: Sequence[Timed]) -> int:
    """How far behind the latest event so far another one comes, in nanoseconds."""
    latest, most = 0, 0
    for timed in events:
        latest = max(latest, timed.time)
        most = max(most, latest - timed.time)
    return most
