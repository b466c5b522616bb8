"""How a rule's keys stand in TOML: plain ones in lines, then a table for each map, and one for each map of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from converter.targets.elastic.layout import Table, inline, key
from converter.targets.envelope import Escaped, toml_long


def lines(values: Mapping[str, Any]) -> list[Escaped]:
    """Return the lines of the keys that are no tables, by name."""
    return [Escaped(f"{key(name)} = {_line(values[name])}") for name in sorted(values) if not _is_table(values[name])]


def tables(path: str, values: Mapping[str, Any]) -> list[Table]:
    """Return the tables of the keys that are, below ``path``, by name; with ``lines`` they give ``values`` back when TOML is read."""
    return [table for name in sorted(values) if _is_table(values[name]) for table in _nested(f"{path}.{key(name)}", values[name])]


def block(text: str) -> Escaped:
    """Return a text that ends its last line between quotes on lines of their own, as queries stand; any other as other texts."""
    bare = all(character.isprintable() or character == "\n" for character in text)
    return Escaped(f"'''\n{text}'''") if text.endswith("\n") and bare and "'''" not in text else toml_long(text)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value))


def _nested(path: str, value: Any) -> Iterator[Table]:  # noqa: ANN401 - a map or a list of maps
    """Yield the tables of a map, or of each map of a list, in the order of their keys; a header that others imply is left out."""
    many = isinstance(value, list)
    for one in value if many else [value]:
        inner = {name: part for name, part in one.items() if _is_table(part)}
        if many or len(inner) != len(one) or not one:
            own = tuple(Escaped(f"{key(name)} = {_line(part)}") for name, part in one.items() if name not in inner)
            yield Table(Escaped(f"[[{path}]]" if many else f"[{path}]"), own)
        for name, part in inner.items():
            yield from _nested(f"{path}.{key(name)}", part)


def _line(value: object) -> Escaped:
    if isinstance(value, list) and not all(isinstance(one, str | bool | int | float) for one in value):
        return inline(value)
    return toml_long(value)


def present(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    """Return a value without the keys that hold null, which TOML does not have and Kibana takes for absent ones."""
    if isinstance(value, Mapping):
        return {key: present(one) for key, one in value.items() if one is not None}
    return [present(one) for one in value] if isinstance(value, list) else value
