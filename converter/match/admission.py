"""Which events a rule's log source admits.  The rows are data: ``data/admission.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from converter.data import load
from converter.match.paths import at, told
from converter.match.shapes import Seen
from converter.model import LogSource, node

Signs = Mapping[str, tuple[str, ...]]
"""What an event shows of its source: its fields that some condition asks for, as texts in lower case."""


@node
class Admission:
    """A row: a log source's name, and the conditions on the events that it admits."""

    logsource: LogSource
    kinds: frozenset[str]
    equal: Mapping[str, frozenset[str]]
    other: Mapping[str, frozenset[str]]
    starts: Mapping[str, tuple[str, ...]]

    def holds(self, kind: str, signs: Signs) -> bool:
        """Return whether an event is admitted; a field that it lacks decides nothing."""
        return (
            kind in self.kinds
            and all(not signs[name] or not wanted.isdisjoint(signs[name]) for name, wanted in self.equal.items())
            and all(unwanted.isdisjoint(signs[name]) for name, unwanted in self.other.items())
            and all(not signs[name] or any(text.startswith(first) for text in signs[name]) for name, first in self.starts.items())
        )


def admissions(logsource: LogSource) -> tuple[tuple[Admission, ...], ...]:
    """Return the rows for a rule's log source: of each group one must hold; no group at all when the log source is unknown.

    Rows of that very name; else, of a rule that says less, all rows that say the same and more; else, of one that says more, the
    rows of its category and of its service.
    """
    rows = _rows()
    exact = tuple(row for row in rows if row.logsource == logsource)
    if exact:
        return (exact,)
    wider = tuple(row for row in rows if _within(row.logsource, logsource))
    if wider:
        return (wider,)
    parts = (LogSource(logsource.category, logsource.product), LogSource("", logsource.product, logsource.service))
    groups = tuple(tuple(row for row in rows if row.logsource == part) for part in parts if part != logsource)
    return groups if len(groups) == len(parts) and all(groups) else ()


def _within(row: LogSource, asked: LogSource) -> bool:
    pairs = ((row.category, asked.category), (row.product, asked.product), (row.service, asked.service))
    return any(wanted for _, wanted in pairs) and all(wanted in ("", given) for given, wanted in pairs)


def admits(logsource: LogSource, seen: Seen) -> bool:
    """Return whether an event that shows its source is one of ``logsource``; one that shows none is."""
    if seen.shape is None:
        return True
    return admits_kind(logsource, seen.shape.kind, signs_of(seen))


def admits_kind(logsource: LogSource, kind: str, signs: Signs) -> bool:
    """Return whether an event of a kind is one of ``logsource``, by what it shows."""
    groups = admissions(logsource)
    return bool(groups) and all(any(row.holds(kind, signs) for row in group) for group in groups)


def signs_of(seen: Seen) -> Signs:
    """Return what an event shows of its source; the channel follows from the provider where it is missing."""
    assert seen.shape is not None, "an event of no known shape shows nothing"
    signs = {name: told(seen.event[name] if name in seen.event else at(seen.event, name)) for name in asked(seen.shape.kind)}
    if "Channel" in signs and not signs["Channel"]:
        signs["Channel"] = tuple(channel for name in signs["Provider_Name"] if (channel := _channels().get(name)))
    return signs


@cache
def asked(kind: str) -> tuple[str, ...]:
    """Return the fields that conditions on events of a kind ask for, in order."""
    names = {name for row in _rows() if kind in row.kinds for part in (row.equal, row.other, row.starts) for name in part}
    return tuple(sorted(names))


@cache
def _channels() -> Mapping[str, str]:
    return {provider.casefold(): channel.casefold() for provider, channel in load("admission.yml")["channels"].items()}


@cache
def _rows() -> tuple[Admission, ...]:
    return tuple(_row(row) for row in load("admission.yml")["rows"])


def _row(row: Mapping[str, Any]) -> Admission:
    kinds = row["kind"] if isinstance(row["kind"], list) else [row["kind"]]
    return Admission(
        LogSource(row.get("category", ""), row.get("product", ""), row.get("service", "")),
        frozenset(kinds),
        _texts(row.get("is", {})),
        _texts(row.get("not", {})),
        {name: tuple(one.casefold() for one in wanted) for name, wanted in row.get("starts", {}).items()},
    )


def _texts(written: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(str(one).casefold() for one in wanted) for name, wanted in written.items()}
