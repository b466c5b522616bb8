"""An EQL sequence and the correlation that it becomes, over the same events: what the engine finds, and where the correlation holds."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converter.ir import SECOND, Linked, Timed, occurrences, scalar_text
from converter.languages import eql
from converter.model import Diagnostic
from converter.pack import Loaded, RuleFile, load_bytes

Place = tuple[int, tuple[str, ...]]
"""The index of an event, and a group's values."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Where the engine's matches end, and where the correlation holds, each with its group."""

    ends: frozenset[Place]
    holds: frozenset[Place]

    @property
    def extra(self) -> frozenset[Place]:
        """Ends of matches at which the correlation does not hold."""
        return self.ends - self.holds

    def missed(self, events: Sequence[Timed], timespan_s: int) -> list[Place]:
        """Return where the correlation holds and no match of the group ends there or within the timespan before."""
        span = timespan_s * SECOND

        def is_told(place: Place) -> bool:
            time = events[place[0]].time
            return any(group == place[1] and time - span <= events[end].time <= time for end, group in self.ends)

        return [place for place in self.holds if not is_told(place)]


def loaded_of(text: str) -> tuple[Loaded, Linked]:
    """Return the correlation of a canonical text, its first rule."""
    loaded, problems = load_bytes(text.encode(), RuleFile(Path("one.yml"), "one.yml", "one"))
    assert not problems, [one.render() for one in problems]
    assert loaded[0].linked is not None, [one.render() for one in loaded[0].diagnostics]
    return loaded[0], loaded[0].linked


def answers(query: str, linked: Linked, events: Sequence[Timed], mappings: dict[str, Any] | None = None) -> Answers | Diagnostic:
    """Return both answers on some events; a diagnostic where the engine refuses the query on them, or the index one of them.

    Without an index's ``mappings`` the events' own values give the types.
    """
    read = eql.read(query, "q")
    assert isinstance(read, eql.Query), read
    assert isinstance(read.body, eql.Sequence | eql.Sample)
    documents = [document(one) for one in events]
    mapping = eql.compile_mapping(mappings) if mappings is not None else None
    assert not isinstance(mapping, Diagnostic), mapping
    refused = next((one for one in (eql.index(one, mapping) for one in documents if mapping) if isinstance(one, Diagnostic)), None)
    if refused is not None:
        return refused
    found = eql.run(read, documents, mapping)
    if isinstance(found, Diagnostic):
        return found
    columns = list(zip(*[[key.name for key in step.by] for step in read.body.steps], strict=True))
    first = [columns.index(one) for one in dict.fromkeys(columns)]
    ends = {(_last(one.events, events), tuple(scalar_text(one.keys[at]) for at in first)) for one in found}
    held = {(one.index, one.group) for one in occurrences(linked, events)}
    return Answers(frozenset(ends), frozenset(held))


def _last(found: Sequence[int], events: Sequence[Timed]) -> int:
    """Return the last event of a match, as the correlation orders them."""
    return max(found, key=lambda index: (events[index].time, index))


def document(timed: Timed) -> dict[str, Any]:
    """Return an event as a document, with its time in milliseconds."""
    moment = datetime.datetime.fromtimestamp(timed.time // SECOND, datetime.UTC)
    text = f"{moment:%Y-%m-%dT%H:%M:%S}.{timed.time % SECOND // 1_000_000:03}Z"
    return {**{key: value for key, value in timed.event.items() if key != "@timestamp"}, "@timestamp": text}
