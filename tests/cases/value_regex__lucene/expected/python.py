"""Regular expressions as a query string

A case of the tests.

Made from the Sigma rule e3bb1506-2a9c-515c-871a-72e7c0d88b79; change the rule, not this file.
"""

from __future__ import annotations

import re

RULE = {
    'id': 'e3bb1506-2a9c-515c-871a-72e7c0d88b79',
    'title': 'Regular expressions as a query string',
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
        finds(event, "userAgent", r"(?a)^Curl/\d+(?: |$)")
        or finds(event, "objectRef.name", r"(?a)(?i:web)\w\\$")
    )


def finds(event: dict[str, object], field: str, pattern: str) -> bool:
    """Return whether the pattern is found in any value of the field."""
    return any(re.search(pattern, text) is not None for text in texts(event, field))


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
