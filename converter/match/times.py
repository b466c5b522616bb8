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

_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]|60)(?:[.,]([0-9]{1,12}))?)?"
    r" ?(?:(Z|z|UTC|GMT)|([+-])([0-9]{2}):?([0-9]{2})?)?"
)
_NUMBER: Final = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,18}))?")
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
    if isinstance(value, int | float) and not isinstance(value, bool):
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
    part = found[2] or ""
    return whole * unit + (int(part) * unit // 10 ** len(part) if part else 0)


@cache
def _paths(shape: str) -> Sequence[str]:
    """Return where events of a form have their time; of no known form, in the order of ``times``."""
    data: Mapping[str, Any] = load("shapes.yml")
    rows = {row["name"]: row for row in data["shapes"]}
    return tuple(rows[shape].get("time", ())) if shape else tuple(data["times"])
