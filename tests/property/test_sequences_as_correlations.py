"""EQL's sequences against the correlations that they become, over random streams: the engine's state machine, the oracle's definition."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.ir import SECOND, Timed, scalar_text
from converter.readers.elastic_rules import Imported, Outcome
from converter.readers.queries import import_query
from tests.languages.eql.as_correlation import Answers, answers, loaded_of

WINDOWS = {"product": "windows", "category": "process_creation"}
CONDITIONS = (
    'process where event.action == "a"',
    'process where event.action == "b"',
    'any where event.action in ("a", "b")',
    'any where event.action != "a"',
    "process where true",
)
START = 1_767_225_600


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Return a sequence of one to four events that Sigma can say exactly."""
    count = draw(st.integers(1, 4))
    steps = [draw(st.sampled_from(CONDITIONS)) for _ in range(count)]
    keys = draw(st.sampled_from(["host.id", "host.id, user.id", ""]))
    own = draw(st.booleans())
    fields = [draw(st.sampled_from(["process.id", "process.parent.id"])) if own else "" for _ in steps]
    runs = [draw(st.sampled_from(["", " with runs=2", " with runs=3"] if count < 3 else [""])) for _ in steps]
    by = f" by {keys}" if keys else ""
    lines = [f"[{step}]" + (f" by {field}" if field else "") + times for step, field, times in zip(steps, fields, runs, strict=True)]
    if count == 1 and not runs[0]:
        lines = lines * 2
    return f"sequence{by} with maxspan={draw(st.sampled_from(['1s', '3s', '1m']))}\n" + "\n".join(lines)


VALUES = st.sampled_from(["x", "x", "x", "y", ["x", "y"], None])
EVENTS = st.fixed_dictionaries(
    {
        "event": st.fixed_dictionaries(
            {"category": st.sampled_from(["process", "network"]), "action": st.sampled_from(["a", "a", "b", "c"])}
        ),
        "host": st.fixed_dictionaries({"id": VALUES}),
        "user": st.fixed_dictionaries({"id": st.sampled_from(["u", "u", "v"])}),
        "process": st.fixed_dictionaries({"id": VALUES, "parent": st.fixed_dictionaries({"id": VALUES})}),
    }
)


def timed(given_: list[tuple[int, Any]]) -> tuple[Timed, ...]:
    """Return events at half seconds, in the order of their arrival, which need not be that of their times."""
    return tuple(Timed(START * SECOND + half * SECOND // 2, event) for half, event in given_)


STREAMS = st.lists(st.tuples(st.integers(0, 16), EVENTS), min_size=1, max_size=12).map(timed)


def imported(query: str) -> Imported:
    result = import_query("eql", query, "s.eql", WINDOWS)
    assert result.status is Outcome.CANONICAL, (query, result.diagnostics)
    return result


def asked(query: str, events: tuple[Timed, ...], directions: set[str]) -> tuple[Answers, int]:
    """Return both answers to an imported query whose losses go in some directions, and its time span in seconds."""
    result = imported(query)
    assert {one.direction.value for one in result.losses} == directions, (query, result.losses)
    _, linked = loaded_of(result.text)
    found = answers(query, linked, events)
    assert isinstance(found, Answers), found
    return found, linked.correlation.timespan


def test_an_exact_sequence_ends_where_its_correlation_holds() -> None:
    """Each match ends where the correlation holds, for the same group; where it holds, a match ends there or within the timespan before."""
    held = 0

    @settings(max_examples=80, deadline=None, derandomize=True, database=None)
    @given(queries(), STREAMS)
    def law(query: str, events: tuple[Timed, ...]) -> None:
        nonlocal held
        found, span = asked(query, events, set())
        assert not found.extra
        assert not found.missed(events, span)
        held += bool(found.holds)

    law()
    assert held > 8, held


def test_a_wider_sequence_misses_nothing() -> None:
    """A part of a second: the loss says wider, and no match of the engine is missed."""
    held = 0

    @settings(max_examples=50, deadline=None, derandomize=True, database=None)
    @given(st.integers(0, 1), st.integers(1, 3), st.sampled_from(["1500ms", "2500ms", "7900ms"]), STREAMS)
    def law(place: int, runs: int, maxspan: str, events: tuple[Timed, ...]) -> None:
        nonlocal held
        steps = [f"[{CONDITIONS[0]}]", f"[{CONDITIONS[3]}]"]
        steps[place] += f" with runs={runs}"
        found, _ = asked(f"sequence with maxspan={maxspan}\n" + "\n".join(steps), events, {"wider"})
        assert not found.extra
        held += bool(found.ends)

    law()
    assert held > 2, held


def test_a_null_key_is_a_group_for_the_engine_alone() -> None:
    """With an optional key the loss says narrower: the engine finds what the correlation finds, and groups without a value."""
    more = 0
    plain = st.builds(
        lambda action, host: {"event": {"category": "process", "action": action}, "host": {"id": host}},
        st.sampled_from("ab"),
        st.sampled_from(["x", None]),
    )

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(st.lists(st.tuples(st.integers(0, 6), plain), min_size=4, max_size=7).map(timed))
    def law(events: tuple[Timed, ...]) -> None:
        nonlocal more
        query = f"sequence by ?host.id with maxspan=3s\n[{CONDITIONS[0]}]\n[{CONDITIONS[1]}]"
        found, span = asked(query, events, {"narrower"})
        assert {group for _, group in found.extra} <= {(scalar_text(None),)}
        assert not found.missed(events, span)
        more += bool(found.extra)

    law()
    assert more > 0


@pytest.mark.parametrize("times", [10, 11, 12])
def test_many_events_before_another(times: int) -> None:
    """Up to ten times an event is a rule each time; beyond, a count with a time span of its own, which is wider."""
    query = f"sequence by host.id with maxspan=8s\n[{CONDITIONS[0]}] with runs={times}\n[{CONDITIONS[1]}]"
    events = timed([(at, {"event": {"category": "process", "action": "a"}, "host": {"id": "h"}}) for at in range(times)])
    for half, is_near in ((16, True), (17, False), (32, False)):
        last = timed([(half, {"event": {"category": "process", "action": "b"}, "host": {"id": "h"}})])
        found, _ = asked(query, events + last, set() if times <= 10 else {"wider"})
        assert found.ends == ({(times, ("h",))} if is_near else set())
        assert found.holds >= found.ends
        assert (found.holds == found.ends) is (times <= 10 or is_near or half == 32)


@pytest.mark.parametrize(
    ("actions", "ends", "holds"),
    [
        # The engine drops what a match has used; the correlation goes on holding, and alerts once.
        ("a0 b1 b2", [1], [1, 2]),
        ("a0 a1 b2", [2], [2]),
        ("a0 b1 a2 b3", [1, 3], [1, 3]),
        ("a0 b9", [], []),
        ("b0 a1", [], []),
    ],
)
def test_streams_by_hand(actions: str, ends: list[int], holds: list[int]) -> None:
    """Small streams whose answers a person can see, within three seconds."""
    events = timed(
        [(2 * int(one[1:]), {"event": {"category": "process", "action": one[0]}, "host": {"id": "h"}}) for one in actions.split()]
    )
    query = f"sequence by host.id with maxspan=3s\n[{CONDITIONS[0]}]\n[{CONDITIONS[1]}]"
    found, _ = asked(query, events, set())
    assert found.ends == {(one, ("h",)) for one in ends}
    assert found.holds == {(one, ("h",)) for one in holds}
