r"""Cut a query string into the tokens of Lucene's classic parser: the longest one counts, of equally long ones the first.

Source: Lucene 9 QueryParser.jj, "Token Definitions".
"""

from __future__ import annotations

import re
from typing import Final

from converter.model import node

SPACES: Final = " \t\n\r\u3000"
_START: Final = rf'(?:\\.|[^{SPACES}+\-!():^\[\]"{{}}~*?\\/])'
_CHAR: Final = rf'(?:\\.|[^{SPACES}!():^\[\]"{{}}~*?\\/])'
_TERM: Final = re.compile(rf"(?:{_START}|[*?])(?:{_CHAR}|[*?])*", re.DOTALL)
_QUOTED: Final = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_EXPRESSION: Final = re.compile(r"/(?:\\/|[^/])*/")
_TILDE: Final = re.compile(rf"~{_CHAR}*", re.DOTALL)
_BARE: Final = re.compile(rf"[+\-!][{SPACES}]")
_SPACE: Final = re.compile(rf"[{SPACES}]+")
_BOOST: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_BOUND: Final = re.compile(r"[^ \]}]+")
_QUOTED_BOUND: Final = re.compile(r'"(?:\\"|[^"])+"')
_WORDS: Final = {"AND": "and", "&&": "and", "OR": "or", "||": "or", "NOT": "not"}
_SIGNS: Final = {"!": "not", "+": "plus", "-": "minus", "(": "(", ")": ")", ":": ":", "^": "^", "[": "[", "{": "["}
_OPENED: Final = {'"': ("quoted", _QUOTED), "/": ("expression", _EXPRESSION), "~": ("~", _TILDE)}
_UNESCAPED: Final = re.compile(r"\\.", re.DOTALL)


@node
class Token:
    """A token: its kind, its text and where it begins; ``error`` is where the text cannot be cut, ``end`` the end."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place behind it."""
        return self.start + len(self.text)


def cut(text: str) -> list[Token]:
    """Return the tokens; the last is of the kind ``end`` or ``error``."""
    found: list[Token] = []
    at, state = 0, "default"
    while True:
        if state != "boost" and (space := _SPACE.match(text, at)):
            at = space.end()
        if at == len(text):
            found.append(Token("end", "", at))
            return found
        token = _boost(text, at) if state == "boost" else _bound(text, at) if state == "range" else _default(text, at)
        if token is None:
            found.append(Token("error", text[at], at))
            return found
        found.append(token)
        at = token.end
        state = _after(state, token.kind)


def _after(state: str, kind: str) -> str:
    """Return the state behind a token."""
    if kind == "^":
        return "boost"
    if kind == "[":
        return "range"
    return "default" if kind in ("]", "number") else state


def _boost(text: str, at: int) -> Token | None:
    number = _BOOST.match(text, at)
    return Token("number", number[0], at) if number else None


def _bound(text: str, at: int) -> Token | None:
    """Return a token inside a range."""
    if text[at] in "]}":
        return Token("]", text[at], at)
    bound, quoted = _BOUND.match(text, at), _QUOTED_BOUND.match(text, at)
    if quoted is not None and (bound is None or quoted.end() >= bound.end()):
        return Token("quoted", quoted[0], at)
    if bound is None:
        return None
    return Token("to" if bound[0] == "TO" else "bound", bound[0], at)


def _default(text: str, at: int) -> Token | None:
    """Return a token outside of a range."""
    char = text[at]
    if char in _SIGNS:
        return Token("bare", text[at : at + 2], at) if _BARE.match(text, at) else Token(_SIGNS[char], char, at)
    kind, pattern = _OPENED.get(char, ("", _TERM))
    found = pattern.match(text, at)
    return Token(kind or _kind(found[0]), found[0], at) if found else None


def _kind(text: str) -> str:
    """Return which kind of term a text is."""
    if text in _WORDS:
        return _WORDS[text]
    if text == "*":
        return "*"
    if "*" not in text and "?" not in text:
        return "term"
    plain = _UNESCAPED.sub("", text)
    if "*" not in plain and "?" not in plain:
        return "term"
    return "prefix" if plain.count("*") == 1 and "?" not in plain and plain.endswith("*") and _ends_in_star(text) else "pattern"


def _ends_in_star(text: str) -> bool:
    """Say whether the last character is a star that is no escaped one."""
    return text.endswith("*") and _UNESCAPED.sub("..", text).endswith("*")
