"""Correlations on the command line: which can be run, their alerts as text and JSON, and what did not count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from converter.ir import SECOND, Linked, leaves, unevaluable
from converter.match import Alert, Asked, Limits, Seen, Stream, duration_text, event_time, time_text
from converter.model import Diagnostic, Rule
from converter.pack import Loaded

Origin = tuple[str, int]
"""An event's file and its index there."""


@dataclass(frozen=True, slots=True)
class Usable:
    """The rules of a pack that can be run.

    ``asked`` are those about single events, also such that only a correlation
    needs; ``silent`` are the ids of rules that give no alert of their own;
    ``reported`` are those that do, in the pack's order.
    """

    asked: tuple[Asked, ...]
    linked: tuple[Linked, ...]
    silent: frozenset[str]
    reported: tuple[Rule, ...]
    problems: tuple[Diagnostic, ...]


def usable(rules: Sequence[Loaded]) -> Usable:
    """Return what of a pack can be run, and what is wrong with the rest (M009)."""
    closed = {id(one): unevaluable(one.tree, one.rule.source) for one in rules if one.tree is not None}
    problems = [problem for found in closed.values() for problem in found]
    asked = {one.rule.id: Asked(one.rule, one.tree) for one in rules if one.tree is not None and not closed[id(one)]}
    silent = {one.rule.id for one in rules if one.part_of}
    given = {one.rule.id for one in rules}
    linked = []
    for one in rules:
        if one.linked is None:
            continue
        parts = leaves(one.linked)
        found = {part.rule.id: unevaluable(part.meaning, part.rule.source) for part in parts if not isinstance(part.meaning, Linked)}
        problems += [problem for rule, several in found.items() if rule not in given for problem in several]
        if any(found.values()):
            continue
        linked.append(one.linked)
        for part in parts:
            if part.rule.id not in asked and not isinstance(part.meaning, Linked):
                asked[part.rule.id] = Asked(part.rule, part.meaning)
                silent.add(part.rule.id)
    running = {*asked, *(one.rule.id for one in linked)}
    reported = tuple(one.rule for one in rules if one.rule.id in running and one.rule.id not in silent)
    return Usable(tuple(asked.values()), tuple(linked), frozenset(silent), reported, tuple(dict.fromkeys(problems)))


class Correlated:
    """The correlations of a pack over the events of a run."""

    def __init__(self, found: Usable, lateness: int | None, time_field: str = "") -> None:
        reported = frozenset(one.rule.id for one in found.linked) - found.silent
        self._limits = Limits()
        self._stream = Stream(found.linked, lateness=lateness, limits=self._limits, reported=reported)
        self._parts = frozenset(part.rule.id for one in found.linked for part in leaves(one))
        self._titles = {one.rule.id: one.rule.title for one in found.linked}
        self._lateness, self._time_field = lateness, time_field

    def add(self, seen: Seen, matching: Sequence[Asked], file: str, index: int) -> Iterator[Alert]:
        """Take an event and the rules that it matches; yield the alerts that are certain now."""
        matched = [one.rule.id for one in matching if one.rule.id in self._parts]
        if matched or self._lateness is not None:
            yield from self._stream.add(event_time(seen, self._time_field), matched, seen.event, (file, index))

    def finish(self) -> Iterator[Alert]:
        """Yield the alerts that waited for events which did not come."""
        yield from self._stream.finish()

    def left_out(self) -> Iterator[str]:
        """Yield a sentence for each kind of thing that did not count."""
        account = self._stream.account
        if account.timeless:
            where = f"in '{self._time_field}'" if self._time_field else "where it is known to stand"
            yield f"{_events(account.timeless)} without a time {where}: not counted in correlations; --time-field NAME says where to look"
        if account.late:
            how = "out of order" if self._lateness is None else f"more than {_lateness(self._lateness)} late"
            yield f"{_events(account.late)} {how}: not counted in correlations; --lateness gives more time"
        if account.crowded:
            yield f"{_events(account.crowded)} with more than {self._limits.values} values to group or count by: the rest was not counted"
        for rule, number in sorted(account.forgotten.items()):
            yield (
                f"'{self._titles.get(rule, rule)}' has more than {self._limits.matches} matches in its windows: "
                f"{number} of the oldest were forgotten, alerts can be missing"
            )


def _lateness(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, SECOND)
    return f"{nanoseconds / SECOND:g}s" if rest else duration_text(seconds)


def _events(number: int) -> str:
    return "1 event" if number == 1 else f"{number} events"


def as_value(alert: Alert) -> dict[str, Any]:
    """Return what the JSON of a correlation's alert has more than that of another rule."""
    return {
        "time": time_text(alert.time),
        "group": dict(alert.group),
        "figure": int(alert.figure) if alert.figure == int(alert.figure) else float(alert.figure),
        "events": [{"file": file, "index": index} for file, index in alert.events],
    }


def as_text(alert: Alert) -> str:
    """Return the same in short, behind the rule's title."""
    correlation = alert.rule.correlation
    within = f" within {duration_text(correlation.timespan)}" if correlation else ""
    group = grouped(alert.group)
    return f" ({group + ': ' if group else ''}{figure_text(alert.figure)}{within}, {time_text(alert.time)})"


def grouped(group: Mapping[str, str]) -> str:
    """Return a group in words; a value that a terminal could take for more than text is written as JSON."""
    shown = {name: value if value.isprintable() else ascii(value) for name, value in group.items()}
    return ", ".join(f"{name} {value}" for name, value in shown.items())


def figure_text(figure: Any) -> str:  # noqa: ANN401 - an int or a Fraction
    """Return a figure as a person reads it: whole, or with at most six digits."""
    return str(int(figure)) if figure == int(figure) else f"{float(figure):.6g}"
