"""A test of one field against another."""

from __future__ import annotations

from converter.targets.python.snippets.fold import fold
from converter.targets.python.snippets.texts import texts


def endswith_field(event: dict[str, object], field: str, other: str) -> bool:
    """Return whether any value of the field ends with any of the other's."""
    return any(fold(text).endswith(fold(part)) for text in texts(event, field) for part in texts(event, other))
