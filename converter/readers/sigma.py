"""Canonical rules: Sigma YAML plus ``x-converter``, from bytes to ``Rule``."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from converter.formats import Document, Map, Seq, read
from converter.model import Diagnostic, LogSource, Related, Rule, Severity, ordered
from converter.readers.action import resolved
from converter.readers.schema import check

_NAMESPACE = uuid.UUID("5ad5f6f2-54d6-4a3c-9a3c-6d7a4e0f8b11")


def derived_id(title: str) -> str:
    """Return the id that a rule without one gets."""
    return str(uuid.uuid5(_NAMESPACE, title))


def read_rules(data: bytes, path: str) -> tuple[tuple[Rule, ...], tuple[Diagnostic, ...]]:
    """Return the rules of a file and everything that is wrong with the others (R001 to R019).

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
    for document in resolved(documents):
        found = (document,) if isinstance(document, Diagnostic) else _rule(document)
        if isinstance(found, Rule):
            rules.append(found)
            diagnostics += _remarks(found)
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
    for key, kind in (("correlation", "correlation rules"), ("filter", "filters")):
        if key in value:
            place = source.span(value.offsets[2 * list(value).index(key)])
            return (Diagnostic("R016", Severity.ERROR, place, f"{kind} are not supported yet", help="write a detection rule"),)
    problems = check(value, "rule", source, document.offsets)
    opaque = any(isinstance(one, dict) and ("query" in one or "opaque" in one) for one in _targets(value))
    if "detection" not in value and not opaque and not any(one.code == "R013" and "detection" in one.message for one in problems):
        place = source.span(document.offsets)
        problems += (Diagnostic("R013", Severity.ERROR, place, "the rule has no 'detection'", help="add 'detection:'"),)
    return problems or _from_map(document, value)


def _targets(value: Map) -> list[Any]:
    extension = value.get("x-converter")
    targets = extension.get("targets") if isinstance(extension, dict) else None
    return list(targets.values()) if isinstance(targets, dict) else []


def _from_map(document: Document, value: Map) -> Rule:
    logsource = value["logsource"]
    positions: dict[str, int] = {}
    _places(value, "", positions, 4)
    return Rule(
        source=document.source,
        title=value["title"],
        id=str(value.get("id") or derived_id(value["title"])).lower(),
        logsource=LogSource(*(logsource.get(part) or "" for part in ("category", "product", "service"))),
        detection=value.get("detection", Map()),
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
        converter=value.get("x-converter", {}),
        positions=positions,
    )


def _date(value: object) -> str:
    return value.isoformat()[:10] if isinstance(value, datetime.date) else str(value).replace("/", "-")


def _places(value: Map, prefix: str, positions: dict[str, int], depth: int) -> None:
    for (key, one), place in zip(value.items(), value.offsets[1::2], strict=True):
        name = f"{prefix}{key}"
        positions[name] = place
        if isinstance(one, Map):
            if depth and name != "detection":
                _places(one, f"{name}.", positions, depth - 1)
        elif name == "x-converter.tests" and isinstance(one, Seq):
            positions.update({f"{name}.{number}": place for number, place in enumerate(one.offsets)})


def _remarks(rule: Rule) -> list[Diagnostic]:
    if "id" in rule.positions:
        return []
    return [
        Diagnostic(
            "R014", Severity.WARNING, rule.span("title"), "the rule has no id; one is derived from the title", help=f"add 'id: {rule.id}'"
        )
    ]
