"""Wildcards, and whether a pattern of them describes a text."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Star(Enum):
    """The only wildcard of a language without one for a single character: any characters, also none."""

    STAR = "*"


class Wild(Enum):
    """A wildcard: any characters, also none, or exactly one."""

    MANY = "*"
    ONE = "?"


def fits(parts: tuple[str | Wild, ...], text: str) -> bool:
    """Say whether a pattern describes the whole text, in time linear in pattern times text."""
    return matcher(parts)(text)


def matcher(parts: tuple[str | Wild, ...]) -> Callable[[str], bool]:
    """Return what ``fits`` says of a text, for a pattern that many texts are held against."""
    chunks: list[list[str]] = [[]]
    for part in parts:
        if part is Wild.MANY:
            chunks.append([])
        else:
            chunks[-1] += [""] if part is Wild.ONE else list(str(part))
    if len(chunks) == 1:
        return lambda text: len(chunks[0]) == len(text) and _stands(chunks[0], text, 0)
    head, tail = chunks[0], chunks[-1]
    inner = [(chunk, "".join(chunk) if all(chunk) else None) for chunk in chunks[1:-1]]

    def found(text: str) -> bool:
        at, end = len(head), len(text) - len(tail)
        if end < at or not _stands(head, text, 0) or not _stands(tail, text, end):
            return False
        for chunk, literal in inner:
            at = _next(chunk, literal, text, at, end)
            if at < 0:
                return False
            at += len(chunk)
        return True

    return found


def _next(chunk: list[str], literal: str | None, text: str, at: int, end: int) -> int:
    """Return the first place from ``at`` on where a chunk stands and ends by ``end``, -1 for none."""
    if literal is not None:
        return text.find(literal, at, end)
    while at + len(chunk) <= end:
        if _stands(chunk, text, at):
            return at
        at += 1
    return -1


def _stands(chunk: list[str], text: str, at: int) -> bool:
    """Say whether a chunk, in which nothing stands for any character, is at this place of the text."""
    return all(not wanted or wanted == text[at + index] for index, wanted in enumerate(chunk))
