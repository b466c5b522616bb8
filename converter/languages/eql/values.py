"""Values as a field of each type holds them: texts, whole and decimal numbers, truth values, addresses and instants.

Addresses are the objects of ``ipaddress`` (one of version 4 that is wrapped in
version 6 is itself), instants whole nanoseconds since 1970.

Source: Elasticsearch 8.19, field data types (keyword, numeric, boolean, ip, date).
"""

from __future__ import annotations

import datetime
import ipaddress
import math
import re
from decimal import Decimal
from typing import Final, TypeAlias

from converter.languages.eql.mapping import DATES, DECIMALS, KEYWORDS, WHOLE, FieldType

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Value: TypeAlias = str | int | float | bool | Address

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_INSTANT: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?"
    r"(?:T(?P<hour>[0-9]{2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_DAY_S: Final = 86_400
_SECOND: Final = 1_000_000_000
_MILLI: Final = 1_000_000


class WrongValueError(Exception):
    """The engine refuses the value for the field, in our words."""


def stored(kind: FieldType, value: object) -> Value | None:
    """Return what a field holds of a document's value; ``None`` when it holds nothing of it.

    Raises:
        WrongValueError: when the engine refuses the document.
    """
    name = kind.type
    if name in KEYWORDS:
        text = text_of(value)
        if kind.ignore_above is not None and utf16_length(text) > kind.ignore_above:
            return None
        return text.lower() if kind.lowercase else text
    if name == "boolean":
        if isinstance(value, bool):
            return value
        if value in ("true", "false", ""):
            return value == "true"
        raise WrongValueError(f"{value!r} is neither true nor false")
    if name == "ip":
        return address(text_of(value))
    if name in DATES:
        found = _epoch(value) if kind.in_seconds else None
        moment = instant(value) if found is None else found * _SECOND
        return moment if name == "date_nanos" else moment - moment % _MILLI
    if name in WHOLE or name in DECIMALS:
        return _number(name, value)
    return None


def _number(name: str, value: object) -> int | float:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else number_in(str(value))
    if number is None or (isinstance(number, float) and not math.isfinite(number)):
        raise WrongValueError(f"{value!r} is no number")
    if name in DECIMALS:
        return float(number)
    whole = int(number)
    low, high = WHOLE[name]
    if not low <= whole <= high:
        raise WrongValueError(f"{value!r} is out of the range of {name}")
    return whole


def number_in(text: str) -> int | float | None:
    """Return the number that a text spells; ``None`` when it spells none."""
    if not _NUMBER.fullmatch(text) or len(text) > 400:
        return None
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def address(text: str) -> Address:
    """Return an address.

    Raises:
        WrongValueError: when the text is none.
    """
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise WrongValueError(f"{text!r} is no IP address") from None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def network(text: str) -> Network:
    """Return a network, or an address as a network of one; host bits do not matter.

    Raises:
        WrongValueError: when the text is neither.
    """
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise WrongValueError(f"{text!r} is no network") from None


def instant(value: object) -> int:
    """Return a date as nanoseconds since 1970: ISO 8601 with parts left out, or milliseconds.

    Raises:
        WrongValueError: when it is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) < 1 << 60:
            raise WrongValueError(f"{value!r} is no date")
        return int(value) * _MILLI if isinstance(value, int) else int(value * _MILLI)
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value):
            return int(value) * _MILLI
        raise WrongValueError(f"{value!r} is no date")
    try:
        day = datetime.date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)).toordinal() - _EPOCH
    except ValueError:
        raise WrongValueError(f"{value!r} is no date") from None
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise WrongValueError(f"{value!r} is no date")
    seconds = day * _DAY_S + hour * 3600 + minute * 60 + second - _offset_s(found["zone"])
    return seconds * _SECOND + int((found["fraction"] or "").ljust(9, "0"))


def _epoch(value: object) -> int | None:
    """Return a whole number, or a text that spells one."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _offset_s(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def text_of(value: object) -> str:
    """Return a value as its text: true, 4624, 42.5, 1.0E10 as Java spells it.

    Raises:
        WrongValueError: for an object or a list.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _java_decimal(value)
    if isinstance(value, ipaddress.IPv4Address | ipaddress.IPv6Address):
        return str(value)
    raise WrongValueError(f"{type(value).__name__} has no text")


def _java_decimal(value: float) -> str:
    """Return a double as Java's ``Double.toString`` spells it."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{len(digits) - 1 + int(exponent)}"


def utf16_length(text: str) -> int:
    """Return the length as Java counts it."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)
