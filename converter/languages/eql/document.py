"""A document as the index holds it: by full path the values of each mapped field."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import replace
from typing import Any, Final

from converter.languages import elasticsearch as es
from converter.languages.elasticsearch import FieldType
from converter.languages.eql.mapping import KNOWN, Mapping, is_number, leaves
from converter.languages.eql.values import Value, WrongValueError, held, stored
from converter.model import Diagnostic, Severity, node

_MAX_DEPTH: Final = 100


@node
class Roles:
    """Which fields of an index say an event's category, its time, and the order of events of one time.

    A search, and a detection rule, may name others than ECS has.
    """

    category: str = "event.category"
    timestamp: str = "@timestamp"
    tiebreaker: str | None = None


ECS: Final = Roles()


@node
class Document:
    """The values of the fields, in the document's order, and when the event was (nanoseconds since 1970).

    A field without values is absent.  ``timestamp`` is ``None`` when the
    document has none.  ``tie`` orders events of one time, those without a
    tiebreaker first.
    """

    values: MappingABC[str, tuple[Value, ...]]
    timestamp: int | None
    tie: tuple[int | float | str, ...] = ()


def index(document: object, mapping: Mapping, roles: Roles = ECS) -> Document | Diagnostic:
    """Return what the index holds of a document; ``R284`` when the engine refuses it."""
    found = _without_mapping(document, mapping) if mapping.shared is None else _held(document, mapping, mapping.shared)
    if isinstance(found, Diagnostic):
        return found
    # A name that stands for another field has that field's values.
    others = {name: found[kind.path] for name, kind in mapping.fields.items() if name != kind.path and kind.path in found}
    values = {**found, **others}
    first = values.get(roles.tiebreaker or "", ())[:1]
    return Document(values, _moment(values.get(roles.timestamp, ()), mapping.fields.get(roles.timestamp)), tuple(map(_ordered, first)))


def _held(document: object, mapping: Mapping, shared: es.Mapping) -> dict[str, tuple[Value, ...]] | Diagnostic:
    """Return what the index that all of the engine's languages ask holds of a document, as values that EQL compares."""
    made = es.index(document, shared)
    if isinstance(made, Diagnostic):
        return Diagnostic("R284", Severity.ERROR, None, made.message, made.help)
    found: dict[str, tuple[Value, ...]] = {}
    for path, values in made.values.items():
        kind = shared.fields.get(path)
        if kind is not None and kind.type in KNOWN:
            found[path] = tuple(held(kind, one) for one in values)
    return found | _constants(mapping)


def _constants(mapping: Mapping) -> dict[str, tuple[Value, ...]]:
    """Return the values that every document has, whatever it says: those of constant keywords."""
    return {kind.path: (kind.value,) for kind in mapping.fields.values() if kind.value is not None}


def _without_mapping(document: object, mapping: Mapping) -> dict[str, tuple[Value, ...]] | Diagnostic:
    """Return the values of a document as the types that documents gave to their fields hold them."""
    if not isinstance(document, MappingABC) or _deep(document):
        return _refused("a document is an object of at most 100 levels", "")
    found: dict[str, list[Value]] = {}
    for path, value in leaves(document):
        kind = mapping.fields.get(path)
        if kind is None or kind.type not in KNOWN:
            continue
        if kind.type == "constant_keyword" and kind.value is None:
            kind = replace(kind, type="keyword")  # there is no index whose first document would have decided
        try:
            found.setdefault(path, []).extend(stored(kind, value))
        except WrongValueError as wrong:
            return _refused(f"{path}: {wrong}", f"the field is of type {kind.type}")
    return {path: tuple(ones) for path, ones in found.items() if ones} | _constants(mapping)


def _moment(times: tuple[Value, ...], kind: FieldType | None) -> int | None:
    """Return when an event was; a field of numbers holds milliseconds."""
    if not times or isinstance(times[0], bool) or not isinstance(times[0], int):
        return None
    return times[0] * 1_000_000 if kind is not None and is_number(kind) else times[0]


def _ordered(value: Value) -> int | float | str:
    return value if isinstance(value, int | float) else str(value)


def _deep(document: object) -> bool:
    """Say whether a document has too many levels to be walked; measured without recursion."""
    level: list[Any] = [document]
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []
        for one in level:
            below += one.values() if isinstance(one, MappingABC) else one if isinstance(one, list | tuple) else ()
        if not below:
            return False
        level = below
    return True


def _refused(message: str, help: str) -> Diagnostic:
    return Diagnostic("R284", Severity.ERROR, None, f"the engine refuses the document: {message}", help)
