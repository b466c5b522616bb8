"""TOML with positions: values from ``tomllib``, the places of keys and values from a walk over the same text.

``tomllib`` decides what is TOML and what it means; the walk runs on text that it
accepted, so it only has to find where each key and value stands.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from converter.formats.yaml import Document, Map, Seq, decode
from converter.model import Diagnostic, Severity, Source, pack

SIZE: Final = 1 << 20
"""Bytes of a file."""
DEPTH: Final = 32
"""Nested tables and arrays."""

_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_SCALAR = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[^,\]}#\n]+', re.DOTALL)
_AT = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")


def read_toml(data: bytes, path: str) -> Document | Diagnostic:
    """Return a TOML file as one document, or the first thing that is wrong with it (R001, R002, R022)."""
    source = decode(data, path, SIZE)
    if isinstance(source, Diagnostic):
        return source
    text = source.text.replace("\r\n", " \n")
    try:
        value = tomllib.loads(text)
        walk = _Walk(text)
        walk.document()
        return Document(source, _placed(value, walk.root, 0, DEPTH), pack(0, len(text)))
    except tomllib.TOMLDecodeError as error:
        return _refused(source, str(error))
    except ValueError as error:  # a whole number of thousands of digits
        return _refused(source, str(error))
    except RecursionError:
        return Diagnostic("R002", Severity.ERROR, source.start, "tables or arrays nest too deeply", help=f"at most {DEPTH} levels")


def _refused(source: Source, message: str) -> Diagnostic:
    found = _AT.search(message)
    offset = len(source.text)
    if found and found[1]:
        lines = source.text.replace("\r\n", " \n").split("\n")
        offset = sum(len(line) + 1 for line in lines[: int(found[1]) - 1]) + int(found[2]) - 1
    said = _AT.sub("", message).strip()
    place = source.span(pack(offset, offset + 1))
    return Diagnostic(
        "R022", Severity.ERROR, place, f"the file is not TOML: {said[:1].lower()}{said[1:]}", help="check quotes and brackets here"
    )


class _Place:
    """Where a table or array stands: the packed offsets of each entry's key and value, and the entries inside."""

    __slots__ = ("inside", "places")

    def __init__(self) -> None:
        self.inside: dict[str | int, _Place] = {}
        self.places: dict[str | int, tuple[int, int]] = {}

    def enter(self, key: str | int, offsets: int) -> _Place:
        """Return the entry of this key, made when it is new."""
        self.places.setdefault(key, (offsets, offsets))
        return self.inside.setdefault(key, _Place())


class _Walk:
    """Follows the grammar of TOML 1.0 over a valid text."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self.root = _Place()

    def document(self) -> None:
        """Walk the whole text."""
        table = self.root
        self._skip(_GAP)
        while self._at < len(self._text):
            table = self._header() if self._text[self._at] == "[" else self._pair(table)
            self._skip(_GAP)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _keys(self) -> list[tuple[str, int]]:
        keys = []
        while True:
            self._skip(_BLANK)
            found = _KEY.match(self._text, self._at)
            if found is None:
                raise AssertionError("tomllib accepted a key that the walk does not know")
            raw = found[0]
            name = next(iter(tomllib.loads(f"{raw} = 0")))
            keys.append((name, pack(found.start(), found.end())))
            self._at = found.end()
            dot = _DOT.match(self._text, self._at)
            if dot is None:
                self._skip(_BLANK)
                return keys
            self._at = dot.end()

    def _header(self) -> _Place:
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        keys = self._keys()
        self._at += 2 if many else 1
        table = self.root
        for number, (name, offsets) in enumerate(keys):
            table = table.enter(name, offsets)
            if number == len(keys) - 1 and many:
                table = table.enter(len(table.inside), offsets)
            elif table.inside and all(isinstance(key, int) for key in table.inside):
                table = table.inside[max(key for key in table.inside if isinstance(key, int))]
        return table

    def _pair(self, table: _Place) -> _Place:
        *path, (name, offsets) = self._keys()
        self._at += 1
        self._skip(_BLANK)
        holder = table
        for outer, place in path:
            holder = holder.enter(outer, place)
        inside = _Place()
        value = self._value(inside)
        holder.inside[name], holder.places[name] = inside, (offsets, value)
        return table

    def _value(self, inside: _Place) -> int:
        start, first = self._at, self._text[self._at]
        if first not in "[{":
            self._skip(_SCALAR)
            return pack(start, start + len(self._text[start : self._at].rstrip()))
        self._at += 1
        self._skip(_GAP)
        while self._text[self._at] not in "]}":
            if first == "{":
                self._pair(inside)
            else:
                entry = _Place()
                offsets = self._value(entry)
                number = len(inside.inside)
                inside.inside[number], inside.places[number] = entry, (offsets, offsets)
            self._skip(_GAP)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(_GAP)
        self._at += 1
        return pack(start, self._at)


def _placed(value: Any, place: _Place, offsets: int, depth: int) -> Any:  # noqa: ANN401 - any TOML value
    """Return ``value`` with the offsets that the walk found; raise ``RecursionError`` below ``depth`` levels."""
    if not depth:
        raise RecursionError
    if isinstance(value, dict):
        table = Map()
        table.offsets = []
        for key, one in value.items():
            where = place.places.get(key, (offsets, offsets))
            table.offsets += where
            table[key] = _placed(one, place.inside.get(key, _Place()), where[1], depth - 1)
        return table
    if isinstance(value, list):
        array = Seq()
        array.offsets = []
        for number, one in enumerate(value):
            where = place.places.get(number, (offsets, offsets))
            array.offsets.append(where[1])
            array.append(_placed(one, place.inside.get(number, _Place()), where[1], depth - 1))
        return array
    return value
