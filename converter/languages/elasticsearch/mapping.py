"""Compile an Elasticsearch ``mappings`` object, as the index API takes it."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from typing import Any

from converter.languages.elasticsearch.fields import DATES, FLOATS, INTEGERS, STRINGS, TOKENIZED, UNSEARCHED, FieldType, Mapping, ObjectType
from converter.languages.elasticsearch.refusal import Refusal, check_depth
from converter.model import Diagnostic, Severity

MAX_DEPTH = 20
"""Levels of objects that an index allows (``index.mapping.depth.limit``)."""

_VALUE_TYPES = STRINGS | INTEGERS.keys() | FLOATS | DATES | UNSEARCHED | {"boolean", "ip"}
_DATE_FORMATS = frozenset(
    {"strict_date_optional_time", "date_optional_time", "strict_date_optional_time_nanos", "epoch_millis", "epoch_second"}
)
# Parameters that change no answer of a query, and those that are read below.
_HARMLESS = frozenset(
    {
        *(
            "type",
            "ignore_above",
            "normalizer",
            "value",
            "null_value",
            "index",
            "doc_values",
            "coerce",
            "ignore_malformed",
            "format",
            "fields",
        ),
        *("scaling_factor", "store", "norms", "meta", "boost", "eager_global_ordinals", "index_options", "index_phrases", "index_prefixes"),
        *("similarity", "split_queries_on_whitespace", "term_vector", "depth_limit", "time_series_metric", "time_series_dimension", "path"),
        *("fielddata", "fielddata_frequency_filter", "position_increment_gap", "locale", "metric", "ignore_z_value", "dims"),
        *("properties", "dynamic", "enabled", "include_in_parent", "include_in_root"),
    }
)


def compile_mapping(mappings: object, *, tolerant: bool = False) -> Mapping | Diagnostic:
    """Return the types that an Elasticsearch ``mappings`` object gives to fields.

    Args:
        mappings: ``{"properties": …, "dynamic": …, "dynamic_templates": …}``.
        tolerant: keep a field that is not modelled as one whose values are not known, for a language that refuses it by name.

    Returns:
        A diagnostic ``R204`` when it is not a mapping or uses what this
        package does not model (an analyzer, a runtime field, ``copy_to``):
        an answer given without it could be wrong.
    """
    try:
        return compiled(mappings, tolerant=tolerant)
    except Refusal as refusal:
        return Diagnostic("R204", Severity.ERROR, None, refusal.message, refusal.help)


def compiled(mappings: object, *, tolerant: bool = False) -> Mapping:
    """Return the compiled mapping.

    Raises:
        Refusal: where ``compile_mapping`` returns a diagnostic.
    """
    check_depth(mappings, "the mapping")
    raw = _object(mappings, "the mapping")
    _check_templates(raw.get("dynamic_templates") or ())
    if raw.get("runtime"):
        raise Refusal("runtime fields are not modelled", help="map the field under properties")
    root = _object_type("", raw, 0, tolerant)
    fields: dict[str, FieldType] = {}
    aliases: dict[str, str] = {}
    nested: set[str] = set()
    _collect(root, raw, fields, aliases, nested)
    for path, target in aliases.items():
        if target not in fields and not tolerant:
            raise Refusal(f"the alias {path} points to {target}, which is no field")
        if target in fields:
            fields[path] = fields[target]
    flattened = {path: kind for path, kind in fields.items() if kind.type == "flattened"}
    return Mapping(raw, root, fields, frozenset(aliases), frozenset(nested), flattened)


def _object(value: object, what: str) -> MappingABC[str, Any]:
    """Return ``value`` when it is a JSON object."""
    if not isinstance(value, MappingABC):
        raise Refusal(f"{what} is not an object")
    return value


def _collect(node: ObjectType, raw: MappingABC[str, Any], fields: dict[str, FieldType], aliases: dict[str, str], nested: set[str]) -> None:
    """Gather the fields below ``node`` by full path."""
    if node.nested:
        nested.add(node.path)
    properties = raw.get("properties") or {}
    for name, child in node.children.items():
        if isinstance(child, ObjectType):
            _collect(child, _part(properties, name), fields, aliases, nested)
        elif child.type == "alias":
            aliases[child.path] = str(child.value)
        else:
            fields[child.path] = child
            fields.update({sub.path: sub for sub in child.fields})


def _part(properties: MappingABC[str, Any], name: str) -> MappingABC[str, Any]:
    """Return the raw mapping of a child; one written with dots has no raw part of its own."""
    part = properties.get(name)
    return part if isinstance(part, MappingABC) else {}


def _object_type(path: str, raw: MappingABC[str, Any], depth: int, tolerant: bool) -> ObjectType:
    """Compile an object and what is below it."""
    if depth > MAX_DEPTH:
        raise Refusal(f"{path} lies deeper than {MAX_DEPTH} objects")
    if raw.get("subobjects", True) not in (True, "true"):
        raise Refusal(f"{path or 'the mapping'} sets subobjects, which is not modelled")
    children: dict[str, FieldType | ObjectType] = {}
    for name, child in _object(raw.get("properties") or {}, f"properties of {path or 'the mapping'}").items():
        _add(children, path, str(name), _object(child, f"{path}.{name}" if path else str(name)), depth, tolerant)
    dynamic = str(raw.get("dynamic", "")).lower()
    return ObjectType(
        path,
        children,
        dynamic=dynamic,
        enabled=raw.get("enabled", True) in (True, "true"),
        nested=raw.get("type") == "nested",
        include_in_parent=raw.get("include_in_parent", False) in (True, "true"),
        include_in_root=raw.get("include_in_root", False) in (True, "true"),
    )


def _add(children: dict[str, FieldType | ObjectType], path: str, name: str, raw: MappingABC[str, Any], depth: int, tolerant: bool) -> None:
    """Put a property into its object; a name with dots makes the objects between."""
    head, _, rest = name.partition(".")
    if not head:
        raise Refusal(f"{path}.{name} has an empty name")
    full = f"{path}.{head}" if path else head
    if rest:
        known = children.get(head)
        inner = dict(known.children) if isinstance(known, ObjectType) else {}
        _add(inner, full, rest, raw, depth + 1, tolerant)
        children[head] = ObjectType(full, inner, dynamic="")
    elif raw.get("type", "object") in ("object", "nested"):
        made = _object_type(full, raw, depth + 1, tolerant)
        known = children.get(head)
        children[head] = made if not isinstance(known, ObjectType) else _merged(known, made)
    else:
        children[head] = _kept(full, raw) if tolerant else _field_type(full, raw)


def _merged(left: ObjectType, right: ObjectType) -> ObjectType:
    """Return one object of two spellings, dotted and nested, of the same name."""
    return ObjectType(
        right.path,
        {**left.children, **right.children},
        right.dynamic,
        right.enabled,
        right.nested,
        right.include_in_parent,
        right.include_in_root,
    )


def _kept(path: str, raw: MappingABC[str, Any]) -> FieldType:
    """Return a field, and of one that is not modelled what is known of it: its type and the reason."""
    try:
        return _field_type(path, raw, tolerant=True)
    except Refusal as refusal:
        return FieldType(path, str(raw.get("type", "")), unmodelled=refusal.message)


def _field_type(path: str, raw: MappingABC[str, Any], *, tolerant: bool = False) -> FieldType:
    """Compile a field that holds values."""
    kind = raw["type"]
    if not isinstance(kind, str):
        raise Refusal(f"the type of {path} is not a text")
    if kind == "alias":
        return FieldType(path, "alias", value=str(raw.get("path", "")))
    if kind not in _VALUE_TYPES:
        raise Refusal(f"{path} has the type {kind}, which is not modelled")
    _check_parameters(path, kind, raw)
    formats = tuple(str(raw["format"]).split("||")) if "format" in raw and kind in DATES else ()
    unknown = [one for one in formats if one not in _DATE_FORMATS]
    if unknown:
        raise Refusal(f"{path} has the date format {unknown[0]}, which is not modelled")
    ignore_above = _number(path, "ignore_above", raw)
    value = raw.get("value")
    subs = _object(raw.get("fields") or {}, f"fields of {path}")
    below = _kept if tolerant else _multi_field
    return FieldType(
        path,
        kind,
        ignore_above=None if ignore_above is None else int(ignore_above),
        lowercase=raw.get("normalizer") == "lowercase",
        value=None if value is None else str(value),
        null_value=raw.get("null_value"),
        indexed=raw.get("index", True) in (True, "true"),
        doc_values=raw.get("doc_values", kind not in TOKENIZED) in (True, "true"),
        coerce=raw.get("coerce", True) in (True, "true"),
        ignore_malformed=raw.get("ignore_malformed", False) in (True, "true"),
        formats=formats,
        scaling_factor=_number(path, "scaling_factor", raw) or 1.0,
        fields=tuple(below(f"{path}.{name}", _object(sub, f"{path}.{name}")) for name, sub in subs.items()),
    )


def _multi_field(path: str, raw: MappingABC[str, Any]) -> FieldType:
    """Compile a multi-field."""
    if "type" not in raw or raw.get("fields"):
        raise Refusal(f"the multi-field {path} has no type, or fields of its own")
    return _field_type(path, raw)


def _number(path: str, name: str, raw: MappingABC[str, Any]) -> float | None:
    """Return a parameter that is a number; ``None`` when it is absent."""
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise Refusal(f"{name} of {path} is not a number from zero")
    return value


def _check_templates(templates: object) -> None:
    """Refuse dynamic templates that are not a list of named objects."""
    if not isinstance(templates, list | tuple):
        raise Refusal("dynamic_templates is not a list")
    for named in templates:
        for name, template in _object(named, "a dynamic template").items():
            _object(_object(template, f"the dynamic template {name}").get("mapping", {}), f"the mapping of the dynamic template {name}")


def _check_parameters(path: str, kind: str, raw: MappingABC[str, Any]) -> None:
    """Refuse what changes an answer in a way that is not modelled."""
    if raw.get("normalizer", "lowercase") != "lowercase":
        raise Refusal(f"{path} has the normalizer {raw['normalizer']}, only lowercase is modelled")
    for name in ("analyzer", "search_analyzer"):
        if raw.get(name, "standard") not in ("standard", "default"):
            raise Refusal(f"{path} has the analyzer {raw[name]}, only standard is modelled")
    for name in raw:
        if name not in _HARMLESS and name not in ("analyzer", "search_analyzer"):
            raise Refusal(f"{path} has the parameter {name}, which is not modelled for the type {kind}")
