"""Every value of an event."""

from __future__ import annotations

from converter.targets.python.snippets.as_text import as_text


def all_texts(event: dict[str, object]) -> list[str]:
    """Return every value of the event as text, without nulls and the names of keys."""
    found: list[str] = []
    pending: list[object] = [event]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif value is not None:
            found.append(as_text(value))
    return found
