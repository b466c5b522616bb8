"""A test on a field's presence."""

from __future__ import annotations

from converter.targets.python.snippets.texts import texts


def has_value(event: dict[str, object], field: str) -> bool:
    """Return whether the field has a value that is not null."""
    return len(texts(event, field)) > 0
