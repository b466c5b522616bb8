"""Values as a field of each type holds them: texts, whole and decimal numbers, truth values, addresses and instants.

Addresses are the objects of ``ipaddress`` (one of version 4 that is wrapped in
version 6 is itself), instants whole nanoseconds since 1970.

Source: Elasticsearch 8.19, field data types (keyword, numeric, boolean, ip, date).
"""

from __future__ import annotations

import ipaddress
import math
import re
from decimal import Decimal
from typing import Any, Final, TypeAlias

from converter.languages import elasticsearch as es
from converter.languages.elasticsearch import FieldType

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Value: TypeAlias = str | int | float | bool | Address

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MILLI: Final = 1_000_000


class WrongValueError(Exception):
    """The engine refuses the value for the field, in our words."""


def stored(kind: FieldType, value: object) -> tuple[Value, ...]:
    """Return what a field holds of a document's value: nothing of one that is too long.

    Raises:
        WrongValueError: when the engine refuses the document.
    """
    try:
        return tuple(held(kind, one) for one in es.stored(kind, value))
    except es.Refusal as refusal:
        raise WrongValueError(refusal.message) from None


def held(kind: FieldType, one: Any) -> Value:  # noqa: ANN401 - what an index of any type holds
    """Return a value that the index holds as one that EQL compares: addresses are numbers there, scaled numbers whole ones."""
    if kind.type == "ip":
        return ipaddress.IPv4Address(one & 0xFFFFFFFF) if one >> 32 == 0xFFFF else ipaddress.IPv6Address(one)
    value: Value = one / kind.scaling_factor if kind.type == "scaled_float" else one
    return value


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
    """Return a date of a query as nanoseconds since 1970: ISO 8601 with parts left out, or milliseconds.

    Raises:
        WrongValueError: when it is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) < 1 << 60:
            raise WrongValueError(f"{value!r} is no date")
        return int(value) * _MILLI if isinstance(value, int) else int(value * _MILLI)
    try:
        return es.instant(str(value))
    except es.Refusal:
        raise WrongValueError(f"{value!r} is no date") from None


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
