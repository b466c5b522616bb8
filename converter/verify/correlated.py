"""Hold a correlation's artifact against the oracle: the artifact's alerts on the target's documents, the oracle's on the raw events.

The two tell at different times, the one at an event, the other at a run; and
one tells once where the other tells twice.  So an alert is missed when the
correlation holds at an event and no alert is about any of the events in its
window; and there is one too many when the correlation holds at none of the
events that it is about.  Streams of events whose fields to group or count by are empty are not asked
(T134).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from converter.data import Source as DataSource
from converter.data import Tables, elastic_document, elastic_mappings
from converter.ir import Linked, Part, detected, leaves, occurrences, scalars
from converter.match import time_text
from converter.model import Diagnostic, Evidence, Severity, Source, Status
from converter.pack import Loaded
from converter.verify.compare import SHOWN, Disagreement, Measured, Verdict, seen
from converter.verify.own_view import ELSEWHERE, OwnView, is_selected, own_document, own_mappings, own_view
from converter.verify.readings import Artifact
from converter.verify.readings.elastic_alerts import UNREAD, Alert, alerts, correlated
from converter.verify.streams import Stream, field_in, put, streams

MILLI = 1_000_000
_DEFECT = "the events and both answers follow; this is a defect of the output"
_NO_VALUE = ("", "-")
"""What producers write where they know nothing, and pipelines drop."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A correlation's streams, and for each the windows of the events at which it holds: the event's place, and those of its window."""

    streams: tuple[Stream, ...]
    held: tuple[tuple[tuple[int, tuple[int, ...]], ...], ...]


def asked_of(loaded: Loaded, linked: Linked, tables: Tables) -> Asked:
    """Return what a correlation is asked, with the oracle's answers."""
    found = tuple(one for one in streams(loaded, linked, tables) if not _has_empty_value(linked, one))
    return Asked(found, tuple(tuple((one.index, one.window) for one in occurrences(linked, stream.events)) for stream in found))


def _names(linked: Linked) -> tuple[str, ...]:
    return (*linked.correlation.group_by, *linked.correlation.fields)


def _has_empty_value(linked: Linked, stream: Stream) -> bool:
    names = {field_in(linked, part, name) for part in leaves(linked) for name in _names(linked)}
    return any(value in _NO_VALUE for one in stream.events for name in names for value in scalars(one.event, name))


def compare_correlation(loaded: Loaded, linked: Linked, artifact: Artifact, target: str, declared: Status, tables: Tables) -> Verdict:
    """Return what reading a correlation's artifact says; ``declared`` comes from the manifest."""
    rule = correlated(artifact)
    if isinstance(rule, Diagnostic) or rule.language in UNREAD:
        return Verdict(loaded, target, artifact.path, declared, Evidence.DECLARED, None, (rule,) if isinstance(rule, Diagnostic) else ())
    views = views_of(linked, target, tables, artifact.data)
    if views is None:
        return Verdict(loaded, target, artifact.path, declared, Evidence.DECLARED, None)
    asked = asked_of(loaded, linked, tables)
    wrong: list[Disagreement] = []
    told: list[bool] = []
    for stream, held in zip(asked.streams, asked.held, strict=True):
        found = alerts_on(views, artifact, stream)
        if isinstance(found, Diagnostic):
            return Verdict(loaded, target, artifact.path, declared, Evidence.DECLARED, None, (found,))
        told.append(any(found))
        for expected, got in differences(held, found):
            if not _is_declared(declared, expected):
                wrong.append(Disagreement(stream.label, _shown(stream), expected, got))
    covered = _covered(linked, asked)
    events = sum(len(one.events) for one in asked.streams)
    measured = Measured("reader", "", events, len(covered), sum(covered), tuple(wrong[:SHOWN]))
    problems = _problems(loaded, artifact, wrong, len(asked.streams), declared, covered)
    status = Status.UNKNOWN if declared is Status.EXACT and not wrong and not all(covered) else declared
    verdict = Verdict(loaded, target, artifact.path, status, Evidence.READER, measured, problems)
    elsewhere = _elsewhere(views, asked, artifact, told)
    return (
        verdict if elsewhere is None else Verdict(loaded, target, artifact.path, status, Evidence.READER, measured, (*problems, elsewhere))
    )


def _problems(
    loaded: Loaded, artifact: Artifact, wrong: Sequence[Disagreement], number: int, declared: Status, covered: Sequence[bool]
) -> tuple[Diagnostic, ...]:
    place = Source(artifact.path, "").start
    if wrong:
        verb = "gives no alert" if wrong[0].expected else "alerts where the correlation does not hold"
        message = f"{artifact.path} {verb}: {wrong[0].label} ({len(wrong)} differences in {number} streams of events, read by reader)"
        return (
            Diagnostic("V003", Severity.ERROR, place, message, help="the events and both answers follow; this is a defect of the output"),
        )
    if declared is Status.EXACT and not all(covered):
        message = "no test alerts through each of the correlation's rules"
        help_text = "add a test that alerts, with 'events' and 'match: true'"
        return (Diagnostic("V004", Severity.ERROR, loaded.rule.span("correlation.rules"), message, help=help_text),)
    return ()


def alerts_on(
    views: Sequence[View], artifact: Artifact, stream: Stream, *, foreign: bool = False
) -> tuple[frozenset[Alert], ...] | Diagnostic:
    """Return an artifact's alerts on a stream, for each beginning of its runs; ``foreign`` events are of other log sources."""
    documents, mappings = _documents(views, stream, foreign=foreign)
    return alerts(artifact, documents, [one.time for one in stream.events], _of_another(mappings) if foreign else mappings)


def differences(held: Sequence[tuple[int, tuple[int, ...]]], found: Sequence[frozenset[Alert]]) -> list[tuple[bool, bool]]:
    """Return for each difference what the oracle says, and what the artifact does, for the beginnings of its runs that were tried."""
    places = {index for index, _ in held}
    different: list[tuple[bool, bool]] = []
    for several in found:
        told = {at for alert in several for at in alert}
        different += [(True, False) for _, window in held if told.isdisjoint(window)]
        different += [(False, True) for alert in several if places.isdisjoint(alert)]
    return different


def _is_declared(declared: Status, expected: bool) -> bool:
    if declared in (Status.MIXED, Status.UNKNOWN):
        return True
    return declared is (Status.NARROWER if expected else Status.WIDER)


def _covered(linked: Linked, asked: Asked) -> list[bool]:
    """Say for each rule whether a stream alerts that does not without the rule's events."""
    alerting = any(asked.held)
    without = {stream.without for stream, held in zip(asked.streams, asked.held, strict=True) if stream.without and not held}
    return [alerting and part.rule.id in without for part in leaves(linked)]


@dataclass(frozen=True, slots=True)
class View:
    """A rule of a correlation, and how the target comes to see its events."""

    part: Part
    source: DataSource
    own: OwnView | None


def views_of(linked: Linked, target: str, tables: Tables, data: bytes) -> tuple[View, ...] | None:
    """Return how the events of each rule are seen, ``None`` where it is not known of one."""
    found = []
    for part in leaves(linked):
        source = seen(part.rule, target, tables, data)
        if source is None:
            return None
        found.append(View(part, source, own_view(tables, target, source)))
    return tuple(found)


def _documents(views: Sequence[View], stream: Stream, *, foreign: bool = False) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the documents of a stream, each as its rule's log source has it, and the mappings of their indexes together."""
    indexes = {view.source.id: own_mappings(view.own) if view.own else elastic_mappings(view.source.id) for view in views}
    documents = []
    for one in stream.events:
        view = next((view for view in views if detected(view.part, one.event)), views[0])
        document = own_document(view.own, one.event, foreign=foreign) if view.own else elastic_document(one.event, view.source.id)
        if len(indexes) > 1:
            for path, value in _constants(indexes[view.source.id]):
                put(document, path, ELSEWHERE if foreign else value)
        documents.append({**document, "@timestamp": time_text(one.time // MILLI * MILLI)})
    mappings: dict[str, Any] = {"properties": {"@timestamp": {"type": "date"}}}
    for index in indexes.values():
        mappings = _merged(mappings, index)
    return documents, mappings


def _constants(mappings: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Yield the fields of an index that have one value in all its documents."""
    for name, entry in mappings.get("properties", {}).items():
        if entry.get("type") == "constant_keyword":
            yield f"{path}{name}", str(entry["value"])
        yield from _constants(entry, f"{path}{name}.")


def _merged(one: Any, other: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the mappings of two indexes; a constant that they have differently is a keyword, which their documents then say."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return one
    if {one.get("type"), other.get("type")} == {"constant_keyword"} and one.get("value") != other.get("value"):
        return {"type": "keyword"}
    return {**other, **{key: _merged(value, other[key]) if key in other else value for key, value in one.items()}}


def _elsewhere(views: Sequence[View], asked: Asked, artifact: Artifact, told: Sequence[bool]) -> Diagnostic | None:
    """Return V007 when the artifact also alerts on the same events of another log source."""
    stream = next((one for one, alerting in zip(asked.streams, told, strict=True) if alerting), None)
    if stream is None or any(view.own is not None and not is_selected(view.own) for view in views):
        return None
    found = alerts_on(views, artifact, stream, foreign=True)
    if isinstance(found, Diagnostic) or not any(found):
        return None
    message = f"{artifact.path} also alerts on events of another log source"
    return Diagnostic("V007", Severity.ERROR, Source(artifact.path, "").start, message, help="this is a defect of the output")


def _of_another(mappings: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(mappings, Mapping):
        return mappings
    if mappings.get("type") == "constant_keyword":
        return {**mappings, "value": ELSEWHERE}
    return {key: _of_another(value) for key, value in mappings.items()}


def _shown(stream: Stream) -> Mapping[str, Any]:
    return {"events": [{"at": time_text(one.time), "event": one.event} for one in stream.events]}
