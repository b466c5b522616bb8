"""Correlations and streams of events for tests: by hand and drawn at random."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from converter.ir import SECOND, FieldMatch, Linked, Part, Text, Timed, Wild, detected, leaves, parse_condition
from converter.match import Alert, Stream
from converter.model import Correlation, Criterion, LogSource, Reference, Rule, Source

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
CRITERIA = st.lists(
    st.builds(Criterion, st.sampled_from(["gt", "gte", "lt", "lte", "eq", "neq"]), st.sampled_from([0, 1, 2, 3, 1.5, 50, 33.3])),
    min_size=1,
    max_size=2,
)
EXPRESSIONS = ["{0}", "not {0}", "{0} and not {1}", "{0} or {1}", "{1} and ({0} or not {0})"]


@st.composite
def correlations(draw: st.DrawFn) -> list[Linked]:
    """One to four correlations, of detections and of each other."""
    parts = [*(detection(name) for name in NAMES), everything("all")]
    found: list[Linked] = []
    for number in range(draw(st.integers(1, 4))):
        kind = draw(
            st.sampled_from(
                ["event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile", "value_median"]
            )
        )
        temporal = kind.startswith("temporal")
        chosen = draw(st.lists(st.sampled_from(parts), min_size=1, max_size=3, unique_by=None if temporal else lambda one: one.rule.id))
        references = [part.reference for part in chosen]
        expression = ""
        if kind == "temporal" and draw(st.booleans()):
            expression = draw(st.sampled_from(EXPRESSIONS)).format(references[0], references[-1])
        names = draw(st.lists(st.sampled_from([*FIELDS, "alias"]), max_size=2, unique=True))
        aliases = {
            "alias": {reference: draw(st.sampled_from(FIELDS)) for reference in draw(st.lists(st.sampled_from(references), max_size=3))}
        }
        correlation = Correlation(
            kind,
            tuple(map(Reference, references)),
            draw(st.integers(1, 4)),
            tuple(names),
            () if kind == "temporal_ordered" or expression or (temporal and draw(st.booleans())) else tuple(draw(CRITERIA)),
            expression,
            ()
            if temporal or kind == "event_count"
            else tuple(draw(st.lists(st.sampled_from([*FIELDS, "alias"]), min_size=1, max_size=2, unique=True))),
            draw(st.sampled_from([None, 0, 10, 50, 75.5, 100])) if kind == "value_percentile" else None,
            aliases,
        )
        found.append(linked(f"c{number}", correlation, chosen))
        parts.append(part_of(found[-1]))
    return found


SCALARS = st.sampled_from(["x", "X", "y", "1", "2.5", 1, 2, 2.5, 0.1, True, None, ""])
VALUES = st.one_of(SCALARS, SCALARS, st.lists(SCALARS, max_size=3), st.just({"x": 1}))
EVENTS = st.fixed_dictionaries(
    {"kind": st.one_of(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=2))}, optional=dict.fromkeys(FIELDS, VALUES)
)


@st.composite
def streams(draw: st.DrawFn) -> list[Timed]:
    """Events with ties, in any order."""
    times = st.integers(0, 16).map(lambda half: half * SECOND // 2)
    found: list[Timed] = draw(st.lists(st.builds(Timed, times, EVENTS), max_size=24))
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
