"""The tree of a KQL query, as Kibana's own parser builds it.

Value lists are already spread (``f:(a or b)`` is ``f:a or f:b``), as Kibana
does while it parses.  Every node carries packed character offsets of the text
that it came from (``Source.span`` turns them into lines).
"""

from __future__ import annotations

import re
from typing import TypeAlias

from converter.languages.elasticsearch import Star
from converter.model import Source, node


@node
class Literal:
    """A word or a quoted string, escapes undone.

    ``value`` is ``True``, ``False`` or ``None`` for the unquoted words
    ``true``, ``false`` and ``null``; a number is still text here.
    """

    value: str | bool | None
    quoted: bool = False
    offsets: int = 0

    @property
    def text(self) -> str:
        """The value as it stands in a query to the engine."""
        match self.value:
            case None:
                return "null"
            case bool():
                return "true" if self.value else "false"
            case str():
                return self.value

    @property
    def number(self) -> float | int | None:
        """The number that Kibana 7 makes of an unquoted text; ``None`` when it stays text."""
        return None if self.quoted or not isinstance(self.value, str) else number_of(self.value)


@node
class Pattern:
    """An unquoted text with wildcards: literal texts (never empty) and stars, in order."""

    parts: tuple[str | Star, ...]
    offsets: int = 0

    @property
    def text(self) -> str:
        """The pattern with ``*`` for each star; ambiguous where a literal holds ``*``."""
        return "".join("*" if isinstance(part, Star) else part for part in self.parts)

    @property
    def is_lone(self) -> bool:
        """Whether it is one star and nothing else, which asks for the field's existence."""
        return self.parts == (Star.STAR,)


Word: TypeAlias = Literal | Pattern
"""A value, or a field's name."""


@node
class MatchAll:
    """The empty query: every document."""

    offsets: int = 0


@node
class Is:
    """``field:value``; free text when ``field`` is ``None``."""

    field: Word | None
    value: Word
    offsets: int = 0


@node
class Range:
    """``field < value``; ``operator`` is ``lt``, ``lte``, ``gt`` or ``gte``."""

    field: Word
    operator: str
    value: Word
    offsets: int = 0


@node
class Nested:
    """``path:{query}``: one object of the nested field satisfies the whole query."""

    path: Word
    query: Tree
    offsets: int = 0


@node
class And:
    """All children; at least two."""

    children: tuple[Tree, ...]
    offsets: int = 0


@node
class Or:
    """Any child; at least two."""

    children: tuple[Tree, ...]
    offsets: int = 0


@node
class Not:
    """Not the child: true too for documents without the field."""

    child: Tree
    offsets: int = 0


Tree: TypeAlias = MatchAll | Is | Range | Nested | And | Or | Not


@node
class Query:
    """A query and the text that its offsets point into."""

    source: Source
    tree: Tree


_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)", re.ASCII)


def number_of(text: str) -> int | float | None:
    """Return what JavaScript's ``Number(text)`` is, ``None`` for not-a-number.

    Whole numbers come as ``int``; the empty text is 0, as there.
    """
    if not text:
        return 0
    if _RADIX.fullmatch(text):
        return _whole(float(int(text, 0)) if len(text) < 300 else float("inf"))
    if text.lstrip("+-") == "Infinity" and len(text) <= len("+Infinity"):
        return float("-inf") if text[0] == "-" else float("inf")
    return _whole(float(text)) if _DECIMAL.fullmatch(text) else None


def _whole(value: float) -> int | float:
    """Return a double as an integer where JavaScript prints it as one."""
    return int(value) if value.is_integer() and abs(value) < 1e21 else value
