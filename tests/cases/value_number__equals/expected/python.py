"""A number

A case of the tests.

Made from the Sigma rule 936ac53b-2d82-588d-b9f1-43dabd70753b; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': '936ac53b-2d82-588d-b9f1-43dabd70753b',
    'title': 'A number',
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
        is_number(event, "responseStatus.code", 403)
    )


def is_number(event: dict[str, object], field: str, wanted: float) -> bool:
    """Return whether any value of the field is the number, or its decimal text."""
    text = str(wanted)
    return any(value == text or (value == wanted and not isinstance(value, bool)) for value in values(event, field))


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
