"""When an event happened: where each form of log says so is data (``data/shapes.yml``), how times are written is here.

Read are dates of ISO 8601 in the long form with a time of day, ``T`` or a
blank between them, with a zone or without one (then UTC is assumed), and
numbers: the time since 1970 in seconds, milli-, micro- or nanoseconds, told
apart by their size.  Seconds reach the year 5138, milliseconds from 1973, and
so on: no two readings of a number are both near today.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from converter.data import load
from converter.ir import SECOND, scalars
from converter.match.paths import MISSING, at
from converter.match.shapes import Seen
from converter.model import UNITS

_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]|60)(?:[.,]([0-9]{1,12}))?)?"
    r" ?(?:(Z|z|UTC|GMT)|([+-])([0-9]{2}):?([0-9]{2})?)?"
)
_NUMBER: Final = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,18}))?")
_ELEMENT: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?([smhdw])")
_DURATION: Final = re.compile(f"(?:{_ELEMENT.pattern})+")
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LENGTH: Final = 60
"""Characters of the longest time."""
_SIZES: Final = ((10**11, SECOND), (10**14, 10**6), (10**17, 10**3), (10**20, 1))
"""Numbers below the first are in a unit of as many nanoseconds as the second says."""


def event_time(seen: Seen, field: str = "") -> int | None:
    """Return an event's time in nanoseconds since 1970, ``None`` when it shows none; ``field`` names where to look instead."""
    if field:
        return next((time for time in map(time_of, scalars(seen.event, field)) if time is not None), None)
    for path in _paths(seen.shape.name if seen.shape else ""):
        value = at(seen.event, path)
        if value is not MISSING:
            time = time_of(value)
            if time is not None:
                return time
    return None


def time_of(value: object) -> int | None:
    """Return the time that a text or number writes, in nanoseconds since 1970; ``None`` when it is none."""
    if isinstance(value, str):
        if len(value) > _LENGTH:
            return None
        found = _ISO.fullmatch(value)
        return _iso(found) if found else _number(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _SIZES[-1][0]:
        return _number(repr(value))
    return None


def _iso(found: re.Match[str]) -> int | None:
    year, month, day, hour, minute, second, fraction, _, sign, zone_hour, zone_minute = found.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH
    except ValueError:
        return None
    seconds = ((days * 24 + int(hour)) * 60 + int(minute)) * 60 + int(second or 0)
    if sign:
        ahead = int(zone_hour) * 3600 + int(zone_minute or 0) * 60
        seconds += -ahead if sign == "+" else ahead
    return seconds * SECOND + (int(fraction[:9].ljust(9, "0")) if fraction else 0)


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    if not found:
        return None
    whole = int(found[1])
    unit = next((unit for below, unit in _SIZES if whole < below), None)
    if unit is None:
        return None
    return _scaled(found[1], found[2] or "", unit)


def _scaled(whole: str, part: str, unit: int) -> int:
    return int(whole) * unit + (int(part) * unit // 10 ** len(part) if part else 0)


def duration_of(text: str) -> int | None:
    """Return the nanoseconds of a duration such as ``90s``, ``1.5s`` or ``1h30m``; ``None`` when it is none."""
    if len(text) > _LENGTH or not _DURATION.fullmatch(text):
        return None
    return sum(_scaled(whole, part, UNITS[unit] * SECOND) for whole, part, unit in _ELEMENT.findall(text))


def time_text(time: int) -> str:
    """Return a time in nanoseconds as a date of ISO 8601 in UTC; what no calendar has, as seconds since 1970."""
    seconds, rest = divmod(time, SECOND)
    days, seconds = divmod(seconds, 86400)
    part = f".{rest:09}".rstrip("0") if rest else ""
    try:
        day = date.fromordinal(days + _EPOCH)
    except (ValueError, OverflowError):
        return f"{days * 86400 + seconds}{part}"
    return f"{day.isoformat()}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{part}Z"


def duration_text(seconds: int) -> str:
    """Return a whole number of seconds in the largest unit that it is a whole number of."""
    unit = next(unit for unit in ("w", "d", "h", "m", "s") if seconds % UNITS[unit] == 0)
    return f"{seconds // UNITS[unit]}{unit}" if seconds else "0s"


@cache
def _paths(shape: str) -> Sequence[str]:
    """Return where events of a form have their time; of no known form, in the order of ``times``."""
    data: Mapping[str, Any] = load("shapes.yml")
    rows = {row["name"]: row for row in data["shapes"]}
    return tuple(rows[shape].get("time", ())) if shape else tuple(data["times"])
