"""Elasticsearch's word on its fields: mappings of indices, index templates, bare properties, and field capabilities.

Forms: ``GET <index>/_mapping`` and ``GET <index>``, ``GET _index_template``
and ``_component_template``, ``{"mappings": …}``, ``{"properties": …}``, and
``GET <index>/_field_caps?fields=*`` (Elasticsearch 8.19, "Get mapping API",
"Index templates", "Field capabilities API").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from converter.model import Diagnostic, Source
from converter.readers.fields.file import is_word
from converter.readers.fields.system import FIELDS, System, SystemField, read_json, refused, warned

DEPTH: Final = 40
"""Nested objects; an index allows 20."""
_KINDS: Final = frozenset(
    (
        *("keyword", "wildcard", "constant_keyword", "flattened", "text", "match_only_text", "boolean", "date", "date_nanos", "ip"),
        *("long", "integer", "short", "byte", "unsigned_long", "double", "float", "half_float", "scaled_float", "version", "binary"),
        "geo_point",
    )
)
_WORDS: Final = ("text", "match_only_text")
_USUAL: Final = 1024
"""Characters that an index usually keeps of a keyword."""
_STREAM: Final = re.compile(r"\.ds-(.+)-\d{4}\.\d{2}\.\d{2}-\d{6,}")
"""How a data stream names the indices behind it (Elasticsearch, "Data streams")."""
_INDEX: Final = re.compile(r"[^\s\"'`,\\<>|/?#]{1,400}")
_HELP: Final = "give the answer of GET <index>/_mapping, of GET <index>/_field_caps?fields=*, or an index template"


def read_elastic(data: bytes, path: str) -> System | Diagnostic:
    """Return the fields of an answer of Elasticsearch's, or why it cannot be read (P050)."""
    read = read_json(data, path)
    if isinstance(read, Diagnostic):
        return read
    value, source = read
    if isinstance(value, Mapping) and "error" in value and "status" in value:
        return refused(source, 0, "the file is an error that Elasticsearch answered", _HELP)
    if isinstance(value, Mapping) and isinstance(value.get("fields"), Mapping) and "mappings" not in value and "properties" not in value:
        return _of_capabilities(value, source)
    walk = _Walk(source)
    patterns: list[str] = []
    for index, holder in _holders(value):
        patterns += _patterns(index, holder)
        walk.mappings(holder)
    if not walk.fields:
        return refused(source, 0, "the file holds no mapping with fields", _HELP)
    if len(walk.fields) > FIELDS:
        return refused(source, 0, f"the mapping has more than {FIELDS} fields", "ask for fewer indices")
    selects = {"index": list(dict.fromkeys(patterns))} if patterns else {}
    return System("elastic", "mapping", walk.finished(), selects, walk.constants, tuple(walk.left), tuple(walk.warnings))


def _holders(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:  # noqa: ANN401 - JSON
    """Yield what holds mappings, with the name that it has: an index, a template, the file itself."""
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    seen = 0
    while stack and seen < FIELDS:
        name, node, depth = stack.pop()
        seen += 1
        if isinstance(node, list):
            stack += [("", one, depth + 1) for one in reversed(node)]
        elif isinstance(node, Mapping):
            if isinstance(node.get("mappings"), Mapping) or isinstance(node.get("properties"), Mapping):
                yield name, node
            elif "index_patterns" in node and isinstance(node.get("template"), Mapping):
                stack.append(("", {**node["template"], "index_patterns": node["index_patterns"]}, depth + 1))
            elif depth < 6:
                keep = {"index_templates", "component_templates", "index_template", "component_template", "template"}
                stack += [(name if key in keep else str(key), one, depth + 1) for key, one in reversed(list(node.items()))]


def _patterns(index: str, holder: Mapping[str, Any]) -> list[str]:
    """Return what selects an index: a template's patterns, a data stream's name, the index's own."""
    listed = holder.get("index_patterns")
    if isinstance(listed, list):
        return [one for one in listed if isinstance(one, str) and one.isprintable() and _INDEX.fullmatch(one)]
    if "settings" not in holder and "aliases" not in holder and set(holder) - {"mappings"}:
        return []
    stream = _STREAM.fullmatch(index)
    named = stream[1] if stream else index
    return [named] if named.isprintable() and _INDEX.fullmatch(named) else []


class _Walk:
    """Gathers the leaves of mappings; of several indices the types must agree."""

    def __init__(self, source: Source) -> None:
        self.fields: dict[str, SystemField] = {}
        self.constants: dict[str, str] = {}
        self.left: list[str] = []
        self.warnings: list[Diagnostic] = []
        self._source = source
        self._aliases: dict[str, str] = {}
        self._lowercase: frozenset[str] = frozenset({"lowercase"})

    def mappings(self, holder: Mapping[str, Any]) -> None:
        """Take in one index's mappings."""
        whole = holder.get("mappings", holder)
        if "properties" not in whole and "runtime" not in whole and len(whole) == 1:
            inner = next(iter(whole.values()))  # before Elasticsearch 7 a mapping had a type's name
            whole = inner if isinstance(inner, Mapping) and "properties" in inner else whole
        self._lowercase = frozenset({"lowercase", *_normalizers(holder.get("settings"))})
        if str(whole.get("dynamic", "true")).lower() in ("true", "runtime"):
            self._leave("dynamic mapping: fields that no document has had yet are not listed")
        stack: list[tuple[str, Any, int]] = [(str(key), one, 1) for key, one in _items(whole.get("properties"))]
        while stack:
            path, node, depth = stack.pop()
            if not isinstance(node, Mapping):
                self._leave(f"{path}: is no field")
            elif depth > DEPTH:
                self._leave(f"{path}: nests too deeply")
            elif node.get("type") == "nested":
                self._leave(f"{path}: a nested object, whose fields a plain query does not reach")
            elif isinstance(node.get("properties"), Mapping) or node.get("type") in ("object", "passthrough"):
                if str(node.get("enabled", "true")).lower() == "false":
                    self._leave(f"{path}: an object that is not indexed")
                else:
                    stack += [(f"{path}.{key}", one, depth + 1) for key, one in _items(node.get("properties"))]
            else:
                self._leaf(path, node)
        for key, node in _items(whole.get("runtime")):
            if isinstance(node, Mapping):
                self._leaf(str(key), node, "a runtime field")

    def finished(self) -> dict[str, SystemField]:
        """Return the fields by path, aliases with the type of what they stand for."""
        for path, target in sorted(self._aliases.items()):
            if target in self.fields:
                self._put(replace(self.fields[target], path=path, note=f"an alias of {target}"))
            else:
                self._leave(f"{path}: an alias of {target}, which is no field")
        return dict(sorted(self.fields.items()))

    def _leave(self, text: str) -> None:
        if text not in self.left and len(self.left) < FIELDS:
            self.left.append(text)

    def _leaf(self, path: str, node: Mapping[str, Any], note: str = "") -> None:
        kind = node.get("type")
        if kind == "alias":
            self._aliases[path] = str(node.get("path"))
            return
        if not isinstance(kind, str) or kind not in _KINDS:
            self._leave(f"{path}: of type {str(kind)[:40]}, which no test asks for")
            return
        if _is_false(node, "index") and (kind in _WORDS or _is_false(node, "doc_values")):
            self._leave(f"{path}: kept, but not indexed")
            return
        if kind == "constant_keyword" and isinstance(node.get("value"), str) and is_word(node["value"]):
            self.constants[path] = node["value"]
        own = SystemField(path, kind, kept=_kept(node), note=note)
        for key, sub in _items(node.get("fields")):
            if isinstance(sub, Mapping) and str(sub.get("type")) in _KINDS and not _is_false(sub, "index"):
                other = SystemField(f"{path}.{key}", str(sub["type"]), kept=_kept(sub), note=f"a multi-field of {path}")
                own = self._with(own, other, lowered=str(sub.get("normalizer")) in self._lowercase, plain="normalizer" not in sub)
                if "normalizer" not in sub:
                    self._put(other)
        if "normalizer" in node:
            if str(node["normalizer"]) not in self._lowercase:
                self._leave(f"{path}: its normalizer {str(node['normalizer'])[:40]} changes values in a way that is not known")
                return
            own = replace(own, note="kept in lower case")
        if 0 < own.kept < _USUAL and not own.exact:
            message = f"{path} keeps only texts of at most {own.kept} characters: longer ones are not found"
            self.warnings.append(warned(self._source, path, message, "raise ignore_above in the index's template"))
        self._put(own)

    def _with(self, own: SystemField, other: SystemField, *, lowered: bool, plain: bool) -> SystemField:
        """Return a field that knows another index of its values."""
        keeps = not other.kept or 0 < own.kept <= other.kept
        if lowered and other.type == "keyword" and own.type in ("keyword", "wildcard") and keeps:
            return replace(own, caseless=other.path)
        if plain and own.type in _WORDS and other.type in ("keyword", "wildcard") and not own.exact:
            if 0 < other.kept < _USUAL:
                message = f"{other.path} keeps only texts of at most {other.kept} characters: longer ones are not found"
                self.warnings.append(warned(self._source, own.path, message, "raise ignore_above in the index's template"))
            return replace(own, exact=other.path, kept=other.kept)
        return own

    def _put(self, one: SystemField) -> None:
        former = self.fields.get(one.path)
        if former is not None and former.type != one.type:
            if former.type != "unknown":
                message = f"{one.path} is of type {former.type} in one index and of type {one.type} in another"
                self.warnings.append(warned(self._source, one.path, message, "make the types equal; until then a rule on it is 'unknown'"))
            one = SystemField(one.path, "unknown", note="of several types")
        elif former is not None and (former.caseless, former.exact) != (one.caseless, one.exact):
            one = replace(one, caseless="", exact="")  # an index without the other one has no values there
        self.fields[one.path] = one


def _of_capabilities(value: Mapping[str, Any], source: Source) -> System | Diagnostic:
    """Return the fields of an answer of the field capabilities: every field with the types that it has in the indices."""
    fields: dict[str, SystemField] = {}
    left: list[str] = []
    warnings: list[Diagnostic] = []
    entries = {str(name): entry for name, entry in value["fields"].items()}
    nested = {name for name, entry in entries.items() if isinstance(entry, Mapping) and "nested" in entry}
    for name, entry in sorted(entries.items())[:FIELDS]:
        kinds = {str(kind): one for kind, one in _items(entry) if isinstance(one, Mapping) and kind != "unmapped"}
        if not kinds or any(one.get("metadata_field") is True for one in kinds.values()) or set(kinds) <= {"object", "nested"}:
            continue
        if any(name.startswith(f"{one}.") for one in nested):
            left.append(f"{name}: in a nested object, whose fields a plain query does not reach")
        elif any(one.get("searchable") is False for one in kinds.values()):
            left.append(f"{name}: not searchable{' in some indices' if len(kinds) > 1 else ''}")
        elif len(kinds) > 1:
            message = f"{name} has several types: {', '.join(sorted(kinds))[:200]}"
            warnings.append(warned(source, name, message, "make the types equal; until then a rule on it is 'unknown'"))
            fields[name] = SystemField(name, "unknown", note="of several types")
        elif (kind := next(iter(kinds))) in _KINDS:
            fields[name] = SystemField(name, kind)
        else:
            left.append(f"{name}: of type {kind[:40]}, which no test asks for")
    if not fields:
        return refused(source, 0, "the file holds no fields", _HELP)
    for name in list(fields):
        parent = name.rpartition(".")[0]
        if parent in fields and fields[parent].type in _WORDS and fields[name].type in ("keyword", "wildcard"):
            fields[parent] = replace(fields[parent], exact=name)
    left.insert(0, "field capabilities say nothing of normalizers, ignore_above and dynamic mapping")
    indices = value.get("indices")
    named = [indices] if isinstance(indices, str) else indices if isinstance(indices, list) else []
    patterns = [one for name in named if isinstance(name, str) for one in _patterns(name, {"mappings": {}})]
    selects = {"index": list(dict.fromkeys(patterns))} if patterns else {}
    return System("elastic", "field capabilities", fields, selects, {}, tuple(left), tuple(warnings))


def _items(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    """Return what an object holds; nothing of anything else."""
    return list(value.items()) if isinstance(value, Mapping) else []


def _is_false(node: Mapping[str, Any], key: str) -> bool:
    return str(node.get(key, True)).lower() == "false"


def _kept(node: Mapping[str, Any]) -> int:
    kept = node.get("ignore_above")
    return kept if isinstance(kept, int) and not isinstance(kept, bool) and 0 < kept < 1 << 31 else 0


def _normalizers(settings: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the normalizers of an index that fold letters and change nothing else."""
    index = settings.get("index", settings) if isinstance(settings, Mapping) else {}
    analysis = index.get("analysis") if isinstance(index, Mapping) else {}
    for name, one in _items(analysis.get("normalizer") if isinstance(analysis, Mapping) else {}):
        filters = one.get("filter") if isinstance(one, Mapping) else None
        if filters in ("lowercase", ["lowercase"]) and not one.get("char_filter"):
            yield str(name)
