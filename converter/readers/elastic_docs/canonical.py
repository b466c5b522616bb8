"""From a page to a canonical rule: what the page shows, in Sigma's words and in ``x-converter``.

A query in KQL becomes a detection.  Every other kind keeps its query as it
is, for one of the reasons in ``format.yml``.  What no page shows is told,
never made up: there is no date, no list of false positives, and the id is
derived from the page's address.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from converter.model import Diagnostic, Loss, Severity, ordered
from converter.readers.elastic_docs.attack import attack_tags, is_derivable, threat_block
from converter.readers.elastic_docs.facts import page_format
from converter.readers.elastic_docs.imported import Imported, Outcome
from converter.readers.elastic_docs.kuery import Detection, detection, read_query
from converter.readers.elastic_docs.page import Page
from converter.readers.elastic_docs.source import TARGET, Choice, choose
from converter.readers.elastic_docs.write import yaml_text

_SITE = "https://www.elastic.co/guide/en/security/current/"
_NOT_WORD = re.compile(r"[\W_]+")
_NOT_SAFE = re.compile(r"[^a-z0-9]+")
# EQL's comments, then the word that joins several events.
_SEQUENCE = re.compile(r"(?:\s|//[^\n]*(?:\n|$)|/\*(?:[^*]|\*(?!/))*\*/)*(?:sequence|sample)\b")


@dataclass(frozen=True, slots=True)
class _Body:
    """What the query became: a detection, or the reason why it is kept as it is."""

    choice: Choice
    section: Mapping[str, object] | None
    reason: str
    losses: tuple[Loss, ...] = ()
    remarks: tuple[Diagnostic, ...] = ()


def to_canonical(page: Page) -> Imported:
    """Return the canonical rule of a page, or the reason why it has none.

    A KQL query that cannot be read refuses the page, with the mistake's line
    and column in it.
    """
    body = _body(page)
    kind = "sequence" if body is not None and not isinstance(body, Diagnostic) and body.reason == "sequence" else page.type
    language = page_format().kinds[page.type].language
    if isinstance(body, Diagnostic):
        told = ordered([*page.diagnostics, body, *_remark_on_language(page)])
        return Imported(page.source.path, page.name, kind, language, Outcome.REFUSED, exact=False, diagnostics=told)
    missing = page_format().kinds[page.type].parameters
    opaque = body.section is None
    return Imported(
        source=page.source.path,
        name=page.name,
        kind=kind,
        language=language,
        status=Outcome.OPAQUE if opaque else Outcome.CANONICAL,
        exact=not body.losses and not missing,
        text=yaml_text(_document(page, body)),
        file=_file(page, body.choice),
        losses=body.losses,
        diagnostics=ordered([*page.diagnostics, *body.remarks, *_remarks(page, body)]),
    )


def _body(page: Page) -> _Body | Diagnostic:
    kind = page_format().kinds[page.type]
    if kind.language != "kuery":
        sequence = kind.language == "eql" and _SEQUENCE.match(page.query or "")
        return _Body(choose(page, None), None, "sequence" if sequence else page.type)
    query = read_query(page)
    if isinstance(query, Diagnostic):
        return query
    found = detection(page, query)
    if page.type != "query":
        return _Body(found.choice, None, page.type)
    if found.section is None:
        return _Body(found.choice, None, "kuery", remarks=_as_warning(found))
    return _Body(found.choice, found.section, "", found.losses)


def _as_warning(found: Detection) -> tuple[Diagnostic, ...]:
    """Return why the query has no detection; the rule is kept, so it is no error."""
    problem = found.problem
    return () if problem is None else (Diagnostic(problem.code, Severity.WARNING, problem.span, problem.message, help=problem.help),)


def _document(page: Page, body: _Body) -> dict[str, object]:
    document: dict[str, object | None] = {
        "title": page.name,
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{_SITE}{_slug(page)}.html")),
        "status": "test",
        "description": page.description,
        "references": [one.url for one in page.references],
        "author": ", ".join(page.authors),
        "license": page_format().licenses.get(page.license or "", page.license),
        "tags": list(attack_tags(page.threat)),
        "taxonomy": None if body.section is None or body.choice.is_native else "ecs",
        "logsource": dict(body.choice.logsource),
        "detection": None if body.section is None else dict(body.section),
        "level": page.severity,
    }
    extension: dict[str, object | None] = {
        "version": page.version,
        "source": page.url or None,
        "targets": {TARGET: _present(_elastic(page, body))},
    }
    return _present(document) | {"x-converter": _present(extension)}


def _elastic(page: Page, body: _Body) -> dict[str, object | None]:
    """Return what Sigma has no place for, under the names of Elastic's rules."""
    opaque = body.section is None
    return {
        "kind": page.type if opaque else None,
        "opaque": body.reason or None,
        "language": page_format().kinds[page.type].language,
        "author": list(page.authors) if len(page.authors) != 1 else None,
        "license": page.license if page.license not in page_format().licenses else None,
        "index": list(page.index),
        "risk_score": page.risk_score,
        "interval": page.interval,
        "from": page.from_,
        "max_signals": page.max_signals,
        "tags": list(page.tags),
        "threat": None if is_derivable(page.threat) else threat_block(page.threat),
        "note": page.guide,
        "setup": page.setup,
        "query": page.query if opaque else None,
    }


def _present(values: Mapping[str, object | None]) -> dict[str, object]:
    """Return the values that say something; an opaque rule's query does even when it is empty."""
    return {key: value for key, value in values.items() if value not in (None, "", []) or (key == "query" and value is not None)}


def _slug(page: Page) -> str:
    return page.slug or _NOT_WORD.sub("-", page.name.lower()).strip("-")


def _file(page: Page, choice: Choice) -> str:
    """Return where the rule belongs in a pack: product, then service or category, then its name."""
    folders = [choice.logsource.get("product", ""), choice.logsource.get("service") or choice.logsource.get("category", "")]
    name = _NOT_SAFE.sub("_", _slug(page).lower()).strip("_") or "rule"
    return "/".join([*(one for one in (_NOT_SAFE.sub("_", part.lower()).strip("_") for part in folders) if one), f"{name[:100]}.yml"])


def _remarks(page: Page, body: _Body) -> list[Diagnostic]:
    facts = page_format()
    kind = facts.kinds[page.type]
    remarks = [
        _warning(
            page,
            "R118",
            "name",
            f"no page shows: {', '.join(facts.hidden)}; the id is derived from the page's address",
            "compare with the rule in the vendor's repository",
        )
    ]
    remarks += _remark_on_language(page)
    if body.reason:
        remarks.append(_warning(page, "R119", "type", f"no detection: {facts.opaque[body.reason]}"))
    if kind.parameters:
        message = f"the page does not show {', '.join(kind.parameters)}, without which a rule of type {page.type} cannot be built"
        remarks.append(_warning(page, "R119", "type", message, "take them from the rule in the vendor's repository"))
    if page.license and page.license not in facts.licenses:
        remarks.append(
            _warning(
                page, "R116", "license", f"no SPDX name is known for the licence {page.license[:60]!r}", "put the SPDX name in its place"
            )
        )
    if not body.choice.is_certain:
        remarks.append(
            _warning(page, "R116", "index", "the page does not say which log source the rule reads", "write product, category or service")
        )
    return remarks


def _remark_on_language(page: Page) -> list[Diagnostic]:
    kind = page_format().kinds[page.type]
    if not kind.assumed:
        return []
    message = f"the page does not show the query's language; {kind.language} is assumed, as published rules have it today"
    return [_warning(page, "R118", "query", message, "a rule in Lucene's language has to come from another format")]


def _warning(page: Page, code: str, element: str, message: str, help: str = "") -> Diagnostic:
    return Diagnostic(code, Severity.WARNING, page.span(element), message, help=help)
