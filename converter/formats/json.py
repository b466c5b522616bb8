"""JSON with positions: the values of one text, and where each key and value stands.

Stricter than Python's ``json``: a key that stands twice, ``NaN`` and depth
beyond the bound are refused, each with its place.  Numbers keep their value:
whole ones are ``int``, others ``float``.

Source: RFC 8259; Python's own ``scanstring`` reads texts.
"""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]  # the typeshed does not list it
from typing import Any, Final

from converter.formats.yaml import Document, Map, Seq
from converter.model import LIMIT, Diagnostic, Severity, Source, pack

DEPTH: Final = 64
"""Nested objects and lists."""
DIGITS: Final = 400
"""Characters of a number."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: Final = {"true": True, "false": False, "null": None}


class _ReadError(Exception):
    """What is wrong, and where; never leaves this module."""

    def __init__(self, code: str, message: str, at: int, help_text: str) -> None:
        super().__init__(message)
        self.code, self.message, self.at, self.help_text = code, message, at, help_text


def read_json(source: Source) -> Document | Diagnostic:
    """Return the value of a text, or the first thing that is wrong with it.

    R001 half a character, R002 too large, R004 too deep, R009 a key that stands twice, R023 no JSON.
    """
    text = source.text
    if len(text) >= LIMIT:
        return Diagnostic("R002", Severity.ERROR, source.start, f"the text has {len(text)} characters", help="split it")
    try:
        start = _skip(text, 0)
        value, end = _value(text, start, DEPTH)
        rest = _skip(text, end)
        if rest < len(text):
            raise _ReadError("R023", "something follows the value", rest, "write one value")
    except _ReadError as error:
        return Diagnostic(error.code, Severity.ERROR, source.span(pack(error.at, error.at + 1)), error.message, help=error.help_text)
    return Document(source, value, pack(start, end))


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    """Return the value that begins at an offset, and the offset behind it."""
    first = text[at : at + 1]
    if first == '"':
        return _text(text, at)
    if first and first in "{[":
        if not depth:
            raise _ReadError("R004", f"objects or lists nest deeper than {DEPTH} levels", at, "flatten them")
        return _object(text, at, depth) if first == "{" else _list(text, at, depth)
    word = next((one for one in _WORDS if text.startswith(one, at)), "")
    if word:
        return _WORDS[word], at + len(word)
    number = _NUMBER.match(text, at)
    if number is None:
        raise _ReadError(
            "R023", "the text is not JSON here" if first else "the text ends inside of a value", at, "check quotes and brackets"
        )
    if number.end() - at > DIGITS:
        raise _ReadError("R023", f"a number of more than {DIGITS} characters", at, "write it shorter")
    value: int | float = float(number[0]) if number[1] or number[2] else int(number[0])
    if value in (float("inf"), float("-inf")):
        raise _ReadError("R023", "a number beyond what a system can hold", at, "write it smaller")
    return value, number.end()


def _text(text: str, at: int) -> tuple[str, int]:
    try:
        value, end = scanstring(text, at + 1, True)
    except JSONDecodeError as error:
        message = f"the text is not JSON: {error.msg[:1].lower()}{error.msg[1:].removesuffix(' at')}"
        raise _ReadError("R023", message, min(error.pos, len(text)), "check quotes and backslashes") from None
    if "\\u" in text[at:end] and any("\ud800" <= one <= "\udfff" for one in value):
        raise _ReadError("R001", "half a character: an escape of a surrogate stands alone", at, "write the whole character")
    return value, end


def _object(text: str, at: int, depth: int) -> tuple[Map, int]:
    made, offsets = Map(), list[int]()
    made.offsets = offsets
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        return made, at + 1
    while True:
        if text[at : at + 1] != '"':
            raise _ReadError("R023", "a key in quotes should stand here", at, "check quotes and commas")
        key, end = _text(text, at)
        if key in made:
            raise _ReadError("R009", f"the key '{key[:60]}' stands twice", at, "keep one of the two")
        here = pack(at, end)
        at = _skip(text, end)
        if text[at : at + 1] != ":":
            raise _ReadError("R023", "a colon should stand here", at, "check quotes and colons")
        start = _skip(text, at + 1)
        made[key], end = _value(text, start, depth - 1)
        offsets += (here, pack(start, end))
        at, is_last = _next(text, end, "}")
        if is_last:
            return made, at


def _list(text: str, at: int, depth: int) -> tuple[Seq, int]:
    made, offsets = Seq(), list[int]()
    made.offsets = offsets
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return made, at + 1
    while True:
        value, end = _value(text, at, depth - 1)
        made.append(value)
        offsets.append(pack(at, end))
        at, is_last = _next(text, end, "]")
        if is_last:
            return made, at


def _next(text: str, at: int, closing: str) -> tuple[int, bool]:
    """Return where the next entry begins, or what follows the end."""
    at = _skip(text, at)
    sign = text[at : at + 1]
    if sign == closing:
        return at + 1, True
    if sign != ",":
        raise _ReadError("R023", f"a comma or {closing} should stand here", at, "check quotes and brackets")
    return _skip(text, at + 1), False
