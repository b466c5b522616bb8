"""The part of a time that a text writes: its minute, hour, day, week, month or year.

A time is a date of ISO 8601 in its long form, with or without a time of day
behind ``T`` or a blank, seconds, a fraction and a zone.  The part is what is
written: no zone is converted.  A text without a time of day has no hour; a
number of seconds since 1970 has no part, because it would need a zone.
Source: Sigma modifiers 2.1, "Time Modifiers"; weeks: ISO 8601, which counts 52 or 53.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

UNITS: Final = ("minute", "hour", "day", "week", "month", "year")
"""The modifiers, from the smallest part."""

_TIME: Final = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])(?::(?:[0-5][0-9]|60)(?:[.,][0-9]{1,12})?)?"
    r"(?: ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_LENGTH: Final = 60
"""Characters of the longest time."""


def time_part(text: str, unit: str) -> int | None:
    """Return a part of the time that ``text`` is, ``None`` when it is none or lacks the part."""
    found = _TIME.fullmatch(text) if len(text) <= _LENGTH else None
    if found is None:
        return None
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
    if unit == "week":
        return day.isocalendar().week
    return int(found[unit]) if found[unit] else None


def time_sample(unit: str, value: int) -> str | None:
    """Return a time whose part has this value, ``None`` when there is none."""
    try:
        day = date.fromisocalendar(2026, value, 3) if unit == "week" else date(2026, 1, 1)
        parts = {"year": day.year, "month": day.month, "day": day.day, "hour": 10, "minute": 30}
        if unit != "week":
            parts[unit] = value
        text = "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z".format_map(parts)
    except ValueError:
        return None
    return text if time_part(text, unit) == value else None
