"""Tokens of both expression languages, and the split of a pipeline into commands.

A word of ``search`` holds almost any character; a name of ``where`` only
letters, digits and ``_``, because ``.``, ``-`` and ``/`` are operators there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from converter.languages.spl.macros import Expanded
from converter.languages.spl.problem import ReadError, problem
from converter.model import node


@node
class Token:
    """A piece of the text; ``text`` has its quotes and escapes undone, ``raw`` has them.

    ``kind`` is ``word``, ``string``, ``field``, ``number``, ``macro``, ``mark`` or ``end``.
    """

    kind: str
    text: str
    start: int
    end: int
    raw: str = ""


_SPACE = " \t\r\n"
_STRING = r'"(?:[^"\\]|\\.)*"'
_WORDS = re.compile(
    rf"""(?P<space>[{_SPACE}]+)|(?P<string>{_STRING})|(?P<macro>`[^`]+`)
    |(?P<mark>!=|<=|>=|[=<>(),\[\]|])|(?P<word>(?:[^\ \t\r\n"`=<>(),\[\]|!]|!(?!=))+)""",
    re.DOTALL | re.VERBOSE,
)
_EXPRESSION = re.compile(
    rf"""(?P<space>[{_SPACE}]+)|(?P<string>{_STRING})|(?P<macro>`[^`]+`)|(?P<field>'[^'"\\]*')
    |(?P<mark>==|!=|<=|>=|[=<>(),])|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?![\w.]))|(?P<word>[A-Za-z_][A-Za-z0-9_]*)""",
    re.DOTALL | re.VERBOSE,
)
_COMMAND_PIECE = re.compile(rf"""{_STRING}|`[^`]+`|[^"`|\[]+|.""", re.DOTALL)


def commands(text: Expanded) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each command between pipes; quotes and macros may hold pipes."""
    start = 0
    for found in _COMMAND_PIECE.finditer(text.text):
        if found.group() == "[":
            raise fault(text, found.start(), found.end(), "R247", "a subsearch is not read", "write its result into the search")
        if found.group() == '"':
            raise fault(text, found.start(), found.end(), "R240", "the string that begins here is not closed", 'close it with "')
        if found.group() == "|":
            yield start, found.start()
            start = found.end()
    yield start, len(text.text)


def words(text: Expanded, start: int, end: int) -> list[Token]:
    """Return the tokens of ``search`` and of the commands that take names."""
    return _tokens(text, start, end, _WORDS)


def expression(text: Expanded, start: int, end: int) -> list[Token]:
    """Return the tokens of an expression of ``where`` or ``eval``."""
    return _tokens(text, start, end, _EXPRESSION)


def fault(text: Expanded, start: int, end: int, code: str, message: str, instead: str = "") -> ReadError:
    """Return the error for a stretch of the expanded text."""
    return problem(text.source, text.offsets(start, end), code, message, instead)


def _tokens(text: Expanded, start: int, end: int, pattern: re.Pattern[str]) -> list[Token]:
    """Return the tokens between two places, closed by one of kind ``end``."""
    found: list[Token] = []
    place = start
    while place < end:
        match = pattern.match(text.text, place, end)
        if match is None or match.lastgroup is None:
            raise _unreadable(text, place, pattern)
        kind, raw = match.lastgroup, match.group()
        if kind == "string":
            found.append(Token(kind, unescaped(raw[1:-1]), place, match.end(), raw[1:-1]))
        elif kind in ("field", "macro"):
            found.append(Token(kind, raw[1:-1], place, match.end(), raw))
        elif kind != "space":
            found.append(Token(kind, raw, place, match.end(), raw))
        place = match.end()
    found.append(Token("end", "", end, end))
    return found


def _unreadable(text: Expanded, place: int, pattern: re.Pattern[str]) -> ReadError:
    """Return the error for a character that begins no token."""
    character = text.text[place]
    if character == "'":
        message = "the quoted field name that begins here is not closed, or holds a quote or backslash"
        return fault(text, place, place + 1, "R240", message)
    if pattern is _EXPRESSION and character in ".+-*/%{":
        message = f"'{character}' in an expression is an operator, which is not read"
        return fault(text, place, place + 1, "R242", message, "put single quotes around a field name that holds it")
    return fault(text, place, place + 1, "R240", f"unexpected {character!r}")


_ESCAPE = re.compile(r'\\(["\\])')
_ODD = re.compile(r'\\(?:\\|"|(?P<odd>.|$))', re.DOTALL)


def unescaped(raw: str) -> str:
    r"""Return a string's text: ``\"`` and ``\\`` undone, any other backslash kept."""
    return _ESCAPE.sub(r"\1", raw)


def odd_escape(raw: str) -> int:
    r"""Return where a backslash stands before anything but ``"`` and ``\``, or -1."""
    return next((found.start() for found in _ODD.finditer(raw) if found.group("odd") is not None), -1)
