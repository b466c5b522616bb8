"""A test on a part of a field's time."""

from __future__ import annotations

import datetime
import re

from converter.targets.python.snippets.values import values

TIME = (
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::(?:[0-5][0-9]|60)(?:[.,][0-9]{1,12})?)?"
    r"(?: ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
PLACES = ("year", "month", "day", "hour", "minute")


def part_of_time(event: dict[str, object], field: str, unit: str, least: int, most: int) -> bool:
    """Return whether a part of any time of the field, as it is written, lies between two numbers."""
    for value in values(event, field):
        part = written_part(value, unit) if isinstance(value, str) else -1
        if part >= 0 and least <= part <= most:
            return True
    return False


def written_part(text: str, unit: str) -> int:
    """Return a part of the time that the text is, -1 when it is none or has no such part; weeks are those of ISO 8601."""
    found = re.fullmatch(TIME, text) if len(text) <= 60 else None
    if not found:
        return -1
    try:
        day = datetime.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return -1
    if unit == "week":
        return day.isocalendar()[1]
    part = found[1 + PLACES.index(unit)]
    return int(part) if part else -1
