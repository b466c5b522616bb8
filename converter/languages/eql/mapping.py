"""The types of an index's fields, as EQL sees them; without a mapping, the types that the documents' own values ask for."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from typing import Any, Final

from converter.languages.elasticsearch import DATES, FLOATS, INTEGERS, KEYWORD_FAMILY, TOKENIZED, FieldType
from converter.model import Diagnostic, Severity

KNOWN: Final = KEYWORD_FAMILY | INTEGERS.keys() | FLOATS | DATES | {"boolean", "ip"}
"""Types whose values this package compares."""
_MAX_DEPTH: Final = 40
_FORMATS: Final = ("strict_date_optional_time", "date_optional_time", "strict_date_optional_time_nanos", "epoch_millis", "epoch_second")
"""Formats of dates that are modelled; a field with none of them is read in the usual ones."""


def is_text(kind: FieldType) -> bool:
    """Say whether a field's values are compared as texts."""
    return kind.type in KEYWORD_FAMILY


def is_number(kind: FieldType) -> bool:
    """Say whether a field's values are numbers."""
    return kind.type in INTEGERS or kind.type in FLOATS


@dataclass(frozen=True, slots=True)
class Mapping:
    """Fields by full path; an ``open`` mapping takes every other name for a field without values.

    A ``text`` field with a sub-field of the keyword family stands as one of
    that type, because the engine asks the sub-field.
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
    if kind in TOKENIZED:
        inside = entry.get("fields")
        exact = [one for one in inside.values() if isinstance(one, MappingABC)] if isinstance(inside, MappingABC) else []
        for one in exact:
            if one.get("type") in ("keyword", "wildcard"):
                return _field(path, str(one["type"]), {key: value for key, value in one.items() if key != "fields"})
    above, factor = entry.get("ignore_above"), entry.get("scaling_factor")
    formats = tuple(one for one in str(entry.get("format", "")).split("||") if one in _FORMATS) if kind in DATES else ()
    return FieldType(
        path=path,
        type=kind,
        ignore_above=above if isinstance(above, int) else None,
        lowercase=entry.get("normalizer") == "lowercase",
        value=str(entry["value"]) if kind == "constant_keyword" and entry.get("value") is not None else None,
        coerce=entry.get("coerce", True) in (True, "true"),
        ignore_malformed=entry.get("ignore_malformed", False) in (True, "true"),
        formats=formats,
        scaling_factor=factor if isinstance(factor, int | float) and factor > 0 else 1.0,
    )


def _problem(message: str) -> Diagnostic:
    return Diagnostic("R285", Severity.ERROR, None, message, "give the index's mappings object")
