"""A test on every value of an event."""

from __future__ import annotations

from converter.targets.python.snippets.all_texts import all_texts


def number_anywhere(event: dict[str, object], wanted: float) -> bool:
    """Return whether any value of the event is the number's decimal text."""
    text = str(wanted)
    return any(found == text for found in all_texts(event))
