"""An order of numbers for a newer Falco

A case of the tests.

Made from the Sigma rule f16607ef-2b19-5454-8dbf-50109157d74e; change the rule, not this file.
"""

from __future__ import annotations

import re

RULE = {
    'id': 'f16607ef-2b19-5454-8dbf-50109157d74e',
    'title': 'An order of numbers for a newer Falco',
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
        at_least(event, "responseStatus.code", 400)
    )


def at_least(event: dict[str, object], field: str, bound: float) -> bool:
    """Return whether any number of the field is the bound or more."""
    return any(number >= bound for number in numbers(event, field))


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
