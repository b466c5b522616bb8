"""A test on a field's text."""

from __future__ import annotations

from converter.targets.python.snippets.fold import fold
from converter.targets.python.snippets.texts import texts


def contains(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field holds the text."""
    wanted = fold(wanted, cased)
    return any(wanted in fold(text, cased) for text in texts(event, field))
