"""A quick answer to whether a value conforms to a schema: yes for certain, or look closer.

A schema becomes a function once, and most documents of a pack have nothing
wrong with them; ``readers.schema`` walks those that this module does not let
pass and says what they have.  So a keyword or a type that is not known here
costs time, never a finding; ``tests/unit/test_schema.py`` holds the two equal.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from converter.formats import Map, Seq

Predicate: TypeAlias = Callable[[object], bool]

_SAID: Final = frozenset(("type", "description", "title", "$schema", "$id", "$defs"))
_TEXT: Final = _SAID | {"enum", "pattern", "minLength", "maxLength"}
_LIST: Final = _SAID | {"items"}
_OBJECT: Final = _SAID | {"required", "properties", "additionalProperties"}


def predicate(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Predicate:
    """Return whether a value certainly conforms to ``schema``, a part of ``whole``, as a function."""
    if "$ref" in schema:
        return _referred(schema["$ref"], whole)
    match schema.get("type"):
        case "string" if _SAID.issuperset(schema):
            return lambda value: value.__class__ is str or isinstance(value, datetime.date)
        case "string" if _TEXT.issuperset(schema):
            return _text(schema)
        case "array" if _LIST.issuperset(schema):
            return _list(predicate(schema["items"], whole) if "items" in schema else _any)
        case "object" if _OBJECT.issuperset(schema):
            return _object(schema, whole)
        case "boolean" if _SAID.issuperset(schema):
            return lambda value: value is True or value is False
    return _any if _SAID.issuperset(schema) and "type" not in schema else _unknown


def _any(_: object) -> bool:
    return True


def _unknown(_: object) -> bool:
    return False


def _referred(name: str, whole: Mapping[str, Any]) -> Predicate:
    """Return the predicate of a definition, made when it is first needed: a definition may hold itself."""

    @cache
    def made() -> Predicate:
        return predicate(whole["$defs"][name.rpartition("/")[2]], whole)

    return lambda value: made()(value)


def form(pattern: str) -> re.Pattern[str]:
    r"""Return a pattern as JSON Schema means it: ``$`` is the text's end, ``\d`` an ASCII digit."""
    return re.compile(r"\Z".join(pattern.rsplit("$", 1)) if pattern.endswith("$") else pattern, re.ASCII)


def _text(schema: Mapping[str, Any]) -> Predicate:
    choices = frozenset(schema["enum"]) if "enum" in schema else None
    fits = form(schema["pattern"]).search if "pattern" in schema else None
    low, high = schema.get("minLength", 0), schema.get("maxLength", 1 << 30)

    def text(value: object) -> bool:
        if value.__class__ is not str:
            if not isinstance(value, datetime.date):
                return False
            value = value.isoformat()
        return low <= len(value) <= high and (choices is None or value in choices) and (fits is None or fits(value) is not None)

    return text


def _list(item: Predicate) -> Predicate:
    return lambda value: isinstance(value, Seq) and all(map(item, value))


def _object(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Predicate:
    properties = {name: predicate(part, whole) for name, part in schema.get("properties", {}).items()}
    other = _any if schema.get("additionalProperties") is not False else _unknown
    required = frozenset(schema.get("required", ()))

    def conforming(value: object) -> bool:
        if not isinstance(value, Map):
            return False
        for key, one in value.items():
            if not properties.get(key, other)(one):
                return False
        return required <= value.keys()

    return conforming
