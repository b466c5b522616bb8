"""Values of columns: texts, numbers, truth values, addresses, moments; several are a tuple, none is ``None``.

Source: ES|QL reference, Type conversion functions; elastic/elasticsearch EsqlDataTypeConverter.java.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, TypeAlias

_MAPPED: Final = 0xFFFF << 32
_NANOS: Final = 1_000_000_000
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,400}(?:\.[0-9]{0,400})?(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_MOMENT: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)(?:[T ](?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """An address as 128 bits; one of version 4 stands in ``::ffff:0:0/96``."""

    bits: int

    def __str__(self) -> str:
        return str(IPv4Address(self.bits & 0xFFFFFFFF)) if self.bits >> 32 == 0xFFFF else str(IPv6Address(self.bits))


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A date as nanoseconds since 1970."""

    nanos: int

    def __str__(self) -> str:
        when = self.utc
        return f"{when:%Y-%m-%dT%H:%M:%S}.{self.nanos // 1_000_000 % 1000:03d}Z"

    @property
    def utc(self) -> datetime:
        """The date in UTC, without fractions of a second; the calendar's end for what is beyond it."""
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.nanos // _NANOS)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC) if self.nanos > 0 else datetime.min.replace(tzinfo=UTC)


One: TypeAlias = str | int | float | bool | Address | Moment
Value: TypeAlias = One | tuple[One, ...] | None
"""What a row has in a column."""

TEXT, WHOLE, DECIMAL, BOOLEAN, DATE, IP, NULL, UNSUPPORTED, DURATION = (
    *("text", "whole", "decimal", "boolean", "date", "ip", "null", "unsupported", "duration"),
)
NUMBERS: Final = (WHOLE, DECIMAL)


def packed(values: list[One]) -> Value:
    """Return several values, one, or none."""
    return None if not values else values[0] if len(values) == 1 else tuple(values)


def each(value: Value) -> tuple[One, ...]:
    """Return a column's values."""
    return () if value is None else value if isinstance(value, tuple) else (value,)


def single(value: Value) -> One | None:
    """Return a value that is the only one; several are null to every function of single values, and a warning."""
    return None if isinstance(value, tuple) else value


def text_of(value: One) -> str:
    """Return a value as ``TO_STRING`` writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def address_of(text: str) -> Address | None:
    """Return the address that a text is, ``None`` for none."""
    try:
        return Address(int(IPv6Address(text)) if ":" in text else int(IPv4Address(text)) | _MAPPED)
    except (AddressValueError, ValueError):
        return None


def moment_of(text: str) -> Moment | None:
    """Return the moment that a text of ISO 8601 is, ``None`` for none."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    try:
        when = datetime.fromisoformat(f"{found['date']}T{found['time'] or '00:00'}{(found['zone'] or 'Z').replace('Z', '+00:00')}")
    except ValueError:
        return None
    seconds = int((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return Moment(seconds * _NANOS + int((found["fraction"] or "").ljust(9, "0")))


def number_of(text: str) -> float | None:
    """Return the number that a text spells, ``None`` for none."""
    return float(text) if _NUMBER.fullmatch(text) else None
