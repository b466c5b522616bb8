"""The closed list: which chains of modifiers are read without pySigma, and how each value of them becomes tests."""

from __future__ import annotations

import math
import re
import warnings
from codecs import BOM_UTF16_LE
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from typing import Any, Final, TypeAlias

from converter.ir import direct_text as text
from converter.ir.nodes import (
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldRef,
    Null,
    Number,
    Parts,
    Regex,
    Shape,
    Test,
    Text,
    TimePart,
    Wild,
    parts_of,
)
from converter.ir.regex import RegexProblem
from converter.ir.regex_read import read_regex
from converter.ir.time_part import UNITS

Reading: TypeAlias = Callable[[Any], tuple[Test, ...]]
"""From one value to its tests, joined with "or"; ``()`` when the value is pySigma's to judge."""

Chain: TypeAlias = tuple[str, ...]

_PLACES: Final[dict[Chain, tuple[Parts, Parts]]] = {
    (): ((), ()),
    ("contains",): ((Wild.MANY,), (Wild.MANY,)),
    ("startswith",): ((), (Wild.MANY,)),
    ("endswith",): ((Wild.MANY,), ()),
}
_STEPS: Final[dict[str, text.Step]] = {
    "contains": text.contains,
    "startswith": text.startswith,
    "endswith": text.endswith,
    "windash": text.windash,
    "expand": text.expand,
    "base64": text.base64,
    "base64offset": text.base64offset,
    "wide": text.wide,
    "utf16le": text.wide,
    "utf16be": text.utf16be,
    "utf16": text.wide,
}
_MARKED: Final[dict[str, text.Step]] = {
    "base64": partial(text.base64, mark=BOM_UTF16_LE),
    "base64offset": partial(text.base64offset, mark=BOM_UTF16_LE),
}
"""Steps behind ``utf16``, whose byte order mark is no character of a text."""
_SHAPES: Final[dict[Chain, Shape]] = {
    (): Shape.EQUALS,
    ("contains",): Shape.CONTAINS,
    ("startswith",): Shape.STARTSWITH,
    ("endswith",): Shape.ENDSWITH,
}
_FLAGS: Final = {"i": "i", "ignorecase": "i", "m": "m", "multiline": "m", "s": "s", "dotall": "s"}
_FIRST: Final = ("re", "cidr", "exists")
"""Modifiers before which no other may stand, not even ``all``."""
_ESCAPED: Final = re.compile(r"\\[*?]")
_WARNED: Final = re.compile(r"\[\[|--|&&|~~|\|\|")
"""What a set may hold that a future version of ``re`` might read otherwise, which it warns of."""


def reading(modifiers: Chain) -> Reading | None:
    """Return how the values under a key's modifiers are read, or ``None`` for a chain that is not in the list."""
    chain = tuple(name for name in modifiers if name not in ("all", "neq"))
    if chain[:1] and chain[0] in _FIRST and modifiers[0] != chain[0]:
        return None
    match chain:
        case ():
            return _plain
        case ("exists",):
            return _exists
        case ("cidr",):
            return _cidr
        case ("lt" | "lte" | "gt" | "gte" as operator,):
            return _compare(operator)
        case (unit,) | (unit, "lt" | "lte" | "gt" | "gte") if unit in UNITS:
            return _part(unit, chain[1] if chain[1:] else "eq")
        case ("re", *flags) if all(one in _FLAGS for one in flags):
            return _regex("".join(sorted({_FLAGS[one] for one in flags})))
        case ("fieldref", *place) if tuple(place) in _SHAPES:
            return _reference(_SHAPES[tuple(place)])
    return _text(chain)


def _text(chain: Chain) -> Reading | None:
    """Return how texts are read under modifiers that take nothing else."""
    match chain:
        case ("cased", *place) | (*place, "cased") if tuple(place) in _PLACES:
            return _simple(*_PLACES[tuple(place)], cased=True)
        case place if place in _PLACES:
            return _simple(*_PLACES[place])
        case ("windash" | "expand", *place) | (*place, "windash" | "expand") if tuple(place) in _PLACES:
            return _stepped(chain)
        case ("base64" | "base64offset", *place) | ("wide" | "utf16le" | "utf16be" | "utf16", "base64" | "base64offset", *place) if (
            tuple(place) in _PLACES
        ):
            return _stepped(chain)
    return None


def _simple(before: Parts, after: Parts, *, cased: bool = False) -> Reading:
    """Return how texts are read that only get wildcards around them: nine values in ten."""

    def read(value: object) -> tuple[Test, ...]:
        if not isinstance(value, str):
            return ()
        if value and "*" not in value and "?" not in value:
            return (Text((*before, value.replace("\\\\", "\\"), *after), cased),)
        parts = parts_of(value)
        parts = parts if parts[:1] == before else before + parts
        return (Text(parts if parts[-1:] == after else parts + after, cased),)

    return read


def _stepped(chain: Chain) -> Reading:
    """Return how texts are read through one step after another, each of whose patterns goes into the next."""
    steps = [_MARKED.get(name, _STEPS[name]) if "utf16" in chain else _STEPS[name] for name in chain]

    def read(value: object) -> tuple[Test, ...]:
        if not isinstance(value, str) or (steps and "windash" in chain and text.varies_too_much(value)):
            return ()
        found: tuple[Parts, ...] = (parts_of(value),)
        for step in steps:
            found = tuple([one for parts in found for one in step(parts)])
        return tuple([Text(parts) for parts in found])

    return read


_equal: Final = _simple((), ())


def _plain(value: object) -> tuple[Test, ...]:
    if isinstance(value, str):
        return _equal(value)
    match value:
        case bool():
            return (Boolean(value),)
        case int() | float():
            number = _number(value)
            return () if number is None else (Number(number),)
        case None:
            return (Null(),)
    return ()


def _number(value: int | float) -> int | float | None:
    """Return a number as it is compared, a whole one without its fraction; ``None`` where a float has no such value."""
    try:
        if not math.isfinite(float(value)):
            return None
    except OverflowError:
        return None
    return int(value) if value == int(value) else value


def _compare(operator: str) -> Reading:
    def read(value: object) -> tuple[Test, ...]:
        number = _number(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        return () if number is None else (Compare(operator, number),)

    return read


def _part(unit: str, operator: str) -> Reading:
    def read(value: object) -> tuple[Test, ...]:
        number = _number(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        return (TimePart(unit, operator, number),) if isinstance(number, int) else ()

    return read


def _exists(value: object) -> tuple[Test, ...]:
    return (Exists(value),) if isinstance(value, bool) else ()


def _cidr(value: object) -> tuple[Test, ...]:
    if not isinstance(value, str) or "\\" in value:
        return ()
    try:
        ip_network(value)
    except ValueError:
        return ()
    return (Cidr(value),)


def _regex(flags: str) -> Reading:
    def read(value: object) -> tuple[Test, ...]:
        if not isinstance(value, str) or not compiles(value) or isinstance(read_regex(value, flags), RegexProblem):
            return ()
        return (Regex(value, flags),)

    return read


def compiles(pattern: str) -> bool:
    """Whether Python's ``re`` takes a pattern, which pySigma 1.5.1 asks for before our own reader."""
    try:
        if _WARNED.search(pattern) is None:
            re.compile(pattern)
            return True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _reference(shape: Shape) -> Reading:
    def read(value: object) -> tuple[Test, ...]:
        name = text.literal(parts_of(value)) if isinstance(value, str) and not _ESCAPED.search(value) else None
        return () if name is None else (FieldRef(name, shape),)

    return read
