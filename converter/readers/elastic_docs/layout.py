"""Cut a page into its regions, by line, without reading what is in them.

Sections are recognised by the anchors of the documentation's generator
(``[_rule_query_3843]``), because guides have headings of the same level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from converter.formats import Map, read_text
from converter.model import Diagnostic, Source
from converter.readers.elastic_docs.facts import page_format
from converter.readers.elastic_docs.problem import Findings

Region = tuple[int, int]

_FENCE_OF_FRONT = re.compile(r"^---[ \t]*$", re.MULTILINE)
_TITLE = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)
_TITLE_ANCHOR = re.compile(r"\[([\w.:-]+)\][ \t]*$")
_ANCHOR = re.compile(r"^#{2,6}[ \t][^\n]*\[_(\w+?)(?:_\d+)?\][ \t]*$", re.MULTILINE)
_OPEN = re.compile(r"^(`{3,}|~{3,})[^`\n]*$", re.MULTILINE)
_FRAMEWORK = re.compile(r"^\*\*Framework\*\*:", re.MULTILINE)
_THREAT_LINE = re.compile(
    r"[ \t]*(?:[*-][ \t]+(?:Tactic|Technique|Sub-technique):|[ \t][*-][ \t]+(?:Name|ID|Reference URL):|\*\*Framework\*\*:|$)"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a page are, as start and end offsets; ``None`` for a part that the page does not have.

    ``body`` runs from the title to the first section and holds description
    and elements.  ``query`` is the text between the fences, ``rest`` what stands
    between the query and the threat block, where nothing should be.
    """

    title: Region
    anchor: str
    url: str
    body: Region
    guide: Region | None
    setup: Region | None
    query: Region | None
    threat: Region | None
    rest: Region


def layout(findings: Findings) -> Layout | None:
    """Return the regions of the page; ``None``, and an error in ``findings``, when it is no rule page."""
    source = findings.source
    text = source.text
    if not text.strip():
        findings.error("R111", 0, 0, "the file is empty")
        return None
    front = _front_end(findings)
    title = _TITLE.search(text, front)
    if title is None:
        findings.error("R111", front, front, "no title: a rule's page has a line that begins with '# '")
        return None
    headings = _headings(findings, title.end())
    query = _query(findings, headings)
    after = _after_query(text, headings, query)
    threat = _threat_start(text, after, query is not None)
    ends = [*(start for start, _ in headings.values()), *([threat] if threat is not None else []), len(text)]
    anchor = _TITLE_ANCHOR.search(title[1])
    return Layout(
        title=(title.start(1), title.start(1) + anchor.start() if anchor else title.end()),
        anchor=anchor[1] if anchor else "",
        url=_mapped_page(findings, front),
        body=(title.end(), min(ends)),
        guide=_content(headings, "investigation_guide", ends),
        setup=_content(headings, "setup", ends),
        query=query,
        threat=None if threat is None else (threat, len(text)),
        rest=(after, min(end for end in ends if end >= after)) if query else (0, 0),
    )


def _front_end(findings: Findings) -> int:
    text = findings.source.text
    if not _FENCE_OF_FRONT.match(text):
        return 0
    end = _FENCE_OF_FRONT.search(text, 3)
    if end is None:
        findings.error("R111", 0, 3, "the front matter has no end: no second line '---'")
        return 0
    return end.end()


def _mapped_page(findings: Findings, front: int) -> str:
    """Return the address under which the page was known before; empty when it does not say."""
    if not front:
        return ""
    # The text before the end keeps its offsets, so a complaint points into the page.
    documents = read_text(Source(findings.source.path, findings.source.text[: front - 3]))
    if isinstance(documents, Diagnostic):
        findings.found.append(documents)
        return ""
    value = documents[0].value if documents else None
    pages = value.get("mapped_pages") if isinstance(value, Map) else None
    first = pages[0] if isinstance(pages, list) and pages else pages
    return first if isinstance(first, str) else ""


def _headings(findings: Findings, start: int) -> dict[str, Region]:
    """Return heading lines by section; an error for a section that comes twice."""
    known = page_format().sections
    headings: dict[str, Region] = {}
    for found in _ANCHOR.finditer(findings.source.text, start):
        name = found[1]
        if name not in known:
            continue
        if name in headings:
            findings.error("R113", *found.span(), f"the section {name.replace('_', ' ')!r} comes twice", help="keep one of the two")
            continue
        headings[name] = found.span()
    return headings


def _query(findings: Findings, headings: dict[str, Region]) -> Region | None:
    if "rule_query" not in headings:
        return None
    text = findings.source.text
    start, end = headings["rule_query"]
    fence = _OPEN.search(text, end)
    if fence is None or text[end : fence.start()].strip():
        findings.error("R114", start, end, "no code block with the query follows this heading")
        return None
    first = min(fence.end() + 1, len(text))
    close = re.compile(rf"^{fence[1]}[ \t]*$", re.MULTILINE).search(text, first)
    if close is None:
        findings.error("R114", *fence.span(), "the query's code block has no end")
        return None
    return first, close.start()


def _after_query(text: str, headings: dict[str, Region], query: Region | None) -> int:
    """Return where a threat block may begin at the earliest."""
    if query is not None:
        end = text.find("\n", query[1])
        return len(text) if end < 0 else end + 1
    return max((end for _, end in headings.values()), default=0)


def _threat_start(text: str, after: int, has_query: bool) -> int | None:
    """Return the offset of ``**Framework**:``.

    A guide may hold such a line too; on pages without a query the block is
    the longest end of the page in which every line is one of a threat block.
    """
    starts = [found.start() for found in _FRAMEWORK.finditer(text, after)]
    if not starts or has_query:
        return starts[0] if starts else None
    tail = len(text)
    for line in reversed(text[after:].splitlines(keepends=True)):
        if not _THREAT_LINE.match(line.rstrip("\n")):
            break
        tail -= len(line)
    return next((start for start in starts if start >= tail), starts[-1])


def _content(headings: dict[str, Region], name: str, ends: list[int]) -> Region | None:
    if name not in headings:
        return None
    start = headings[name][1]
    return start, min(end for end in ends if end >= start)


@cache
def element_label() -> re.Pattern[str]:
    """Return the pattern of a line that begins an element: its label and what stands on the same line."""
    labels = "|".join(map(re.escape, page_format().elements))
    return re.compile(rf"^\*\*({labels})\*\*:[ \t]*(.*)$", re.MULTILINE)
