"""``converter explain`` for correlations: what one asks for, in words, and how near the events of a file come to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from converter.cli.correlated import figure_text, grouped
from converter.ir import Linked, Occurrence, Part, Timed, evaluate, field_of, leaves, occurrences, scalars
from converter.match import Asked, Matcher, Seen, duration_text, event_time, time_text
from converter.model import Correlation, Criterion

EVENTS: Final = 1000
"""Matching events that are looked at, fewer where several correlations are below each other: every window is computed anew."""
GROUPS: Final = 20
"""Groups that are shown."""

_WORDS: Final[Mapping[str, str]] = {
    "gt": "more than",
    "gte": "at least",
    "lt": "less than",
    "lte": "at most",
    "eq": "exactly",
    "neq": "any but",
}


def asked_for(linked: Linked) -> str:
    """Return what a correlation asks for, and its parts, one a line."""
    correlation = linked.correlation
    groups = f", each {' and '.join(correlation.group_by)} apart" if correlation.group_by else ""
    lines = [f"{linked.rule.title}", f"  {_wanted(linked)} within {duration_text(correlation.timespan)}{groups}"]
    for number, part in enumerate(linked.parts, 1):
        name = f"{number}. " if correlation.type == "temporal_ordered" else ""
        kind = "correlation" if isinstance(part.meaning, Linked) else "rule"
        lines.append(f"    {name}{kind} {part.reference}: {part.rule.title}")
    for alias in correlation.aliases:
        fields = ", ".join(f"{field_of(linked, part, alias)} of {part.reference}" for part in linked.parts)
        lines.append(f"    {alias} is {fields}")
    return "\n".join(lines)


def _wanted(linked: Linked) -> str:
    correlation = linked.correlation
    if correlation.type == "temporal_ordered":
        return "these rules in this order"
    if linked.expression is not None:
        return f"rules so that: {correlation.expression}"
    if correlation.type == "temporal" and not correlation.criteria:
        return "all of these rules"
    return f"{_subject(correlation)}: {_criteria(correlation.criteria)}"


def _criteria(criteria: Iterable[Criterion]) -> str:
    return " and ".join(f"{_WORDS[one.operator]} {one.value}" for one in criteria)


def _subject(correlation: Correlation) -> str:
    fields = ", ".join(correlation.fields)
    match correlation.type:
        case "event_count":
            return "number of events"
        case "value_count":
            return f"number of different values of {fields}"
        case "value_sum":
            return f"sum of {fields}"
        case "value_avg":
            return f"mean of {fields}"
        case "value_median":
            return f"median of {fields}"
        case "value_percentile" if correlation.percentile is not None:
            return f"percentile {correlation.percentile:g} of {fields}"
        case "value_percentile":
            return f"share in percent of the event's own {fields} among those in the window"
        case _:
            return "number of rules with a match"


class Followed:
    """The events of a file, as far as the parts of a correlation match them."""

    def __init__(self, linked: Linked) -> None:
        self._linked = linked
        self._parts = {part.rule.id: part for part in leaves(linked)}
        trees = {name: part.meaning for name, part in self._parts.items()}
        self._trees = {name: tree for name, tree in trees.items() if not isinstance(tree, Linked)}
        self._matcher = Matcher(Asked(self._parts[name].rule, tree) for name, tree in self._trees.items())
        self._events: list[Timed] = []
        self._places: list[str] = []
        self._matched: dict[int, frozenset[str]] = {}
        self._counts: Counter[str] = Counter()
        self._elsewhere: Counter[str] = Counter()
        self._timeless = self._more = 0
        self._limit = max(20, EVENTS // _correlations(linked))

    def add(self, seen: Seen, place: str) -> None:
        """Take an event, which ``place`` names."""
        matched = frozenset(one.rule.id for one in self._matcher.matching(seen))
        self._counts.update(matched)
        self._elsewhere.update(name for name, tree in self._trees.items() if name not in matched and evaluate(tree, seen.event))
        if not matched:
            return
        time = event_time(seen)
        if time is None:
            self._timeless += 1
        elif len(self._events) >= self._limit:
            self._more += 1
        else:
            self._matched[id(seen.event)] = matched
            self._events.append(Timed(time, seen.event))
            self._places.append(place)

    def lines(self) -> Iterator[str]:
        """Yield what the parts match, and of each group whether the correlation alerts or how near it comes."""
        for name, part in self._parts.items():
            other = self._elsewhere[name]
            more = f"; {_events(other)} of log sources that it is not about would" if other else ""
            yield f"  {part.reference} ({part.rule.title}): {_events(self._counts[name])} {_verb(self._counts[name])}{more}"
        if self._timeless:
            yield f"  {_events(self._timeless)} of these without a time: not counted"
        if self._more:
            yield f"  only the first {self._limit} of these are looked at, {self._more} are not"
        yield from self._groupless()
        found = self._found(self._linked)
        near = _nearest(self._linked.correlation, self._found(_open(self._linked)))
        for number, group in enumerate(near):
            if number == GROUPS:
                yield f"  {len(near) - GROUPS} more groups"
                return
            yield self._group(group, [one for one in found if one.group == group and one.begins], near[group])

    def _found(self, linked: Linked) -> tuple[Occurrence, ...]:
        return occurrences(linked, self._events, self._matches)

    def _matches(self, part: Part, event: Mapping[str, Any]) -> bool:
        return part.rule.id in self._matched[id(event)]

    def _groupless(self) -> Iterator[str]:
        """Yield how many events lack a field of the group, for the parts that are about single events."""
        for part in self._linked.parts:
            fields = [field_of(self._linked, part, name) for name in self._linked.correlation.group_by]
            if isinstance(part.meaning, Linked):
                continue
            for field in fields:
                lacking = sum(self._matches(part, one.event) and not scalars(one.event, field) for one in self._events)
                if lacking:
                    yield f"  {_events(lacking)} of {part.reference} without a value of {field}: in no group"

    def _group(self, group: tuple[str, ...], begun: list[Occurrence], near: Occurrence) -> str:
        linked = self._linked
        name = grouped(dict(zip(linked.correlation.group_by, group, strict=True))) or "all events together"
        if begun:
            places = ", ".join(f"at {self._places[one.index]} ({self._figure(one)})" for one in begun[:5])
            return f"  {name}: alerts {places}{', …' if len(begun) > 5 else ''}"
        if linked.correlation.type == "temporal_ordered":
            figure = f"{self._steps(group)} of {len(linked.parts)} rules in order"
        elif linked.correlation.type == "temporal":
            figure = f"{near.figure} of {len(linked.parts)} rules"
        else:
            figure = f"{_subject(linked.correlation)} {figure_text(near.figure)}"
        return f"  {name}: no alert; nearest at {self._places[near.index]}, {time_text(self._events[near.index].time)}: {figure}"

    def _figure(self, one: Occurrence) -> str:
        return f"{len(one.window)} in the window, figure {figure_text(one.figure)}"

    def _steps(self, group: tuple[str, ...]) -> int:
        """Return how many of the first rules follow each other in some window."""
        for number in range(len(self._linked.parts) - 1, 0, -1):
            if any(one.group == group for one in self._found(replace(self._linked, parts=self._linked.parts[:number]))):
                return number
        return 0


def _correlations(linked: Linked) -> int:
    """Return how many correlations are in a chain."""
    met = {linked.rule.id}
    stack = [linked]
    while stack:
        for part in stack.pop().parts:
            if isinstance(part.meaning, Linked) and part.rule.id not in met:
                met.add(part.rule.id)
                stack.append(part.meaning)
    return len(met)


def _open(linked: Linked) -> Linked:
    """Return a correlation that holds at each match of its groups, with the figure that is there."""
    kind = "temporal" if linked.correlation.type == "temporal_ordered" else linked.correlation.type
    criteria = (Criterion("gte", 0),) if kind == "temporal" else ()
    return replace(linked, correlation=replace(linked.correlation, type=kind, criteria=criteria), expression=None)


def _nearest(correlation: Correlation, found: Iterable[Occurrence]) -> dict[tuple[str, ...], Occurrence]:
    """Return of each group the first event with the figure nearest to the criteria; of a temporal one, with the most rules."""
    nearest: dict[tuple[str, ...], Occurrence] = {}
    for one in found:
        known = nearest.get(one.group)
        if known is None or _distance(correlation, one) < _distance(correlation, known):
            nearest[one.group] = one
    return nearest


def _distance(correlation: Correlation, one: Occurrence) -> float:
    if not correlation.criteria:
        return -float(one.figure)
    away = 0.0
    for criterion in correlation.criteria:
        over = float(one.figure) - criterion.value
        if criterion.operator in ("gt", "gte"):
            away += max(0.0, -over)
        elif criterion.operator in ("lt", "lte"):
            away += max(0.0, over)
        elif criterion.operator == "eq":
            away += abs(over)
    return away


def _events(number: int) -> str:
    return "1 event" if number == 1 else f"{number} events"


def _verb(number: int) -> str:
    return "matches" if number == 1 else "match"
