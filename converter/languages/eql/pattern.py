"""Texts without regard to case, and the wildcards of ``:``, ``like`` and of the functions that the engine turns into wildcard queries.

Case means ASCII case: the engine's term, prefix and wildcard queries fold no other letters.

Source: Elasticsearch 8.19, Query DSL, "term", "prefix" and "wildcard", parameter case_insensitive ("ASCII case insensitive matching").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from converter.languages import elasticsearch as es
from converter.languages.elasticsearch import Wild

_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_SPECIAL: Final = re.compile(r"[*?]")
_ESCAPED: Final = re.compile(r"\\(?P<escaped>.)|[*?]", re.DOTALL)


def folded(text: str) -> str:
    """Return a text with ASCII letters in lower case."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def parts_of(pattern: str, *, escapes: bool = False) -> tuple[str | Wild, ...]:
    r"""Return literal texts and wildcards; literals are never empty nor side by side.

    Args:
        pattern: as the query has it.
        escapes: whether a backslash takes a wildcard's meaning away, as in the engine's wildcard query.
    """
    parts: list[str | Wild] = []
    literal, at = "", 0
    for found in (_ESCAPED if escapes else _SPECIAL).finditer(pattern):
        literal += pattern[at : found.start()]
        at = found.end()
        if escapes and found["escaped"] is not None:
            literal += found["escaped"]
            continue
        if literal:
            parts.append(literal)
            literal = ""
        wild = Wild(found[0])
        if not (wild is Wild.MANY and parts and parts[-1] is Wild.MANY):
            parts.append(wild)
    literal += pattern[at:]
    if literal:
        parts.append(literal)
    return tuple(parts)


def matcher(parts: tuple[str | Wild, ...], *, insensitive: bool) -> Callable[[str], bool]:
    """Return a function that says whether the parts describe a whole text, in time linear in pattern times text."""
    if not insensitive:
        return es.matcher(parts)
    found = es.matcher(tuple(folded(part) if isinstance(part, str) else part for part in parts))
    return lambda text: found(folded(text))
