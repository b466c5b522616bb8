"""A field's values as texts."""

from __future__ import annotations

from converter.targets.python.snippets.as_text import as_text
from converter.targets.python.snippets.values import values


def texts(event: dict[str, object], field: str) -> list[str]:
    """Return the field's values as texts, without nulls and objects."""
    return [as_text(value) for value in values(event, field) if value is not None and not isinstance(value, dict)]
