"""How a rule's keys stand in TOML: plain ones in lines, then a table for each map, and one for each map of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from converter.targets.elastic.layout import inline, key, table
from converter.targets.envelope import Escaped, quoted_long, toml_long


def laid_out(path: str, values: Mapping[str, Any]) -> tuple[Escaped, list[Escaped]]:
    """Return the lines of the keys that are no tables, by name, each with its end, and the tables of those that are, below ``path``.

    Both together give ``values`` back when TOML is read.
    """
    own, inner = _parted(sorted(values.items()))
    return Escaped("\n".join([*own, ""])), _below(path, inner)


def block(text: str) -> Escaped:
    """Return a text that ends its last line between quotes on lines of their own, as queries stand; any other as other texts."""
    bare = text.replace("\n", "").isprintable()
    return Escaped(f"'''\n{text}'''") if text.endswith("\n") and bare and "'''" not in text else toml_long(text)


def _parted(values: Iterable[tuple[str, Any]]) -> tuple[list[str], list[tuple[str, Any]]]:
    """Return the lines of the keys that are no tables, and those that are, by their names."""
    own: list[str] = []
    inner: list[tuple[str, Any]] = []
    for name, value in values:
        if isinstance(value, str):
            own.append(f"{key(name)} = {quoted_long(value)}")
        elif isinstance(value, dict) or (isinstance(value, list) and {*map(type, value)} == _MAPS):
            inner.append((name, value))
        else:
            own.append(f"{key(name)} = {_line(value)}")
    return own, inner


_MAPS: Final = {dict}
_NESTING: Final = frozenset((dict, list))


def _below(path: str, named: list[tuple[str, Any]]) -> list[Escaped]:
    """Return the tables of maps, or of each map of lists, in the order of their keys; a header that others imply is left out."""
    found: list[Escaped] = []
    for name, value in named:
        place = f"{path}.{key(name)}"
        if isinstance(value, list):
            for one in value:
                own, inner = _parted(one.items())
                found += [Escaped(table(f"[[{place}]]", own)), *_below(place, inner)]
        else:
            own, inner = _parted(value.items())
            found += [*([Escaped(table(f"[{place}]", own))] if own or not inner else []), *_below(place, inner)]
    return found


def _line(value: object) -> str:
    if isinstance(value, list) and not _NESTING.isdisjoint(map(type, value)):
        return inline(value)
    return toml_long(value)


def present(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    """Return a value without the keys that hold null, which TOML does not have and Kibana takes for absent ones."""
    if isinstance(value, Mapping):
        return {key: present(one) for key, one in value.items() if one is not None}
    return [present(one) for one in value] if isinstance(value, list) else value
