"""Events of a known form with parts replaced by anything: recognising, naming and admitting never fail, and nothing is lost."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import load
from converter.ir import lookup
from converter.match import admits, origin, see
from converter.model import LogSource

NAMES = st.sampled_from(
    ["Name", "@Name", "#text", "#attributes", "Image", "a b", "a.b", "", "Data", "EventID", "Channel", "log", "verb", "id"]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4), st.just('{"auditID": "1", "verb": "x"}')
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)), max_leaves=8
)
SOURCES = (
    LogSource("process_creation", "windows"),
    LogSource("", "kubernetes", "audit"),
    LogSource("", "linux"),
    LogSource("", "acme", "door"),
)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event that has some row's paths, each with any value."""
    row = draw(st.sampled_from(load("shapes.yml")["shapes"]))
    paths = [*row.get("has", ()), *row.get("any", ())[:1], *row.get("is", {}), *row.get("starts", {}), *row.get("lift", ())]
    paths += [one if isinstance(one, str) else one["path"] for places in row.get("fields", {}).values() for one in places]
    event: dict[str, Any] = {}
    for path in paths:
        at = event
        *outer, last = path.split(".") if draw(st.booleans()) else [path]
        for name in outer:
            at = at.setdefault(name, {}) if isinstance(at.setdefault(name, {}), dict) else {}
        at[last] = draw(VALUES)
    return event


@settings(max_examples=1500, deadline=None)
@given(events())
def test_any_event_is_seen(event: dict[str, Any]) -> None:
    """The event is left as it was; a value that a rule's name finds has a path; every answer is a plain yes or no."""
    before = copy.deepcopy(event)
    for seen in see(event):
        for field in ("Image", "EventID", "Channel", "verb", "a b", "ab", *list(seen.raw)[:3]):
            assert bool(origin(seen, field)) is lookup(seen.event, field).present or not field
        assert set(seen.raw) <= set(seen.event)
        assert {admits(one, seen) for one in SOURCES} <= {True, False}
        json.dumps(seen.event)
    assert event == before
