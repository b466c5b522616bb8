"""The tree of an ES|QL query: a source and the commands behind it, with expressions over columns.

Chains of ``AND`` and of ``OR`` are one node; ``NOT IN`` and ``NOT LIKE`` are a
``Not`` around the test.  Every node carries packed character offsets of the
text that it came from (``Source.span`` turns them into lines).
"""

from __future__ import annotations

from typing import TypeAlias

from converter.model import Source, node

Scalar: TypeAlias = str | int | float | bool | None


@node
class Literal:
    """A constant; several values when it was written in square brackets."""

    value: Scalar | tuple[Scalar, ...]
    offsets: int = 0


@node
class Duration:
    """A stretch of time: ``5 minutes``."""

    amount: int
    unit: str
    offsets: int = 0


@node
class Parameter:
    """``?`` or ``?name``: a value that the request gives."""

    name: str
    offsets: int = 0


@node
class Field:
    """A column by its full name, backquotes undone."""

    name: str
    offsets: int = 0


@node
class Call:
    """A function, its name in upper case; ``options`` are the entries of ``{…}`` behind the arguments."""

    name: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Scalar], ...] = ()
    offsets: int = 0


@node
class Star:
    """``*`` as the argument of a function: ``COUNT(*)``."""

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
class Cast:
    """``child::type``."""

    child: Expression
    type: str
    offsets: int = 0


@node
class Comparison:
    """``left == right``; the operator is one of ``== != < <= > >=``."""

    operator: str
    left: Expression
    right: Expression
    offsets: int = 0


@node
class Among:
    """``value IN (…)``."""

    value: Expression
    candidates: tuple[Expression, ...]
    offsets: int = 0


@node
class Like:
    """A text against patterns: ``kind`` is ``LIKE`` or ``RLIKE``."""

    kind: str
    value: Expression
    patterns: tuple[Literal, ...]
    offsets: int = 0


@node
class IsNull:
    """``value IS NULL``; ``IS NOT NULL`` when ``negated``."""

    value: Expression
    negated: bool = False
    offsets: int = 0


@node
class Match:
    """``field : "text"``, a search in the index."""

    field: Field
    query: Literal
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


Expression: TypeAlias = (
    Literal
    | Duration
    | Parameter
    | Field
    | Call
    | Star
    | Negative
    | Arithmetic
    | Cast
    | Comparison
    | Among
    | Like
    | IsNull
    | Match
    | And
    | Or
    | Not
)


@node
class Column:
    """An expression under a name: written before ``=``, else the expression's own text.

    ``where`` is the condition behind an aggregate function of ``STATS``.
    """

    name: str
    value: Expression
    where: Expression | None = None
    offsets: int = 0


@node
class From:
    """``FROM indices METADATA fields``."""

    indices: tuple[str, ...]
    metadata: tuple[str, ...] = ()
    offsets: int = 0


@node
class Row:
    """``ROW a = 1``: one row of constants."""

    columns: tuple[Column, ...]
    offsets: int = 0


@node
class Where:
    """``WHERE condition``."""

    condition: Expression
    offsets: int = 0


@node
class Eval:
    """``EVAL a = …``: further columns."""

    columns: tuple[Column, ...]
    offsets: int = 0


@node
class Stats:
    """``STATS aggregates BY groups``; ``inline`` keeps the rows and adds the figures to each."""

    aggregates: tuple[Column, ...]
    groups: tuple[Column, ...] = ()
    inline: bool = False
    offsets: int = 0


@node
class Project:
    """``KEEP`` or ``DROP`` with names, which may hold ``*``."""

    keep: bool
    names: tuple[Field, ...]
    offsets: int = 0


@node
class Rename:
    """``RENAME old AS new``: pairs of old and new name."""

    pairs: tuple[tuple[Field, Field], ...]
    offsets: int = 0


@node
class Key:
    """What ``SORT`` orders by; ``nulls_first`` is ``None`` where it is not written."""

    value: Expression
    descending: bool = False
    nulls_first: bool | None = None
    offsets: int = 0


@node
class Sort:
    """``SORT keys``."""

    keys: tuple[Key, ...]
    offsets: int = 0


@node
class Limit:
    """``LIMIT count``."""

    count: int
    offsets: int = 0


@node
class Extract:
    """``DISSECT`` or ``GROK``: columns out of a text by patterns."""

    kind: str
    value: Expression
    patterns: tuple[Literal, ...]
    options: tuple[tuple[str, Scalar], ...] = ()
    offsets: int = 0


@node
class Expand:
    """``MV_EXPAND field``: a row for each value."""

    field: Field
    offsets: int = 0


@node
class Completion:
    """``COMPLETION target = prompt WITH {…}``: a column that a language model fills."""

    target: str
    prompt: Expression
    options: tuple[tuple[str, Scalar], ...] = ()
    offsets: int = 0


Command: TypeAlias = Where | Eval | Stats | Project | Rename | Sort | Limit | Extract | Expand | Completion


@node
class Query:
    """A query and the text that its offsets point into."""

    source: Source
    head: From | Row
    commands: tuple[Command, ...] = ()


def children_of(expression: Expression) -> tuple[Expression, ...]:
    """Return what an expression is made of."""
    match expression:
        case Literal() | Duration() | Parameter() | Field() | Star():
            return ()
        case Call(arguments=arguments):
            return arguments
        case Negative(child) | Not(child) | Cast(child):
            return (child,)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return (left, right)
        case Among(value, candidates):
            return (value, *candidates)
        case Like(_, value, patterns):
            return (value, *patterns)
        case IsNull(value):
            return (value,)
        case Match(field, query):
            return (field, query)
        case And(children) | Or(children):
            return children


def fields_of(expression: Expression) -> tuple[Field, ...]:
    """Return the columns that an expression names, in reading order, with repetitions."""
    found: list[Field] = []
    stack: list[Expression] = [expression]
    while stack:
        one = stack.pop()
        if isinstance(one, Field):
            found.append(one)
        stack.extend(reversed(children_of(one)))
    return tuple(found)


def filtered_by(query: Query) -> tuple[Field, ...]:
    """Return the columns of the index that the conditions before every other command name."""
    found: list[Field] = []
    for command in query.commands:
        if not isinstance(command, Where):
            break
        found += fields_of(command.condition)
    return tuple(found)
