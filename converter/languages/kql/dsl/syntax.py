"""The tree of a query in Elasticsearch's DSL, as its JSON says it.

Every node carries packed character offsets of the text that it came from
(``Source.span`` turns them into lines).
"""

from __future__ import annotations

from typing import TypeAlias

from converter.languages.elasticsearch import USUAL_STATES, Expression, Wild
from converter.model import Source, node

Value: TypeAlias = str | int | float | bool


@node
class MatchAll:
    """Every document."""

    offsets: int = 0


@node
class Bool:
    """All of ``must`` (and ``filter``), none of ``must_not``, at least ``minimum`` of ``should``."""

    must: tuple[Tree, ...]
    should: tuple[Tree, ...]
    must_not: tuple[Tree, ...]
    minimum: int
    offsets: int = 0


@node
class Exists:
    """The field has an indexed value."""

    field: str
    offsets: int = 0


@node
class Term:
    """An indexed value is this one; ``folded`` without regard to the case of ASCII letters."""

    field: str
    value: Value
    folded: bool = False
    offsets: int = 0


@node
class Prefix:
    """An indexed value begins with the text."""

    field: str
    text: str
    folded: bool = False
    offsets: int = 0


@node
class Wildcard:
    """The pattern describes the whole of an indexed value: literal texts (never empty) and wildcards."""

    field: str
    parts: tuple[str | Wild, ...]
    folded: bool = False
    offsets: int = 0


@node
class Regexp:
    """The expression describes the whole of an indexed value; ``states`` is its ``max_determinized_states``."""

    field: str
    expression: Expression
    folded: bool = False
    states: int = USUAL_STATES
    offsets: int = 0


@node
class Range:
    """An indexed value stands in this order to ``value``: ``lt``, ``lte``, ``gt``, ``gte``."""

    field: str
    operator: str
    value: Value
    offsets: int = 0


Tree: TypeAlias = MatchAll | Bool | Exists | Term | Prefix | Wildcard | Regexp | Range


@node
class Filters:
    """The filters of a rule, each of which must hold, and the text that they came from."""

    trees: tuple[Tree, ...]
    source: Source
