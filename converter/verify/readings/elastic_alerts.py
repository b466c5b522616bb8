"""Elastic: the alerts of a threshold rule, a sequence, a sample or a pipe of figures over a stream of documents, run after run.

A run sees the documents of its look-back, from ``from`` to now.  The runs that
matter are those just after a document came or went out of sight; where the
first of them falls is nobody's choice, so several are tried.

Of a threshold rule each run groups what its query finds by the fields: a
document with several values is in the group of each, one without a value in
none.  A group that reaches the numbers alerts, and what it counted up to its
latest document is not counted again.  Source: Elastic's guide, "Create a
threshold rule"; elastic/kibana, rule_types/threshold.  Read, not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final, TypeAlias

from converter.formats import Map, read_toml
from converter.formats import read as read_yaml
from converter.ir import SECOND
from converter.languages import elasticsearch, eql, esql
from converter.languages.kql import dsl
from converter.model import UNITS, Diagnostic, Severity, Source, node
from converter.verify.readings.elastic import READINGS, ElasticRule, rule_of
from converter.verify.readings.reading import Artifact

Alert: TypeAlias = tuple[int, ...]
"""The documents that an alert is about, by their places."""
NOT_RUN: Final = "R304"
"""The code of a query whose answer our reading of ES|QL does not know."""
_FROM: Final = re.compile(r"now-([0-9]{1,9})([smhdw])")
_INTERVAL: Final = re.compile(r"([0-9]{1,9})([smhd])")
_UNKNOWN: Final = re.compile(r"\b(MEDIAN|PERCENTILE)\(")
_TRIED: Final = 4
"""Beginnings of the runs that are tried."""


@node
class Rule:
    """What a rule's file says beside its query: how often it runs and how far it looks back, in nanoseconds, and its threshold."""

    kind: str
    language: str
    query: str
    interval: int
    look_back: int
    threshold: Mapping[str, Any]


def correlated(artifact: Artifact) -> Rule | Diagnostic:
    """Return what a rule's TOML, or its line of an import file, says; V010 for what is none."""
    is_line = artifact.path.endswith(".ndjson")
    documents = read_yaml(artifact.data, artifact.path) if is_line else read_toml(artifact.data, artifact.path)
    if isinstance(documents, Diagnostic):
        return _wrong(artifact, documents.message)
    document = documents[0] if isinstance(documents, tuple) else documents
    rule = document.value if is_line else document.value.get("rule")
    if not isinstance(rule, Map) or not isinstance(rule.get("query"), str):
        return _wrong(artifact, "the file has no rule with a query")
    begin, interval = _FROM.fullmatch(str(rule.get("from", "now-6m"))), _INTERVAL.fullmatch(str(rule.get("interval", "5m")))
    if begin is None or interval is None:
        return _wrong(artifact, f"the rule looks back from {rule.get('from')!r} every {rule.get('interval')!r}")
    threshold = rule.get("threshold", {})
    return Rule(
        str(rule.get("type", "")),
        str(rule.get("language", "")),
        rule["query"],
        _span(interval),
        _span(begin),
        threshold if isinstance(threshold, Map) else {},
    )


def _span(found: re.Match[str]) -> int:
    return int(found[1]) * UNITS[found[2]] * SECOND


@node
class Reading:
    """A rule's file that was read, and the index that it searches: its mappings as JSON and compiled, for EQL too."""

    path: str
    rule: Rule
    query: eql.Query | esql.Query | ElasticRule
    mappings: Any
    index: elasticsearch.Mapping
    fields: eql.Mapping


def read_alerts(artifact: Artifact, mappings: Any) -> Reading | Diagnostic:  # noqa: ANN401 - JSON
    """Return a rule whose alerts can be asked for, on an index with these mappings, or why its file or query is not read."""
    rule = correlated(artifact)
    if isinstance(rule, Diagnostic):
        return rule
    if rule.kind == "esql" and (found := _UNKNOWN.search(rule.query)):
        message = f"what {found[1]} gives is not known: the engine comes near it only"
        return Diagnostic(NOT_RUN, Severity.WARNING, Source(artifact.path, "").start, message)
    if rule.kind != "threshold":
        mappings = _asked(mappings, rule.query.replace("`", ""))
    index = elasticsearch.compile_mapping(mappings)
    fields = eql.compile_mapping(mappings)
    query: eql.Query | esql.Query | ElasticRule | Diagnostic
    if rule.kind == "threshold":
        query = rule_of(artifact)
    else:
        query = esql.read(rule.query, artifact.path) if rule.kind == "esql" else eql.read(rule.query, artifact.path)
    for one in (index, fields, query):
        if isinstance(one, Diagnostic):
            return one
    return Reading(artifact.path, rule, query, mappings, index, fields)  # type: ignore[arg-type]


def _asked(entry: Mapping[str, Any], text: str, path: str = "") -> dict[str, Any]:
    """Return mappings without the fields that a query does not name: in EQL and ES|QL each is named in full."""
    kept: dict[str, Any] = {}
    for name, one in entry.get("properties", {}).items():
        full = f"{path}{name}"
        inside = _asked(one, text, f"{full}.") if "properties" in one else one
        if inside.get("properties") or ("properties" not in one and (full in text or full == "@timestamp")):
            kept[name] = inside
    return {**entry, "properties": kept}


def grown(reading: Reading, documents: Sequence[Mapping[str, Any]]) -> Reading:
    """Return a reading on an index that has held documents: it knows their fields also where others lack them."""
    indexed = elasticsearch.index_all(documents, reading.index)
    index = next((one.mapping for one in indexed if isinstance(one, elasticsearch.Document)), reading.index)
    fields = eql.compile_mapping(index.raw)
    return reading if isinstance(fields, Diagnostic) else replace(reading, mappings=index.raw, index=index, fields=fields)


def is_indexed(reading: Reading, documents: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the index takes all documents; one that it refuses is never searched."""
    return all(isinstance(one, elasticsearch.Document) for one in elasticsearch.index_all(documents, reading.index))


def alerts(reading: Reading, documents: Sequence[Mapping[str, Any]], times: Sequence[int]) -> tuple[frozenset[Alert], ...] | Diagnostic:
    """Return the alerts for each beginning of the runs that is tried; ``times`` are the documents', in nanoseconds."""
    query, rule = reading.query, reading.rule
    indexed = elasticsearch.index_all(documents, reading.index)
    index = next((one.mapping for one in indexed if isinstance(one, elasticsearch.Document)), reading.index)
    if isinstance(query, ElasticRule):
        return _threshold(reading, query, documents, times, indexed)
    fields = reading.fields if index.raw == reading.index.raw else eql.compile_mapping(index.raw)
    if isinstance(fields, Diagnostic):
        return fields
    known: dict[tuple[int, ...], frozenset[Alert] | Diagnostic] = {}
    found: list[frozenset[Alert]] = []
    for runs in _beginnings(rule, times):
        told: set[Alert] = set()
        for seen in map(tuple, runs):
            if seen not in known:
                if isinstance(query, esql.Query):
                    known[seen] = _groups(query, documents, seen, index.raw)
                else:
                    known[seen] = _matches(query, documents, seen, fields)
            one = known[seen]
            if isinstance(one, Diagnostic):
                return one
            told |= one
        found.append(frozenset(told))
    return tuple(found)


def _matches(
    query: eql.Query, documents: Sequence[Mapping[str, Any]], seen: Sequence[int], mapping: eql.Mapping
) -> frozenset[Alert] | Diagnostic:
    """Return what a run finds: the events of each sequence; of a sample, which is one of a group's, all the events of the group."""
    found = eql.run(query, [documents[at] for at in seen], mapping)
    if isinstance(found, Diagnostic):
        return found
    if not isinstance(query.body, eql.Sample):
        return frozenset(tuple(seen[at] for at in one.events) for one in found)
    told: set[Alert] = set()
    indexed = {at: one for at in seen if isinstance(one := eql.index(documents[at], mapping), eql.Document)}
    paths = {tuple(key.name for key in step.by) for step in query.body.steps}
    for match in found:
        members = {seen[at] for at in match.events}
        for at, document in indexed.items():
            if any(all(key in document.values.get(path, ()) for path, key in zip(some, match.keys, strict=True)) for some in paths):
                members.add(at)
        told.add(tuple(sorted(members)))
    return frozenset(told)


def _groups(
    query: esql.Query,
    documents: Sequence[Mapping[str, Any]],
    seen: Sequence[int],
    mappings: Any,  # noqa: ANN401 - JSON
) -> frozenset[Alert] | Diagnostic:
    """Return for each row that a pipe leaves the documents of its group, as they were before they were counted."""
    figures = [at for at, one in enumerate(query.commands) if isinstance(one, esql.Stats)]
    there = [documents[at] for at in seen]
    before = esql.run(replace(query, commands=query.commands[: figures[0]] if figures else query.commands), there, mappings)
    after = esql.run(query, there, mappings)
    if isinstance(before, Diagnostic) or isinstance(after, Diagnostic):
        return before if isinstance(before, Diagnostic) else after  # type: ignore[return-value]
    last = query.commands[figures[-1]] if figures else None
    names = [one.name for one in last.groups] if isinstance(last, esql.Stats) else []
    told: set[Alert] = set()
    for row in after.rows:
        members = (one for one in before.rows if all(row.values.get(name) in _each(one.values.get(name)) for name in names))
        told.add(tuple(seen[one.origin] for one in members if one.origin is not None))
    return frozenset(told)


def _each(value: esql.Value) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _beginnings(rule: Rule, times: Sequence[int]) -> Iterator[list[list[int]]]:
    """Yield what each run sees, for runs that begin just before one event or another."""
    for begin in sorted({(time - SECOND // 1000) % rule.interval for time in times})[:_TRIED] or [0]:
        yield list(_runs(rule, times, begin))


def _runs(rule: Rule, times: Sequence[int], begin: int) -> Iterator[list[int]]:
    """Yield the documents that a run sees, for each run that sees others than the one before."""

    def first_from(time: int) -> int:
        return begin - (begin - time) // rule.interval * rule.interval

    moments = {first_from(time) for time in times} | {first_from(time + rule.look_back + 1) for time in times}
    before: list[int] = []
    for now in sorted(moments):
        seen = [at for at, time in enumerate(times) if now - rule.look_back <= time <= now]
        if seen and seen != before:
            yield seen
        before = seen


def _threshold(
    reading: Reading,
    asked: ElasticRule,
    documents: Sequence[Mapping[str, Any]],
    times: Sequence[int],
    indexed: Sequence[elasticsearch.Document | Diagnostic],
) -> tuple[frozenset[Alert], ...] | Diagnostic:
    rule, mappings = reading.rule, reading.mappings
    found = READINGS[rule.language](rule.query, reading.path, documents, mappings)
    kept = dsl.run(asked.filters, documents, mappings) if asked.filters.trees else [True] * len(documents)
    if isinstance(found, Diagnostic) or isinstance(kept, Diagnostic):
        return found if isinstance(found, Diagnostic) else kept  # type: ignore[return-value]
    matching = {at: one for at, one in enumerate(indexed) if found[at] and kept[at] and isinstance(one, elasticsearch.Document)}
    return tuple(frozenset(_reached(rule, runs, matching, times)) for runs in _beginnings(rule, times))


def _reached(
    rule: Rule, runs: Sequence[Sequence[int]], matching: Mapping[int, elasticsearch.Document], times: Sequence[int]
) -> Iterator[Alert]:
    """Yield the alerts of a threshold, run after run."""
    fields, least = list(rule.threshold.get("field", ())), int(rule.threshold.get("value", 1))
    distinct = [(one["field"], int(one["value"])) for one in rule.threshold.get("cardinality", ())]
    told: dict[tuple[Any, ...], int] = {}
    for seen in runs:
        groups: dict[tuple[Any, ...], list[int]] = {}
        for at in (one for one in seen if one in matching):
            for group in product(*(dict.fromkeys(_values(matching[at], field)) for field in fields)):
                if times[at] > told.get(group, times[at] - 1):
                    groups.setdefault(group, []).append(at)
        for group, members in groups.items():
            counts = (len({value for at in members for value in _values(matching[at], field)}) >= number for field, number in distinct)
            if len(members) >= least and all(counts):
                told[group] = max(times[at] for at in members)
                yield tuple(members)


def _values(document: elasticsearch.Document, path: str) -> tuple[Any, ...]:
    """Return a field's values in the index; of a key of a flattened field those of the key."""
    if path in document.values:
        return document.values[path]
    parent, _, key = path.rpartition(".")
    while parent:
        if parent in document.values:
            return tuple(value for one, value in document.values[parent] if one == key)
        parent, _, head = parent.rpartition(".")
        key = f"{head}.{key}"
    return ()


def _wrong(artifact: Artifact, message: str) -> Diagnostic:
    return Diagnostic("V010", Severity.ERROR, Source(artifact.path, "").start, message, help="build it again")
