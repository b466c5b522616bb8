"""Rules that count or join events, as Sigma's correlations: a threshold, a sequence or a sample of EQL.

A rule of Elastic's runs every ``interval`` and sees the events of its
look-back (``from``); what has no time span of its own is bounded by that.
A correlation's time span slides.  Where the two differ, the loss says how
(R129).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from converter.languages import eql
from converter.model import UNITS, Diagnostic, Fidelity, Loss, Severity, Span
from converter.readers.elastic_rules.meaning import Asked, Meaning, names, untyped, unwritable, written
from converter.readers.elastic_rules.query import Known, Unsaid, field_of, refused
from converter.readers.elastic_rules.rule import ElasticRule, known_keys
from converter.readers.elastic_rules.source import Choice, choose

FROM: Final = "now-6m"
INTERVAL: Final = "5m"
"""How far a rule looks back and how often it runs when it says neither (Kibana's defaults)."""
_FROM: Final = re.compile(r"now-([0-9]{1,9})([smhdw])")
_INTERVAL: Final = re.compile(r"([0-9]{1,9})([smhd])")
_LONGEST_S: Final = 10**9
COPIES: Final = 10
"""Of an event that happens so many times beside others there is a rule for each time, as a correlation has different events for its rules;
of one that happens more often a count, which has a time span of its own."""
_Groups: TypeAlias = tuple[tuple[str, ...], dict[str, dict[int, str]]]
"""The names of groups, and for those that stand for several fields the field by the number of the part."""


@dataclass(frozen=True, slots=True)
class Part:
    """A rule about single events, or a count of one, that a correlation refers to by ``number``, from 1.

    ``runs`` is how often the event has to happen.
    """

    number: int
    detection: Mapping[str, object]
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Joined:
    """A correlation: its type, parts, time span in seconds, groups and condition.

    ``aliases`` are groups whose fields differ: the field by the number of the
    part.
    """

    type: str
    parts: tuple[Part, ...]
    timespan_s: int
    group_by: tuple[str, ...] = ()
    condition: Mapping[str, object] | None = None
    aliases: Mapping[str, Mapping[int, str]] | None = None
    losses: tuple[Loss, ...] = ()

    @property
    def span_s(self) -> int:
        """The seconds that a run must see: repeated events have a time span of their own."""
        return self.timespan_s * (1 + sum(one.runs > 1 for one in self.parts))


Found: TypeAlias = tuple[Meaning, Joined | None]
"""What a rule means: with a correlation the meaning's section is empty, without one its ``reason`` says why."""


def look_back_s(rule: ElasticRule) -> int | None:
    """Return how many seconds a rule looks back; ``None`` for what is no plain number of them."""
    found = _FROM.fullmatch(str(rule.values.get("from") or FROM))
    return _bounded(int(found[1]) * UNITS[found[2]]) if found else None


def interval_s(rule: ElasticRule) -> int | None:
    """Return after how many seconds a rule runs again."""
    found = _INTERVAL.fullmatch(str(rule.values.get("interval") or INTERVAL))
    return _bounded(int(found[1]) * UNITS[found[2]]) if found else None


def _bounded(seconds: int) -> int | None:
    return seconds if 0 < seconds <= _LONGEST_S else None


def counted(rule: ElasticRule, meaning: Meaning) -> Joined | None:
    """Return a threshold rule as a count; ``None`` where one correlation cannot say it, so that the threshold is kept as it is.

    That is a number of events and of distinct values together, and a
    look-back that is no number of seconds.
    """
    threshold, seen = known_keys(rule)[0]["threshold"], look_back_s(rule)
    cardinality = threshold.get("cardinality") or []
    if seen is None or meaning.section is None or len(cardinality) > 1 or (cardinality and threshold["value"] != 1):
        return None
    apart = seen - (interval_s(rule) or seen)
    message = "the engine counts all events that a run sees, the rule those within a shorter time, which some run sees as a whole"
    lost = Loss("R129", "correlation.window", Fidelity.NARROWER, message, rule.source.span(rule.value_at("threshold")))
    if apart <= 0:
        message = "the engine counts the events that a run sees, the rule those within as long a time, whenever it begins"
        lost = Loss("R129", "correlation.window", Fidelity.WIDER, message, rule.source.span(rule.value_at("threshold")))
        apart = seen
    resolve = names(meaning.choice)
    condition: dict[str, object] = {"gte": threshold["value"]}
    if cardinality:
        condition = {"field": resolve(cardinality[0]["field"]).name, "gte": cardinality[0]["value"]}
        if cardinality[0]["value"] < 1:
            return None
    groups = tuple(dict.fromkeys(resolve(field).name for field in threshold["field"]))
    kind = "value_count" if cardinality else "event_count"
    return Joined(kind, (Part(1, meaning.section),), apart, groups, condition, losses=(lost,))


def joined(rule: ElasticRule, asked: Asked) -> Found:
    """Return a sequence or a sample as a correlation, or why it is none."""
    plain = Choice(choose(asked.index, asked.tags, None).logsource)
    return joined_as(asked, plain, names(plain), look_back_s(rule))


def joined_as(asked: Asked, plain: Choice, resolve: Callable[[str], Known | None], seen_s: int | None) -> Found:
    """Return a sequence or a sample as a correlation under a log source and names for fields that the caller gives.

    ``seen_s`` are the seconds that a run sees, which bound what has no time
    span of its own; ``None`` when they are not known.
    """
    assert isinstance(asked.query, eql.Query), "only EQL joins events"

    def named(field: str) -> eql.SigmaField | None:
        known = resolve(field)
        return None if known is None else field_of(eql.SigmaField, known)

    plan = eql.plan(asked.query, named, category=asked.category)
    if isinstance(plan, Diagnostic):
        return _none(plain, asked, refused(plan))
    step = next((one for one in plan.steps if one.missing), None)
    if step is not None:
        return _none(
            plain, asked, _unsaid(asked, "missing event", "an event that must not happen between others has no correlation", step.offsets)
        )
    if plan.until is not None:
        message = "what ends a sequence has no correlation"
        return _none(plain, asked, _unsaid(asked, "until", message, plan.until.offsets))
    if asked.filters is not None:
        return _none(plain, asked, _unsaid(asked, "filtered", "filters beside a sequence have no correlation", asked.query.body.offsets))
    parts: list[Part] = []
    keys: list[tuple[str, ...]] = []
    for one in plan.steps:
        section = written(one.node, plain)
        if section is None:
            return Meaning(plain, reason="unwritable", problem=unwritable(asked.text.place)), None
        times = one.runs if len(plan.steps) > 1 and one.runs <= COPIES else 1
        for _ in range(times):
            parts.append(Part(len(parts) + 1, section, one.runs if times == 1 else 1))
            keys.append(one.by)
    losses = asked.text.losses([*plan.losses, *(lost for one in plan.steps for lost in one.losses)])
    losses = tuple(dict.fromkeys((*losses, *(lost for one in plan.steps for lost in untyped(one.node, plain, asked)))))
    return _correlated(asked, plain, plan, parts, _groups(keys), losses, seen_s)


def _correlated(
    asked: Asked, plain: Choice, plan: eql.Plan, parts: Sequence[Part], grouped: _Groups, losses: tuple[Loss, ...], seen_s: int | None
) -> Found:
    timespan_s, told = _timespan(asked, plan, seen_s)
    if timespan_s is None:
        message = "it has no maxspan, and how far a run looks back is no number of seconds"
        return _none(plain, asked, _unsaid(asked, "time span", message, asked.query_offsets))
    if any(plan.optional):
        message = "events without the field join each other in the engine, and are in no group of the rule"
        told = (*told, Loss("R129", "correlation.group", Fidelity.NARROWER, message, asked.text.place))
    groups, aliases = grouped
    if len(parts) == 1 and plan.ordered:
        condition = {"gte": parts[0].runs}
        one = Joined("event_count", (Part(1, parts[0].detection),), timespan_s, groups, condition, losses=told)
        return Meaning(plain, {}, (*losses, *told)), one
    if any(one.runs > 1 for one in parts):
        message = "the repeated events and the others have the time span each, where the engine has one for all"
        told = (*told, Loss("R129", "correlation.window", Fidelity.WIDER, message, asked.text.place))
    kind = "temporal_ordered" if plan.ordered else "temporal"
    return Meaning(plain, {}, (*losses, *told)), Joined(kind, tuple(parts), timespan_s, groups, aliases=aliases or None, losses=told)


def _timespan(asked: Asked, plan: eql.Plan, seen_s: int | None) -> tuple[int | None, tuple[Loss, ...]]:
    """Return the seconds from the first event to the last; without a ``maxspan`` those that a run sees."""
    if plan.maxspan_ms is not None:
        seconds = -(-plan.maxspan_ms // 1000)
        if seconds * 1000 == plan.maxspan_ms and seconds:
            return _bounded(seconds), ()
        message = "a correlation's time span is a whole number of seconds, more than that of the sequence"
        return _bounded(max(1, seconds)), (Loss("R129", "correlation.window", Fidelity.WIDER, message, asked.text.place),)
    message = "without a time span of its own the engine joins what a run sees, the rule what is within as long a time, whenever it begins"
    return seen_s, (Loss("R129", "correlation.window", Fidelity.WIDER, message, asked.text.place),)


def _groups(keys: Sequence[tuple[str, ...]]) -> _Groups:
    """Return the groups' names and, where the parts' fields differ, the field of each part."""
    columns = list(dict.fromkeys(zip(*keys, strict=True)))
    groups: list[str] = []
    aliases: dict[str, dict[int, str]] = {}
    for column in columns:
        name, number = column[0], 1
        while name in groups:
            number += 1
            name = f"{column[0]}_{number}"
        groups.append(name)
        if set(column) != {name}:
            aliases[name] = dict(enumerate(column, 1))
    return tuple(groups), aliases


def _none(choice: Choice, asked: Asked, unsaid: Unsaid) -> Found:
    return Meaning(choice, reason=unsaid.reason, problem=asked.text.diagnostic(unsaid.diagnostic)), None


def _unsaid(asked: Asked, reason: str, message: str, offsets: int) -> Unsaid:
    place: Span = asked.query.source.span(offsets)
    return Unsaid(reason, Diagnostic("R286", Severity.WARNING, place, message))


def duration(seconds: int) -> str:
    """Return seconds as Sigma's timespan, in the largest unit of which they are a whole number."""
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % UNITS[unit] == 0)
    return f"{seconds // UNITS[unit]}{unit}"


def sections(one: Joined, name: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the ``correlation`` section, and by name those of the counts that it refers to; rules are called ``name`` and their number."""
    called = {part.number: f"{name}_{part.number}" for part in one.parts}
    counts = {part.number: f"{name}_{part.number}_times" for part in one.parts if part.runs > 1}
    aliases = one.aliases or {}
    outer = {
        alias: {(called | counts)[at]: alias if at in counts else field for at, field in fields.items()}
        for alias, fields in aliases.items()
    }
    inner = {}
    for part in (part for part in one.parts if part.number in counts):
        own = {alias: {called[part.number]: fields[part.number]} for alias, fields in aliases.items() if part.number in fields}
        inner[counts[part.number]] = _section("event_count", [called[part.number]], one, own, {"gte": part.runs})
    return _section(one.type, list((called | counts).values()), one, outer, one.condition), inner


def _section(
    kind: str, rules: list[str], one: Joined, aliases: Mapping[str, Mapping[str, str]], condition: Mapping[str, object] | None
) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "rules": rules}
    if one.group_by:
        found["group-by"] = list(one.group_by)
    found["timespan"] = duration(one.timespan_s)
    if given := {alias: dict(fields) for alias, fields in aliases.items() if fields}:
        found["aliases"] = given
    if condition:
        found["condition"] = dict(condition)
    return found
