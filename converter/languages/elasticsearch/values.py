"""Read a JSON value as a field's type does: numbers, booleans, addresses; in documents and in queries."""

from __future__ import annotations

import re
import struct
from decimal import Decimal, InvalidOperation
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from math import isfinite

from converter.languages.elasticsearch.fields import INTEGERS, FieldType
from converter.languages.elasticsearch.refusal import Refusal

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_JAVA_DOUBLE = re.compile(r"[\x00-\x20]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9})?)[fFdD]?[\x00-\x20]*", re.ASCII)
_JAVA_WORD = re.compile(r"[\x00-\x20]*([+-]?(?:NaN|Infinity))[\x00-\x20]*")
MAPPED_V4 = 0xFFFF << 32


def text_of(value: object) -> str:
    """Return a JSON value as the text that string fields index."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def decimal_of(text: str) -> Decimal:
    """Return the decimal number that a text spells.

    Raises:
        Refusal: when it spells none.
    """
    if not _NUMBER.fullmatch(text):
        raise Refusal(f'For input string: "{text}"' if text else "empty String")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Refusal(f'For input string: "{text}"') from None


def number_in_document(kind: FieldType, value: object) -> int | float | None:
    """Return what a numeric field indexes of ``value``; ``None`` for the empty string, which counts as null.

    Raises:
        Refusal: when the engine refuses the document.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refusal(f"field [{kind.path}] of type [{kind.type}] cannot hold this value")
    if isinstance(value, str):
        if not kind.coerce:
            raise Refusal(f"field [{kind.path}] of type [{kind.type}] does not take strings")
        if not value:
            return None
    if kind.type not in INTEGERS:
        return floating(kind, double_of(value))
    exact = decimal_of(value) if isinstance(value, str) else _exact(value)
    if not kind.coerce and exact != int(exact):
        raise Refusal(f"field [{kind.path}] does not take a decimal part")
    low, high = INTEGERS[kind.type]
    if not low <= exact <= high:
        raise Refusal(f"Value [{value}] is out of range for a field of type [{kind.type}]")
    return int(exact)


def _exact(value: int | float) -> Decimal:
    """Return a JSON number exactly."""
    if isinstance(value, float) and not isfinite(value):
        raise Refusal("numbers are finite")
    return Decimal(value)


def double_of(value: object) -> float:
    """Return a value as Java's ``Double.parseDouble`` reads it.

    Raises:
        Refusal: when it is no number.
    """
    if isinstance(value, str):
        found = _JAVA_DOUBLE.fullmatch(value) or _JAVA_WORD.fullmatch(value)
        if found is None:
            raise Refusal(f'For input string: "{value}"' if value else "empty String")
        return float(found[1])
    if not isinstance(value, int | float):
        raise Refusal("the value is no number")
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def floating(kind: FieldType, value: float) -> int | float:
    """Return a number at the field's precision.

    Raises:
        Refusal: when it is not finite there.
    """
    rounded = rounded_to(kind, value)
    if not isfinite(rounded):
        raise Refusal(f"[{kind.type}] supports only finite values, but got [{value}]")
    return rounded


def rounded_to(kind: FieldType, value: float) -> int | float:
    """Return a number at the field's precision, infinite where that ends."""
    match kind.type:
        case "float":
            return _packed("f", value)
        case "half_float":
            return _packed("e", value)
        case "scaled_float":
            return round(value * kind.scaling_factor) if isfinite(value) else value
        case _:
            return value


def _packed(code: str, value: float) -> float:
    """Return a double rounded to a shorter format."""
    try:
        result: float = struct.unpack(code, struct.pack(code, value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return result


def resolved(kind: FieldType, nanos: int) -> int:
    """Return an instant, in nanoseconds since 1970, at the resolution of a date field.

    Raises:
        Refusal: when a field of nanoseconds cannot hold it.
    """
    if kind.type != "date_nanos":
        return nanos - nanos % 1_000_000
    if not 0 <= nanos < 1 << 63:
        raise Refusal("the date is outside of 1970 to 2262 and cannot be stored in nanosecond resolution")
    return nanos


def boolean_in_document(kind: FieldType, value: object) -> bool:
    """Return what a boolean field indexes of ``value``.

    Raises:
        Refusal: when the engine refuses the document.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in ("true", "false", ""):
        return value == "true"
    raise Refusal(f"Failed to parse value [{value}] as only [true] or [false] are allowed, in field [{kind.path}]")


def boolean_in_query(text: str) -> bool:
    """Return the truth value that a query's text spells.

    Raises:
        Refusal: when it spells none.
    """
    if text not in ("true", "false"):
        raise Refusal(f"failed to create query: Can't parse boolean value [{text}], expected [true] or [false]")
    return text == "true"


def address(text: str) -> int:
    """Return an IP address as 128 bits; one of version 4 stands in ``::ffff:0:0/96``.

    Raises:
        Refusal: when it is none.
    """
    try:
        return int(IPv6Address(text)) if ":" in text else int(IPv4Address(text)) | MAPPED_V4
    except (AddressValueError, ValueError):
        raise Refusal(f"'{text}' is not an IP string literal.") from None


def network(text: str) -> tuple[int, int]:
    """Return the first and the last address of ``ip/prefix``.

    Raises:
        Refusal: when it is none.
    """
    parts = text.split("/")
    if len(parts) != 2 or not parts[1]:
        raise Refusal(f"Expected [ip/prefix] but was [{text}]")
    start, is_v6 = address(parts[0]), ":" in parts[0]
    if is_v6 and start >> 32 == 0xFFFF:
        raise Refusal(f"CIDR notation is not allowed with IPv6-mapped IPv4 address [{parts[0]}")
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", parts[1]):
        raise Refusal(f'For input string: "{parts[1]}"')
    bits, width = int(parts[1]), 128 if is_v6 else 32
    if not 0 <= bits <= width:
        raise Refusal(f"Illegal prefix length [{bits}] in [{text}]. Must be 0-32 for IPv4 ranges, 0-128 for IPv6 ranges")
    rest = (1 << width - bits) - 1
    return start & ~rest, start | rest
