"""Run a pipeline over events: which of them are in what comes out.

An event is what Splunk extracted: field names to their values, in order, all
text.  Every row carries the events that it was made of, so the events of a
``stats`` row are those that were grouped into it, and an event without one of
the ``by`` fields is in no row.  Times are UTC; nothing else is taken from
outside.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from converter.languages.spl.evaluate_search import holds, number, wildcard
from converter.languages.spl.evaluate_where import as_text, value
from converter.languages.spl.pattern import compiled, is_found
from converter.languages.spl.reading import DEFAULT, Reading
from converter.languages.spl.syntax import (
    Aggregate,
    Command,
    Convert,
    Eval,
    Fields,
    FillNull,
    MacroCall,
    Pipeline,
    Regex,
    Rename,
    Search,
    Stats,
    Table,
    Where,
)
from converter.model import node

GROUPS: Final = 10_000
"""Rows that one row with many-valued ``by`` fields is split into, at most."""


@node
class Row:
    """Fields with their values (never none), and the indexes of the events that they come from."""

    fields: Mapping[str, tuple[str, ...]]
    events: frozenset[int]


def matches(pipeline: Pipeline, fields: Mapping[str, tuple[str, ...]], reading: Reading = DEFAULT) -> bool:
    """Say whether an event alone makes the pipeline give a row.

    Raises:
        ValueError: if the pipeline holds a macro that ``read`` did not expand.
    """
    return bool(run(pipeline, [fields], reading))


def run(pipeline: Pipeline, events: Sequence[Mapping[str, tuple[str, ...]]], reading: Reading = DEFAULT) -> tuple[int, ...]:
    """Return the indexes of the events that are in the pipeline's rows, ascending.

    Raises:
        ValueError: if the pipeline holds a macro that ``read`` did not expand.
    """
    return tuple(sorted(frozenset().union(*(row.events for row in rows(pipeline, events, reading)))))


def rows(pipeline: Pipeline, events: Sequence[Mapping[str, tuple[str, ...]]], reading: Reading = DEFAULT) -> tuple[Row, ...]:
    """Return the rows that come out of the pipeline, in order.

    Raises:
        ValueError: if the pipeline holds a macro that ``read`` did not expand.
    """
    found = [Row({name: values for name, values in one.items() if values}, frozenset((index,))) for index, one in enumerate(events)]
    for command in pipeline.commands:
        found = _step(command, found, reading)
    return tuple(found)


def _step(command: Command, given: list[Row], reading: Reading) -> list[Row]:
    """Return the rows after one command."""
    match command:
        case Search(expression):
            return [row for row in given if expression is None or holds(expression, row.fields, reading)]
        case Where(expression):
            return [row for row in given if value(expression, row.fields, reading) is True]
        case Regex():
            return [row for row in given if _regex(command, row, reading)]
        case Rename(pairs):
            return [Row(_renamed(row.fields, pairs), row.events) for row in given]
        case FillNull(text, names):
            return [Row({**dict.fromkeys(names, (text,)), **row.fields}, row.events) for row in given]
        case Eval(assignments):
            return [Row(_assigned(row.fields, Eval(assignments), reading), row.events) for row in given]
        case Stats():
            return _grouped(command, given)
        case Table(names):
            return [Row({name: values for name, values in row.fields.items() if _named(name, names)}, row.events) for row in given]
        case Fields(names, keep):
            return [Row({n: v for n, v in row.fields.items() if _kept(n, names, keep)}, row.events) for row in given]
        case Convert():
            return [Row(_converted(row.fields, command), row.events) for row in given]
        case MacroCall(name):
            raise ValueError(f"macro '{name}' was not expanded; give read() its definition")
    assert_never(command)


def _regex(command: Regex, row: Row, reading: Reading) -> bool:
    """Say whether ``regex`` keeps a row: the pattern in one of the values, or in none when negated."""
    program = compiled(command.pattern)
    if isinstance(program, str):
        raise ValueError(program)
    values = row.fields.get(command.field, ())
    if not values:
        return command.negated and not reading.missing_is_unmatched
    return any(is_found(program, text) for text in values) is not command.negated


def _renamed(fields: Mapping[str, tuple[str, ...]], pairs: tuple[tuple[str, str], ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the fields under other names; a missing old name removes the new one."""
    found = dict(fields)
    for old, new in pairs:
        values = found.pop(old, ())
        found.pop(new, None)
        if values:
            found[new] = values
    return found


def _assigned(fields: Mapping[str, tuple[str, ...]], command: Eval, reading: Reading) -> Mapping[str, tuple[str, ...]]:
    """Return the fields after the assignments, each seeing those before it."""
    found = dict(fields)
    for name, expression in command.assignments:
        values = as_text(value(expression, found, reading))
        found.pop(name, None)
        if values:
            found[name] = values
    return found


def _named(name: str, patterns: tuple[str, ...]) -> bool:
    """Say whether a field's name is one of the names, which may hold ``*``."""
    return any(name == one or ("*" in one and wildcard(name, one)) for one in patterns)


def _kept(name: str, patterns: tuple[str, ...], keep: bool) -> bool:
    """Say whether ``fields`` keeps a field; the internal ones stay unless dropped by name."""
    return _named(name, patterns) is keep or (keep and name in ("_raw", "_time"))


def _converted(fields: Mapping[str, tuple[str, ...]], command: Convert) -> Mapping[str, tuple[str, ...]]:
    """Return the fields with epoch seconds written as text; what is no time stays."""
    found = dict(fields)
    for field, name in command.fields:
        if field in fields:
            found[name] = tuple(_time_text(text, command.format) for text in fields[field])
    return found


def _time_text(text: str, layout: str) -> str:
    """Return epoch seconds in a format, in UTC; the text itself when it is no such number."""
    seconds = number(text)
    if seconds is None or not 0 <= seconds < 253_402_300_800:
        return text
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=int(seconds))  # no zone: UTC throughout
    parts = {
        "%Y": f"{moment.year:04}", "%m": f"{moment.month:02}", "%d": f"{moment.day:02}",
        "%H": f"{moment.hour:02}", "%M": f"{moment.minute:02}", "%S": f"{moment.second:02}",
        "%F": f"{moment:%Y-%m-%d}", "%T": f"{moment:%H:%M:%S}", "%%": "%",
    }  # fmt: skip
    pieces = [layout[place : place + 2] for place in range(len(layout))]
    out, skip = [], False
    for piece in pieces:
        if skip:
            skip = False
        elif piece in parts:
            out.append(parts[piece])
            skip = True
        else:
            out.append(piece[0])
    return "".join(out)


def _grouped(command: Stats, given: list[Row]) -> list[Row]:
    """Return one row per combination of the ``by`` values; without ``by`` one row for all."""
    groups: dict[tuple[str, ...], list[Row]] = {} if command.by else {(): []}
    for row in given:
        choices = [row.fields.get(name, ()) for name in command.by]
        for key in itertools.islice(itertools.product(*(dict.fromkeys(one) for one in choices)), GROUPS):
            groups.setdefault(key, []).append(row)
    return [
        Row(
            {**{name: (text,) for name, text in zip(command.by, key, strict=True)}, **_aggregated(command.aggregates, group)},
            frozenset().union(*(row.events for row in group)),
        )
        for key, group in sorted(groups.items())
    ]


def _aggregated(aggregates: tuple[Aggregate, ...], group: list[Row]) -> dict[str, tuple[str, ...]]:
    """Return the outputs of ``stats`` for one group; no field for an aggregate of nothing."""
    found: dict[str, tuple[str, ...]] = {}
    for one in aggregates:
        values = [text for row in group for text in row.fields.get(one.field, ())]
        match one.function:
            case "count":
                out: tuple[str, ...] = (str(len(values) if one.field else len(group)),)
            case "dc" | "distinct_count":
                out = (str(len(set(values))),)
            case "values":
                out = tuple(sorted(set(values)))
            case _:
                out = _extreme(values, largest=one.function == "max")
        if out:
            found[one.name] = out
    return found


def _extreme(values: list[str], *, largest: bool) -> tuple[str, ...]:
    """Return the least or largest value: as numbers when all look so, else by letters."""
    if not values:
        return ()
    numeric = all(number(text) is not None for text in values)
    ordered = sorted(values, key=lambda text: ((number(text) or 0.0) if numeric else 0.0, text))
    return (ordered[-1 if largest else 0],)
