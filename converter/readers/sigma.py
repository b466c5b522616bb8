"""Canonical rules: Sigma YAML plus ``x-converter``, from bytes to ``Rule``."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import replace
from typing import Any

from converter.formats import Document, Map, Seq, read
from converter.model import Correlation, Diagnostic, Filter, LogSource, Related, Rule, Severity, ordered
from converter.readers.action import resolved
from converter.readers.correlation import Sections
from converter.readers.schema import check

_NAMESPACE = uuid.UUID("5ad5f6f2-54d6-4a3c-9a3c-6d7a4e0f8b11")


def derived_id(title: str) -> str:
    """Return the id that a rule without one gets."""
    return str(uuid.uuid5(_NAMESPACE, title))


def read_rules(data: bytes, path: str) -> tuple[tuple[Rule, ...], tuple[Diagnostic, ...]]:
    """Return the rules of a file and everything that is wrong with the others: their headers (R001 to R015) and detections (M001 to M012).

    A file may hold several documents; a broken one does not cost the others.
    What ``action`` says of them is done first.
    """
    documents = read(data, path)
    if isinstance(documents, Diagnostic):
        return (), (documents,)
    if not documents:
        from converter.model import Source

        return (), (
            Diagnostic("R010", Severity.ERROR, Source(path, "").start, "the file holds no rule", help="write a rule, or delete the file"),
        )
    rules: list[Rule] = []
    diagnostics: list[Diagnostic] = []
    places: dict[str, list[int]] = {}
    for document in resolved(documents):
        if isinstance(document, Diagnostic):
            diagnostics.append(document)
        elif isinstance(found := _rule(document), Rule):
            rules.append(_apart(found, places))
            diagnostics += _remarks(rules[-1], document, shared=rules[-1] is not found)
        else:
            diagnostics += found
    if not rules and not diagnostics:
        message, help_text = "the file holds no rule, only actions on rules", "write the rules below the global document"
        diagnostics.append(Diagnostic("R010", Severity.ERROR, documents[0].source.span(documents[0].offsets), message, help=help_text))
    return tuple(rules), ordered(diagnostics)


def _rule(document: Document) -> Rule | tuple[Diagnostic, ...]:
    value, source = document.value, document.source
    if not isinstance(value, Map):
        kind = {Seq: "a list", str: "a text", type(None): "empty"}.get(type(value), f"a {type(value).__name__}")
        message = f"the document is {kind}, not a rule"
        return (
            Diagnostic(
                "R011", Severity.ERROR, source.span(document.offsets), message, help="a rule is a map with title, logsource and detection"
            ),
        )
    problems = check(value, "rule", source, document.offsets)
    if "correlation" in value or "filter" in value:
        return _of_rules(document, value, problems)
    for key in ("logsource",) if _is_opaque(value) else ("logsource", "detection"):
        if key not in value:
            place = source.span(document.offsets)
            problems += (Diagnostic("R013", Severity.ERROR, place, f"the rule has no '{key}'", help=f"add '{key}:'"),)
    return (*problems, *_meant(document, value, value.get("detection"))) if problems else _from_map(document, value)


def _meant(document: Document, value: Map, detection: object) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the detection of a rule whose header is wrong already; a placeholder's values are not known here."""
    if not isinstance(detection, Map):
        return ()
    from converter.ir import lower

    id_, positions = value.get("id"), dict[str, int]()
    _places(value, "", positions, 0)
    positions.setdefault("detection", positions.get("filter", 0))
    found = lower(Rule(document.source, "", id_ if isinstance(id_, str) else "", LogSource(), detection, positions=positions))
    return tuple(one for one in found if one.code != "M011") if isinstance(found, tuple) else ()


def _apart(rule: Rule, places: dict[str, list[int]]) -> Rule:
    """Return the rule with an id of its own: one that a collection writes once, for all its rules, is the first rule's."""
    place = rule.positions.get("id", rule.positions.get("title", 0))
    known = places.setdefault(rule.id, [])
    known.append(place)
    if len(known) == 1 or place != known[0]:
        return rule  # one that is written twice is an error, told by ir.link
    return replace(rule, id=str(uuid.uuid5(_NAMESPACE, f"{rule.id} {len(known)}")))


def _of_rules(document: Document, value: Map, problems: tuple[Diagnostic, ...]) -> Rule | tuple[Diagnostic, ...]:
    """Return a document about other rules: a correlation or a filter."""
    source, sections = document.source, Sections(document.source)
    key = "correlation" if "correlation" in value else "filter"
    section, place = value[key], value.offsets[2 * list(value).index(key) + 1]
    is_map = isinstance(section, Map)  # else the schema told
    correlation = sections.correlation(section, place) if is_map and key == "correlation" else None
    found = sections.filter(section, place) if is_map and key == "filter" else None
    told = [*problems, *sections.diagnostics]
    for other in ("filter", "detection") if key == "correlation" else ("detection",):
        if other in value:
            at, message = source.span(value.offsets[2 * list(value).index(other)]), f"a document with '{key}' has no '{other}'"
            told.append(Diagnostic("R012", Severity.ERROR, at, message, help="write two documents, with '---' between them"))
    if key == "filter" and "logsource" not in value:
        at = source.span(document.offsets)
        told.append(
            Diagnostic("R013", Severity.ERROR, at, "the filter has no 'logsource'", help="add 'logsource:', which its rules have too")
        )
    if told:
        return (*told, *_meant(document, value, found.detection if found else None))
    return _from_map(document, value, correlation, found)


def _is_opaque(value: Map) -> bool:
    return any(isinstance(one, dict) and ("query" in one or "opaque" in one) for one in _targets(value))


def _targets(value: Map) -> list[Any]:
    extension = value.get("x-converter")
    targets = extension.get("targets") if isinstance(extension, dict) else None
    return list(targets.values()) if isinstance(targets, dict) else []


def _from_map(document: Document, value: Map, correlation: Correlation | None = None, filter_: Filter | None = None) -> Rule:
    if _is_dated(value):
        value = _worded(value)
    logsource = value.get("logsource", {}) if correlation is None else {}
    positions: dict[str, int] = {}
    _places(value, "", positions, 4)
    return Rule(
        source=document.source,
        title=value["title"],
        id=str(value.get("id") or derived_id(value["title"])).lower(),
        logsource=LogSource(logsource.get("category") or "", logsource.get("product") or "", logsource.get("service") or ""),
        detection=filter_.detection if filter_ else value.get("detection", Map()),
        status=value.get("status", ""),
        description=value.get("description", ""),
        references=tuple(value.get("references", ())),
        author=value.get("author", ""),
        date=_date(value.get("date", "")),
        modified=_date(value.get("modified", "")),
        license=value.get("license", ""),
        taxonomy=value.get("taxonomy", "sigma"),
        tags=tuple(value.get("tags", ())),
        related=tuple(Related(one["id"], one["type"]) for one in value.get("related", ())),
        falsepositives=tuple(value.get("falsepositives", ())),
        level=value.get("level", ""),
        fields=tuple(value.get("fields", ())),
        name=value.get("name", ""),
        correlation=correlation,
        filter=filter_,
        converter=value.get("x-converter", {}),
        positions=positions,
    )


_DATA = frozenset(("detection", "correlation", "filter", "event", "date", "modified"))
"""Keys whose dates are no texts: they are refused there, are an event's, or are dates."""


_TEXTS = {str}


def _is_dated(value: object) -> bool:
    if isinstance(value, Map):
        for key, one in value.items():  # noqa: SIM110 - a generator takes twice the time
            if one.__class__ is not str and key not in _DATA and _is_dated(one):
                return True
        return False
    if isinstance(value, Seq):
        return {*map(type, value)} != _TEXTS and any(map(_is_dated, value))
    return isinstance(value, datetime.date)


def _worded(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """Return a header with its dates as texts: YAML reads an unquoted date as one, rules mean what is written."""
    found: Map | Seq
    match value:
        case Map():
            found = Map((key, one if key in _DATA else _worded(one)) for key, one in value.items())
        case Seq():
            found = Seq(map(_worded, value))
        case _:
            return value.isoformat() if isinstance(value, datetime.date) else value
    found.offsets = value.offsets
    return found


def _date(value: object) -> str:
    return value.isoformat()[:10] if isinstance(value, datetime.date) else str(value).replace("/", "-")


def _places(value: Map, prefix: str, positions: dict[str, int], depth: int) -> None:
    for (key, one), place in zip(value.items(), value.offsets[1::2], strict=True):
        name = f"{prefix}{key}"
        positions[name] = place
        if one.__class__ is str:
            continue
        if isinstance(one, Map):
            if depth and name != "detection":
                _places(one, f"{name}.", positions, depth - 1)
        elif name == "x-converter.tests" and isinstance(one, Seq):
            positions.update({f"{name}.{number}": place for number, place in enumerate(one.offsets)})


def _remarks(rule: Rule, document: Document, *, shared: bool) -> list[Diagnostic]:
    if shared:
        message = "the id of the collection is that of its first rule; one is derived from it for this rule"
        return [
            Diagnostic(
                "R014",
                Severity.WARNING,
                document.source.span(document.offsets),
                message,
                help=f"write ids in the rules' own documents, here 'id: {rule.id}'",
            )
        ]
    if "id" in rule.positions:
        return []
    return [
        Diagnostic(
            "R014", Severity.WARNING, rule.span("title"), "the rule has no id; one is derived from the title", help=f"add 'id: {rule.id}'"
        )
    ]
