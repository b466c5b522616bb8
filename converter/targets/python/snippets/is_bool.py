"""A test on a field's truth value."""

from __future__ import annotations

from converter.targets.python.snippets.values import values


def is_bool(event: dict[str, object], field: str, wanted: bool) -> bool:
    """Return whether any value of the field is the truth value, or its lower-case text."""
    text = "true" if wanted else "false"
    return any(value is wanted or value == text for value in values(event, field))
