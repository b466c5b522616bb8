"""A test on a field's text."""

from __future__ import annotations

from converter.targets.python.snippets.fold import fold
from converter.targets.python.snippets.texts import texts


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))
