"""The tree of an EQL query, as Elasticsearch's own parser builds it.

Chains of ``and`` and of ``or`` are one node; ``not in`` is a ``Not`` around a
``Lookup``.  Every node carries packed character offsets of the text that it
came from (``Source.span`` turns them into lines).
"""

from __future__ import annotations

from typing import TypeAlias

from converter.model import Source, node

Scalar: TypeAlias = str | int | float | bool | None


@node
class Literal:
    """A constant, escapes undone; ``raw`` when it was written in three quotes."""

    value: Scalar
    raw: bool = False
    offsets: int = 0


@node
class Field:
    """A field by its full name, backquotes undone; an ``optional`` one (``?name``) may be missing from the mapping."""

    name: str
    optional: bool = False
    offsets: int = 0


@node
class Call:
    """A function by its documented name; ``insensitive`` when ``~`` follows it."""

    name: str
    arguments: tuple[Expression, ...]
    insensitive: bool = False
    offsets: int = 0


@node
class Negative:
    """``-child``."""

    child: Expression
    offsets: int = 0


@node
class Arithmetic:
    """``left + right``; the operator is one of ``+ - * / %``."""

    operator: str
    left: Expression
    right: Expression
    offsets: int = 0


@node
class Comparison:
    """``left == right``; the operator is one of ``== != < <= > >=``."""

    operator: str
    left: Expression
    right: Expression
    offsets: int = 0


@node
class Lookup:
    """A value against any of several: ``kind`` is ``in``, ``like`` (also ``:``, which is ``like~``) or ``regex``.

    ``operator`` is what was written, for messages.
    """

    kind: str
    operator: str
    value: Expression
    candidates: tuple[Expression, ...]
    insensitive: bool = False
    offsets: int = 0


@node
class And:
    """All children; at least two."""

    children: tuple[Expression, ...]
    offsets: int = 0


@node
class Or:
    """Any child; at least two."""

    children: tuple[Expression, ...]
    offsets: int = 0


@node
class Not:
    """Not the child."""

    child: Expression
    offsets: int = 0


Expression: TypeAlias = Literal | Field | Call | Negative | Arithmetic | Comparison | Lookup | And | Or | Not


@node
class Event:
    """``category where condition``; the category is ``None`` for ``any``."""

    category: str | None
    condition: Expression
    category_offsets: int = 0
    offsets: int = 0


@node
class Step:
    """An item of a sequence or sample: its event, all its join keys, and whether the event must be missing.

    ``runs`` is how often it stands here in a row.
    """

    event: Event
    by: tuple[Field, ...] = ()
    missing: bool = False
    runs: int = 1
    offsets: int = 0


@node
class Sequence:
    """Events in order; ``by`` are the keys before the first bracket, which every step's ``by`` begins with."""

    by: tuple[Field, ...]
    maxspan_ms: int | None
    steps: tuple[Step, ...]
    until: Step | None = None
    offsets: int = 0


@node
class Sample:
    """Events in any order that share their join keys."""

    by: tuple[Field, ...]
    steps: tuple[Step, ...]
    offsets: int = 0


@node
class Pipe:
    """``| head 10`` or ``| tail 10``."""

    name: str
    count: int
    offsets: int = 0


Body: TypeAlias = Event | Sequence | Sample


@node
class Query:
    """A query and the text that its offsets point into."""

    source: Source
    body: Body
    pipes: tuple[Pipe, ...] = ()


def fields_of(expression: Expression) -> tuple[Field, ...]:
    """Return the fields that an expression names, in reading order, with repetitions."""
    found: list[Field] = []
    stack: list[Expression] = [expression]
    while stack:
        one = stack.pop()
        if isinstance(one, Field):
            found.append(one)
        stack.extend(reversed(children_of(one)))
    return tuple(found)


def children_of(expression: Expression) -> tuple[Expression, ...]:
    """Return what an expression is made of."""
    match expression:
        case Literal() | Field():
            return ()
        case Call(arguments=arguments):
            return arguments
        case Negative(child) | Not(child):
            return (child,)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return (left, right)
        case Lookup(value=value, candidates=candidates):
            return (value, *candidates)
        case And(children) | Or(children):
            return children
