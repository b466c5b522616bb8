"""A test on a field's order."""

from __future__ import annotations

from converter.targets.python.snippets.numbers import numbers


def at_most(event: dict[str, object], field: str, bound: float) -> bool:
    """Return whether any number of the field is the bound or less."""
    return any(number <= bound for number in numbers(event, field))
