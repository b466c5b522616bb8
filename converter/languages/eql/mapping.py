"""The fields of an index as EQL sees them: those of the mapping that the engine's languages share.

Without a mapping they have the types that the documents' own values ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingABC
from dataclasses import field, replace
from typing import Any, Final

from converter.languages import elasticsearch as es
from converter.languages.elasticsearch import DATES, FLOATS, INTEGERS, KEYWORD_FAMILY, TOKENIZED, FieldType
from converter.model import Diagnostic, Severity, node

KNOWN: Final = KEYWORD_FAMILY | INTEGERS.keys() | FLOATS | DATES | {"boolean", "ip"}
"""Types whose values this package compares."""


def is_text(kind: FieldType) -> bool:
    """Say whether a field's values are compared as texts."""
    return kind.type in KEYWORD_FAMILY


def is_number(kind: FieldType) -> bool:
    """Say whether a field's values are numbers."""
    return kind.type in INTEGERS or kind.type in FLOATS


@node
class Mapping:
    """Fields by full path, and the index that holds them.

    A ``text`` field with a sub-field of the keyword family stands as that
    sub-field, because the engine asks it.  ``shared`` is the mapping that the
    engine's other languages ask; an ``open`` mapping is of no index: it has
    none, and takes every other name for a field without values.
    """

    fields: MappingABC[str, FieldType]
    nested: frozenset[str] = field(default_factory=frozenset)
    shared: es.Mapping | None = None
    open: bool = False

    def find(self, path: str) -> FieldType | None:
        """Return the field of this name; ``None`` when it is not mapped."""
        found = self.fields.get(path)
        return FieldType(path, "keyword") if found is None and self.open else found

    def within_nested(self, path: str) -> bool:
        """Say whether a field is nested or lies inside of a nested object."""
        return any(path == one or path.startswith(f"{one}.") for one in self.nested)


def compile_mapping(mappings: object) -> Mapping | Diagnostic:
    """Return the fields of an index's ``mappings`` object; ``R285`` for what is none.

    A field that is not modelled is refused by the queries that ask for it.
    """
    if isinstance(mappings, MappingABC) and isinstance(mappings.get("mappings"), MappingABC):
        mappings = mappings["mappings"]
    shared = es.compile_mapping(mappings, tolerant=True)
    if isinstance(shared, Diagnostic):
        return Diagnostic("R285", Severity.ERROR, None, shared.message, shared.help or "give the index's mappings object")
    # Fields that documents bring are not searched: a mapping that has them is asked for anew.
    root = shared.root if shared.root.dynamic == "strict" else replace(shared.root, dynamic="false")
    fields = {path: _exact(kind) for path, kind in shared.fields.items()}
    return Mapping(fields, shared.nested, replace(shared, root=root))


def _exact(kind: FieldType) -> FieldType:
    """Return what the engine asks for a field: for one of text its sub-field of whole values, where there is one."""
    inside = kind.fields if kind.type in TOKENIZED else ()
    return next((one for one in inside if one.type in ("keyword", "wildcard") and not one.unmodelled), kind)


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
