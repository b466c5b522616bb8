"""Run a query: the rows of its documents through its commands.

``FROM`` takes the documents that are given, whatever its indices; a pipe
without ``LIMIT`` keeps every row, where the engine keeps 1,000.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final, assert_never

from converter.languages.esql.columns import Row, Table, table
from converter.languages.esql.compile import Compiled, compile_condition, compile_expression
from converter.languages.esql.compute import aggregate
from converter.languages.esql.facts import aggregates
from converter.languages.esql.problem import Stop
from converter.languages.esql.syntax import (
    Arithmetic,
    Call,
    Column,
    Command,
    Comparison,
    Completion,
    Eval,
    Expand,
    Expression,
    Extract,
    Field,
    From,
    Limit,
    Project,
    Query,
    Rename,
    Sort,
    Star,
    Stats,
    Where,
    children_of,
)
from converter.languages.esql.syntax import (
    Row as RowCommand,
)
from converter.languages.esql.values import DECIMAL, NULL, NUMBERS, TEXT, WHOLE, Value, each
from converter.model import Diagnostic

MOST_ROWS: Final = 200_000
"""Rows that MV_EXPAND may make."""
_METADATA: Final = {"_id": TEXT, "_index": TEXT, "_version": WHOLE, "_source": "unsupported", "_score": DECIMAL, "_ignored": TEXT}
"""Fields of ``METADATA``; their values are not known here, but for ``_id``, a document's place."""


def run(query: Query, documents: Sequence[object], mappings: Any) -> Table | Diagnostic:  # noqa: ANN401 - JSON
    """Return the table that a query makes of documents.

    Args:
        query: a query that was read.
        documents: as the engine sees them.
        mappings: the index's ``mappings`` object, as JSON reads it; dynamic mapping adds to it, document by document.

    Returns:
        ``R204`` when the mappings are not read, ``R303`` where the engine refuses the query, ``R304`` where its answer is not known.
    """
    try:
        made = _head(query.head, documents, mappings)
        if isinstance(made, Diagnostic):
            return made
        for command in query.commands:
            made = _command(made, command)
        return made
    except Stop as stop:
        return stop.diagnostic(query.source)


def found(query: Query, documents: Sequence[object], mappings: Any) -> list[bool] | Diagnostic:  # noqa: ANN401 - JSON
    """Return for each document whether its row is in a query's table; ``R304`` for a query whose rows are no documents."""
    if isinstance(query.head, RowCommand) or any(isinstance(one, Stats) and not one.inline for one in query.commands):
        place = next((one.offsets for one in query.commands if isinstance(one, Stats)), query.head.offsets)
        return Stop("R304", place, "the rows of this query are no documents", "ask for its table").diagnostic(query.source)
    made = run(query, documents, mappings)
    if isinstance(made, Diagnostic):
        return made
    places = {one.origin for one in made.rows}
    return [at in places for at in range(len(documents))]


def _head(head: From | RowCommand, documents: Sequence[object], mappings: Any) -> Table | Diagnostic:  # noqa: ANN401 - JSON
    if isinstance(head, RowCommand):
        return _evaluated(Table({}, [Row({})]), head.columns)
    made = table(documents, mappings)
    if isinstance(made, Diagnostic):
        return made
    for name in head.metadata:
        if name not in _METADATA:
            raise Stop("R303", head.offsets, f"unsupported metadata field [{name}]", f"the fields are {', '.join(_METADATA)}")
        made.columns[name] = _METADATA[name]
    for row in made.rows if "_id" in head.metadata else ():
        row.values["_id"] = str(row.origin)
    return made


def _command(made: Table, command: Command) -> Table:
    match command:
        case Where(condition):
            test = compile_condition(condition, made.columns)
            return Table(made.columns, [row for row in made.rows if test(row.values) is True])
        case Eval(columns):
            return _evaluated(made, columns)
        case Stats():
            return _figures(made, command)
        case Project(keep, names):
            return _projected(made, names, keep=keep)
        case Rename(pairs):
            return _renamed(made, pairs)
        case Sort():
            return _sorted(made, command)
        case Limit(count):
            return Table(made.columns, made.rows[:count])
        case Expand(field):
            return _expanded(made, field)
        case Extract() | Completion():
            name = command.kind if isinstance(command, Extract) else "COMPLETION"
            raise Stop("R304", command.offsets, f"the command {name} is not run", "what it puts into its columns is not known")
    assert_never(command)


def _evaluated(made: Table, columns: Sequence[Column]) -> Table:
    types = dict(made.columns)
    steps: list[tuple[str, Callable[[Mapping[str, Value]], Any]]] = []
    for one in columns:
        compiled = compile_expression(one.value, types)
        types.pop(one.name, None)
        types[one.name] = compiled.type
        steps.append((one.name, compiled.run))
    rows = []
    for row in made.rows:
        values = dict(row.values)
        for name, step in steps:
            values[name] = step(values)
        rows.append(Row(values, row.origin))
    return Table(types, rows)


def _matching(made: Table, field: Field) -> list[str]:
    if "*" not in field.name:
        if field.name not in made.columns:
            raise Stop("R303", field.offsets, f"Unknown column [{field.name}]", "the index has no such field")
        return [field.name]
    pattern = re.compile(".*".join(map(re.escape, re.sub(r"\*+", "*", field.name).split("*"))), re.DOTALL)
    found = [name for name in made.columns if pattern.fullmatch(name)]
    if not found and field.name != "*":
        raise Stop("R303", field.offsets, f"No matches found for pattern [{field.name}]", "the index has no such fields")
    return found


def _projected(made: Table, names: Sequence[Field], *, keep: bool) -> Table:
    chosen = [name for one in names for name in _matching(made, one)]
    kept = list(dict.fromkeys(chosen)) if keep else [name for name in made.columns if name not in chosen]
    inside = set(kept)
    rows = [Row({name: value for name, value in row.values.items() if name in inside}, row.origin) for row in made.rows]
    return Table({name: made.columns[name] for name in kept}, rows)


def _renamed(made: Table, pairs: Sequence[tuple[Field, Field]]) -> Table:
    for old, new in pairs:
        if "*" in old.name or "*" in new.name:
            raise Stop("R304", old.offsets, "a star in RENAME is not run", "name the columns")
        _matching(made, old)
        columns = {
            new.name if name == old.name else name: kind for name, kind in made.columns.items() if name in (old.name,) or name != new.name
        }
        rows = []
        for row in made.rows:
            values = {name: value for name, value in row.values.items() if name != new.name}
            if old.name in values:
                values[new.name] = values.pop(old.name)
            rows.append(Row(values, row.origin))
        made = Table(columns, rows)
    return made


def _sorted(made: Table, command: Sort) -> Table:
    rows = list(made.rows)
    for key in reversed(command.keys):
        run = compile_expression(key.value, made.columns).run
        end = max if key.descending else min
        told = [(end(each(value)) if (value := run(row.values)) is not None else None, row) for row in rows]
        nulls = [row for value, row in told if value is None]
        ordered = sorted(((value, row) for value, row in told if value is not None), key=lambda one: one[0], reverse=key.descending)
        first = key.nulls_first if key.nulls_first is not None else key.descending
        rows = [*(nulls if first else ()), *(row for _, row in ordered), *(() if first else nulls)]
    return Table(made.columns, rows)


def _expanded(made: Table, field: Field) -> Table:
    _matching(made, field)
    rows = []
    for row in made.rows:
        for value in each(row.values.get(field.name)) or (None,):
            rows.append(Row({**row.values, field.name: value}, row.origin))
        if len(rows) > MOST_ROWS:
            raise Stop("R301", field.offsets, f"more than {MOST_ROWS} rows", "expand fewer documents")
    return Table(made.columns, rows)


def _figures(made: Table, command: Stats) -> Table:
    """Return the groups of a table, a row each, with their figures; of several values of a group's column each is in its own group."""
    types = dict(made.columns)
    groups = []
    for one in command.groups:
        compiled = compile_expression(one.value, made.columns)
        groups.append((one.name, compiled))
        types[one.name] = compiled.type
    kept: dict[tuple[Value, ...], list[Row]] = {} if groups else {(): []}
    for row in made.rows:
        for key in product(*(each(compiled.run(row.values)) or (None,) for _, compiled in groups)):
            kept.setdefault(key, []).append(row)
    figures = [(one.name, *_figure(one, made.columns)) for one in command.aggregates]
    names = [name for name, _ in groups]
    if command.inline:
        return _inline(made, command, groups, kept, figures, types)
    columns = {name: kind for name, kind, _ in figures} | {name: compiled.type for name, compiled in groups}
    rows = [Row({**{name: run(rows) for name, _, run in figures}, **dict(zip(names, key, strict=True))}) for key, rows in kept.items()]
    return Table(columns, rows)


Figure = Callable[[Sequence[Row]], Value]


def _inline(
    made: Table,
    command: Stats,
    groups: Sequence[tuple[str, Compiled]],
    kept: Mapping[tuple[Value, ...], Sequence[Row]],
    figures: Sequence[tuple[str, str, Figure]],
    types: dict[str, str],
) -> Table:
    told = {key: {name: run(rows) for name, _, run in figures} for key, rows in kept.items()}
    rows = []
    for row in made.rows:
        keys = [compiled.run(row.values) for _, compiled in groups]
        if any(isinstance(one, tuple) for one in keys):
            raise Stop("R304", command.offsets, "INLINE STATS by a column of several values is not run", "use MV_EXPAND before it")
        rows.append(Row({**row.values, **dict(zip((name for name, _ in groups), keys, strict=True)), **told[tuple(keys)]}, row.origin))
    return Table(types | {name: kind for name, kind, _ in figures}, rows)


def _figure(column: Column, columns: Mapping[str, str]) -> tuple[str, Figure]:
    """Return an aggregate function, alone or inside of an expression: each is put under a name of its own first."""
    inner: dict[str, tuple[str, Figure]] = {}
    tree = _without_aggregates(column.value, columns, inner)
    test = compile_condition(column.where, columns) if column.where is not None else None
    compiled = compile_expression(tree, {name: kind for name, (kind, _) in inner.items()})

    def run(rows: Sequence[Row]) -> Value:
        chosen = rows if test is None else [row for row in rows if test(row.values) is True]
        result: Value = compiled.run({name: figure(chosen) for name, (_, figure) in inner.items()})
        return result

    return compiled.type, run


def _without_aggregates(tree: Expression, columns: Mapping[str, str], inner: dict[str, tuple[str, Figure]]) -> Expression:
    if isinstance(tree, Call) and tree.name in aggregates():
        name = f"$${len(inner)}"
        inner[name] = _aggregate(tree, columns)
        return Field(name, tree.offsets)
    if isinstance(tree, Field):
        raise Stop("R303", tree.offsets, f"column [{tree.name}] must appear in the STATS BY clause or be used in an aggregate function")
    if isinstance(tree, Call):
        return replace(tree, arguments=tuple(_without_aggregates(one, columns, inner) for one in tree.arguments))
    if isinstance(tree, Arithmetic | Comparison):
        left, right = (_without_aggregates(one, columns, inner) for one in (tree.left, tree.right))
        return replace(tree, left=left, right=right)
    if any(isinstance(one, Call | Field) for one in children_of(tree)):
        raise Stop("R304", tree.offsets, "this form of a figure is not run", "put it behind STATS into an EVAL")
    return tree


def _aggregate(tree: Call, columns: Mapping[str, str]) -> tuple[str, Figure]:
    if tree.name == "COUNT" and (not tree.arguments or isinstance(tree.arguments[0], Star)):
        return WHOLE, len
    if not tree.arguments or (len(tree.arguments) > 1 and tree.name != "COUNT_DISTINCT") or tree.options:
        raise Stop("R303", tree.offsets, f"error building [{tree.name}]: it has {len(tree.arguments)} arguments", "name one column")
    value = compile_expression(tree.arguments[0], columns)
    if tree.name in ("SUM", "AVG") and value.type not in (*NUMBERS, NULL):
        raise Stop("R303", tree.offsets, f"argument of [{tree.name}] must be [numeric], found value type [{value.type}]", "use COUNT")
    kind = DECIMAL if tree.name == "AVG" else WHOLE if tree.name.startswith("COUNT") else value.type
    return kind, lambda rows: aggregate(tree.name, [value.run(row.values) for row in rows])
