r"""The patterns of ``LIKE`` and ``RLIKE``, both for a whole text and with regard to case.

Source: ES|QL reference, LIKE and RLIKE; elastic/elasticsearch StringUtils.wildcardToJavaPattern (what a backslash may stand before),
RLikePattern.java (Lucene's expressions with all optional operators, at most 10,000 states).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from converter.languages import elasticsearch as es
from converter.languages.esql.problem import Stop

_OPTIONAL: Final = re.compile(r'\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|([~<>&@#"])', re.DOTALL)
"""Escapes and classes, and outside of them what only Lucene's optional operators read otherwise."""


def like(text: str, offsets: int) -> Callable[[str], bool]:
    """Return the test of a pattern: ``*``, ``?``, and a backslash before them or itself.

    Raises:
        Stop: ``R303`` for another backslash.
    """
    parts: list[str | es.Wild] = []
    literal, at = "", 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
            if text[at : at + 1] not in ("*", "?", "\\"):
                what = f"Invalid pattern for LIKE [{text}]: escape character is not followed by special wildcard char"
                raise Stop("R303", offsets, what, "write two backslashes for one")
            literal += text[at]
        elif char in "*?":
            parts += [literal, es.Wild(char)] if literal else [es.Wild(char)]
            literal = ""
        else:
            literal += char
        at += 1
    pattern = (*parts, literal) if literal else tuple(parts)
    return lambda value: es.fits(pattern, value)


def rlike(text: str, offsets: int) -> Callable[[str], bool]:
    """Return the test of a regular expression in Lucene's syntax.

    Raises:
        Stop: ``R303`` where the engine refuses it, ``R304`` for its optional operators.
    """
    optional = next((found[1] for found in _OPTIONAL.finditer(text) if found[1]), None)
    if optional is not None:
        raise Stop("R304", offsets, f"the operator `{optional}` of a regular expression is not run", "write a backslash before it")
    try:
        return es.Automaton(es.parse(text)).describes
    except es.Refusal as refusal:
        code, what = ("R304", "not known: ") if refusal.unknown else ("R303", "")
        raise Stop(code, offsets, f"Invalid pattern for RLIKE: {what}{refusal.message}", refusal.help) from None
