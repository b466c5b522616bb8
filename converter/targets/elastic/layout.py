"""How a filter stands in the TOML of a rule: tables for what is one of a kind, inline tables, one a line, for alternatives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from converter.targets.envelope import Escaped, UnwritableError, toml

_BARE: Final = re.compile("[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of TOML: its header, brackets included, and its lines."""

    header: Escaped
    lines: tuple[Escaped, ...]


def filter_tables(entry: Mapping[str, Any]) -> list[Table]:
    """Return the tables of one filter; they give ``entry`` back when TOML is read."""
    inner = {name: one for name, one in entry.items() if isinstance(one, Mapping)}
    own = tuple(Escaped(f"{key(name)} = {_value(one)}") for name, one in entry.items() if name not in inner)
    found = [Table(Escaped("[[rule.filters]]"), own)]
    for name, value in inner.items():
        found += _tables(Escaped(f"rule.filters.{key(name)}"), value)
    return found


def _tables(path: Escaped, value: Mapping[str, Any]) -> Iterator[Table]:
    """Yield a table; one that holds a single table is left out, as its header says it."""
    inner = {name: one for name, one in value.items() if isinstance(one, Mapping)}
    if len(inner) != len(value) or not value:
        own = tuple(Escaped(f"{key(name)} = {_value(one)}") for name, one in value.items() if name not in inner)
        yield Table(Escaped(f"[{path}]"), own)
    for name, one in inner.items():
        yield from _tables(Escaped(f"{path}.{key(name)}"), one)


def key(name: str) -> Escaped:
    """Return a name as a key: bare where TOML takes it so."""
    return Escaped(name) if _BARE.fullmatch(name) else toml(name)


def _value(value: object) -> Escaped:
    """Return what stands behind a key: a list of tables one to a line."""
    if isinstance(value, list):
        return Escaped("[\n" + "".join(f"    {inline(one)},\n" for one in value) + "]")
    return toml(value)


def inline(value: object) -> Escaped:
    """Return a value on one line, a map as an inline table."""
    if isinstance(value, Mapping):
        return Escaped("{" + ", ".join(f"{key(name)} = {inline(one)}" for name, one in value.items()) + "}")
    if isinstance(value, list):
        return Escaped("[" + ", ".join(map(inline, value)) + "]")
    if isinstance(value, str | bool | int | float):
        return toml(value)
    raise UnwritableError(f"a {type(value).__name__} where TOML has none")
