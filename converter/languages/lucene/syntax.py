"""The tree of a query string, as Lucene's classic parser sees it.

The language has no and, or and not: a query is a list of clauses, and what
stands before a clause says whether it must, may or must not hold; ``AND``
turns the clause before it into one that must.  Whether a text has words is
known by a field's type only, so that clauses are counted when a query is run.
Every node carries packed character offsets (``Source.span`` gives lines).
"""

from __future__ import annotations

from typing import TypeAlias

from converter.model import Source, node


@node
class Words:
    """A text without wildcards; ``field`` is ``None`` for the default fields. ``>``, ``>=``, ``<`` and ``<=`` before it compare."""

    field: str | None
    text: str
    offsets: int = 0


@node
class Phrase:
    """A text in quotes; ``slop`` is how far its words may be moved."""

    field: str | None
    text: str
    slop: int = 0
    offsets: int = 0


@node
class Prefix:
    """``text*``, escapes undone."""

    field: str | None
    text: str
    offsets: int = 0


@node
class Pattern:
    """Any other text with ``*`` and ``?``, its backslashes kept, because the engine folds no character behind one."""

    field: str | None
    raw: str
    offsets: int = 0


@node
class Expression:
    """``/…/``: a regular expression of Lucene's for the whole value, or a whole word."""

    field: str | None
    raw: str
    offsets: int = 0


@node
class Fuzzy:
    """``text~``: within so many edits; ``distance`` is what stands behind the tilde."""

    field: str | None
    text: str
    distance: str = ""
    offsets: int = 0


@node
class Range:
    """From ``low`` to ``high``, which are ``None`` where the range is open."""

    field: str | None
    low: str | None
    high: str | None
    includes_low: bool = True
    includes_high: bool = True
    offsets: int = 0


@node
class Clause:
    """One clause; ``joined`` is ``AND``, ``OR`` or empty, ``sign`` is ``+``, ``-`` (also for NOT) or empty."""

    body: Body
    joined: str = ""
    sign: str = ""


@node
class Group:
    """Clauses side by side; at least one."""

    clauses: tuple[Clause, ...]
    offsets: int = 0


@node
class MatchAll:
    """The blank query: Kibana asks for every document then."""

    offsets: int = 0


Leaf: TypeAlias = Words | Phrase | Prefix | Pattern | Expression | Fuzzy | Range
Body: TypeAlias = Leaf | Group


@node
class Query:
    """A query that was read."""

    source: Source
    tree: Group | MatchAll
