"""Elastic's published sequences and samples as correlations: each asked of the streams that its own rules give."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converter.data import SHIPPED, elastic_type
from converter.ir import SECOND, Timed
from converter.model import Fidelity
from converter.readers.elastic_rules import Imported, Outcome, import_toml_file
from converter.verify.streams import streams
from tests.corpus.round_trip import fields_of, mappings
from tests.languages.eql.as_correlation import Answers, answers, loaded_of
from tests.readers.queries.corpus import query_of, sequences

pytestmark = pytest.mark.corpus

SAMPLE = 16
"""One sequence of so many is asked in a usual run."""
STREAMS = 10
"""Streams of each sequence, about."""
NAMED = {"missing event", "until", "function", "refused", "time span", "fields", "arithmetic"}


def _nested(event: Any) -> Any:
    """Return an event with its dotted names as objects, as the engine indexes it."""
    found: dict[str, Any] = {}
    for key, value in event.items():
        holder = found
        *path, leaf = key.split(".")
        for part in path:
            holder = holder.setdefault(part, {})
        holder[leaf] = _nested(value) if isinstance(value, dict) else value
    return found


def _fitting(event: Any, above: str = "") -> Any:
    """Return an event whose made-up values are of their fields' types: those that no test asks are texts everywhere."""
    found = {}
    for key, value in event.items():
        kind = elastic_type(f"{above}{key}")
        made = isinstance(value, str) and value.startswith("value-")
        number = int(re.sub(r"\D", "", value) or 0) if made else 0
        found[key] = (
            _fitting(value, f"{above}{key}.")
            if isinstance(value, dict)
            else number
            if made and kind in ("long", "integer")
            else f"10.0.0.{number}"
            if made and kind == "ip"
            else value
        )
    return found


def _names(event: Any, above: str = "") -> Iterator[str]:
    """Yield the full names of an event's values."""
    for key, value in event.items():
        if isinstance(value, dict):
            yield from _names(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def _length(events: tuple[Timed, ...]) -> int:
    times = [one.time for one in events]
    return max(times, default=0) - min(times, default=0)


def _asked(paths: list[Path]) -> Iterator[tuple[Imported, int, int, int]]:
    """Yield of each sequence that became a correlation how many streams were asked, and on how many it held and was exact."""
    for path in paths:
        result = import_toml_file(path)
        if result.status is not Outcome.CANONICAL or result.kind != "sequence":
            continue
        loaded, linked = loaded_of(result.text)
        query, asked, held = query_of(path), 0, 0
        given = streams(loaded, linked, SHIPPED)
        for stream in given[:: 1 + len(given) // STREAMS]:
            events = tuple(Timed(one.time, _fitting(_nested(one.event))) for one in stream.events)
            if "maxspan" not in query and _length(events) > linked.correlation.timespan * SECOND:
                continue  # no run sees all of it
            index = mappings({"@timestamp", *fields_of(path.read_bytes()), *(name for one in events for name in _names(one.event))})
            found = answers(query, linked, events, index)
            if not isinstance(found, Answers):
                continue
            asked, held = asked + 1, held + bool(found.holds)
            directions = {one.direction for one in result.losses}
            if directions <= {Fidelity.EXACT, Fidelity.WIDER}:
                assert not found.extra, (path.name, stream.label)
            if directions <= {Fidelity.EXACT, Fidelity.NARROWER}:
                assert not found.missed(events, linked.correlation.timespan), (path.name, stream.label)
        yield result, asked, held, len(linked.parts)


def test_sequences_answer_as_their_correlations(corpora: Path) -> None:
    """Of one sequence of sixteen: streams on which it holds, and others, and no answer that its losses do not tell."""
    rows = list(_asked(sequences(corpora)[::SAMPLE]))
    assert sum(held > 0 for _, _, held, _ in rows) >= 0.8 * len(rows)
    assert sum(asked for _, asked, _, _ in rows) > sum(held for _, _, held, _ in rows) > 0


@pytest.mark.slow
def test_all_sequences_answer_as_their_correlations(corpora: Path) -> None:
    """All of them; nine of ten hold on streams of their own."""
    rows = list(_asked(sequences(corpora)))
    print(len(rows), "sequences,", sum(row[1] for row in rows), "streams, held on", sum(row[2] for row in rows))
    assert sum(held > 0 for _, _, held, _ in rows) >= 0.9 * len(rows)


@pytest.mark.slow
def test_sequences_become_correlations(corpora: Path) -> None:
    """At least 85 of 100 become correlations, 80 exact ones; each other has a reason of the closed list."""
    found = [import_toml_file(path) for path in sequences(corpora)]
    reasons = Counter(one.reason for one in found if one.status is Outcome.OPAQUE)
    correlations = [one for one in found if one.status is Outcome.CANONICAL]
    assert len(found) > 150
    assert len(correlations) >= 0.85 * len(found)
    assert sum(one.exact for one in correlations) >= 0.8 * len(found)
    assert set(reasons) <= NAMED, reasons
    assert all(one.kind in ("sequence", "sample") for one in found)
