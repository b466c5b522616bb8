"""From a page to a canonical rule: what the page shows, in Sigma's words and in ``x-converter``.

A query in KQL or EQL becomes a detection.  Every other kind keeps its query
as it is, for one of the reasons in ``format.yml`` and ``elastic_rules``.  What no page shows is told,
never made up: there is no date, no list of false positives, and the id is
derived from the page's address.
"""

from __future__ import annotations

import re
import uuid

from converter.model import Diagnostic, Severity, Source, ordered, pack
from converter.readers.elastic_docs.facts import page_format
from converter.readers.elastic_docs.page import Page
from converter.readers.elastic_rules import (
    TARGET,
    Asked,
    Embedded,
    Imported,
    Meaning,
    Outcome,
    attack_tags,
    choose,
    events_of,
    file_of,
    form,
    is_derivable,
    is_spdx,
    keeping,
    meaning,
    present,
    read,
    spdx,
    text_of,
    threat_block,
)

_SITE = "https://www.elastic.co/guide/en/security/current/"
_NOT_WORD = re.compile(r"[\W_]+")


def to_canonical(page: Page) -> Imported:
    """Return the canonical rule of a page, or the reason why it has none.

    A KQL query that cannot be read refuses the page, with the mistake's line
    and column in it.
    """
    body = _body(page)
    language = page_format().kinds[page.type].language
    if isinstance(body, Diagnostic):
        told = ordered([*page.diagnostics, body, *_remark_on_language(page)])
        return Imported(page.source.path, page.name, page.type, language, Outcome.REFUSED, exact=False, diagnostics=told)
    missing = page_format().kinds[page.type].parameters
    documents = (_document(page, body),)
    found = Imported(
        source=page.source.path,
        name=page.name,
        kind="sequence" if body.reason == "sequence" else page.type,
        language=language,
        status=Outcome.OPAQUE if body.section is None else Outcome.CANONICAL,
        exact=not body.losses and not missing,
        text=text_of(documents),
        file=file_of(body.choice.logsource, _slug(page)),
        losses=body.losses,
        diagnostics=ordered([*page.diagnostics, *_remarks(page, body)]),
        reason=body.reason,
        documents=documents,
        own={} if body.section is None else {"query": page.query or "", "language": language},
    )
    return keeping(found, body.losses) if body.losses else found


def _body(page: Page) -> Meaning | Diagnostic:
    """Return what the page's query means; an error where it cannot be read."""
    kind = page_format().kinds[page.type]
    unread = Meaning(choose(page.index, page.tags, None), reason=page.type)
    if kind.language not in ("kuery", "eql"):
        return unread
    # The query stands below as many empty lines as the page has above it, so that the language's reader points into the page.
    text = "\n" * page.source.text.count("\n", 0, page.query_at) + (page.query or "")
    query = read(text, kind.language, page.source.path)
    if isinstance(query, Diagnostic):
        return query
    if events_of(query):
        return Meaning(unread.choice, reason="sequence")
    found = meaning(Asked(query, Embedded(text, Source(page.source.path, text), pack(0, len(text))), page.index, page.tags))
    return found if page.type in ("query", "eql") else Meaning(found.choice, reason=page.type)


def _document(page: Page, body: Meaning) -> dict[str, object]:
    document: dict[str, object | None] = {
        "title": page.name,
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{_SITE}{_slug(page)}.html")),
        "status": "test",
        "description": page.description,
        "references": [one.url for one in page.references],
        "author": ", ".join(page.authors),
        "license": spdx(page.license or ""),
        "tags": list(attack_tags(page.threat)),
        "taxonomy": body.taxonomy,
        "logsource": dict(body.choice.logsource),
        "detection": None if body.section is None else dict(body.section),
        "level": page.severity,
    }
    extension: dict[str, object | None] = {
        "version": page.version,
        "source": page.url or None,
        "targets": {TARGET: present(_elastic(page, body))},
    }
    return present(document) | {"x-converter": present(extension)}


def _elastic(page: Page, body: Meaning) -> dict[str, object | None]:
    """Return what Sigma has no place for, under the names of Elastic's rules."""
    opaque = body.section is None
    return {
        "kind": page.type if opaque else None,
        "opaque": body.reason or None,
        "language": page_format().kinds[page.type].language,
        "author": list(page.authors) if len(page.authors) != 1 else None,
        "license": page.license if spdx(page.license or "") == page.license else None,
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


def _slug(page: Page) -> str:
    return page.slug or _NOT_WORD.sub("-", page.name.lower()).strip("-")


def _remarks(page: Page, body: Meaning) -> list[Diagnostic]:
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
        why = f": {body.problem.message}" if body.problem else ""
        message = f"no detection: {facts.opaque.get(body.reason) or form().opaque[body.reason]}{why}"
        place = body.problem.span if body.problem else page.span("type")
        remarks.append(Diagnostic("R119", Severity.WARNING, place, message, help=body.problem.help if body.problem else ""))
    if kind.parameters:
        message = f"the page does not show {', '.join(kind.parameters)}, without which a rule of type {page.type} cannot be built"
        remarks.append(_warning(page, "R119", "type", message, "take them from the rule in the vendor's repository"))
    if page.license and not is_spdx(spdx(page.license)):
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
