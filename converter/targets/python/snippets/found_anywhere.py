"""A regular expression on every value of an event."""

from __future__ import annotations

import re

from converter.targets.python.snippets.all_texts import all_texts


def found_anywhere(event: dict[str, object], pattern: str) -> bool:
    """Return whether the pattern is found in any value of the event."""
    return any(re.search(pattern, text) is not None for text in all_texts(event))
