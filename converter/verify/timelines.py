"""The tests of correlation rules: events in their times, and whether the correlation alerts.

Answered by the stream that ``converter match`` runs, which is held equal to the
oracle; no log source is asked for, as in the tests of other rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from converter.ir import Linked, Timed, detected, leaves, too_deep, unevaluable
from converter.model import Diagnostic, Severity, node
from converter.pack import Loaded

if TYPE_CHECKING:
    from converter.match import Alert


@node
class Timeline:
    """A test of a correlation: events in the order of their arrival, and how many alerts they give; ``None`` is any number above 0."""

    number: int
    name: str
    events: tuple[Timed, ...]
    alerts: int | None


Read = Callable[[str], Sequence[Mapping[str, Any]] | Diagnostic]
"""Gives the events of an ``events_file``, or says why there are none."""


def timelines(loaded: Loaded, read: Read, plain: Callable[[Any], Any]) -> tuple[tuple[Timeline, ...], tuple[Diagnostic, ...]]:
    """Return the tests of a correlation rule, and what is wrong with the others (V001).

    ``plain`` turns YAML's values into those of JSON.
    """
    found: list[Timeline] = []
    problems: list[Diagnostic] = []
    for number, test in enumerate(loaded.rule.converter.get("tests", ())):
        one = _timeline(loaded, number, test, read, plain)
        if isinstance(one, Diagnostic):
            problems.append(one)
        else:
            found.append(one)
    return tuple(found), tuple(problems)


def _timeline(loaded: Loaded, number: int, test: Mapping[str, Any], read: Read, plain: Callable[[Any], Any]) -> Timeline | Diagnostic:
    place = f"x-converter.tests.{number}"

    def wrong(message: str, help_text: str) -> Diagnostic:
        return Diagnostic("V001", Severity.ERROR, loaded.rule.span(place), f"the test '{test['name']}' {message}", help=help_text)

    if "match_count" in test:
        alerts = test["match_count"]
    elif "match" in test:
        alerts = None if test["match"] else 0
    else:
        return wrong("does not say what is expected", "give 'match: true', 'match: false' or 'match_count', the number of alerts")
    if test.get("events"):
        given = [(one.get("at"), plain(one["event"])) for one in test["events"]]
    elif "events_file" in test:
        lines = read(test["events_file"])
        if isinstance(lines, Diagnostic):
            return Diagnostic(lines.code, lines.severity, loaded.rule.span(place), lines.message, help=lines.help)
        given = [(None, line) for line in lines]
    else:
        return wrong("has no events", "a correlation is tested with 'events', each with 'at' and 'event', or with 'events_file'")
    from converter.match import event_time, see

    timed: list[Timed] = []
    for index, (at, event) in enumerate(given):
        if too_deep(event, loaded.file.name):
            return wrong(f"has an event that nests too deep, number {index}", "no log source nests that deep; cut the event")
        for seen in see(event):
            time = event_time(seen) if at is None else _at(str(at))
            if time is None:
                shown = "has no time" if at is None else f"has the time '{str(at)[:60]}', which is none"
                return wrong(f"has an event, number {index}, that {shown}", "write 'at: 90s' or 'at: 2026-03-01T12:00:00Z' beside it")
            timed.append(Timed(time, seen.event))
    return Timeline(number, test["name"], tuple(timed), alerts)


def _at(text: str) -> int | None:
    from converter.match import duration_of, time_of

    after = duration_of(text)
    return time_of(text) if after is None else after


def alerts_of(linked: Linked, events: Sequence[Timed]) -> tuple[Alert, ...]:
    """Return the alerts of a correlation on events in the order of their arrival; an alert's origin is the event's place."""
    from converter.match import Stream

    parts = leaves(linked)
    stream = Stream([linked])
    found: list[Alert] = []
    for index, one in enumerate(events):
        found += stream.add(one.time, [part.rule.id for part in parts if detected(part, one.event)], one.event, index)
    return (*found, *stream.finish())


def answer(linked: Linked, test: Timeline) -> str:
    """Return how a test fails, ``""`` when it holds."""
    found = alerts_of(linked, test.events)
    if test.alerts is None:
        return "" if found else "the events give no alert"
    if len(found) == test.alerts:
        return ""
    places = ", ".join(_place(one) for one in found[:5]) + (", …" if len(found) > 5 else "")
    number = "1 alert" if len(found) == 1 else f"{len(found)} alerts"
    return f"{number}{f' ({places})' if found else ''}, expected {test.alerts}"


def _place(alert: Alert) -> str:
    group = ", ".join(f"{name} {value[:60]!r}" for name, value in alert.group.items())
    return f"at event {alert.origin}" + (f" for {group}" if group else "")


def unanswerable(linked: Linked) -> tuple[Diagnostic, ...]:
    """Name what keeps a correlation from being run: parts that the oracle does not decide (M009)."""
    return tuple(
        problem
        for part in leaves(linked)
        if not isinstance(part.meaning, Linked)
        for problem in unevaluable(part.meaning, part.rule.source)
    )
