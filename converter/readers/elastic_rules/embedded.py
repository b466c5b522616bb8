r"""A text inside a file, such as a query in a TOML or JSON string, and where each of its characters stands there.

A language's reader knows only the text.  ``Embedded`` turns the places that
it tells into lines and columns of the file, escapes (``\u0022``) and the
quotes around the text included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from converter.model import Diagnostic, Loss, Source, Span, pack, unpack

_TRIMMED: Final = re.compile(r"[ \t]*\n[ \t\n]*")


@dataclass(frozen=True, slots=True)
class Embedded:
    """A text of a file: what it says, and the packed ``offsets`` of its literal, quotes included, in ``source``.

    Without quotes around it the text stands in the file as it is.
    """

    text: str
    source: Source
    offsets: int

    @property
    def place(self) -> Span:
        """Where the text stands, without blank lines before it."""
        start, end = unpack(self.offsets)
        whole = self.source.text[start:end]
        return self.source.span(pack(start + len(whole) - len(whole.lstrip()), end))

    def span(self, place: Span) -> Span:
        """Return a place of the text, as its language's reader tells it, as a place of the file."""
        starts = _starts(self.source.text, self.offsets, self.text)
        start, end = _offset(self.text, place.line, place.column), _offset(self.text, place.end_line, place.end_column)
        return self.source.span(pack(starts[start], max(starts[start], starts[end])))

    def diagnostic(self, one: Diagnostic) -> Diagnostic:
        """Return what was told of the text with its place in the file."""
        return one if one.span is None else replace(one, span=self.span(one.span))

    def losses(self, losses: Iterable[Loss]) -> tuple[Loss, ...]:
        """Return losses with their places in the file."""
        return tuple(one if one.span is None else replace(one, span=self.span(one.span)) for one in losses)


def _offset(text: str, line: int, column: int) -> int:
    head = 0
    for _ in range(line - 1):
        head = text.find("\n", head) + 1
    return min(head + column - 1, len(text))


@lru_cache(maxsize=4)
def _starts(file: str, offsets: int, text: str) -> tuple[int, ...]:
    """Return the offset in the file of each character of the text, and of its end."""
    start, end = unpack(offsets)
    literal = file[start:end].replace("\r\n", " \n")
    quote = next((one for one in ('"""', "'''", '"', "'") if literal.startswith(one) and literal.endswith(one)), "")
    at, stop = start + len(quote), end - len(quote)
    if len(quote) == 3 and literal[3:4] == "\n":
        at += 1
    starts: list[int] = []
    while at < stop and len(starts) < len(text):
        if quote.startswith('"') and file[at] == "\\":
            trimmed = _TRIMMED.match(literal, at + 1 - start) if len(quote) == 3 else None
            if trimmed:
                at = start + trimmed.end()
                continue
            length = _escape_length(file, at)
            starts.append(at)
            at += length
        else:
            starts.append(at)
            at += 1
    # What is not understood stands at the end of what was.
    return (*starts, *[min(at, end)] * (len(text) + 1 - len(starts)))


def _escape_length(file: str, at: int) -> int:
    """Return how many characters an escape has; two that make one character of another plane count as one."""
    kind = file[at + 1 : at + 2]
    if kind == "U":
        return 10
    if kind != "u":
        return 2
    pair = file[at + 2 : at + 4].lower() in ("d8", "d9", "da", "db") and file[at + 6 : at + 8] == "\\u"
    return 12 if pair else 6
