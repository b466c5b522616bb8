r"""The words of a condition: the lexer's classes and its strings, with the engine's own rules.

The end quote is the first one whose previous character is no backslash, so a
value that ends in a backslash cannot be quoted; that is a bug of every engine
read, and it is kept.

Source: libs 48dfd53c userspace/libsinsp/filter/parser.cpp:720-740 and
filter/escaping.cpp:88-160; measured with rules engine 0.63.0.
"""

from __future__ import annotations

import re
from typing import Final

from converter.languages.falco.problem import problem
from converter.model import Source, pack

BLANK: Final = re.compile("[ \t\b\r\n]*")
NOT: Final = re.compile("not[ \t\n\v\f\r]+")
IDENTIFIER: Final = re.compile("[a-zA-Z]+[a-zA-Z0-9_]*")
FIELD: Final = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*(?:\.[a-zA-Z]+[a-zA-Z0-9_]*)+")
BARE_ARGUMENT: Final = re.compile("[^\\[\\]\"' \t\n\v\f\r]+")
NUMBER: Final = re.compile(r"0[xX][0-9a-zA-Z]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?")
BARE: Final = re.compile("[^()\"' \t\n\v\f\r=,]+")
MODIFIER: Final = re.compile("(oneof|anyof|allof)(?![^()\"' \t\n\v\f\r=,])")

_PLAIN: Final = {"b": b"\b", "f": b"\f", "n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\", "/": b"/", " ": b"\\"}
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)


def quoted(source: Source, start: int, hexadecimal: bool) -> tuple[str, int] | None:
    r"""Return the value of the quoted string at ``start`` and where it ends; ``None`` when no end quote is found.

    ``hexadecimal`` says whether the engine knows ``\xHH``.
    """
    text, quote = source.text, source.text[start]
    end = text.find(quote, start + 1)
    while end >= 0 and text[end - 1] == "\\":
        end = text.find(quote, end + 1)
    if end < 0:
        return None
    body = text[start + 1 : end]
    return (_unescaped(source, body, start, hexadecimal) if "\\" in body else body), end + 1


def _unescaped(source: Source, body: str, start: int, hexadecimal: bool) -> str:
    quote = source.text[start]
    value, done = bytearray(), 0
    for found in _ESCAPE.finditer(body):
        value += body[done : found.start()].encode("utf-8", "surrogateescape")
        done = found.end()
        at = pack(start + 1 + found.start(), start + 1 + found.end())
        pair, letter = found.groups()
        if pair is not None:
            if not hexadecimal:
                raise problem(
                    source, at, "R224", r"\x escapes are newer than this engine", "use profile dev, or write the character itself"
                )
            value.append(int(pair, 16))
        elif letter in _PLAIN:
            value += _PLAIN[letter]
        elif letter == quote:
            value += quote.encode()
        elif letter in "\"'":
            raise problem(
                source, at, "R221", f"\\{letter} in a string that the other quote encloses", "write the quote without a backslash"
            )
        else:
            raise problem(source, at, "R221", f"\\{letter} is no escape of Falco's", "double the backslash")
    value += body[done:].encode("utf-8", "surrogateescape")
    if 0 in value:
        raise problem(source, pack(start, start + len(body) + 2), "R221", "a NUL character in a value", "Falco cannot hold it; remove it")
    return value.decode("utf-8", "surrogateescape")
