"""Texts without regard to case, and the wildcards of ``:``, ``like`` and of the functions that the engine turns into wildcard queries.

Case means ASCII case: the engine's term, prefix and wildcard queries fold no other letters.

Source: Elasticsearch 8.19, Query DSL, "term", "prefix" and "wildcard", parameter case_insensitive ("ASCII case insensitive matching").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

MANY: Final = object()
ONE: Final = object()
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_SPECIAL: Final = re.compile(r"[*?]")
_ESCAPED: Final = re.compile(r"\\(?P<escaped>.)|[*?]", re.DOTALL)


def folded(text: str) -> str:
    """Return a text with ASCII letters in lower case."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def parts_of(pattern: str, *, escapes: bool = False) -> tuple[object, ...]:
    r"""Return literal texts, ``MANY`` for ``*`` and ``ONE`` for ``?``; literals are never empty nor side by side.

    Args:
        pattern: as the query has it.
        escapes: whether a backslash takes a wildcard's meaning away, as in the engine's wildcard query.
    """
    parts: list[object] = []
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
        wild = MANY if found[0] == "*" else ONE
        if not (wild is MANY and parts and parts[-1] is MANY):
            parts.append(wild)
    literal += pattern[at:]
    if literal:
        parts.append(literal)
    return tuple(parts)


def matcher(parts: tuple[object, ...], *, insensitive: bool) -> Callable[[str], bool]:
    """Return a function that says whether the parts describe a whole text, in time linear in pattern times text."""
    chunks: list[list[str | None]] = [[]]
    for part in parts:
        if part is MANY:
            chunks.append([])
        elif part is ONE:
            chunks[-1].append(None)
        elif isinstance(part, str):
            chunks[-1].extend(folded(part) if insensitive else part)
    plain = ["".join(char or "" for char in chunk) if None not in chunk else None for chunk in chunks]

    def found(text: str) -> bool:
        return _matches(chunks, plain, folded(text) if insensitive else text)

    return found


def _matches(chunks: list[list[str | None]], plain: list[str | None], text: str) -> bool:
    head, tail = chunks[0], chunks[-1]
    if len(chunks) == 1:
        return len(head) == len(text) and _at(head, text, 0)
    end = len(text) - len(tail)
    if end < len(head) or not _at(head, text, 0) or not _at(tail, text, end):
        return False
    position = len(head)
    for chunk, literal in zip(chunks[1:-1], plain[1:-1], strict=True):
        if literal is not None:
            position = text.find(literal, position, end)
            if position < 0:
                return False
        else:
            while position + len(chunk) <= end and not _at(chunk, text, position):
                position += 1
            if position + len(chunk) > end:
                return False
        position += len(chunk)
    return True


def _at(chunk: list[str | None], text: str, position: int) -> bool:
    return all(wanted is None or wanted == text[position + index] for index, wanted in enumerate(chunk))
