"""A test on a field's text."""

from __future__ import annotations

from converter.targets.python.snippets.fits import fits
from converter.targets.python.snippets.texts import texts


def like(event: dict[str, object], field: str, *pattern: str | int, cased: bool = False) -> bool:
    """Return whether the pattern describes any value of the field as a whole."""
    return any(fits(text, pattern, cased) for text in texts(event, field))
