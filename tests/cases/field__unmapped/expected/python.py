"""A field that the raw event alone has

A case of the tests.

Made from the Sigma rule e51feb51-c65c-5d1f-9487-14f605fcd39b; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': 'e51feb51-c65c-5d1f-9487-14f605fcd39b',
    'title': 'A field that the raw event alone has',
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
        is_bool(event, "requestObject.spec.hostNetwork", True)
    )


def is_bool(event: dict[str, object], field: str, wanted: bool) -> bool:
    """Return whether any value of the field is the truth value, or its lower-case text."""
    text = "true" if wanted else "false"
    return any(value is wanted or value == text for value in values(event, field))


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
