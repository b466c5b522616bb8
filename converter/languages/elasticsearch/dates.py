"""Dates as Elasticsearch reads them: ISO 8601 with parts left out, epoch numbers, and date arithmetic (``||/d``).

Instants are whole nanoseconds since 1970 (UTC) in Python integers, so that
nothing is rounded before the field's own resolution is applied.
"""

from __future__ import annotations

import datetime
import re
from calendar import monthrange
from typing import Final

from converter.languages.elasticsearch.refusal import Refusal

DEFAULT_FORMATS: Final = ("strict_date_optional_time", "epoch_millis")

_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_MILLI = 1_000_000
_ISO = re.compile(
    r"(?P<year>-?\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?"
    r"(?:T(?:(?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r"(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?)?",
    re.ASCII,
)
_EPOCH = re.compile(r"(-?\d+)(?:\.(\d{1,9}))?\.?", re.ASCII)
_MATH = re.compile(r"([+-])(\d*)([yMwdhHms])|/([yMwdhHms])", re.ASCII)
_FIXED = {"w": 7 * _DAY, "d": _DAY, "h": 3600 * _SECOND, "H": 3600 * _SECOND, "m": 60 * _SECOND, "s": _SECOND}


def instant(text: str, formats: tuple[str, ...] = DEFAULT_FORMATS, *, up: bool = False) -> int:
    """Return the nanoseconds since 1970 of a date.

    Args:
        text: the date, without arithmetic.
        formats: the mapping's formats, tried in order.
        up: fill missing parts of the time with their last value (23:59:59.999…)
            instead of zero; a missing month or day is the first either way.

    Raises:
        Refusal: when no format fits, or the date does not exist.
    """
    if not text:
        raise Refusal("cannot parse empty datetime")
    for form in formats or DEFAULT_FORMATS:
        if form.startswith("epoch"):
            # The engine reads a long, and no further.
            if (found := _EPOCH.fullmatch(text)) and len(found[1]) < 21 and abs(int(found[1])) < 1 << 63:
                return _epoch(found, _MILLI if form == "epoch_millis" else _SECOND, up)
        elif found := _ISO.fullmatch(text):
            return _iso(found, text, up)
    raise Refusal(f"failed to parse date field [{text}] with format [{'||'.join(formats or DEFAULT_FORMATS)}]")


def bound(text: str, formats: tuple[str, ...] = DEFAULT_FORMATS, *, up: bool) -> int:
    """Return the instant of a date in a query, with arithmetic after ``||``; ``up`` rounds to the end of a unit.

    Raises:
        Refusal: also for ``now``, which this package cannot know.
    """
    if text.startswith("now"):
        raise Refusal("the answer depends on the clock", unknown=True, help="write the date instead of now")
    head, math, tail = text.partition("||")
    value = instant(head, formats, up=up and not math)
    return _computed(instant(head, formats, up=up and not tail), tail, up) if math else value


def _epoch(found: re.Match[str], unit: int, up: bool) -> int:
    """Return the instant of an epoch number; its missing digits are nines when rounded up."""
    whole, fraction = int(found[1]), found[2] or ""
    part = int(fraction.ljust(9, "0")) * unit // 1_000_000_000
    value = whole * unit + (part if whole >= 0 and not found[1].startswith("-") else -part)
    return value + (unit - 1 if up and not fraction else 0)


def _iso(found: re.Match[str], text: str, up: bool) -> int:
    """Return the instant of a matched ISO date."""
    year, month, day = int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)
    hour = int(found["hour"] or (23 if up else 0))
    minute = int(found["minute"] or (59 if up else 0))
    second = int(found["second"] or (59 if up else 0))
    nanos = int((found["fraction"] or "").ljust(9, "9" if up and not found["fraction"] else "0"))
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour <= 23 and minute <= 59 and second <= 59):
        raise Refusal(f"failed to parse date field [{text}] with format [strict_date_optional_time||epoch_millis]")
    if not -9999 <= year <= 9999 or day > _month_days(year, month):
        raise Refusal(f"failed to parse date field [{text}]: the date does not exist")
    return _days(year, month, day) * _DAY + ((hour * 60 + minute) * 60 + second) * _SECOND + nanos - _offset(found["zone"]) * _SECOND


def _offset(zone: str | None) -> int:
    """Return the seconds east of UTC."""
    if zone is None or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def _month_days(year: int, month: int) -> int:
    """Return the days of a month; the calendar repeats every 400 years."""
    return monthrange(year % 400 + 400, month)[1]


def _days(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01, also before the year 1."""
    cycles, rest = divmod(year, 400)
    return datetime.date(rest + 400, month, day).toordinal() + (cycles - 1) * 146_097 - 719_163


def _civil(days: int) -> tuple[int, int, int]:
    """Return year, month and day of a number of days since 1970-01-01."""
    cycles, rest = divmod(days + 719_163 - 146_098, 146_097)
    found = datetime.date.fromordinal(rest + 146_098)
    return found.year + cycles * 400, found.month, found.day


def _computed(value: int, math: str, up: bool) -> int:
    """Return the instant after date arithmetic."""
    at = 0
    while at < len(math):
        step = _MATH.match(math, at)
        if step is None:
            raise Refusal(f"truncated or unsupported date math [{math}]")
        at = step.end()
        value = _rounded(value, step[4], up) if step[4] else _moved(value, int(step[1] + (step[2] or "1")), step[3])
    return value


def _moved(value: int, count: int, unit: str) -> int:
    """Return the instant ``count`` units later; a month keeps its day when it has it."""
    if abs(count) > 100_000_000:
        raise Refusal(f"date math moves too far: {count}{unit}")
    if unit in _FIXED:
        return value + count * _FIXED[unit]
    days, rest = divmod(value, _DAY)
    year, month, day = _civil(days)
    total = year * 12 + month - 1 + count * (12 if unit == "y" else 1)
    year, month = divmod(total, 12)
    return _days(year, month + 1, min(day, _month_days(year, month + 1))) * _DAY + rest


def _rounded(value: int, unit: str, up: bool) -> int:
    """Return the first instant of the unit around ``value``, or its last."""
    if unit in "yM":
        year, month, _ = _civil(value // _DAY)
        first = _days(year, 1 if unit == "y" else month, 1) * _DAY
    elif unit == "w":
        days = value // _DAY
        first = (days - (days + 3) % 7) * _DAY
    else:
        first = value - value % _FIXED[unit]
    return _moved(first, 1, unit) - 1 if up else first
