"""Where a text of a rules file stands: from a place in a condition back to a place in the YAML file."""

from __future__ import annotations

from dataclasses import replace

from converter.formats import Map, Seq
from converter.model import Diagnostic, Source, Span, node, pack, unpack


@node
class Place:
    """A value of a YAML file.

    ``written`` is the value's text and ``text`` what was read in its stead:
    the same with lists substituted, under a name of its own.
    """

    source: Source
    offsets: int
    written: str = ""
    text: Source = Source("", "")

    @property
    def span(self) -> Span:
        """The value in the file."""
        return self.source.span(self.offsets)

    def located(self, diagnostic: Diagnostic) -> Diagnostic:
        """Return a diagnostic about ``text`` as one about the file.

        Exact where the text stands in the file as it is (no folding, escapes
        or lists); else the whole value, with the place named in the message.
        """
        span = diagnostic.span
        if span is None or span.path != self.text.path:
            return diagnostic
        start, end = unpack(self.offsets)
        at = self.source.text[start:end].find(self.written) if self.written == self.text.text and self.written else -1
        if at < 0:
            message = f"{diagnostic.message} (line {span.line}, column {span.column} of the text)"
            return replace(diagnostic, span=self.span, message=message)
        first = start + at
        moved = pack(first + _offset(self.written, span.line, span.column), first + _offset(self.written, span.end_line, span.end_column))
        return replace(diagnostic, span=self.source.span(moved))


def _offset(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return start + column - 1


def entry(value: Map, key: str, holder: Place) -> Place:
    """Return where the value of ``key`` stands, or the holder's place when there is none."""
    for index, one in enumerate(value):
        if one == key:
            return Place(holder.source, value.offsets[2 * index + 1])
    return holder


def scalar(value: Map, key: str, holder: Place) -> str | None:
    """Return a scalar as text, ``None`` when it is none or absent."""
    return _written(value[key], entry(value, key, holder).offsets, holder.source) if key in value else None


def scalars(value: Seq, holder: Place) -> list[str | None]:
    """Return the items of a list as texts, ``None`` for an item that is no scalar."""
    return [_written(one, offsets, holder.source) for one, offsets in zip(value, value.offsets, strict=True)]


def _written(found: object, offsets: int, source: Source) -> str | None:
    """Return a value as the engine reads it: YAML's types do not count, ``yes`` is ``yes``."""
    if isinstance(found, Map | Seq):
        return None
    if isinstance(found, str):
        return found
    start, end = unpack(offsets)
    return source.text[start:end]
