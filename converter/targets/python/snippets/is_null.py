"""A test on a field's absence."""

from __future__ import annotations

from converter.targets.python.snippets.values import values


def is_null(event: dict[str, object], field: str) -> bool:
    """Return whether the field is missing or holds nothing but null."""
    return all(value is None for value in values(event, field))
