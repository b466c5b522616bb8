"""A regular expression on a field's text."""

from __future__ import annotations

import re

from converter.targets.python.snippets.texts import texts


def finds(event: dict[str, object], field: str, pattern: str) -> bool:
    """Return whether the pattern is found in any value of the field."""
    return any(re.search(pattern, text) is not None for text in texts(event, field))
