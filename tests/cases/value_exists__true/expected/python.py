"""A key, whatever its value

A case of the tests.

Made from the Sigma rule 7442c6fe-9e53-5b80-be3d-7d821469e82d; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': '7442c6fe-9e53-5b80-be3d-7d821469e82d',
    'title': 'A key, whatever its value',
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
        exists(event, "objectRef.subresource")
    )


def exists(event: dict[str, object], field: str) -> bool:
    """Return whether the field's key is present, whatever its value."""
    pending: list[tuple[object, str]] = [(event, field)]
    while pending:
        value, rest = pending.pop()
        if not rest:
            return True
        if isinstance(value, list):
            pending.extend((one, rest) for one in value)
        elif isinstance(value, dict):
            key = rest
            while key and key not in value:
                key = key.rpartition(".")[0]
            if key:
                pending.append((value[key], rest[len(key) + 1 :]))
    return False
