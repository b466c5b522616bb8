r"""ES|QL's words: names of columns, texts, patterns.

Source: elastic/elasticsearch EsqlBaseLexer, lexer/Expression.g4 (identifiers, QUOTED_STRING), StringUtils.wildcardToJavaPattern
(``\`` before anything but ``*``, ``?`` and itself is an error).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from converter.ir import Parts, Wild

KEYWORDS: Final = frozenset(
    "and as asc by desc dissect drop enrich eval false first from grok in is join keep last like limit lookup metadata "  # noqa: SIM905 - words
    "mv_expand not null nulls on or rename rlike row show sort stats true where with".split()
)
"""Words that may mean something else than a column; a name that is one stands in backquotes."""
BREAK: Final = "\0"
"""The end of a line while an expression is made: no name and no text has it."""
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*|[_@][A-Za-z0-9_]+")
_ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_WILD: Final = str.maketrans({sign: f"\\{sign}" for sign in "*?\\"})


class NulError(ValueError):
    """Raised for a name or a text with NUL in it, which nothing escapes."""


@lru_cache(maxsize=4096)  # a rule asks for the same few columns again and again
def name(path: str) -> str:
    """Return the column of a field, parts that are no plain word in backquotes."""
    return ".".join(_part(one) for one in path.split("."))


def _part(word: str) -> str:
    _check(word)
    plain = _PLAIN.fullmatch(word) is not None and word.lower() not in KEYWORDS
    return word if plain else f"`{word.replace('`', '``')}`"


def text(value: str) -> str:
    """Return a text as ES|QL writes it: in three quotes, where nothing is escaped, if it has a backslash."""
    _check(value)
    if "\\" in value and not any(char in value for char in '"\r\n'):
        return f'"""{value}"""'
    return f'"{value.translate(_ESCAPED)}"'


def _check(value: str) -> None:
    if BREAK in value:
        raise NulError(value)


def pattern(parts: Parts) -> str:
    """Return what stands behind ``LIKE``: literal wildcards and backslashes behind a backslash."""
    return "".join(["*" if part is Wild.MANY else "?" if part is Wild.ONE else part.translate(_WILD) for part in parts])
