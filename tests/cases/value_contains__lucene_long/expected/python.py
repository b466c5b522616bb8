"""Texts that are too long to spell each letter twice

A case of the tests.

Made from the Sigma rule fb72cc82-08e8-5b01-8dab-819a2ed162b6; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': 'fb72cc82-08e8-5b01-8dab-819a2ed162b6',
    'title': 'Texts that are too long to spell each letter twice',
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
        equals(event, "userAgent", "eabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij")
        or contains(event, "userAgent", "cabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij")
        or startswith(event, "userAgent", "sabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij")
        or endswith(event, "userAgent", "nabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij")
        or like(event, "userAgent", "wabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij", ANY, "w")
        or like(event, "userAgent", "o", ONE, "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij")
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


def contains(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field holds the text."""
    wanted = fold(wanted, cased)
    return any(wanted in fold(text, cased) for text in texts(event, field))


def startswith(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field begins with the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased).startswith(wanted) for text in texts(event, field))


def endswith(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field ends with the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased).endswith(wanted) for text in texts(event, field))


def like(event: dict[str, object], field: str, *pattern: str | int, cased: bool = False) -> bool:
    """Return whether the pattern describes any value of the field as a whole."""
    return any(fits(text, pattern, cased) for text in texts(event, field))


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


def texts(event: dict[str, object], field: str) -> list[str]:
    """Return the field's values as texts, without nulls and objects."""
    return [as_text(value) for value in values(event, field) if value is not None and not isinstance(value, dict)]


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


def values(event: dict[str, object], field: str) -> list[object]:
    """Return what stands at a dotted field: the longest key first, lists taken apart."""
    found: list[object] = []
    pending: list[tuple[object, str]] = [(event, field)]
    while pending:
        value, rest = pending.pop()
        if isinstance(value, list):
            pending.extend((one, rest) for one in value)
        elif not rest:
            found.append(value)
        elif isinstance(value, dict):
            key = rest
            while key and key not in value:
                key = key.rpartition(".")[0]
            if key:
                pending.append((value[key], rest[len(key) + 1 :]))
    return found
