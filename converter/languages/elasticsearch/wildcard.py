"""Wildcards, and whether a pattern of them describes a text."""

from __future__ import annotations

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
    chunks: list[list[str]] = [[]]
    for part in parts:
        if part is Wild.MANY:
            chunks.append([])
        else:
            chunks[-1] += [""] if part is Wild.ONE else list(str(part))
    if len(chunks) == 1:
        return len(chunks[0]) == len(text) and _stands(chunks[0], text, 0)
    head, tail = chunks[0], chunks[-1]
    at, end = len(head), len(text) - len(tail)
    if end < at or not _stands(head, text, 0) or not _stands(tail, text, end):
        return False
    for chunk in chunks[1:-1]:
        while at + len(chunk) <= end and not _stands(chunk, text, at):
            at += 1
        if at + len(chunk) > end:
            return False
        at += len(chunk)
    return True


def _stands(chunk: list[str], text: str, at: int) -> bool:
    """Say whether a chunk, in which nothing stands for any character, is at this place of the text."""
    return all(not wanted or wanted == text[at + index] for index, wanted in enumerate(chunk))
