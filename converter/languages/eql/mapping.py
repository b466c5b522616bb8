"""The types of an index's fields, as EQL sees them; without a mapping, the types that the documents' own values ask for."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from typing import Any, Final

from converter.model import Diagnostic, Severity

KEYWORDS: Final = frozenset({"keyword", "wildcard", "constant_keyword"})
TEXTS: Final = frozenset({"text", "match_only_text"})
WHOLE: Final = {
    "byte": (-(1 << 7), (1 << 7) - 1),
    "short": (-(1 << 15), (1 << 15) - 1),
    "integer": (-(1 << 31), (1 << 31) - 1),
    "long": (-(1 << 63), (1 << 63) - 1),
    "unsigned_long": (0, (1 << 64) - 1),
}
DECIMALS: Final = frozenset({"double", "float", "half_float", "scaled_float"})
DATES: Final = frozenset({"date", "date_nanos"})
KNOWN: Final = KEYWORDS | WHOLE.keys() | DECIMALS | DATES | {"boolean", "ip"}
"""Types whose values this package compares."""
_MAX_DEPTH: Final = 40


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field: full path, type, and the parameters that change an answer.

    A ``text`` field with a sub-field of the keyword family has that one's
    type here, because the engine asks the sub-field.
    """

    path: str
    type: str
    ignore_above: int | None = None
    lowercase: bool = False
    value: str | None = None
    in_seconds: bool = False

    @property
    def is_text(self) -> bool:
        """Whether its values are compared as texts."""
        return self.type in KEYWORDS

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.type in WHOLE or self.type in DECIMALS


@dataclass(frozen=True, slots=True)
class Mapping:
    """Fields by full path; an ``open`` mapping takes every other name for a field without values.

    ``copies`` are the multi-fields of a field, which hold its values in ways of their own.
    """

    fields: MappingABC[str, FieldType]
    nested: frozenset[str] = field(default_factory=frozenset)
    copies: MappingABC[str, tuple[str, ...]] = field(default_factory=dict)
    open: bool = False

    def find(self, path: str) -> FieldType | None:
        """Return the field of this name; ``None`` when it is not mapped."""
        found = self.fields.get(path)
        return FieldType(path, "keyword") if found is None and self.open else found

    def within_nested(self, path: str) -> bool:
        """Say whether a field is nested or lies inside of a nested object."""
        return any(path == one or path.startswith(f"{one}.") for one in self.nested)


def compile_mapping(mappings: object) -> Mapping | Diagnostic:
    """Return the fields of an index's ``mappings`` object; ``R285`` for what is none."""
    if isinstance(mappings, MappingABC) and isinstance(mappings.get("mappings"), MappingABC):
        mappings = mappings["mappings"]
    if not isinstance(mappings, MappingABC):
        return _problem("the mappings are no object")
    fields: dict[str, FieldType] = {}
    nested: set[str] = set()
    aliases: dict[str, str] = {}
    copies: dict[str, tuple[str, ...]] = {}
    stack: list[tuple[str, object, int]] = [("", mappings, 0)]
    while stack:
        path, entry, depth = stack.pop()
        if not isinstance(entry, MappingABC) or depth > _MAX_DEPTH:
            return _problem(f"the mapping of {path or 'the index'} is no object, or nests too deep")
        kind = entry.get("type", "object")
        if kind == "alias":
            aliases[path] = str(entry.get("path"))
        elif path and kind not in ("object", "nested"):
            fields[path] = _field(path, str(kind), entry)
        if kind == "nested":
            nested.add(path)
        inside = (entry.get("properties") or {}) if kind in ("object", "nested") else (entry.get("fields") or {})
        if not isinstance(inside, MappingABC):
            return _problem(f"the fields of {path or 'the index'} are no object")
        below = [(f"{path}.{name}" if path else str(name), one, depth + 1) for name, one in inside.items()]
        if path in fields and below:
            copies[path] = tuple(name for name, _, _ in below)
        stack += below
    for path, target in aliases.items():
        if target in fields:
            fields[path] = fields[target]
    return Mapping(fields, frozenset(nested), copies)


def mapping_of(documents: list[MappingABC[str, Any]], timestamp: str = "@timestamp") -> Mapping:
    """Return an open mapping with the types of the documents' values: ``timestamp`` is a date, a mix of types a keyword."""
    found: dict[str, str] = {}
    for document in documents:
        for path, value in leaves(document):
            kind = "date" if path == timestamp else _kind(value)
            known = found.setdefault(path, kind)
            if known != kind:
                found[path] = "double" if {known, kind} == {"long", "double"} else "keyword"
    return Mapping({path: FieldType(path, kind) for path, kind in found.items()}, open=True)


def leaves(document: MappingABC[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield full path and value of each value that is neither an object, a list nor null; lists are spread."""
    stack: list[tuple[str, Any]] = [("", document)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, MappingABC):
            stack += [(f"{path}.{name}" if path else str(name), one) for name, one in reversed(tuple(value.items()))]
        elif isinstance(value, list | tuple):
            stack += [(path, one) for one in reversed(value)]
        elif value is not None:
            yield path, value


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "long"
    return "double" if isinstance(value, float) else "keyword"


def _field(path: str, kind: str, entry: MappingABC[str, Any]) -> FieldType:
    """Return a field; a text field takes the type of its exact sub-field."""
    if kind in TEXTS:
        inside = entry.get("fields")
        exact = [one for one in inside.values() if isinstance(one, MappingABC)] if isinstance(inside, MappingABC) else []
        for one in exact:
            if one.get("type") in ("keyword", "wildcard"):
                return _field(path, str(one["type"]), {key: value for key, value in one.items() if key != "fields"})
    above = entry.get("ignore_above")
    return FieldType(
        path=path,
        type=kind,
        ignore_above=above if isinstance(above, int) else None,
        lowercase=entry.get("normalizer") == "lowercase",
        in_seconds="epoch_second" in str(entry.get("format", "")) and "epoch_millis" not in str(entry.get("format", "")),
        value=str(entry["value"]) if kind == "constant_keyword" and entry.get("value") is not None else None,
    )


def _problem(message: str) -> Diagnostic:
    return Diagnostic("R285", Severity.ERROR, None, message, "give the index's mappings object")
