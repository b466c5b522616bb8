"""A test on every value of an event."""

from __future__ import annotations

from converter.targets.python.snippets.all_texts import all_texts
from converter.targets.python.snippets.fits import ANY, fits


def anywhere(event: dict[str, object], *pattern: str | int, cased: bool = False) -> bool:
    """Return whether the pattern describes a part of any value of the event."""
    return any(fits(text, (ANY, *pattern, ANY), cased) for text in all_texts(event))
