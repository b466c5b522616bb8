r"""Cut an EQL text into tokens, each with its place.

Words are case-sensitive; spaces and comments (``//`` to the end of the line,
``/* */``) may stand between any two tokens.  The lexer takes the longest
token, so that ``in~`` and ``startsWith~`` are one.

Source: Elasticsearch, EQL syntax reference; elastic/elasticsearch EqlBase.g4 (token list of the current grammar).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from converter.languages.eql.problem import Stop
from converter.model import pack

KEYWORDS: Final = frozenset(
    "and any by false in join like maxspan not null of or regex sample sequence true until where with".split()  # noqa: SIM905 - a list of words
)
"""Words that name nothing unless they are quoted."""

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\r\n]*)
    |(?P<comment>/\*)
    |(?P<raw>\"\"\"[^\r\n]*?\"\"\"\"?\"?)
    |(?P<string>"(?:[^"\\\r\n]|\\[^\r\n])*")
    |(?P<decimal>[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    |(?P<integer>[0-9]+)
    |(?P<tilde>[A-Za-z_@][A-Za-z0-9_]*~)
    |(?P<word>[A-Za-z_@][A-Za-z0-9_]*)
    |(?P<quoted>`(?:[^`]|``)*`)
    |(?P<sign>!\[|==|!=|<=|>=|[-:=<>+*/%.,\[\]()|?])""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"""\\(?:([btnfr"'\\])|u\{([0-9a-fA-F]{2,8})\})""")
_COMMENT: Final = re.compile(r"/\*|\*/")
_CONTROLS: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_QUOTES_HELP: Final = 'a text stands in double quotes; `"""` begins one in which a backslash is a backslash'


class Token(NamedTuple):
    """A token; ``kind`` is a name of the grammar (``word``, ``integer``, …), ``text`` is what it means."""

    kind: str
    text: str
    offsets: int


def tokens_of(text: str) -> list[Token]:
    """Return the tokens, the last of kind ``end``.

    Raises:
        Stop: ``R280`` where no token begins.
    """
    found: list[Token] = []
    at, nested = 0, True
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        kind, end = match.lastgroup or "", match.end()
        if kind == "comment":
            # An inner "/*" that is never closed is text, as in "/* a/* b */"; looked for once, so that time stays linear.
            closed = _comment_end(text, at, nested)
            if closed is None:
                nested = False
                continue
            end = closed
        elif kind != "space":
            found.append(Token(kind, _meaning(kind, match[0], at), pack(at, end)))
        at = end
    found.append(Token("end", "", pack(at, at)))
    return found


def _meaning(kind: str, text: str, at: int) -> str:
    """Return what a token says: strings and names without their quotes."""
    match kind:
        case "raw":
            return text[3:-3]
        case "string":
            return _unescaped(text, at)
        case "quoted":
            if text == "``":
                raise Stop("R280", pack(at, at + 2), "a field without a name", "write the field's name between the backquotes")
            return text[1:-1].replace("``", "`")
        case _:
            return text


def _unescaped(text: str, at: int) -> str:
    """Return a quoted string's characters."""
    parts: list[str] = []
    position = 1
    while (slash := text.find("\\", position, -1)) >= 0:
        parts.append(text[position:slash])
        escape = _ESCAPE.match(text, slash)
        if escape is None:
            raise _bad_escape(text[slash + 1 : slash + 2], at + slash)
        if escape[1]:
            parts.append(_CONTROLS[escape[1]])
        else:
            code = int(escape[2], 16)
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                message = f"there is no character {escape[2]}"
                raise Stop("R280", pack(at + slash, at + escape.end()), message, "a character's number is at most 10FFFF")
            parts.append(chr(code))
        position = escape.end()
    parts.append(text[position:-1])
    return "".join(parts)


def _bad_escape(escaped: str, at: int) -> Stop:
    """Return the error for a backslash before a character that it does not escape."""
    if escaped == "u":
        help = "a character's number is written `\\u{202e}`, with two to eight hexadecimal digits"
    else:
        help = 'write two backslashes for one, or put the text in `"""`'
    return Stop("R280", pack(at, at + 2), f"`\\{escaped}` is no escape of EQL", help)


def _comment_end(text: str, at: int, nested: bool) -> int | None:
    """Return where the comment that begins at ``at`` ends; comments may stand in each other where they are all closed."""
    if nested:
        depth = 0
        for mark in _COMMENT.finditer(text, at):
            depth += 1 if mark[0] == "/*" else -1
            if depth == 0:
                return mark.end()
        return None
    end = text.find("*/", at + 2)
    if end < 0:
        raise Stop("R280", pack(at, at + 2), "a comment without an end", "close it with `*/`")
    return end + 2


def _unreadable(text: str, at: int) -> Stop:
    """Return the error for a character at which no token begins."""
    char = text[at]
    where = pack(at, at + 1)
    if char == '"':
        return Stop("R280", where, "a text without its closing quote on the same line", 'close it; a double quote inside is written `\\"`')
    if char == "'":
        return Stop("R280", where, "texts in single quotes are not EQL", _QUOTES_HELP)
    if char == "`":
        return Stop("R280", where, "a name without its closing backquote", "close it; a backquote inside is written twice")
    if char == "!":
        return Stop("R280", where, "`!` alone means nothing", "write `not`, `!=`, or `![` for a missing event")
    if char == "~":
        return Stop("R280", where, "`~` stands right behind in, like, regex or a function's name", "remove the space before it")
    return Stop("R280", where, f"`{char}` is no part of EQL", "names with other characters stand in backquotes")
