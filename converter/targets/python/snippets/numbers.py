"""A field's values as numbers."""

from __future__ import annotations

import re

from converter.targets.python.snippets.values import values

DECIMAL = r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?"


def numbers(event: dict[str, object], field: str) -> list[float]:
    """Return the field's numbers, and its texts that are decimal numbers."""
    found: list[float] = []
    for value in values(event, field):
        if isinstance(value, str) and re.fullmatch(DECIMAL, value):
            found.append(float(value) if re.search("[.eE]", value) else int(value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(value)
    return found
