"""Read a page of Elastic's documentation of prebuilt rules: bytes to ``Page``, or what is wrong with them.

Nothing is guessed: a page that lacks an element, stops in the middle or shows
a value that no rule can have is refused with every reason at its place.
"""

from __future__ import annotations

import dataclasses
import re

from converter.formats import decode
from converter.model import Diagnostic, Source, has_errors, ordered, pack, unpack
from converter.readers.elastic_docs import artefacts
from converter.readers.elastic_docs.elements import Value, choice, duration, look_back, number, read_elements, single
from converter.readers.elastic_docs.facts import page_format
from converter.readers.elastic_docs.layout import Layout, Region, element_label, layout
from converter.readers.elastic_docs.page import Page, Reference
from converter.readers.elastic_docs.problem import Findings
from converter.readers.elastic_docs.threat import read_threat

MAX_BYTES = 1 << 20
"""Bytes a page may have; the longest published ones have about 100,000."""

MAX_NAME = 256
"""Characters a name may have, as Sigma's title."""

_SLUG = re.compile(r"(?:prebuilt-rule-([0-9]+)-([0-9]+)-([0-9]+)-)?(\S+)")
_ADDRESS = re.compile(r"https?://\S+/([^/\s?#]+?)(?:\.html|\.md)?/?$")
_QUOTE_LOST = re.compile(r"^\[TBC: QUOTE\][ \t]*$", re.MULTILINE)
_REWRITTEN = re.compile(r"\]\((?!https?://)[^()\[\]\s]+\)")


def read_page(data: bytes, path: str) -> Page | tuple[Diagnostic, ...]:
    """Return what the page shows, or every reason why it cannot be read.

    Args:
        data: the file's bytes, UTF-8 with or without byte order mark.
        path: the name by which people know the file.

    Returns:
        The page, its warnings in ``diagnostics``; or errors (R001 and R002
        for the file, R111 to R115 for the page) with lines and columns.
    """
    source = decode(data, path, MAX_BYTES)
    if isinstance(source, Diagnostic):
        return (source,)
    findings = Findings(Source(path, source.text.replace("\r\n", "\n")))
    parts = layout(findings)
    page = _page(findings, parts) if parts is not None else None
    found = ordered(findings.found)
    return found if page is None or has_errors(found) else dataclasses.replace(page, diagnostics=found)


def _page(findings: Findings, parts: Layout) -> Page:
    source = findings.source
    values = read_elements(findings, *parts.body)
    kind = choice(findings, values, "type", tuple(page_format().kinds))
    package, slug = _identity(parts)
    positions = {name: value.offsets for name, value in values.items()}
    positions["name"] = pack(*parts.title)
    for name, region in (("guide", parts.guide), ("setup", parts.setup), ("query", parts.query), ("threat", parts.threat)):
        if region is not None:
            positions[name] = pack(*region)
    if len(name := _text(findings, parts.title)) > MAX_NAME:
        findings.error("R112", *parts.title, f"the rule's name has {len(name)} characters, more than {MAX_NAME}", help="shorten it")
    description = _description(findings, parts)
    positions["description"] = pack(*description)
    _check_query(findings, parts, kind)
    _check_end(findings, parts)
    return Page(
        source=source,
        name=name,
        slug=slug,
        package=package,
        url=parts.url,
        description=_text(findings, description),
        type=kind,
        index=tuple(map(artefacts.index, _texts(values, "index"))),
        severity=choice(findings, values, "severity", page_format().severities),
        risk_score=number(findings, values, "risk_score"),
        interval=duration(findings, values, "interval"),
        from_=look_back(findings, values, "from"),
        max_signals=number(findings, values, "max_signals"),
        references=_references(findings, values),
        tags=tuple(map(artefacts.plain, _texts(values, "tags"))),
        version=number(findings, values, "version"),
        authors=tuple(map(artefacts.plain, _texts(values, "authors"))),
        license=single(findings, values, "license"),
        guide=_section(findings, parts.guide),
        setup=_section(findings, parts.setup),
        query=None if parts.query is None else source.text[slice(*parts.query)].removesuffix("\n"),
        query_at=parts.query[0] if parts.query else 0,
        threat=read_threat(findings, *parts.threat) if parts.threat else (),
        positions=positions,
    )


def _identity(parts: Layout) -> tuple[str, str]:
    """Return package version and slug from the title's anchor, or from the page's address when the title has none."""
    address = _ADDRESS.match(parts.url)
    found = _SLUG.fullmatch(parts.anchor or (address[1] if address else ""))
    if found is None:
        return "", ""
    return ".".join(found.groups()[:3]) if found[1] else "", found[4]


def _description(findings: Findings, parts: Layout) -> Region:
    start, end = parts.body
    first = element_label().search(findings.source.text, start, end)
    end = first.start() if first else end
    text = findings.source.text[start:end]
    if not text.strip():
        findings.error("R111", start, start, "no description between the title and the first element")
        return start, start
    return start + len(text) - len(text.lstrip()), start + len(text.rstrip())


def _text(findings: Findings, region: Region) -> str:
    """Return a stretch of the page as it stood in the rule."""
    text = findings.source.text[slice(*region)].strip()
    if artefacts.is_typographic(text):
        at = findings.source.text.index("’", *region)
        findings.note(
            "R116", at, at + 1, "typographic apostrophes inside words are taken for plain ones, which the page would show the same way"
        )
    return artefacts.plain(text)


def _texts(values: dict[str, Value], name: str) -> tuple[str, ...]:
    return values[name].texts if name in values else ()


def _references(findings: Findings, values: dict[str, Value]) -> tuple[Reference, ...]:
    references = tuple(map(artefacts.reference, _texts(values, "references")))
    entries = values["references"].entries if "references" in values else ()
    for one, (_, offsets) in zip(references, entries, strict=False):
        if one.is_rewritten:
            message = "the page shows another address than the rule had"
            findings.warn("R116", *unpack(offsets), message, help="put the address of the manual's page in its place")
    return references


def _section(findings: Findings, region: Region | None) -> str | None:
    """Return the text of a guide or setup; its headings, lists and quotes stay as the page shows them."""
    if region is None:
        return None
    source = findings.source.text
    if lost := _QUOTE_LOST.search(source, *region):
        findings.warn("R116", *lost.span(), "a block quote that stood here is not on the page")
    if link := _REWRITTEN.search(source, *region):
        findings.warn("R116", *link.span(), "links of this section lead to other addresses than the rule's")
    return _text(findings, region)


def _check_query(findings: Findings, parts: Layout, kind: str) -> None:
    rule = page_format().kinds.get(kind)
    start, end = parts.rest
    for line in re.finditer(r"^.*\S.*$", findings.source.text[start:end], re.MULTILINE):
        findings.warn("R117", start + line.start(), start + line.end(), "this line belongs to no element and is left out")
    broken = any(one.code in ("R113", "R114") for one in findings.found)
    if rule is not None and rule.language and parts.query is None and not broken:
        at = len(findings.source.text)
        findings.error("R114", at, at, f"no section 'Rule query', which a rule of type {kind} has")


def _check_end(findings: Findings, parts: Layout) -> None:
    text = findings.source.text
    if not text.endswith("\n"):
        findings.warn(
            "R117", len(text), len(text), "the file does not end with a line end, so the page may be cut", help="save the page again"
        )
