"""A value without a field

A case of the tests.

Made from the Sigma rule 1d064cf1-c48c-5350-9a36-4eb52ca45d2a; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': '1d064cf1-c48c-5350-9a36-4eb52ca45d2a',
    'title': 'A value without a field',
    'level': 'low',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'logsource': 'product kubernetes, service audit',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        anywhere(event, "web-0")
    )


def anywhere(event: dict[str, object], *pattern: str | int, cased: bool = False) -> bool:
    """Return whether the pattern describes a part of any value of the event."""
    return any(fits(text, (ANY, *pattern, ANY), cased) for text in all_texts(event))


def all_texts(event: dict[str, object]) -> list[str]:
    """Return every value of the event as text, without nulls and the names of keys."""
    found: list[str] = []
    pending: list[object] = [event]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif value is not None:
            found.append(as_text(value))
    return found


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


def as_text(value: object) -> str:
    """Return a value as JSON writes it, a text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def fold(text: str, cased: bool = False) -> str:
    """Return the text without regard to case, unless cased; no ASCII letter equals one outside ASCII."""
    if cased:
        return text
    if text.isascii():
        return text.lower()
    return "".join(fold_letter(letter) for letter in text)


def fold_letter(letter: str) -> str:
    """Return a letter's lower case, where that is one letter and as much ASCII as before."""
    lower = letter.lower()
    return lower if len(lower) == 1 and lower.isascii() == letter.isascii() else letter
