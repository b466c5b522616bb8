"""Negations among alternatives in a query string

A case of the tests.

Made from the Sigma rule 9a88276c-ba64-5d1a-88dc-1ee9620ca687; change the rule, not this file.
"""

from __future__ import annotations

import re

RULE = {
    'id': '9a88276c-ba64-5d1a-88dc-1ee9620ca687',
    'title': 'Negations among alternatives in a query string',
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
        equals(event, "verb", "create")
        and (
            not (
                equals(event, "user.username", "root")
                or equals(event, "user.username", "admin")
            )
            or equals(event, "objectRef.resource", "secrets")
        )
        and not (
            equals(event, "objectRef.resource", "secrets")
            and (
                contains(event, "userAgent", "curl")
                and at_least(event, "responseStatus.code", 400)
                and less_than(event, "responseStatus.code", 500)
            )
        )
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


def contains(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field holds the text."""
    wanted = fold(wanted, cased)
    return any(wanted in fold(text, cased) for text in texts(event, field))


def at_least(event: dict[str, object], field: str, bound: float) -> bool:
    """Return whether any number of the field is the bound or more."""
    return any(number >= bound for number in numbers(event, field))


def less_than(event: dict[str, object], field: str, bound: float) -> bool:
    """Return whether any number of the field is less than the bound."""
    return any(number < bound for number in numbers(event, field))


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


DECIMAL = r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?"


def numbers(event: dict[str, object], field: str) -> list[float]:
    """Return the field's numbers, and its texts that are decimal numbers."""
    found: list[float] = []
    for value in values(event, field):
        if isinstance(value, str) and re.fullmatch(DECIMAL, value):
            found.append(float(value) if re.search("[.eE]", value) else int(value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(value)
    return found


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
