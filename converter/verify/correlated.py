"""Hold a correlation's artifact against the oracle: the artifact's alerts on the target's documents, the oracle's on the raw events.

Streams of events whose fields to group or count by are empty are not asked (T134).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from converter.data import Source as DataSource
from converter.data import Tables, ecs_bindings, elastic_document, elastic_mappings
from converter.ir import Linked, Part, detected, leaves, scalars
from converter.match import time_text
from converter.model import Diagnostic, Evidence, Severity, Source, Status, node
from converter.pack import Loaded
from converter.verify.compare import SHOWN, Disagreement, Measured, Verdict, seen
from converter.verify.held import differences, held_on
from converter.verify.own_view import ELSEWHERE, OwnView, is_selected, own_document, own_mappings, own_view
from converter.verify.readings import Artifact
from converter.verify.readings.elastic_alerts import NOT_RUN, Alert, Reading, alerts, grown, is_indexed, read_alerts
from converter.verify.streams import Stream, asked_fields, each_once, field_in, put, streams

MILLI = 1_000_000
_DEFECT = "the events and both answers follow; this is a defect of the output"
_FIRST = 8
"""Streams, the plain ones among them, whose documents the index has held."""
_NO_VALUE = ("", "-")
"""What producers write where they know nothing, and pipelines drop."""


def _names(linked: Linked) -> tuple[str, ...]:
    return (*linked.correlation.group_by, *linked.correlation.fields)


def _has_empty_value(linked: Linked, stream: Stream) -> bool:
    names = {field_in(linked, part, name) for part in leaves(linked) for name in _names(linked)}
    return any(value in _NO_VALUE for one in stream.events for name in names for value in scalars(one.event, name))


def compare_correlation(loaded: Loaded, linked: Linked, artifact: Artifact, target: str, declared: Status, tables: Tables) -> Verdict:
    """Return what reading a correlation's artifact says; ``declared`` comes from the manifest."""
    views = views_of(linked, target, tables, artifact.data)
    if views is None:
        return Verdict(loaded, target, artifact.path, declared, Evidence.DECLARED, None)
    reading = reading_of(views, artifact)
    if isinstance(reading, Diagnostic):
        unread = () if reading.code == NOT_RUN else (reading,)
        return Verdict(loaded, target, artifact.path, declared, Evidence.DECLARED, None, unread)
    asked = tuple(one for one in streams(loaded, linked, tables) if not _has_empty_value(linked, one))
    reading = grown(reading, [document for one in (each_once(linked, tables), *asked[:_FIRST]) for document in _documents(views, one)])
    wrong: list[Disagreement] = []
    alerting: list[Stream] = []
    without: set[str] = set()
    held_somewhere = False
    if any(view.source is None for view in views):  # no document is one that its own index refuses
        asked = tuple(one for one in asked if is_indexed(reading, _documents(views, one)))
    for stream in asked:
        found = alerts_on(views, reading, stream)
        if isinstance(found, Diagnostic):
            told_of = () if found.code == NOT_RUN else (found,)
            return Verdict(loaded, target, artifact.path, declared, Evidence.DECLARED, None, told_of)
        held = held_on(linked, stream.events, reading.rule.interval, reading.rule.look_back)
        held_somewhere = held_somewhere or bool(held.places)
        without |= {stream.without} if not held.places else set()
        alerting += [stream] if any(found) else []
        wrong += [Disagreement(stream.label, _shown(stream), *one) for one in differences(held, found, declared)]
        if len(wrong) >= SHOWN:
            break  # it is refuted, and no more would be shown
    covered = [held_somewhere and part.rule.id in without for part in leaves(linked)]
    events = sum(len(one.events) for one in asked)
    measured = Measured("reader", "", events, len(covered), sum(covered), tuple(wrong[:SHOWN]))
    problems = _problems(loaded, artifact, wrong, declared, covered)
    status = Status.UNKNOWN if declared is Status.EXACT and not wrong and not all(covered) else declared
    elsewhere = _elsewhere(views, alerting[0], artifact) if alerting else ()
    return Verdict(loaded, target, artifact.path, status, Evidence.READER, measured, (*problems, *elsewhere))


def _problems(
    loaded: Loaded, artifact: Artifact, wrong: Sequence[Disagreement], declared: Status, covered: Sequence[bool]
) -> tuple[Diagnostic, ...]:
    place = Source(artifact.path, "").start
    if wrong:
        verb = "gives no alert" if wrong[0].expected else "alerts where the correlation does not hold"
        message = f"{artifact.path} {verb}: {wrong[0].label} (read by reader)"
        return (Diagnostic("V003", Severity.ERROR, place, message, help=_DEFECT),)
    if declared is Status.EXACT and not all(covered):
        message = "no test alerts through each of the correlation's rules"
        help_text = "add a test that alerts, with 'events' and 'match: true'"
        return (Diagnostic("V004", Severity.ERROR, loaded.rule.span("correlation.rules"), message, help=help_text),)
    return ()


def reading_of(views: Sequence[View], artifact: Artifact, *, foreign: bool = False) -> Reading | Diagnostic:
    """Return an artifact that was read, on the index of its rules' log sources; ``foreign``: of other log sources."""
    mappings: dict[str, Any] = {"properties": {"@timestamp": {"type": "date"}}}
    for view in views:
        mappings = _merged(mappings, view.mappings)
    return read_alerts(artifact, _of_another(mappings) if foreign else mappings)


def alerts_on(
    views: Sequence[View], reading: Reading, stream: Stream, *, foreign: bool = False
) -> tuple[frozenset[Alert], ...] | Diagnostic:
    """Return an artifact's alerts on a stream, for each beginning of its runs; ``foreign`` events are of other log sources."""
    return alerts(reading, _documents(views, stream, foreign=foreign), [one.time for one in stream.events])


@node
class View:
    """A rule of a correlation, and how the target comes to see its events: ``source`` is ``None`` where they are its documents already."""

    part: Part
    source: DataSource | None
    own: OwnView | None
    mappings: Mapping[str, Any]

    def document(self, event: Mapping[str, Any], *, foreign: bool) -> dict[str, Any]:
        """Return the document of an event."""
        if self.own is not None:
            return own_document(self.own, event, foreign=foreign)
        return dict(event) if self.source is None else elastic_document(event, self.source.id)


def views_of(linked: Linked, target: str, tables: Tables, data: bytes) -> tuple[View, ...] | None:
    """Return how the events of each rule are seen, ``None`` where it is not known of one."""
    found = []
    for part in leaves(linked):
        if part.rule.taxonomy == "ecs":
            found.append(View(part, None, None, _plain_mappings(linked, part)))
            continue
        source = _asked_source(part, target, tables, data) or seen(part.rule, target, tables, data)
        if source is None:
            return None
        own = own_view(tables, target, source)
        found.append(View(part, source, own, own_mappings(own) if own else elastic_mappings(source.id)))
    return tuple(found)


def _plain_mappings(linked: Linked, part: Part) -> Mapping[str, Any]:
    """Return the mappings of an index that has the fields that a rule in the documents' own names needs, of the types that ECS gives."""
    names = {*asked_fields(part), *(field_in(linked, part, name) for name in _names(linked))}
    root: dict[str, Any] = {}
    types = ecs_bindings(names)
    for name in sorted(names):
        holder, *rest = root, *name.split(".")
        for key in rest[:-1]:
            holder = holder.setdefault("properties", {}).setdefault(key, {})
        holder.setdefault("properties", {})[rest[-1]] = {"type": types[name].type}
    return root


def _documents(views: Sequence[View], stream: Stream, *, foreign: bool = False) -> list[dict[str, Any]]:
    """Return the documents of a stream, each as its rule's log source has it."""
    several = len({view.source.id if view.source else "" for view in views}) > 1
    documents = []
    for at, one in enumerate(stream.events):
        near = (view for view in views if (at, view.part.rule.id) == stream.near)
        view = next(chain(near, (view for view in views if detected(view.part, one.event))), views[0])
        document = view.document(one.event, foreign=foreign)
        for path, value in _constants(view.mappings) if several else ():
            put(document, path, ELSEWHERE if foreign else value)
        documents.append({**document, "@timestamp": time_text(one.time // MILLI * MILLI)})
    return documents


def _constants(mappings: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Yield the fields of an index that have one value in all its documents."""
    for name, entry in mappings.get("properties", {}).items():
        if entry.get("type") == "constant_keyword":
            yield f"{path}{name}", str(entry["value"])
        yield from _constants(entry, f"{path}{name}.")


def _asked_source(part: Part, target: str, tables: Tables, data: bytes) -> DataSource | None:
    """Return the log source whose index and guard an artifact names: rules of several log sources can share an index."""
    if part.rule.taxonomy not in ("sigma", "sigmahq"):
        return None
    quote, query = (b'\\"', data) if data.startswith(b"{") else (b'"', data.partition(b"\nquery = ")[2])
    for source in (one for one in tables.sources_of(part.rule.logsource) if target in one.targets):
        needs = source.targets[target]
        guards = ([value] if isinstance(value, str) else value for value in needs.get("guard", {}).values())
        named = all(any(quote + one.encode() + quote in query for one in several) for several in guards)
        if named and all(str(index).encode() in data for index in needs.get("index", ())):
            return source
    return None


def _merged(one: Any, other: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the mappings of two indexes; a constant that they have differently is a keyword, which their documents then say."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return one
    if one.get("type") == other.get("type") == "constant_keyword" and one.get("value") != other.get("value"):
        return {"type": "keyword"}
    return {**other, **{key: _merged(value, other[key]) if key in other else value for key, value in one.items()}}


def _elsewhere(views: Sequence[View], stream: Stream, artifact: Artifact) -> tuple[Diagnostic, ...]:
    """Return V007 when the artifact, which alerts on a stream, also alerts on the same events of another log source."""
    if any(view.source is None or (view.own is not None and not is_selected(view.own)) for view in views):
        return ()
    reading = reading_of(views, artifact, foreign=True)
    if isinstance(reading, Diagnostic):
        return ()
    found = alerts_on(views, grown(reading, _documents(views, stream)), stream, foreign=True)
    if isinstance(found, Diagnostic) or not any(found):
        return ()
    message = f"{artifact.path} also alerts on events of another log source"
    return (Diagnostic("V007", Severity.ERROR, Source(artifact.path, "").start, message, help="this is a defect of the output"),)


def _of_another(mappings: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(mappings, Mapping):
        return mappings
    if mappings.get("type") == "constant_keyword":
        return {**mappings, "value": ELSEWHERE}
    return {key: _of_another(value) for key, value in mappings.items()}


def _shown(stream: Stream) -> Mapping[str, Any]:
    return {"events": [{"at": time_text(one.time), "event": one.event} for one in stream.events]}
