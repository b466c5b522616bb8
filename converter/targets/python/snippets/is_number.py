"""A test on a field's number."""

from __future__ import annotations

from converter.targets.python.snippets.values import values


def is_number(event: dict[str, object], field: str, wanted: float) -> bool:
    """Return whether any value of the field is the number, or its decimal text."""
    text = str(wanted)
    return any(value == text or (value == wanted and not isinstance(value, bool)) for value in values(event, field))
