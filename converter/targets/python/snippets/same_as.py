"""A test of one field against another."""

from __future__ import annotations

from converter.targets.python.snippets.fold import fold
from converter.targets.python.snippets.texts import texts


def same_as(event: dict[str, object], field: str, other: str) -> bool:
    """Return whether any value of the field is the same as any of the other's."""
    return any(fold(text) == fold(part) for text in texts(event, field) for part in texts(event, other))
