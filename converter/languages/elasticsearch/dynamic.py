"""Dynamic mapping: the type that Elasticsearch gives to a field which the mapping does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as MappingABC
from copy import deepcopy
from typing import Any

from converter.languages.elasticsearch.dates import instant
from converter.languages.elasticsearch.fields import Mapping
from converter.languages.elasticsearch.mapping import compiled
from converter.languages.elasticsearch.refusal import Refusal
from converter.languages.elasticsearch.values import double_of

_DEFAULTS: dict[str, dict[str, Any]] = {
    "string": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}},
    "long": {"type": "long"},
    "double": {"type": "float"},
    "boolean": {"type": "boolean"},
    "date": {"type": "date"},
    "object": {"type": "object"},
}
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_SLASHED_DATE = re.compile(r"\d{4}/\d\d?/\d\d?(?: \d\d?:\d\d?:\d\d? \S+| \S+)?", re.ASCII)


def extended(mapping: Mapping, unmapped: Iterable[tuple[str, Any]]) -> Mapping:
    """Return the mapping with types for these paths, each with the value of one document that brought it.

    Raises:
        Refusal: when two values of a path ask for two types.
    """
    raw: dict[str, Any] = deepcopy(dict(mapping.raw))
    added: dict[str, str] = {}
    for path, value in unmapped:
        for kind in kinds_of(value, raw):
            made = _template(path, kind, raw) or _DEFAULTS[kind]
            wanted = str(made.get("type", "object"))
            if added.setdefault(path, wanted) != wanted:
                raise Refusal(f"mapper [{path}] cannot be changed from type [{added[path]}] to [{wanted}]")
            _put(raw, path, made)
    return compiled(raw)


def kinds_of(value: object, raw: MappingABC[str, Any]) -> tuple[str, ...]:
    """Return the JSON types of a value, or of a list's elements, as templates name them; none for nothing to map."""
    match value:
        case None:
            return ()
        case bool():
            return ("boolean",)
        case int():
            return ("long",)
        case float():
            return ("double",)
        case str():
            return (_kind_of_text(value, raw),)
        case list() | tuple():
            return tuple(dict.fromkeys(kind for item in value for kind in kinds_of(item, raw)))
        case _:
            return ("object",)


def _kind_of_text(text: str, raw: MappingABC[str, Any]) -> str:
    """Return the JSON type that a string is taken for; one that spells a number is no date."""
    try:
        number = double_of(text)
    except Refusal:
        return "date" if raw.get("date_detection", True) in (True, "true") and _is_date(text) else "string"
    if raw.get("numeric_detection", False) not in (True, "true"):
        return "string"
    return "long" if _WHOLE.fullmatch(text) and abs(number) < 1 << 63 else "double"


def _is_date(text: str) -> bool:
    """Say whether the engine's date detection takes a string for a date."""
    if _SLASHED_DATE.fullmatch(text):
        raise Refusal("a date with slashes in an unmapped field is not modelled", unknown=True)
    try:
        instant(text, ("strict_date_optional_time",))
    except Refusal:
        return False
    return True


def _template(path: str, kind: str, raw: MappingABC[str, Any]) -> dict[str, Any] | None:
    """Return the mapping of the first dynamic template that fits."""
    for named in raw.get("dynamic_templates") or ():
        for template in named.values():
            if _fits(template, path, kind):
                made = deepcopy(template.get("mapping") or {})
                if made.get("type", "{dynamic_type}") == "{dynamic_type}":
                    made["type"] = _DEFAULTS[kind]["type"]
                return dict(made)
    return None


def _fits(template: MappingABC[str, Any], path: str, kind: str) -> bool:
    """Say whether a template's conditions hold."""
    known = set(template) - {"mapping", "match_mapping_type", "match", "unmatch", "path_match", "path_unmatch", "match_pattern"}
    if known or template.get("match_pattern", "simple") != "simple":
        raise Refusal(f"the dynamic template has {', '.join(sorted(known)) or 'match_pattern'}, which is not modelled", unknown=True)
    wanted = template.get("match_mapping_type")
    if wanted is not None and "*" not in _listed(wanted) and kind not in _listed(wanted):
        return False
    name = path.rpartition(".")[2]
    return (
        _matches(template.get("match"), name, True)
        and not _matches(template.get("unmatch"), name, False)
        and _matches(template.get("path_match"), path, True)
        and not _matches(template.get("path_unmatch"), path, False)
    )


def _listed(value: object) -> list[str]:
    """Return a value or a list of values as a list."""
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _matches(patterns: object, text: str, absent: bool) -> bool:
    """Say whether a simple pattern fits."""
    return (
        absent
        if patterns is None
        else any(re.fullmatch(".*".join(map(re.escape, one.split("*"))), text, re.DOTALL) for one in _listed(patterns))
    )


def _put(raw: dict[str, Any], path: str, made: dict[str, Any]) -> None:
    """Add a property to a raw mapping."""
    *heads, name = path.split(".")
    node = raw
    for head in heads:
        node = _properties(node).setdefault(head, {"properties": {}})
    _properties(node).setdefault(name, deepcopy(made))


def _properties(node: dict[str, Any]) -> dict[str, Any]:
    """Return an object's properties, made where there are none."""
    found: dict[str, Any] = node.get("properties") or {}
    node["properties"] = found
    return found
