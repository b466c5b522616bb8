"""Check a YAML document against a shipped JSON Schema, with the place of every finding.

Only the keywords that our schemas use; ``tests/unit/test_schema.py`` holds
the answers equal to the ``jsonschema`` package's.
"""

from __future__ import annotations

import datetime
import difflib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import converter.data
from converter.formats import Map, Seq
from converter.model import Diagnostic, Severity, Source
from converter.readers.conforms import Predicate, form, predicate

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


@cache
def schema(name: str) -> Mapping[str, Any]:
    """Return a shipped schema: ``rule`` or ``config``.

    Raises:
        FileNotFoundError: if there is no schema of that name.
    """
    path = Path(converter.data.__file__).parent / "schemas" / f"{name}.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def check(value: object, name: str, source: Source, offsets: int, part: str = "") -> tuple[Diagnostic, ...]:
    """Return what a document has against a schema, or one of its definitions: R012 wrong value, R013 missing key, R015 unknown key."""
    if _conforms(name, part)(value):
        return ()
    whole = schema(name)
    return tuple(_Check(whole, source).value(value, whole["$defs"][part] if part else whole, offsets, part))


@cache
def _conforms(name: str, part: str) -> Predicate:
    whole = schema(name)
    return predicate(whole["$defs"][part] if part else whole, whole)


class _Check:
    """Walks value and schema together."""

    def __init__(self, whole: Mapping[str, Any], source: Source) -> None:
        self._whole, self._source = whole, source

    def _tell(self, code: str, offsets: int, message: str, help_text: str = "") -> Diagnostic:
        return Diagnostic(code, Severity.ERROR, self._source.span(offsets), message, help=help_text)

    def value(self, value: object, schema: Mapping[str, Any], offsets: int, name: str) -> Iterator[Diagnostic]:
        """Yield the findings of one value."""
        while "$ref" in schema:
            schema = self._whole["$defs"][schema["$ref"].rpartition("/")[2]]
        expected = schema.get("type")
        # YAML reads an unquoted date as one; rules mean its text.
        if isinstance(value, datetime.date) and expected == "string":
            value = value.isoformat()
        if expected and (not isinstance(value, _TYPES[expected]) or (isinstance(value, bool) and expected != "boolean")):
            yield self._tell("R012", offsets, f"{name or 'the document'} is {_kind(value)}, not {_kind(_TYPES[expected][0]())}")
            return
        if isinstance(value, Map):
            yield from self._object(value, schema, offsets, name)
        elif isinstance(value, Seq):
            for one, place in zip(value, value.offsets, strict=True):
                yield from self.value(one, schema.get("items", {}), place, f"an entry of {name}")
        else:
            yield from self._scalar(value, schema, offsets, name)

    def _object(self, value: Map, schema: Mapping[str, Any], offsets: int, name: str) -> Iterator[Diagnostic]:
        properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        for key in schema.get("required", ()):
            if key not in value:
                yield self._tell("R013", offsets, f"{name or 'the rule'} has no '{key}'", f"add '{key}:'")
        for index, (key, one) in enumerate(value.items()):
            if key in properties:
                yield from self.value(one, properties[key], value.offsets[2 * index + 1], str(key))
            elif (pattern := next((one for one in patterns if re.search(one, str(key))), None)) is not None:
                yield from self.value(one, patterns[pattern], value.offsets[2 * index + 1], str(key))
            elif schema.get("additionalProperties") is False:
                close = difflib.get_close_matches(str(key), properties, n=1)
                help_text = f"did you mean '{close[0]}'?" if close else _known(properties)
                yield self._tell("R015", value.offsets[2 * index], f"unknown key '{key}' in {name or 'the file'}", help_text)

    def _scalar(self, value: object, schema: Mapping[str, Any], offsets: int, name: str) -> Iterator[Diagnostic]:
        if "enum" in schema and value not in schema["enum"]:
            close = difflib.get_close_matches(str(value), schema["enum"], n=1)
            help_text = f"did you mean '{close[0]}'?" if close else "one of: " + ", ".join(schema["enum"])
            yield self._tell("R012", offsets, f"'{value}' is not a value of {name}", help_text)
        if isinstance(value, str):
            if "pattern" in schema and not form(schema["pattern"]).search(value):
                yield self._tell("R012", offsets, f"'{value[:60]}' does not have the form of {name}", f"the form is {schema['pattern']}")
            if len(value) < schema.get("minLength", 0):
                yield self._tell("R012", offsets, f"{name} is empty", "write a text")
            if len(value) > schema.get("maxLength", len(value)):
                yield self._tell("R012", offsets, f"{name} has {len(value)} characters, more than {schema['maxLength']}", "shorten it")
        if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = schema.get("minimum", value), schema.get("maximum", value)
            if not low <= value <= high:
                yield self._tell("R012", offsets, f"{name} is {value}, outside its range", f"at least {low}, at most {high}")


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a truth value"
        case dict():
            return "a map"
        case list():
            return "a list"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case None:
            return "empty"
    return f"a {type(value).__name__}"


SHOWN: Final = 20
"""Known keys that a help lists; the schema has the others."""


def _known(names: Collection[str]) -> str:
    more = f" and {len(names) - SHOWN} more, which 'converter schema rule' shows" if len(names) > SHOWN else ""
    return f"known keys: {', '.join(list(names)[:SHOWN])}{more}"
