"""Turn a JSON document into what Elasticsearch indexes of it, or tell why the engine refuses it."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingABC
from dataclasses import field
from typing import Any, TypeAlias

from converter.languages.elasticsearch.analysis import folded, tokens
from converter.languages.elasticsearch.dates import instant
from converter.languages.elasticsearch.dynamic import extended, kinds_of
from converter.languages.elasticsearch.fields import DATES, FLOATS, INTEGERS, TOKENIZED, UNSEARCHED, FieldType, Mapping, ObjectType
from converter.languages.elasticsearch.refusal import Refusal, check_depth
from converter.languages.elasticsearch.values import address, boolean_in_document, number_in_document, resolved, text_of
from converter.model import Diagnostic, Severity, node

MAX_TERM_BYTES = 32_766
"""Bytes of the longest term that the index takes (Lucene)."""

_MAX_PASSES = 30

Values: TypeAlias = tuple[Any, ...]


@node
class Document:
    """What the index holds of a document.

    ``values`` gives, by full field path, the indexed values in order: text as
    tuples of words, dates as nanoseconds, addresses as 128-bit numbers,
    ``flattened`` as pairs of key and value.  A field without any is absent.
    ``nested`` holds the objects of nested fields, by path, as documents of
    their own.  ``mapping`` is the mapping it was indexed with, extended by the
    fields that dynamic mapping added.
    """

    mapping: Mapping
    values: MappingABC[str, Values]
    nested: MappingABC[str, tuple[Document, ...]] = field(default_factory=dict)


def index(document: object, mapping: Mapping) -> Document | Diagnostic:
    """Return what the engine indexes of one document; a diagnostic ``R203`` when it refuses it."""
    made = index_all([document], mapping)
    return made[0]


def index_all(documents: Iterable[object], mapping: Mapping) -> tuple[Document | Diagnostic, ...]:
    """Index documents one after the other.

    The first document with an unmapped field gives the field its type for
    those that follow, where the mapping is dynamic; the fields of a document
    that is refused are not added.  All documents carry the final mapping.
    """
    made: list[Document | Diagnostic] = []
    for one in documents:
        try:
            found = _Reader(mapping).read(one)
            mapping = found.mapping
            made.append(found)
        except Refusal as refusal:
            made.append(Diagnostic("R203", Severity.ERROR, None, f"the engine refuses the document: {refusal.message}", refusal.help))
    return tuple(Document(mapping, one.values, one.nested) if isinstance(one, Document) else one for one in made)


class _Reader:
    """Collects the values of one document."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.unmapped: list[tuple[str, Any]] = []

    def read(self, document: object) -> Document:
        """Return the document; added fields are indexed in a second pass."""
        check_depth(document, "the document")
        for _ in range(_MAX_PASSES):
            self.unmapped = []
            root = _Level(self, None)
            if not isinstance(document, MappingABC):
                raise Refusal("a document is a JSON object")
            root.keys(self.mapping.root, document, "true")
            if not self.unmapped:
                return root.document(self.mapping)
            self.mapping = extended(self.mapping, self.unmapped)
        raise Refusal("the document adds fields without end", unknown=True)


class _Level:
    """The values of the document itself, or of one object of a nested field."""

    def __init__(self, reader: _Reader, parent: _Level | None) -> None:
        self.reader, self.parent = reader, parent
        self.values: dict[str, list[Any]] = {}
        self.nested: dict[str, list[_Level]] = {}

    def document(self, mapping: Mapping) -> Document:
        """Return what was collected."""
        nested = {path: tuple(level.document(mapping) for level in levels) for path, levels in self.nested.items()}
        return Document(mapping, {path: tuple(found) for path, found in self.values.items()}, nested)

    def keys(self, kind: ObjectType, value: MappingABC[Any, Any], dynamic: str) -> None:
        """Index an object's keys."""
        if not kind.enabled:
            return
        dynamic = kind.dynamic or dynamic
        for key, item in value.items():
            self.key(kind, str(key), item, dynamic)

    def key(self, kind: ObjectType, key: str, value: object, dynamic: str) -> None:
        """Index the value of one key; a key with dots names objects in objects."""
        if not key.strip() or any(not part.strip() for part in key.rstrip(".").split(".")):
            raise Refusal(f"field name cannot be empty or contain only whitespace: ['{key}']")
        parts = key.rstrip(".").split(".")
        for at, head in enumerate(parts):
            child = kind.children.get(head)
            path = f"{kind.path}.{head}" if kind.path else head
            rest = parts[at + 1 :]
            if child is None:
                self.missing(path, rest, value, dynamic)
                return
            if isinstance(child, FieldType):
                self.field(child, _wrapped(rest, value))
                return
            if child.nested or not rest:
                self.objects(child, _wrapped(rest, value), dynamic)
                return
            if not child.enabled:
                return
            kind, dynamic = child, child.dynamic or dynamic

    def missing(self, path: str, rest: list[str], value: object, dynamic: str) -> None:
        """Note a key that the mapping does not have."""
        if dynamic == "strict":
            raise Refusal(f"mapping set to strict, dynamic introduction of [{path}] is not allowed")
        if dynamic in ("false", "runtime"):
            if dynamic == "runtime":
                raise Refusal("runtime fields are not modelled", unknown=True)
            return
        value = _wrapped(rest, value)
        if kinds_of(value, self.reader.mapping.raw):
            self.reader.unmapped.append((path, value))

    def objects(self, kind: ObjectType, value: object, dynamic: str) -> None:
        """Index an object, or a list of objects."""
        if value is None or not kind.enabled:
            return
        if isinstance(value, list | tuple):
            for item in value:
                self.objects(kind, item, dynamic)
        elif not isinstance(value, MappingABC):
            raise Refusal(f"object mapping for [{kind.path}] tried to parse field [{kind.path}] as object, but found a concrete value")
        elif kind.nested:
            level = _Level(self.reader, self)
            level.keys(kind, value, dynamic)
            self.nested.setdefault(kind.path, []).append(level)
            self._include(kind, level)
        else:
            self.keys(kind, value, dynamic)

    def _include(self, kind: ObjectType, level: _Level) -> None:
        """Copy a nested object's values to the documents around it, where the mapping says so."""
        around: _Level = self
        for path, found in level.values.items():
            if kind.include_in_parent:
                self.values.setdefault(path, []).extend(found)
        while around.parent is not None:
            around = around.parent
        if kind.include_in_root and not (kind.include_in_parent and around is self):
            for path, found in level.values.items():
                around.values.setdefault(path, []).extend(found)

    def field(self, kind: FieldType, value: object) -> None:
        """Index a value, or a list of values, of a field and its multi-fields."""
        if kind.type == "alias":
            raise Refusal(f"cannot write to the alias [{kind.path}]")
        if isinstance(value, list | tuple):
            for item in value:
                self.field(kind, item)
            return
        for one in (kind, *kind.fields):
            # Each field of a value reads it by itself, its own null_value included (FieldMapper.java, parse; MultiFields).
            own = one.null_value if value is None else value
            if own is not None or (one is kind and kind.type == "constant_keyword"):
                self.put(one, own)

    def put(self, kind: FieldType, value: object) -> None:
        """Index one value of one field."""
        found = stored(kind, value) if not kind.unmodelled else []
        if found and (kind.is_searchable or kind.type in UNSEARCHED):
            self.values.setdefault(kind.path, []).extend(found)


def _wrapped(rest: list[str], value: object) -> object:
    """Return ``value`` inside the objects that the rest of a dotted key names."""
    for name in reversed(rest):
        value = {name: value}
    return value


def stored(kind: FieldType, value: object) -> list[Any]:
    """Return what a field's index holds of one value: nothing of one that is too long, or malformed where that is ignored.

    Raises:
        Refusal: when the engine refuses the document.
    """
    try:
        return _indexed(kind, value)
    except Refusal:
        if kind.ignore_malformed and kind.type not in ("boolean",) and not isinstance(value, MappingABC):
            return []
        raise


def _indexed(kind: FieldType, value: object) -> list[Any]:
    """Return what a field's index holds of one value.

    Raises:
        Refusal: when the engine refuses the document.
    """
    match kind.type:
        case "flattened":
            return _flattened(kind, value)
        case "boolean":
            return [boolean_in_document(kind, value)]
        case "ip":
            return [address(value if isinstance(value, str) else _scalar(kind, value))]
        case name if name in INTEGERS or name in FLOATS:
            number = number_in_document(kind, value)
            return [] if number is None else [number]
        case name if name in DATES:
            return [_date(kind, value)]
        case name if name in UNSEARCHED:
            return [True]
    text = _scalar(kind, value)
    if kind.type in TOKENIZED:
        return [tokens(text)]
    return _keyword(kind, text)


def _keyword(kind: FieldType, text: str) -> list[str]:
    """Return what a field of the keyword family indexes."""
    if kind.type == "constant_keyword":
        if kind.value is None:
            raise Refusal(f"[{kind.path}] has no value in the mapping, so that the first document decides", unknown=True)
        if text != kind.value:
            raise Refusal(f"[constant_keyword] field [{kind.path}] only accepts the value [{kind.value}], but got [{text}]")
        return []
    if kind.ignore_above is not None and utf16_length(text) > kind.ignore_above:
        return []
    if kind.lowercase:
        text = folded(text)
    if kind.type == "keyword" and len(text) * 4 > MAX_TERM_BYTES and len(text.encode("utf-8", "surrogatepass")) > MAX_TERM_BYTES:
        raise Refusal(f'immense term in field="{kind.path}", longer than {MAX_TERM_BYTES} bytes')
    return [text]


def _scalar(kind: FieldType, value: object) -> str:
    """Return a string, number or truth value as text."""
    if value is None:
        raise Refusal(f"[{kind.type}] field [{kind.path}] doesn't accept [null] values")
    if not isinstance(value, str | int | float | bool):
        raise Refusal(f"failed to parse field [{kind.path}] of type [{kind.type}]: an object is no value")
    return text_of(value)


def _date(kind: FieldType, value: object) -> int:
    """Return a date's nanoseconds, cut to the field's resolution."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refusal(f"failed to parse date field [{value}] in [{kind.path}]")
    return resolved(kind, instant(text_of(value), kind.formats))


def _flattened(kind: FieldType, value: object) -> list[tuple[str, str]]:
    """Return the leaves of an object as pairs of dotted key and text."""
    if not isinstance(value, MappingABC):
        raise Refusal(f"failed to parse field [{kind.path}] of type [flattened]: expecting an object")
    found: list[tuple[str, str]] = []
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    while stack:
        key, item, depth = stack.pop()
        if isinstance(item, MappingABC):
            if depth > 20:
                raise Refusal(f"The provided [flattened] field [{kind.path}] exceeds the maximum depth limit of [20].")
            for name in item:
                if "\0" in str(name):
                    raise Refusal(f"Keys in [flattened] fields cannot contain the reserved character \\0 in [{kind.path}]")
            # Pushed in reverse, so that leaves come in the document's order.
            stack += [(f"{key}.{name}" if key else str(name), child, depth + 1) for name, child in reversed(tuple(item.items()))]
        elif isinstance(item, list | tuple):
            stack += [(key, child, depth) for child in reversed(item)]
        elif item is not None or kind.null_value is not None:
            text = text_of(kind.null_value if item is None else item)
            if kind.ignore_above is not None and utf16_length(text) > kind.ignore_above:
                continue
            if len(f"{key}\0{text}".encode("utf-8", "surrogatepass")) > MAX_TERM_BYTES:
                raise Refusal(f"Flattened field [{kind.path}] contains one immense field, longer than {MAX_TERM_BYTES} bytes")
            found.append((key, text))
    return found


def utf16_length(text: str) -> int:
    """Return the length as Java counts it."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)
