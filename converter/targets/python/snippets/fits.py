"""Patterns with wildcards, in time linear in pattern times text."""

from __future__ import annotations

from converter.targets.python.snippets.fold import fold

ANY = 0
ONE = 1


def fits(text: str, pattern: tuple[str | int, ...], cased: bool = False) -> bool:
    """Return whether the pattern describes the whole text: ANY is any text, ONE is one character."""
    text = fold(text, cased)
    chunks: list[list[str]] = [[]]
    for part in pattern:
        if part == ANY:
            chunks.append([])
        elif part == ONE:
            chunks[-1].append("")
        else:
            chunks[-1].extend(fold(str(part), cased))
    head, tail, end = chunks[0], chunks[-1], len(text) - len(chunks[-1])
    if len(chunks) == 1:
        return len(head) == len(text) and stands(head, text, 0)
    if end < len(head) or not stands(head, text, 0) or not stands(tail, text, end):
        return False
    place = len(head)
    for chunk in chunks[1:-1]:
        while place + len(chunk) <= end and not stands(chunk, text, place):
            place += 1
        place += len(chunk)
        if place > end:
            return False
    return True


def stands(chunk: list[str], text: str, place: int) -> bool:
    """Return whether the letters of a chunk stand at a place of the text; an empty one is any letter."""
    return all(letter in ("", text[place + index]) for index, letter in enumerate(chunk))
