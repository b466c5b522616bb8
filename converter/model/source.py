"""Where a thing stands in a file: packed offsets while compiling, a ``Span`` when a person reads it.

Readers and nodes carry ``start << 24 | end`` (character offsets) because a
``Span`` object for every key and value costs a third of the reader's time;
so a source text must be shorter than 2**24 characters.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from functools import lru_cache
from typing import Final

from converter.model.node import node

LIMIT: Final = 1 << 24
"""Characters a source text may have, exclusive: an offset is 24 bits wide."""


def pack(start: int, end: int) -> int:
    """Return the offsets ``start`` and ``end`` as one integer."""
    return start << 24 | end


def unpack(offsets: int) -> tuple[int, int]:
    """Return the start and end offsets of a packed integer."""
    return offsets >> 24, offsets & (LIMIT - 1)


@node
class Span:
    """A stretch of a file, for people: lines and columns count from 1, ends are exclusive.

    ``text`` is the line on which it begins, for the excerpt of a diagnostic.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str = field(default="", compare=False)


@node
class Source:
    """The text of a file and the name by which people know it.

    ``joined`` are texts of other files whose offsets go on behind this one's:
    a filter's condition becomes a part of the rule, and keeps its own place.
    """

    path: str
    text: str
    joined: tuple[Source, ...] = ()

    @property
    def end(self) -> int:
        """The first offset that is in none of the texts."""
        return sum(len(one.text) + 1 for one in self.joined) + len(self.text) + 1

    def span(self, offsets: int) -> Span:
        """Return the lines and columns of packed ``offsets``."""
        start, end = unpack(offsets)
        text = self.text
        if self.joined and start > len(text):
            shift = len(text) + 1
            for other in self.joined:
                if start < shift + len(other.text) + 1:
                    return other.span(pack(start - shift, max(start, end) - shift))
                shift += len(other.text) + 1
        start = min(start, len(text))
        end = max(start, min(end, len(text)))
        head = text.rfind("\n", 0, start) + 1
        last = text.rfind("\n", start, end) + 1 or head
        line = _line(text, start)
        return Span(
            self.path,
            line,
            column=start - head + 1,
            end_line=line if last == head else _line(text, end),
            end_column=end - last + 1,
            text=_line_from(text, head),
        )

    @property
    def start(self) -> Span:
        """The first character, for what concerns the whole file."""
        return self.span(0)


_LARGE: Final = 20_000
"""Characters of a text whose line ends are remembered: a large file can have thousands of places to tell of."""


def _line(text: str, offset: int) -> int:
    """Return the number of the line on which an offset is, from 1."""
    return bisect_right(_line_starts(text), offset) if len(text) > _LARGE else text.count("\n", 0, offset) + 1


@lru_cache(maxsize=4)
def _line_starts(text: str) -> tuple[int, ...]:
    return (0, *(index + 1 for index, character in enumerate(text) if character == "\n"))


@lru_cache(maxsize=4)
def _line_from(text: str, head: int) -> str:
    """Return the line that begins at an offset: the same object for all of its places, of which a file in one line can have thousands."""
    tail = text.find("\n", head)
    return text[head : tail if tail >= 0 else len(text)].rstrip("\r")
