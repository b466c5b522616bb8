"""What a correlation means, point by point: the rows of ``tests/semantics/correlation``.

A row gives the section as YAML (``correlation``; further ones by name in
``others``), with rules ``a``, ``b``, ``c`` that match an event by these
letters.  An event is its time in seconds, the letters, and fields with values
in JSON: ``2 a,b u="x"``; the list is in the order of arrival.  ``holds`` and
``alerts`` are events by index, with the values of the group behind them,
``|`` between them; ``figures`` are those of ``alerts`` or, when as many, of
``holds``.  ``own`` are the rules that alert themselves.  ``refused`` is the
code of what has no meaning.  The oracle and the stream answer.
"""

from __future__ import annotations

import json
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from correlations import alerts

from converter.ir import SECOND, Linked, Meant, Timed, connected, lower, not_generated, occurrences
from converter.match import Stream, duration_of
from converter.readers import read_rules

FOLDER = Path(__file__).resolve().parent.parent / "semantics" / "correlation"
ROWS = [(path.stem, row) for path in sorted(FOLDER.glob("*.toml")) for row in tomllib.loads(path.read_text(encoding="utf-8"))["row"]]
PARAMETERS = [pytest.param(row, id=f"{stem}__{row['name']}") for stem, row in ROWS]
KEYS = {"name", "correlation", "others", "events", "holds", "alerts", "figures", "own", "refused", "source"}
DETECTION = """\
title: {0}
id: 00000000-0000-4000-8000-00000000000{0}
name: {0}
logsource: {{category: x}}
detection: {{s: {{k: {0}}}, condition: s}}"""


def _meant(row: dict[str, Any]) -> dict[str, Meant]:
    """Return what the rules of a row mean, by name."""
    documents = [DETECTION.format(letter) for letter in "abc"]
    for name, section in {**row.get("others", {}), "subject": row["correlation"]}.items():
        documents.append(f"title: {name}\nname: {name}\ncorrelation: {section}")
    rules, diagnostics = read_rules("\n---\n".join(documents).encode(), "row.yml")
    assert len(rules) == len(documents), [one.render() for one in diagnostics]
    trees = [lower(rule) if rule.is_detection else None for rule in rules]
    assert not any(isinstance(one, tuple) for one in trees)
    return {rule.name: meant for rule, meant in zip(rules, connected(list(zip(rules, trees, strict=True))), strict=True)}  # type: ignore[arg-type]


def _linked(row: dict[str, Any]) -> Linked:
    meant = _meant(row)["subject"]
    assert meant.linked is not None, [one.render() for one in meant.diagnostics]
    return meant.linked


def _event(text: str) -> Timed:
    time, letters, *fields = text.split()
    event: dict[str, Any] = {"k": letters.split(",")}
    event |= {name: json.loads(value) for name, _, value in (field.partition("=") for field in fields)}
    nanoseconds = duration_of(f"{time}s")
    assert nanoseconds is not None
    return Timed(nanoseconds + 1_700_000_000 * SECOND, event)


def _told(index: int, group: tuple[str, ...]) -> str:
    return f"{index} {'|'.join(group)}" if group else str(index)


@pytest.mark.parametrize("row", [one for one in PARAMETERS if "events" in one.values[0]])  # type: ignore[operator]
def test_row(row: dict[str, Any]) -> None:
    """The oracle holds and alerts at the events that the row names, and the stream alerts at the same."""
    linked = _linked(row)
    events = [_event(text) for text in row["events"]]
    found = occurrences(linked, events)
    begun = [one for one in found if one.begins]
    assert [_told(one.index, one.group) for one in found] == row["holds"]
    assert [_told(one.index, one.group) for one in begun] == row["alerts"]
    streamed = alerts(Stream([linked]), [linked], events)
    assert [(_told(one.origin, tuple(one.group.values())), one.figure) for one in streamed] == [
        (_told(one.index, one.group), one.figure) for one in begun
    ]
    if "figures" in row:
        figures = [Fraction(text) for text in row["figures"]]
        assert figures == [one.figure for one in (found if len(figures) == len(found) else begun)]
    if "own" in row:
        meant = _meant(row)
        silent = not_generated(one.linked for one in meant.values() if one.linked)
        ids = {name: f"00000000-0000-4000-8000-00000000000{name}" for name in "abc"}
        ids |= {part.reference: part.rule.id for part in linked.parts if part.reference not in ids}
        assert sorted(name for name, rule in ids.items() if rule not in silent) == row["own"]


@pytest.mark.parametrize("row", [one for one in PARAMETERS if "refused" in one.values[0]])  # type: ignore[operator]
def test_refused(row: dict[str, Any]) -> None:
    """A section that means nothing definite is refused with the row's code."""
    meant = _meant(row)
    assert meant["subject"].linked is None
    assert row["refused"] in {one.code for each in meant.values() for one in each.diagnostics}


def test_rows_keep_to_their_form() -> None:
    """Rows have a name of their own and a source, and every type of correlation has some."""
    assert len({row["name"] for _, row in ROWS}) == len(ROWS) >= 80
    for _, row in ROWS:
        assert set(row) <= KEYS, row["name"]
        assert row["source"], row["name"]
        assert ("refused" in row) != ({"events", "holds", "alerts"} <= set(row)), row["name"]
    types = {row["correlation"].partition("type: ")[2].partition(",")[0] for _, row in ROWS}
    assert len(types) == 8
