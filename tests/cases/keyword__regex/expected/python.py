"""A regular expression without a field

A case of the tests.

Made from the Sigma rule 93edb11b-fdd9-5ada-9a58-a583c4470479; change the rule, not this file.
"""

from __future__ import annotations

import re

RULE = {
    'id': '93edb11b-fdd9-5ada-9a58-a583c4470479',
    'title': 'A regular expression without a field',
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
        found_anywhere(event, r"(?a)web-\d$")
    )


def found_anywhere(event: dict[str, object], pattern: str) -> bool:
    """Return whether the pattern is found in any value of the event."""
    return any(re.search(pattern, text) is not None for text in all_texts(event))


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


def as_text(value: object) -> str:
    """Return a value as JSON writes it, a text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
