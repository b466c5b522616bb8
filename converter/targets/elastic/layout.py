"""How a filter stands in the TOML of a rule: tables for what is one of a kind, inline tables, one a line, for alternatives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from converter.targets.envelope import UnwritableError, quoted

_BARE: Final = re.compile("[A-Za-z0-9_-]+")


def table(header: str, lines: Sequence[str]) -> str:
    """Return a table of TOML: its header, brackets included, and its lines; all are made of escaped texts."""
    return "\n".join([header, *lines])


def filter_tables(entry: dict[str, Any]) -> list[str]:
    """Return the tables of one filter; they give ``entry`` back when TOML is read."""
    own, inner = _parted(entry)
    found = [table("[[rule.filters]]", own)]
    for name, value in inner:
        found += _tables(f"rule.filters.{key(name)}", value)
    return found


def _tables(path: str, value: dict[str, Any]) -> list[str]:
    """Return the tables of a map; one that holds a single table is left out, as its header says it."""
    own, inner = _parted(value)
    found = [table(f"[{path}]", own)] if own or not inner else []
    for name, one in inner:
        found += _tables(f"{path}.{key(name)}", one)
    return found


def _parted(value: dict[str, Any]) -> tuple[list[str], list[tuple[str, dict[str, Any]]]]:
    """Return the lines of what is no map, and the maps by their names."""
    own: list[str] = []
    inner: list[tuple[str, dict[str, Any]]] = []
    for name, one in value.items():
        if isinstance(one, dict):
            inner.append((name, one))
        else:
            own.append(f"{key(name)} = {_value(one)}")
    return own, inner


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Return a name as a key: bare where TOML takes it so."""
    return name if _BARE.fullmatch(name) else quoted(name)


def _value(value: object) -> str:
    """Return what stands behind a key: a list of tables one to a line."""
    if isinstance(value, list):
        return "[\n" + "".join([f"    {inline(one)},\n" for one in value]) + "]"
    return inline(value)


def inline(value: object) -> str:
    """Return a value of JSON on one line, a map as an inline table.

    Raises:
        UnwritableError: if TOML has no such value.
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        if len(value) == 1:  # most of a query's maps
            ((name, one),) = value.items()
            return f"{{{key(name)} = {inline(one)}}}"
        return "{" + ", ".join([f"{key(name)} = {inline(one)}" for name, one in value.items()]) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join([inline(one) for one in value]) + "]"
    if isinstance(value, int | float):
        return repr(value)
    raise UnwritableError(f"a {type(value).__name__} where TOML has none")
