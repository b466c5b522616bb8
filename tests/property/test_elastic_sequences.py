"""Correlations on Elastic against the oracle, over small streams.

Where a sequence is called exact its alerts are the correlation's; a threshold,
a sample or a pipe, called wider, misses none, and has no other alerts than
those of the timespan and the interval together.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import SHIPPED
from converter.ir import SECOND, Linked, Timed
from converter.model import Status
from converter.pack import Loaded, RuleFile, compile_rule, load_bytes
from converter.targets import target
from converter.verify.correlated import View, alerts_on, reading_of, views_of
from converter.verify.held import differences, held_on
from converter.verify.readings import Artifact
from converter.verify.readings.elastic_alerts import Reading
from converter.verify.streams import Stream

MANY = 14
SPAN = 60
"""Seconds of the correlations' timespan."""
PARTS = """
---
title: {name}
id: 00000000-0000-4000-8000-00000000000{number}
name: {name}
logsource: {{product: windows, service: security}}
detection:
  selection:
    EventID: {ids}
  condition: selection
"""


def correlation(text: str, **parts: list[int]) -> tuple[Loaded, Linked]:
    """Return a correlation of rules that are about event ids."""
    head = f"title: Correlation\nid: 00000000-0000-4000-8000-000000000009\ncorrelation:\n{text}"
    data = head + "".join(PARTS.format(name=name, number=number, ids=ids) for number, (name, ids) in enumerate(parts.items()))
    loaded, errors = load_bytes(data.encode(), RuleFile(Path("rules/one.yml"), "rules/one.yml", "one"))
    assert not errors
    assert loaded[0].linked is not None, loaded[0].diagnostics
    return loaded[0], loaded[0].linked


def built(loaded: Loaded, linked: Linked, language: str) -> tuple[Status, Reading, tuple[View, ...]]:
    """Return what a correlation becomes, as a file that is read again."""
    elastic = target("elastic")
    outcome = compile_rule(loaded, elastic, {"language": language}, frozenset())
    assert outcome.compilation is not None, outcome.diagnostics
    (artifact,) = elastic.package([outcome.compilation], ["one"], {})
    views = views_of(linked, "elastic", SHIPPED, artifact.data)
    assert views is not None
    reading = reading_of(views, Artifact("one.toml", artifact.data, loaded.rule.id, ""))
    assert isinstance(reading, Reading), reading
    return outcome.status, reading, views


def event(number: int, user: Any) -> dict[str, Any]:
    return {
        "EventID": number,
        "Channel": "Security",
        "TargetUserName": user,
        "TargetDomainName": "d",
        "SubjectUserName": "s",
        "IpPort": str(number),
    }


USERS = st.sampled_from(["ann", "ann", "ann", "bob"])
EVENTS = st.tuples(st.integers(0, 99), st.builds(event, st.sampled_from([4624, 4625, 4634]), USERS))
GUIDED = [(at, event(number, "ann")) for at, number in ((20, 4624), (30, 4625), (40, 4634))]
STREAMS = st.builds(
    lambda given, guided: tuple(Timed(at * SECOND, one) for at, one in [*given, *guided]),
    st.lists(EVENTS, max_size=7),
    st.sampled_from([[], GUIDED]),
)
"""Some streams have events of one user and all kinds in an order, so that few examples are needed."""


def law(text: str, declared: Status, examples: int, language: str = "auto", **parts: list[int]) -> None:
    """Hold that a correlation has the status, and differs from the oracle on no stream in another direction."""
    loaded, linked = correlation(text, **parts)
    status, reading, views = built(loaded, linked, language)
    assert status is declared
    alerting = 0

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None)
    @given(STREAMS)
    def holds(events: tuple[Timed, ...]) -> None:
        nonlocal alerting
        held = held_on(linked, events, 300 * SECOND)
        found = alerts_on(views, reading, Stream("", events))
        assert isinstance(found, tuple), found
        assert not differences(held, found, declared)
        alerting += bool(held.places)

    holds()
    assert alerting, "no stream let the correlation hold"


ORDERED = f"""
  type: temporal_ordered
  rules: {{rules}}
  group-by: {{by}}
  timespan: {SPAN}s
"""


@pytest.mark.parametrize(
    ("rules", "parts"),
    [
        ("[a, b]", {"a": [4624], "b": [4625]}),
        ("[a, b, c]", {"a": [4624], "b": [4625], "c": [4634]}),
        ("[a, b]", {"a": [4624, 4625], "b": [4625, 4634]}),
        ("[a, b, c]", {"a": [4624, 4625], "b": [4625, 4634], "c": [4624, 4634]}),
        ("[a, b, c]", {"a": [4624, 4625], "b": [4624, 4625], "c": [4624, 4625]}),
    ],
)
def test_a_sequence_is_the_correlation(rules: str, parts: dict[str, list[int]]) -> None:
    """Rules in an order, apart or not, or all the same: exact."""
    law(ORDERED.format(rules=rules, by="[TargetUserName]"), Status.EXACT, MANY, **parts)


def test_a_sequence_without_groups() -> None:
    law(ORDERED.format(rules="[a, b]", by="[]"), Status.EXACT, MANY, a=[4624], b=[4625])


COUNT = f"""
  type: {{type}}
  rules: {{rules}}
  group-by: {{by}}
  timespan: {SPAN}s
  condition: {{condition}}
"""


@pytest.mark.parametrize(
    ("kind", "rules", "by", "condition"),
    [
        ("event_count", "[a]", "[TargetUserName]", "{gte: 3}"),
        ("event_count", "[a, b]", "[TargetUserName]", "{gt: 2}"),
        ("event_count", "[a]", "[]", "{gte: 2, lte: 3}"),
        ("event_count", "[a]", "[TargetUserName]", "{eq: 2}"),
        ("value_count", "[a, b]", "[TargetDomainName]", "{field: TargetUserName, gte: 2}"),
    ],
)
def test_a_threshold_misses_nothing(kind: str, rules: str, by: str, condition: str) -> None:
    """A count over the look-back is wider, whatever the first run: each window of the timespan is seen whole by one."""
    law(COUNT.format(type=kind, rules=rules, by=by, condition=condition), Status.WIDER, MANY, a=[4624, 4625], b=[4634])


def test_a_count_in_runs_is_the_correlation() -> None:
    """Where EQL is asked for, a count is a sequence of one step: exact."""
    text = COUNT.format(type="event_count", rules="[a]", by="[TargetUserName]", condition="{gte: 3}")
    law(text, Status.EXACT, MANY, "eql", a=[4624, 4625])


def test_a_sample_misses_nothing() -> None:
    """Rules that no event can match together, in any order."""
    text = f"\n  type: temporal\n  rules: [a, b, c]\n  group-by: [TargetUserName]\n  timespan: {SPAN}s\n"
    law(text, Status.WIDER, MANY, a=[4624], b=[4625], c=[4634])


def test_a_count_in_a_sequence_misses_nothing() -> None:
    """A count of one rule as a step, by runs: the events of both together are within both timespans."""
    inner = f"""
---
title: count
id: 00000000-0000-4000-8000-000000000008
name: count
correlation:
  type: event_count
  rules: [a]
  group-by: [TargetUserName]
  timespan: {SPAN}s
  condition: {{gte: 2}}
"""
    law(ORDERED.format(rules="[count, b]", by="[TargetUserName]") + inner, Status.WIDER, MANY, a=[4624, 4625], b=[4634])


@pytest.mark.parametrize(
    ("kind", "by", "condition"),
    [
        ("event_count", "[TargetUserName]", "{gte: 3}"),
        ("event_count", "[]", "{gte: 3}"),
        ("value_count", "[TargetDomainName]", "{field: [TargetUserName, IpPort], gte: 2}"),
        ("value_sum", "[TargetUserName]", "{field: IpPort, gt: 9249}"),
    ],
)
def test_a_pipe_that_counts_misses_nothing(kind: str, by: str, condition: str) -> None:
    """Counts, distinct tuples and sums of what is not negative over the look-back."""
    law(COUNT.format(type=kind, rules="[a]", by=by, condition=condition), Status.WIDER, MANY, "esql", a=[4624, 4625])


@pytest.mark.parametrize("condition", ["", "condition: {gte: 2}", "condition: a and (b or c)"])
def test_a_pipe_of_rules_in_any_order_misses_nothing(condition: str) -> None:
    """Also where one event matches two rules, and without a group."""
    text = f"\n  type: temporal\n  rules: [a, b, c]\n  timespan: {SPAN}s\n  {condition}\n"
    law(text, Status.WIDER, MANY, "esql", a=[4624], b=[4624, 4625], c=[4634])
