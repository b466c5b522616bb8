"""The stream of correlations against their oracle, and its bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from correlations import alerts, correlations, detection, disorder, linked, streams
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.cli.correlated import as_text, as_value
from converter.ir import SECOND, Linked, Timed, occurrences
from converter.match import Limits, Stream, event_time, see
from converter.model import TYPES, Correlation, Criterion

Told = tuple[int, int, str, tuple[str, ...], Any, tuple[int, ...]]


def _streamed(stream: Stream, several: Sequence[Linked], events: Sequence[Timed]) -> list[Told]:
    return [
        (one.time, one.origin, one.rule.id, tuple(one.group.values()), one.figure, tuple(one.events))
        for one in alerts(stream, several, events)
    ]


def _expected(several: Sequence[Linked], events: Sequence[Timed]) -> list[Told]:
    found = [
        (events[one.index].time, one.index, each.rule.id, one.group, one.figure, one.window)
        for each in several
        for one in occurrences(each, events)
        if one.begins
    ]
    return sorted(found, key=lambda one: one[:4])


def _compared(kind: str, data: st.DataObject, events: list[Timed], extra: int, waits: bool) -> None:
    several = data.draw(correlations(kind))
    stream = Stream(several, lateness=None if waits else disorder(events) + extra)
    assert _streamed(stream, several, events) == _expected(several, events)
    assert (stream.account.late, stream.account.timeless, stream.account.crowded, stream.account.forgotten) == (0, 0, 0, {})


@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=50, deadline=None)
@given(data=st.data(), events=streams(), extra=st.sampled_from([0, 1]), waits=st.booleans())
def test_stream_is_the_oracle(kind: str, data: st.DataObject, events: list[Timed], extra: int, waits: bool) -> None:
    """Alerts, groups, figures, windows and their order are the oracle's, whatever the disorder within the lateness."""
    _compared(kind, data, events, extra, waits)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=400, deadline=None)
@given(data=st.data(), events=streams(), extra=st.sampled_from([0, 1]), waits=st.booleans())
def test_stream_is_the_oracle_on_many_more(kind: str, data: st.DataObject, events: list[Timed], extra: int, waits: bool) -> None:
    """The same on eight times as many."""
    _compared(kind, data, events, extra, waits)


def _ticks(one: Linked, fields: Sequence[dict[str, Any]], **options: Any) -> tuple[Stream, list[int]]:
    stream = Stream([one], **options)
    events = [Timed(second * SECOND, {"kind": "a", **more}) for second, more in enumerate(fields)]
    return stream, [alert.origin for alert in alerts(stream, [one], events)]


def test_a_late_event_is_counted_and_left_out() -> None:
    """An event exactly as late as allowed counts; a moment more does not, and is told."""
    pair = linked("c", Correlation("event_count", (), 100, (), (Criterion("gte", 2),)), [detection("a")])
    for late, found, told in ((0, [0], 0), (1, [], 1)):
        stream = Stream([pair], lateness=10 * SECOND)
        events = [Timed(50 * SECOND, {"kind": "a"}), Timed(40 * SECOND - late, {"kind": "a"})]
        assert [one.origin for one in alerts(stream, [pair], events)] == found
        assert stream.account.late == told


def test_an_event_without_a_time_is_counted() -> None:
    """One that no part matches is no loss."""
    pair = linked("c", Correlation("event_count", (), 100, (), (Criterion("gte", 1),)), [detection("a")])
    stream = Stream([pair])
    assert list(stream.add(None, ["a"], {"kind": "a"}, 0)) == []
    assert list(stream.add(None, ["other"], {"kind": "b"}, 1)) == []
    assert list(stream.finish()) == []
    assert stream.account.timeless == 1


def test_more_waiting_events_than_the_bound_are_taken_early() -> None:
    """The oldest go on first; one that is older than those comes too late, and is told."""
    pair = linked("c", Correlation("event_count", (), 1000, (), (Criterion("gte", 4),)), [detection("a")])
    stream = Stream([pair], limits=Limits(waiting=2))
    events = [Timed(second * SECOND, {"kind": "a"}) for second in (10, 20, 30, 5, 15, 40)]
    assert [one.origin for one in alerts(stream, [pair], events)] == [2]
    assert stream.account.late == 1


def test_matches_beyond_the_bound_are_forgotten_and_counted() -> None:
    """First the group that was used longest ago, of a single group its oldest match."""
    grouped = linked("c", Correlation("event_count", (), 1000, ("u",), (Criterion("gte", 3),)), [detection("a")])
    users = [{"u": name} for name in ("x", "x", "y", "z", "y", "x", "y")]
    assert _ticks(grouped, users)[1] == [5, 6]
    stream, found = _ticks(grouped, users, limits=Limits(matches=4))
    assert found == [6]
    assert stream.account.forgotten == {"c": 3}
    single = linked("c", Correlation("event_count", (), 1000, (), (Criterion("gte", 3),)), [detection("a")])
    stream, found = _ticks(single, [{}] * 6, limits=Limits(matches=2))
    assert found == []
    assert stream.account.forgotten == {"c": 4}


def test_values_beyond_the_bound_are_not_counted() -> None:
    """An event with very many values is in as many groups as the bound allows, and told."""
    grouped = linked("c", Correlation("event_count", (), 10, ("u", "v"), (Criterion("gte", 1),)), [detection("a")])
    many = [str(number) for number in range(60)]
    stream, found = _ticks(grouped, [{"u": many, "v": many}], limits=Limits(values=50))
    assert (found, stream.account.crowded) == ([0] * 50, 3)


def test_long_values_are_kept_short_and_apart() -> None:
    """Equal ones are one group, unequal ones with the same beginning are two."""
    grouped = linked("c", Correlation("event_count", (), 10, ("u",), (Criterion("gte", 2),)), [detection("a")])
    stream = Stream([grouped])
    events = [Timed(second, {"kind": "a", "u": "x" * 100_000 + end}) for second, end in enumerate("abab")]
    found = alerts(stream, [grouped], events)
    assert [one.origin for one in found] == [2, 3]
    assert all(len(one.group["u"]) < 1200 for one in found)


def test_an_alert_shows_the_latest_events_and_those_that_complete_it() -> None:
    """Of a long window a hundred; of a temporal one also the only match of a part, long ago."""
    both = linked("c", Correlation("temporal", (), 1000), [detection("a"), detection("b")])
    ordered = linked("d", Correlation("temporal_ordered", (), 1000), [detection("b"), detection("a"), detection("c")])
    events = [
        Timed(0, {"kind": "b"}),
        *(Timed(second * SECOND, {"kind": "c"}) for second in range(1, 200)),
        Timed(201 * SECOND, {"kind": "a"}),
    ]
    (one,) = alerts(Stream([both]), [both], events)
    assert one.events == [0, 200]
    events += [Timed(second * SECOND, {"kind": "a"}) for second in range(202, 500)] + [Timed(600 * SECOND, {"kind": "c"})]
    (one,) = alerts(Stream([ordered]), [ordered], events)
    assert (one.events[0], one.events[-1], len(one.events)) == (0, len(events) - 1, 101)


def test_memory_does_not_grow_with_the_stream() -> None:
    """After ten windows of events with ever new groups no more is remembered than after five."""
    parts = [detection("a"), detection("b")]
    several = [
        linked(
            f"c{number}",
            Correlation(kind, (), 100, ("u",), (Criterion("gte", 2),) if kind != "temporal_ordered" else (), "", fields),
            parts,
        )
        for number, (kind, fields) in enumerate(
            [("event_count", ()), ("value_count", ("v",)), ("value_median", ("v",)), ("temporal_ordered", ())]
        )
    ]
    stream = Stream(several, lateness=10 * SECOND)
    sizes = []
    for second in range(1000):
        for number in range(4):
            event = {"kind": "ab"[number % 2], "u": f"{second}-{number % 3}", "v": second}
            list(stream.add(second * SECOND, [event["kind"]], event, second))
        if second in (500, 999):
            sizes.append(stream.remembered)
    assert sizes[0] == sizes[1] > 0


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.just(10**4000), st.just("9" * 300), st.just("1e300")
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*"uvn", "@timestamp"]), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(), kind=st.sampled_from(TYPES), given_=st.lists(st.dictionaries(st.sampled_from([*"uvn", "@timestamp"]), JSON), max_size=5)
)
def test_any_event_gets_through(data: st.DataObject, kind: str, given_: list[dict[str, Any]]) -> None:
    """Whatever values events have, they are counted as the oracle counts them, and alerts can be written."""
    several = data.draw(correlations(kind))
    seen = [one for event in given_ for one in see(event | {"kind": "a"})]
    assert all(isinstance(event_time(one), int | None) for one in seen)
    events = [Timed(number, one.event) for number, one in enumerate(seen)]
    found = alerts(Stream(several), several, events)
    expected = [one for each in several for one in occurrences(each, events) if one.begins]
    assert sorted(one.figure for one in found) == sorted(one.figure for one in expected)
    for one in found:
        json.dumps(as_value(replace(one, events=[])))
        as_text(one)
