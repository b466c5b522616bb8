"""Signs that a query string reads as its own

A case of the tests.

Made from the Sigma rule db43e38c-2e09-56e3-a64b-0fa5d561e6ee; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': 'db43e38c-2e09-56e3-a64b-0fa5d561e6ee',
    'title': 'Signs that a query string reads as its own',
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
        (
            equals(event, "verb", "create")
            and (
                equals(event, "userAgent", ">5 AND \"x\" OR NOT (y)", cased=True)
                or equals(event, "userAgent", "a/b\\c:d^2~1", cased=True)
                or equals(event, "userAgent", "[a TO b}", cased=True)
            )
        )
        or (
            contains(event, "userAgent", " && !", cased=True)
            or contains(event, "userAgent", "/{x}\\", cased=True)
        )
        or (
            equals(event, "annotations.authorization.k8s.io/decision", "allow")
            and (
                equals(event, "objectRef.name", "Dir\\")
                or equals(event, "objectRef.name", "other")
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
