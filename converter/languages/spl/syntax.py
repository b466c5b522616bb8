"""Splunk's search language: the tree of a pipeline, as read, before anything is made of it.

Two expression languages live in one text.  ``search`` compares without regard
to case and knows ``*``; ``where`` and ``eval`` compare exactly and know
functions.  They bind ``AND`` and ``OR`` differently, so they have nodes of
their own.  Every node carries the packed offsets of its text; what a macro
expanded to carries the place of the call.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from converter.model import Source, node


@node
class Pattern:
    """A value of ``search``: escapes undone, ``*`` is always a wildcard; ``cased`` when written ``CASE(…)``."""

    text: str
    cased: bool = False
    offsets: int = 0


@node
class Comparison:
    """``field operator value`` of ``search``; the operator is one of ``= != < <= > >=``."""

    field: str
    operator: str
    value: Pattern
    offsets: int = 0


@node
class OneOf:
    """``field IN (value, …)`` of ``search``."""

    field: str
    values: tuple[Pattern, ...]
    offsets: int = 0


@node
class Term:
    """A keyword or phrase to find in ``_raw``; ``whole`` when written ``TERM(…)``."""

    value: Pattern
    whole: bool = False
    offsets: int = 0


@node
class MacroCall:
    """A macro that was not expanded because ``read`` was given no definitions."""

    name: str
    arguments: tuple[str, ...] = ()
    offsets: int = 0


@node
class SearchAnd:
    """All children; at least two."""

    children: tuple[SearchNode, ...]
    offsets: int = 0


@node
class SearchOr:
    """Any child; at least two."""

    children: tuple[SearchNode, ...]
    offsets: int = 0


@node
class SearchNot:
    """Not the child: true where the child's field is missing."""

    child: SearchNode
    offsets: int = 0


SearchNode: TypeAlias = Comparison | OneOf | Term | MacroCall | SearchAnd | SearchOr | SearchNot


@node
class Field:
    """A field's value in ``where``: no value, one, or several."""

    name: str
    offsets: int = 0


@node
class Text:
    """A string of ``where``, escapes undone."""

    value: str
    offsets: int = 0


@node
class Number:
    """A number of ``where``, as written."""

    text: str
    offsets: int = 0


@node
class Call:
    """A function of ``where``; the name is in lower case."""

    function: str
    arguments: tuple[WhereNode, ...]
    offsets: int = 0


@node
class Relation:
    """A comparison of ``where``; the operator is one of ``= != < <= > >=`` (``==`` is read as ``=``)."""

    left: WhereNode
    operator: str
    right: WhereNode
    offsets: int = 0


@node
class WhereAnd:
    """All children; at least two."""

    children: tuple[WhereNode, ...]
    offsets: int = 0


@node
class WhereOr:
    """Any child; at least two."""

    children: tuple[WhereNode, ...]
    offsets: int = 0


@node
class WhereNot:
    """Not the child."""

    child: WhereNode
    offsets: int = 0


WhereNode: TypeAlias = Field | Text | Number | Call | Relation | WhereAnd | WhereOr | WhereNot


def fields_of(found: WhereNode) -> frozenset[str]:
    """Return the names of the fields in an expression."""
    match found:
        case Field(name):
            return frozenset((name,))
        case Text() | Number():
            return frozenset()
        case WhereNot(child):
            return fields_of(child)
        case WhereAnd(children) | WhereOr(children) | Call(_, children):
            return frozenset().union(*map(fields_of, children))
        case Relation(left, _, right):
            return fields_of(left) | fields_of(right)
    assert_never(found)


@node
class Search:
    """Keep the events for which the expression holds; all of them when there is none."""

    expression: SearchNode | None
    offsets: int = 0


@node
class Where:
    """Keep the rows for which the expression is true."""

    expression: WhereNode
    offsets: int = 0


@node
class Regex:
    """Keep the rows in whose field the pattern is found (or is not, when ``negated``)."""

    field: str
    pattern: str
    negated: bool = False
    offsets: int = 0


@node
class Rename:
    """Give fields other names, left to right: pairs of old and new name."""

    pairs: tuple[tuple[str, str], ...]
    offsets: int = 0


@node
class FillNull:
    """Give missing fields a value."""

    value: str
    fields: tuple[str, ...]
    offsets: int = 0


@node
class Eval:
    """Set fields, left to right; a null removes the field."""

    assignments: tuple[tuple[str, WhereNode], ...]
    offsets: int = 0


@node
class Aggregate:
    """One output of ``stats``: a function, its field (``""`` for a bare ``count``) and the output's name."""

    function: str
    field: str
    name: str
    offsets: int = 0


@node
class Stats:
    """One row per combination of the ``by`` fields; a row that lacks one of them is lost."""

    aggregates: tuple[Aggregate, ...]
    by: tuple[str, ...]
    offsets: int = 0


@node
class Table:
    """Keep these fields alone; ``*`` stands for any characters."""

    fields: tuple[str, ...]
    offsets: int = 0


@node
class Fields:
    """Keep these fields (and the internal ones), or drop them when not ``keep``."""

    fields: tuple[str, ...]
    keep: bool = True
    offsets: int = 0


@node
class Convert:
    """Write epoch seconds as text in ``format``: pairs of field and output name."""

    format: str
    fields: tuple[tuple[str, str], ...]
    offsets: int = 0


Command: TypeAlias = Search | Where | Regex | Rename | FillNull | Eval | Stats | Table | Fields | Convert | MacroCall


@node
class Pipeline:
    """A whole search: its commands in order, and the text that the offsets count in."""

    commands: tuple[Command, ...]
    source: Source
