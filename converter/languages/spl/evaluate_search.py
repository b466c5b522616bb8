"""What an expression of ``search`` means for one event's fields.

Values compare without regard to case, ``*`` is the only wildcard, one value
of several is enough, a comparison of a missing field is false and ``NOT``
makes it true.  Field names are case-sensitive.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import assert_never

from converter.languages.spl.reading import Reading
from converter.languages.spl.syntax import Comparison, MacroCall, OneOf, Pattern, SearchAnd, SearchNode, SearchNot, SearchOr, Term

Fields = Mapping[str, tuple[str, ...]]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NETWORK = re.compile(r"[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}")
_MAJOR = frozenset(" \t\r\n[]<>(){}|!;,'\"*&?+")
"""Characters that end an index term.  Source: Splunk, "Event segmentation and searching"; segmenters.conf."""
_MINOR = frozenset("/:=@.-$#%\\_")


def holds(found: SearchNode, fields: Fields, reading: Reading) -> bool:
    """Say whether the expression holds for an event."""
    match found:
        case SearchAnd(children):
            return all(holds(child, fields, reading) for child in children)
        case SearchOr(children):
            return any(holds(child, fields, reading) for child in children)
        case SearchNot(child):
            return not holds(child, fields, reading)
        case Comparison(field, operator, value):
            return _compared(fields.get(field, ()), operator, value, reading)
        case OneOf(field, values):
            return any(_equals(text, value, reading) for text in fields.get(field, ()) for value in values)
        case Term():
            return _is_in_raw(found, fields.get("_raw", ()))
        case MacroCall(name):
            raise ValueError(f"macro '{name}' was not expanded; give read() its definition")
    assert_never(found)


def folded(text: str) -> str:
    """Return ``text`` in lower case; a letter outside ASCII never becomes one of ASCII."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := one.lower()) == 1 and (one.isascii() or not low.isascii()) else one for one in text)


def number(text: str) -> float | None:
    """Return the number that a text looks like, or None."""
    return float(text) if len(text) <= 400 and _NUMBER.fullmatch(text) else None


def _compared(values: tuple[str, ...], operator: str, value: Pattern, reading: Reading) -> bool:
    """Say whether one of the values stands so to ``value``."""
    if operator == "=":
        return any(_equals(text, value, reading) for text in values)
    if operator == "!=":
        differing = [not _equals(text, value, reading) for text in values]
        return bool(differing) and all(differing) if reading.unequal_needs_all else any(differing)
    return any(in_order(text, operator, value.text) for text in values)


def in_order(left: str, operator: str, right: str) -> bool:
    """Say whether two texts stand in this order: as numbers when both look so, else letter by letter."""
    one, other = number(left), number(right)
    if one is not None and other is not None:
        return ordered(one, operator, other)
    return ordered(folded(left), operator, folded(right))


def ordered(left: float | str, operator: str, right: float | str) -> bool:
    """Say whether two values of one type stand in this order."""
    if isinstance(left, str) or isinstance(right, str):
        low, high = str(left), str(right)
        return {"<": low < high, "<=": low <= high, ">": low > high, ">=": low >= high}[operator]
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def _equals(text: str, value: Pattern, reading: Reading) -> bool:
    """Say whether one value of a field is what the search asks for."""
    if "*" in value.text:
        if reading.star_needs_text and not text:
            return False
        return wildcard(text, value.text) if value.cased else wildcard(folded(text), folded(value.text))
    if text == value.text or (not value.cased and folded(text) == folded(value.text)):
        return True
    if value.cased:
        return False
    if reading.number_equality and (wanted := number(value.text)) is not None and number(text) == wanted:
        return True
    return _NETWORK.fullmatch(value.text) is not None and in_network(text, value.text)


def wildcard(text: str, pattern: str) -> bool:
    """Say whether the whole of ``text`` is ``pattern``, in which ``*`` stands for any characters."""
    first, *middle, last = pattern.split("*")
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    place, end = len(first), len(text) - len(last)
    for part in middle:
        place = text.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


def in_network(text: str, network: str) -> bool:
    """Say whether a text is an address in the network; false when it is no address."""
    block = _network(network)
    try:
        return block is not None and ipaddress.ip_address(text) in block
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network that a text in CIDR notation names, or None."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_in_raw(term: Term, raw: tuple[str, ...]) -> bool:
    """Say whether a keyword or phrase stands in the event's text as a run of index terms."""
    pattern = term.value.text
    if not pattern.strip("*"):
        return bool(pattern)
    sought = pattern.strip("*")
    left, right = pattern.startswith("*"), pattern.endswith("*")
    breakers = _MAJOR if term.whole else _MAJOR | _MINOR
    for text in raw:
        searched, part = (text, sought) if term.value.cased else (folded(text), folded(sought))
        for start in _places(searched, part):
            end = start + len(part)
            if (left or start == 0 or searched[start - 1] in breakers) and (right or end == len(searched) or searched[end] in breakers):
                return True
    return False


def _places(text: str, part: str) -> Iterator[int]:
    """Yield where ``part`` begins in ``text``."""
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)
