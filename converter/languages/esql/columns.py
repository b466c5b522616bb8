"""The columns of an index: the type of each mapped field, and of each document a row.

A keyword's values are kept once each and in order, a number's in order; of a
text field the row has the text itself.  A field that is flattened, nested or
of another type that ES|QL does not read is a column without values.

Source: ES|QL reference, Multivalued fields, Limitations (Field types).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from converter.languages import elasticsearch as es
from converter.languages.esql.values import BOOLEAN, DATE, DECIMAL, IP, TEXT, UNSUPPORTED, WHOLE, Address, Moment, One, Value, packed
from converter.model import Diagnostic

MAX_VALUES: Final = 10_000
"""Values of one field in one document that are looked at."""


@dataclass(slots=True)
class Row:
    """What a document, or a group, has in each column; ``origin`` is the document's place, ``None`` for a group's."""

    values: dict[str, Value]
    origin: int | None = None


@dataclass(slots=True)
class Table:
    """Columns with their types, and rows."""

    columns: dict[str, str]
    rows: list[Row] = field(default_factory=list)


def table(documents: Sequence[object], mappings: Any) -> Table | Diagnostic:  # noqa: ANN401 - JSON
    """Return the rows of documents, one that the engine does not index left out; ``R204`` when the mappings are not read."""
    known = es.compile_mapping(mappings)
    if isinstance(known, Diagnostic):
        return known
    indexed = es.index_all(documents, known)
    final = next((one.mapping for one in indexed if isinstance(one, es.Document)), known)
    kinds = {path: kind for path, kind in final.fields.items() if kind.type != "alias"}
    made = Table({path: _type(kind) for path, kind in kinds.items()})
    for at, (one, raw) in enumerate(zip(indexed, documents, strict=True)):
        if isinstance(one, es.Document) and isinstance(raw, Mapping):
            texts = _texts(raw)
            values = {path: _values(kind, one, texts) for path, kind in kinds.items()}
            made.rows.append(Row({path: value for path, value in values.items() if value is not None}, at))
    return made


def _type(kind: es.FieldType) -> str:
    match kind.type:
        case "flattened":
            return UNSUPPORTED
        case "boolean":
            return BOOLEAN
        case "ip":
            return IP
        case name if name in es.INTEGERS:
            return WHOLE
        case name if name in es.FLOATS:
            return DECIMAL
        case name if name in es.DATES:
            return DATE
        case name if name in es.STRINGS:
            return TEXT
        case _:
            return UNSUPPORTED


def _values(kind: es.FieldType, document: es.Document, texts: Mapping[str, list[str]]) -> Value:
    if kind.type == "constant_keyword":
        return kind.value
    if kind.type in es.TOKENIZED:
        return packed(list(texts.get(kind.path) or texts.get(kind.path.rpartition(".")[0], []))) if kind.path in document.values else None
    found = document.values.get(kind.path, ())[:MAX_VALUES]
    match _type(kind):
        case "unsupported":
            return None
        case "text":
            return packed(sorted(set(found)))
        case "ip":
            return packed(sorted(Address(one) for one in found))
        case "date":
            return packed(sorted(Moment(one) for one in found))
        case "boolean":
            return packed(sorted(set(found)))
        case _:
            return packed(_numbers(kind, found))


def _numbers(kind: es.FieldType, found: Sequence[Any]) -> list[One]:
    scaled = kind.scaling_factor if kind.type == "scaled_float" else 1
    return sorted(one / scaled if scaled != 1 else one for one in found)


def _texts(document: Mapping[Any, Any]) -> dict[str, list[str]]:
    """Return the texts and other plain values of a document by full path, in its order."""
    found: dict[str, list[str]] = {}
    for path, value in _leaves(document):
        found.setdefault(path, []).append(value)
    return found


def _leaves(document: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    stack: list[tuple[str, Any]] = [("", document)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Mapping):
            stack += [(f"{path}.{name}" if path else str(name), one) for name, one in reversed(tuple(value.items()))]
        elif isinstance(value, list | tuple):
            stack += [(path, one) for one in reversed(value)]
        elif isinstance(value, str):
            yield path, value
        elif value is not None:
            yield path, es.java_text(value)
