"""What the functions of ES|QL give for plain values.

``single`` functions get one value for each argument and are not asked where
one is null; ``each`` functions get one value; ``many`` functions get all
values of each argument, of a null argument none.

Source: ES|QL reference, Functions (main, read 2026-11), the page of each function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import Any, Final

from converter.languages.esql.values import Address, Moment, One, Value, address_of, each, moment_of, number_of, packed, text_of

LONG: Final = 1 << 63
_MILLI: Final = 1_000_000
_SECOND: Final = 1_000 * _MILLI
UNITS: Final = {
    **dict.fromkeys(("millisecond", "milliseconds", "ms"), _MILLI),
    **dict.fromkeys(("second", "seconds", "sec", "s"), _SECOND),
    **dict.fromkeys(("minute", "minutes", "min", "m"), 60 * _SECOND),
    **dict.fromkeys(("hour", "hours", "h"), 3_600 * _SECOND),
    **dict.fromkeys(("day", "days", "d"), 86_400 * _SECOND),
    **dict.fromkeys(("week", "weeks", "w"), 7 * 86_400 * _SECOND),
}
"""Stretches of time of a fixed length, in nanoseconds; months, quarters and years have none."""
PARTS: Final[dict[str, Callable[[Moment], int]]] = {
    "minute_of_hour": lambda one: one.utc.minute,
    "second_of_minute": lambda one: one.utc.second,
    "hour_of_day": lambda one: one.utc.hour,
    "day_of_month": lambda one: one.utc.day,
    "day_of_week": lambda one: one.utc.isoweekday(),
    "day_of_year": lambda one: one.utc.timetuple().tm_yday,
    "month_of_year": lambda one: one.utc.month,
    "year": lambda one: one.utc.year,
    "epoch_day": lambda one: one.nanos // (86_400 * _SECOND),
}
"""Parts of a date as Java's ChronoField names them, in UTC."""


def _cidr_match(address: Address, *blocks: str) -> bool:
    return any(_inside(address, block) for block in blocks)


def _inside(address: Address, block: str) -> bool:
    network = ip_network(block, strict=False)
    mapped = (0xFFFF << 32) if network.version == 4 else 0
    first, last = int(network.network_address) | mapped, int(network.broadcast_address) | mapped
    return first <= address.bits <= last


def _substring(text: str, start: int, length: int | None = None) -> str | None:
    """Count from 1, from the end where negative; a length below zero is a failure, hence null."""
    if length is not None and length < 0:
        return None
    at = max(len(text) + start, 0) if start < 0 else max(start - 1, 0)
    return text[at:] if length is None else text[at : at + length]


def _truncated(stretch: int, moment: Moment) -> Moment:
    shift = 4 * 86_400 * _SECOND if stretch % (7 * 86_400 * _SECOND) == 0 else 0  # weeks begin on Monday; 1970 did on a Thursday
    return Moment((moment.nanos - shift) // stretch * stretch + shift)


def _rounded(value: int | float) -> int | float:
    return value if isinstance(value, int) else float(math.floor(abs(value) + 0.5)) * (1 if value >= 0 else -1)


SINGLE: Final[dict[str, Callable[..., Value]]] = {
    "ABS": abs,
    "CEIL": lambda one: one if isinstance(one, int) else float(math.ceil(one)),
    "CIDR_MATCH": _cidr_match,
    "CONCAT": lambda *texts: "".join(texts),
    "CONTAINS": lambda text, part: part in text,
    "DATE_EXTRACT": lambda part, moment: PARTS[part.lower()](moment),
    "DATE_TRUNC": _truncated,
    "ENDS_WITH": lambda text, part: text.endswith(part),
    "FLOOR": lambda one: one if isinstance(one, int) else float(math.floor(one)),
    "LEFT": lambda text, length: text[: max(length, 0)],
    "LENGTH": len,
    "LOCATE": lambda text, part: text.find(part) + 1,
    "LTRIM": lambda text: text.lstrip(),
    "REVERSE": lambda text: text[::-1],
    "RIGHT": lambda text, length: text[max(len(text) - max(length, 0), 0) :],
    "ROUND": _rounded,
    "RTRIM": lambda text: text.rstrip(),
    "SPLIT": lambda text, mark: packed(text.split(mark)) if mark else text,
    "STARTS_WITH": lambda text, part: text.startswith(part),
    "SUBSTRING": _substring,
    "TRIM": lambda text: text.strip(),
}
"""Functions of single values."""


def _to_boolean(one: One) -> One | None:
    if isinstance(one, str):
        return one.lower() == "true"
    return bool(one) if isinstance(one, bool | int | float) else None


def _to_whole(one: One) -> One | None:
    if isinstance(one, Moment):
        return one.nanos // _MILLI
    number = _to_double(one)
    if not isinstance(number, int | float) or not math.isfinite(number):
        return None
    whole = one if isinstance(one, int) and not isinstance(one, bool) else int(_rounded(number))
    return whole if -LONG <= whole < LONG else None


def _to_integer(one: One) -> One | None:
    whole = _to_whole(one)
    return whole if isinstance(whole, int) and -(1 << 31) <= whole < 1 << 31 else None


def _to_double(one: One) -> One | None:
    if isinstance(one, bool):
        return 1.0 if one else 0.0
    if isinstance(one, str):
        return number_of(one)
    if isinstance(one, Moment):
        return float(one.nanos // _MILLI)
    return float(one) if isinstance(one, int | float) else None


def _to_date(one: One) -> One | None:
    if isinstance(one, str):
        return moment_of(one)
    if isinstance(one, int | float) and not isinstance(one, bool):
        return Moment(int(one) * _MILLI)
    return one if isinstance(one, Moment) else None


EACH: Final[dict[str, Callable[[Any], One | None]]] = {
    "TO_BOOLEAN": _to_boolean,
    "TO_DATETIME": _to_date,
    "TO_DOUBLE": _to_double,
    "TO_INTEGER": _to_integer,
    "TO_IP": lambda one: address_of(one) if isinstance(one, str) else one if isinstance(one, Address) else None,
    "TO_LONG": _to_whole,
    "TO_LOWER": lambda one: one.lower(),
    "TO_STRING": text_of,
    "TO_UPPER": lambda one: one.upper(),
}
"""Functions that give a value for each of a column's values; one that cannot be converted is left out, with a warning."""


def _concat(values: Sequence[One], mark: Sequence[One]) -> Value:
    return text_of(mark[0]).join(map(text_of, values)) if values and len(mark) == 1 else None


MANY: Final[dict[str, Callable[..., Value]]] = {
    "MV_CONCAT": _concat,
    "MV_CONTAINS": lambda values, part: all(one in values for one in part),
    "MV_COUNT": lambda values: len(values) if values else None,
    "MV_DEDUPE": lambda values: packed(list(dict.fromkeys(values))),
    "MV_FIRST": lambda values: values[0] if values else None,
    "MV_INTERSECTS": lambda values, others: any(one in values for one in others),
    "MV_LAST": lambda values: values[-1] if values else None,
    "MV_MAX": lambda values: max(values, default=None),
    "MV_MIN": lambda values: min(values, default=None),
    "MV_SUM": lambda values: sum(values) if values else None,
}
"""Functions of all values of a column."""


def arithmetic(operator: str, left: int | float, right: int | float) -> int | float | None:
    """Return ``left operator right``: whole numbers stay whole, and what has no result is null, with a warning."""
    if operator in "/%" and right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1) if operator in "/%" else 0
        whole = {"+": left + right, "-": left - right, "*": left * right, "/": quotient, "%": left - right * quotient}[operator]
        return whole if -LONG <= whole < LONG else None
    try:
        one, other = float(left), float(right)
        match operator:
            case "+":
                found = one + other
            case "-":
                found = one - other
            case "*":
                found = one * other
            case "/":
                found = one / other
            case _:
                found = math.fmod(one, other)
    except (OverflowError, ValueError):
        return None
    return found if math.isfinite(found) else None


def aggregate(name: str, values: Sequence[Value]) -> Value:
    """Return an aggregate function of a column's values in a group; ``COUNT_DISTINCT`` exactly, where the engine estimates beyond 3,000."""
    found = [one for value in values for one in each(value)]
    match name:
        case "COUNT":
            return len(found)
        case "COUNT_DISTINCT":
            return len(set(found))
        case "VALUES":
            return packed(sorted(set(found), key=_sort_key))
        case "MIN":
            return min(found, default=None)
        case "MAX":
            return max(found, default=None)
        case "SUM":
            return _total(found)
        case _:
            total = _total(found)
            return None if total is None else total / len(found)


def _total(found: Sequence[One]) -> int | float | None:
    numbers = [one for one in found if isinstance(one, int | float)]
    return sum(numbers) if numbers else None


def _sort_key(one: One) -> Any:  # noqa: ANN401 - values of one type
    return (text_of(one),) if isinstance(one, str) else (one,)
