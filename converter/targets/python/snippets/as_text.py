"""A value as text."""

from __future__ import annotations


def as_text(value: object) -> str:
    """Return a value as JSON writes it, a text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
