r"""Names and values as the classic query parser reads them.

A backslash takes the character behind it for what it is, in names, values and
patterns alike; letters and digits never get one (``\u`` is an escape of its
own, and a folded field keeps what was escaped).

Source: Lucene 9 QueryParser.jj and QueryParserBase.java; Elasticsearch 8.19 QueryStringQueryParser.java.
"""

from __future__ import annotations

import re
from typing import Final

from converter.ir import Parts, Wild

_SPECIAL: Final = re.compile(r'[\\+\-!():^\[\]"{}~*?/&|<>=\s\u3000]')
_IN_QUOTES: Final = re.compile(r'[\\"]')
_OPERATORS: Final = frozenset({"AND", "OR", "NOT"})


def name(path: str) -> str:
    """Return a field's name; one that is an operator's word has its first letter escaped."""
    text = _SPECIAL.sub(_escaped, path)
    return f"\\{text}" if text in _OPERATORS else text


def quoted(text: str) -> str:
    """Return a whole value: between quotes nothing is a wildcard, and no sign compares."""
    return f'"{_IN_QUOTES.sub(_escaped, text)}"'


def pattern(parts: Parts) -> str:
    """Return a value with wildcards, its literals escaped; stars side by side are one."""
    merged = [part for at, part in enumerate(parts) if part is not Wild.MANY or parts[at - 1 : at] != (Wild.MANY,)]
    return "".join(part.value if isinstance(part, Wild) else _SPECIAL.sub(_escaped, part) for part in merged)


def number(text: str) -> str:
    """Return a number behind a sign of comparison."""
    return _SPECIAL.sub(_escaped, text)


def expression(text: str) -> str:
    r"""Return a regular expression between its slashes, those inside of it already escaped.

    A backslash at its end would take the closing slash with it where another
    one follows in the query, so that it becomes a class.
    """
    backslashes = len(text) - len(text.rstrip("\\"))
    return f"/{text[:-2]}[\\\\]/" if backslashes else f"/{text}/"


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found.group()}"
