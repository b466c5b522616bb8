"""A test on a field's order."""

from __future__ import annotations

from converter.targets.python.snippets.numbers import numbers


def less_than(event: dict[str, object], field: str, bound: float) -> bool:
    """Return whether any number of the field is less than the bound."""
    return any(number < bound for number in numbers(event, field))
