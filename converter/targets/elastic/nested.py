"""How a rule's keys stand in TOML: plain ones in lines, then a table for each map, and one for each map of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from converter.targets.elastic.layout import inline, key, table
from converter.targets.envelope import Escaped, toml_long


def lines(values: Mapping[str, Any]) -> Escaped:
    """Return the lines of the keys that are no tables, by name, each with its end."""
    return Escaped("".join([f"{key(name)} = {_line(values[name])}\n" for name in sorted(values) if not _is_table(values[name])]))


def tables(path: str, values: Mapping[str, Any]) -> list[Escaped]:
    """Return the tables of the keys that are, below ``path``, by name; with ``lines`` they give ``values`` back when TOML is read."""
    return [one for name in sorted(values) if _is_table(values[name]) for one in _nested(f"{path}.{key(name)}", values[name])]


def block(text: str) -> Escaped:
    """Return a text that ends its last line between quotes on lines of their own, as queries stand; any other as other texts."""
    bare = text.replace("\n", "").isprintable()
    return Escaped(f"'''\n{text}'''") if text.endswith("\n") and bare and "'''" not in text else toml_long(text)


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and {*map(type, value)} == _MAPS)


_MAPS: Final = {dict}
_NESTING: Final = frozenset((dict, list))


def _nested(path: str, value: Any) -> Iterator[Escaped]:  # noqa: ANN401 - a map or a list of maps
    """Yield the tables of a map, or of each map of a list, in the order of their keys; a header that others imply is left out."""
    many = isinstance(value, list)
    header = f"[[{path}]]" if many else f"[{path}]"
    for one in value if many else [value]:
        inner = {name: part for name, part in one.items() if _is_table(part)}
        if many or len(inner) != len(one) or not one:
            yield table(header, [f"{key(name)} = {_line(part)}" for name, part in one.items() if name not in inner])
        for name, part in inner.items():
            yield from _nested(f"{path}.{key(name)}", part)


def _line(value: object) -> str:
    if isinstance(value, list) and not _NESTING.isdisjoint(map(type, value)):
        return inline(value)
    return toml_long(value)


def present(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    """Return a value without the keys that hold null, which TOML does not have and Kibana takes for absent ones."""
    if isinstance(value, Mapping):
        return {key: present(one) for key, one in value.items() if one is not None}
    return [present(one) for one in value] if isinstance(value, list) else value
