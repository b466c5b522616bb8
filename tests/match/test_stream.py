"""The stream of correlations against their oracle, and its bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from correlations import alerts, correlations, disorder, streams
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.ir import Linked, Timed, occurrences
from converter.match import Stream
from converter.model import TYPES

Told = tuple[int, int, str, tuple[str, ...], Any, tuple[int, ...]]


def _streamed(stream: Stream, linked: Sequence[Linked], events: Sequence[Timed]) -> list[Told]:
    return [
        (one.time, one.origin, one.rule.id, tuple(one.group.values()), one.figure, tuple(one.events))
        for one in alerts(stream, linked, events)
    ]


def _expected(linked: Sequence[Linked], events: Sequence[Timed]) -> list[Told]:
    found = [
        (events[one.index].time, one.index, each.rule.id, one.group, one.figure, one.window)
        for each in linked
        for one in occurrences(each, events)
        if one.begins
    ]
    return sorted(found, key=lambda one: one[:4])


@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=70, deadline=None)
@given(data=st.data(), events=streams(), extra=st.sampled_from([0, 1]), waits=st.booleans())
def test_stream_is_the_oracle(kind: str, data: st.DataObject, events: list[Timed], extra: int, waits: bool) -> None:
    """Alerts, groups, figures, windows and their order are the oracle's, whatever the disorder within the lateness."""
    linked = data.draw(correlations(kind))
    stream = Stream(linked, lateness=None if waits else disorder(events) + extra)
    assert _streamed(stream, linked, events) == _expected(linked, events)
    assert (stream.account.late, stream.account.timeless, stream.account.crowded, stream.account.forgotten) == (0, 0, 0, {})
