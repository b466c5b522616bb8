r"""Parts of times as regular expressions: Splunk's strptime converts zones, a text does not.

A time is what ``TIME`` describes: a date that the calendar has, by the number
of days of its month and by leap years, and perhaps a time of day.  The part
stands at a fixed place of it.  Weeks are no part of the text.
Source: Sigma modifiers 2.1, "Time Modifiers"; ISO 8601.
"""

from __future__ import annotations

from typing import Final

_YEAR: Final = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP: Final = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAYS: Final = "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
_CLOCK: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60)(?:[.,][0-9]{1,12})?)?(?: ?(?:Z|[-+][0-9]{2}(?::?[0-9]{2})?))?"
TIME: Final = rf"^(?:{_YEAR}-{_DAYS}|{_LEAP}-02-29)(?:[T ]{_CLOCK})?\z"
"""What a whole time looks like."""

_PLACES: Final = {"year": (0, 4, 9999), "month": (5, 2, 12), "day": (8, 2, 31), "hour": (11, 2, 23), "minute": (14, 2, 59)}
"""Where a part begins in a time, its digits, and the most that it can be."""


def part(unit: str, operator: str, value: int) -> str | None:
    """Return an expression for a part that stands in an order to a number; ``None`` for weeks, which no text writes."""
    if unit not in _PLACES:
        return None
    start, digits, last = _PLACES[unit]
    least, most = {
        "eq": (value, value),
        "lt": (0, value - 1),
        "lte": (0, value),
        "gt": (value + 1, last),
        "gte": (value, last),
    }[operator]
    numbers = _between(max(least, 0), min(most, last), digits)
    choice = numbers[0] if len(numbers) == 1 else f"(?:{'|'.join(numbers)})"
    return f"^.{{{start}}}{choice}" if start else f"^{choice}"


def _between(least: int, most: int, digits: int) -> list[str]:
    """Return expressions for the numbers of so many digits from one to another; one that nothing fits when there are none."""
    if least > most:
        return ["[^0-9]"]
    if digits == 1:
        return [_digit(least, most)]
    power = 10 ** (digits - 1)
    (first, low), (last, high) = divmod(least, power), divmod(most, power)
    if first == last:
        return [f"{first}{rest}" for rest in _between(low, high, digits - 1)]
    found = []
    if low:
        found += [f"{first}{rest}" for rest in _between(low, power - 1, digits - 1)]
        first += 1
    ends = [f"{last}{rest}" for rest in _between(0, high, digits - 1)] if high < power - 1 else []
    last -= bool(ends)
    if first <= last:
        found.append(_digit(first, last) + "[0-9]" * (digits - 1))
    return found + ends


def _digit(least: int, most: int) -> str:
    return str(least) if least == most else f"[{least}-{most}]"
