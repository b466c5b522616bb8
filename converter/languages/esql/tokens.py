r"""Cut an ES|QL text into tokens, each with its place.

The signs of a token depend on the command: an index behind ``FROM`` may have
hyphens and stars, a name behind ``KEEP`` stars.  So the reader asks for one
token after the other, and says in which ``mode``.  Keywords and functions are
read in either case, names of columns as they are written.

Source: elastic/elasticsearch EsqlBaseLexer.g4 with lexer/Expression.g4, From.g4, Project.g4 (8.18, 9.2).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from converter.languages.esql.problem import Stop
from converter.model import pack

KEYWORDS: Final = frozenset("and asc by desc false first in is last like not null nulls on or rlike true where with".split())  # noqa: SIM905
"""Words that name no column in an expression unless they are quoted."""


class Mode(Enum):
    """What a token may be."""

    EXPRESSION = "expression"
    SOURCE = "source"
    PROJECT = "project"


_SPACE: Final = r"(?P<space>[ \t\r\n]+|//[^\r\n]*)|(?P<comment>/\*)"
_STRING: Final = r'(?P<raw>"""[^\r\n]*?"""(?:"")?"?)|(?P<string>"(?:[^"\\\r\n]|\\[tnr"\\])*")'
_QUOTED: Final = r"(?P<quoted>`(?:[^`]|``)+`)"
_TOKEN: Final = {
    Mode.EXPRESSION: re.compile(
        rf"""{_SPACE}|{_STRING}|{_QUOTED}
        |(?P<decimal>[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
        |(?P<integer>[0-9]+)
        |(?P<word>[A-Za-z][A-Za-z0-9_]*|[_@][A-Za-z0-9_]+)
        |(?P<parameter>\?\??(?:[A-Za-z0-9_]+)?)
        |(?P<sign>::|==|=~|!=|<=|>=|[-=<>+*/%.,:\[\](){{}}|])""",
        re.VERBOSE,
    ),
    Mode.SOURCE: re.compile(rf"{_SPACE}|{_STRING}|(?P<index>(?:[^:\"=|,\[\]/() \t\r\n]|/(?![*/]))+)|(?P<sign>::|[:,|\[\]()=])"),
    Mode.PROJECT: re.compile(rf"{_SPACE}|{_QUOTED}|(?P<word>[A-Za-z_@*][A-Za-z0-9_@*]*)|(?P<parameter>\?\??\w*)|(?P<sign>[.,=|()])"),
}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}
_COMMENT: Final = re.compile(r"/\*|\*/")


class Token(NamedTuple):
    """A token; ``kind`` is a name of the grammar (``word``, ``integer``, …), ``text`` is what it means."""

    kind: str
    text: str
    offsets: int


def token_at(text: str, at: int, mode: Mode) -> tuple[Token, int]:
    """Return the token behind spaces and comments, of kind ``end`` at the end, and where it ends.

    Raises:
        Stop: ``R300`` where no token begins.
    """
    while at < len(text):
        match = _TOKEN[mode].match(text, at)
        if match is None:
            raise _unreadable(text, at)
        kind, end = match.lastgroup or "", match.end()
        if kind == "comment":
            at = _comment_end(text, at)
        elif kind == "space":
            at = end
        else:
            return Token(kind, _meaning(kind, match[0]), pack(at, end)), end
    return Token("end", "", pack(at, at)), at


def _meaning(kind: str, text: str) -> str:
    """Return what a token says: strings and names without their quotes."""
    match kind:
        case "raw":
            return text[3:-3]
        case "string":
            return re.sub(r"\\(.)", lambda found: _CONTROLS[found[1]], text[1:-1])
        case "quoted":
            return text[1:-1].replace("``", "`")
        case _:
            return text


def _comment_end(text: str, at: int) -> int:
    """Return where the comment that begins at ``at`` ends; comments may stand in each other."""
    depth = 0
    for mark in _COMMENT.finditer(text, at):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    raise Stop("R300", pack(at, at + 2), "a comment without an end", "close it with `*/`")


def _unreadable(text: str, at: int) -> Stop:
    """Return the error for a character at which no token begins."""
    char, where = text[at], pack(at, at + 1)
    if char == '"':
        help = 'close it on the same line; in a text `\\` stands only before `"`, `\\`, n, r and t, or the text stands in `"""`'
        return Stop("R300", where, "a text that does not end, or has a wrong escape", help)
    if char == "`":
        return Stop("R300", where, "a name without its closing backquote, or without a character", "close it")
    if char == "'":
        return Stop("R300", where, "a single quote", 'a text stands in double quotes: "…"')
    help = "a name with other characters stands in backquotes, a text in double quotes"
    return Stop("R300", where, f"the character {char!r} begins nothing here", help)
