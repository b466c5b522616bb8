"""Values that may pass some tests of a field and fail the others, the plainest first; whether they do is asked of each."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Final, assert_never

from converter.data import Field
from converter.ir import Boolean, Cidr, Compare, Number, Regex, Text, TimePart, Wild, scalar_text, time_part, time_sample
from converter.synthesis.column import Scalar, ValueTest
from converter.synthesis.expression import plain_texts
from converter.synthesis.wording import texts_for

_NEUTRAL: Final[dict[str, tuple[Scalar, ...]]] = {
    "long": (7, 1, 0, 443, 99999),
    "boolean": (True, False),
    "ip": ("203.0.113.7", "198.51.100.9", "2001:db8::7", "10.0.0.1", "192.168.1.1", "127.0.0.1"),
    "date": ("2026-03-14T10:30:00Z", "2026-03-14", "1999-12-31T23:59:59Z"),
}
_ANYTHING: Final[tuple[Scalar, ...]] = (
    "x",
    "zz",
    "7",
    "Q",
    "-",
    " ",
    "",
    "qq7",
    7,
    1,
    -1,
    10**9,
    True,
    False,
    "203.0.113.7",
    "2026-03-14T10:30:00Z",
)
_EXACT: Final = 2**53
"""Whole numbers up to which a float is exact."""
_ADDRESS_ENDS: Final = ("", "0", "1", "7", "0.1", "1.1", "0.0.1", "1.1.1", "0.0.0.1", ":1", "::1", "::7", ":0:1")


def fitting(positive: Sequence[ValueTest], others: Sequence[ValueTest], known: Field | None, seed: int) -> Iterator[Scalar]:
    """Yield values that may pass every test of ``positive``; ``others`` are tests that they should rather not pass."""
    if known is not None and known.values:
        yield from known.values
    if known is not None and known.type in ("boolean", "long"):
        yield from _typed(known.type, positive)
    texts: list[Text] = []
    expressions: list[Regex] = []
    for test in positive:
        match test:
            case Text():
                texts.append(test)
            case Regex():
                expressions.append(test)
            case Number(value):
                yield from (value, scalar_text(value), *([float(value)] if abs(value) <= _EXACT else []))
            case Boolean(truth):
                yield from (truth, scalar_text(truth))
            case Compare():
                yield from _bounds(test, [*positive, *others])
            case Cidr(network):
                yield from _addresses(network, others)
            case TimePart():
                yield from _times([one for one in positive if isinstance(one, TimePart)])
            case _:
                assert_never(test)
    if texts or expressions:
        yield from _texts(texts, expressions, known, seed)


def _texts(texts: list[Text], expressions: list[Regex], known: Field | None, seed: int) -> Iterator[Scalar]:
    fills = ("x7Q", "7Qx", "Qx7", "kz5")[seed % 4]
    if known is not None and known.type == "ip":
        for text in texts_for(texts, expressions, "1025"):
            yield text
            yield from (text + end for end in _ADDRESS_ENDS)
            yield from (start + text for start in ("1", "10", "10.0.0", "10.0", "2001:db8::"))
        return
    for text in texts_for(texts, expressions, fills):
        yield text.lower() if known is not None and known.lower else text
        if known is not None and known.lower and text != text.lower():
            yield text
    if not expressions and not any(isinstance(part, str) for one in texts for part in one.parts):
        yield from _ANYTHING


def _typed(kind: str, positive: Sequence[ValueTest]) -> Iterator[Scalar]:
    """Yield the values of a field of numbers or truths that texts ask for."""
    if kind == "boolean":
        yield from (True, False)
        return
    for test in positive:
        if isinstance(test, Text):
            for filler in ("", "0", "1", "7"):
                text = "".join(part if isinstance(part, str) else (filler if part is Wild.MANY else filler or "0") for part in test.parts)
                if re.fullmatch(r"-?[0-9]{1,18}", text):
                    yield int(text)
        if isinstance(test, Regex):
            yield from (int(one) for one in plain_texts(test) if re.fullmatch("[0-9]{1,18}", one))


def _bounds(test: Compare, tests: Sequence[ValueTest]) -> Iterator[Scalar]:
    numbers = {test.value, *(one.value for one in tests if isinstance(one, Compare | Number))}
    # Where a float is no exact number any more, or none at all, the bound and its neighbours are whole numbers or nothing.
    near = {number + step for number in numbers if abs(number) <= _EXACT for step in (0, 1, -1, 0.5, -0.5)}
    near |= {number + step for number in numbers if isinstance(number, int) for step in (0, 1, -1)}

    def distance(one: float) -> tuple[float, float]:
        return (abs(one - test.value) if abs(one) <= _EXACT and abs(test.value) <= _EXACT else abs(one), one)

    whole = sorted((one for one in near if isinstance(one, int) or one == int(one)), key=distance)
    yield from (int(one) for one in whole)
    yield from sorted((one for one in near if isinstance(one, float) and one != int(one)), key=distance)


def _addresses(network: str, others: Sequence[ValueTest]) -> Iterator[Scalar]:
    inside = ipaddress.ip_network(network)
    first, last = int(inside.network_address), int(inside.broadcast_address)
    make = type(inside.network_address)
    numbers = [min(first + 1, last), first, last, (first + last) // 2, min(first + 7, last)]
    for other in others:
        if isinstance(other, Cidr):
            avoided = ipaddress.ip_network(other.network)
            if avoided.version == inside.version:
                numbers += [int(avoided.network_address) - 1, int(avoided.broadcast_address) + 1]
    yield from dict.fromkeys(str(make(one)) for one in numbers if first <= one <= last)
    if inside.version == 4:
        yield f"::ffff:{make(first)}"


def _times(tests: Sequence[TimePart]) -> Iterator[Scalar]:
    """Yield times with the parts that are asked for, each combination of the values around the bounds."""
    for test in tests:
        for step in (0, 1, -1):
            sample = time_sample(test.unit, test.value + step)
            if sample:
                yield sample
    plain = [one for one in tests if one.unit != "week"]
    parts = {"year": 2026, "month": 1, "day": 1, "hour": 10, "minute": 30}
    for step in (0, 1, -1):
        wanted = parts | {one.unit: one.value + (step if one.operator != "eq" else 0) for one in plain}
        yield "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z".format_map(wanted)
    weeks = [one.value for one in tests if one.unit == "week"]
    for week in weeks:
        for step in (0, 1, -1):
            sample = time_sample("week", week + step)
            if sample:
                for hour in sorted({one.value for one in plain if one.unit == "hour"}):
                    yield f"{sample[:11]}{hour:02}{sample[13:]}"


def near(test: ValueTest, known: Field | None) -> Iterator[Scalar]:
    """Yield values that miss a test narrowly."""
    if known is not None and known.values:
        yield from known.values
    if known is not None and known.type == "boolean":
        yield from (False, True)
        return
    match test:
        case Text():
            yield from _near_texts(test)
        case Number(value):
            yield from (value + 1, value - 1)
        case Boolean(truth):
            yield not truth
        case Compare(_, value):
            yield from (value, value - 1, value + 1)
        case Cidr(network):
            inside = ipaddress.ip_network(network)
            make = type(inside.network_address)
            for number in (int(inside.broadcast_address) + 1, int(inside.network_address) - 1):
                if 0 <= number < 2**inside.max_prefixlen:
                    yield str(make(number))
        case TimePart(unit, _, value):
            for step in (1, -1):
                sample = time_sample(unit, value + step)
                if sample and time_part(sample, unit) != value:
                    yield sample
        case Regex():
            for text in plain_texts(test)[:6]:
                yield from (text[:-1], text[1:], text + "x", "x" + text, text.swapcase())
        case _:
            assert_never(test)


def _near_texts(test: Text) -> Iterator[Scalar]:
    whole = "".join("x" if part is Wild.ONE else part for part in test.parts if isinstance(part, str) or part is Wild.ONE)
    if not whole:
        return
    another = "y" if whole[-1] != "y" else "z"
    opened, closed = test.parts[0] is not Wild.MANY, test.parts[-1] is not Wild.MANY
    if closed:
        yield whole + "x"
    if opened:
        yield "x" + whole
    yield whole[:-1] + another
    if len(whole) > 1:
        yield whole[1:]
        yield whole[:-1]
    if test.cased:
        yield whole.swapcase()


def neutral(known: Field | None, seed: int) -> Iterator[Scalar]:
    """Yield values that no test has in mind."""
    if known is not None:
        yield from known.values
        yield from _NEUTRAL.get(known.type, ())
    turn = seed % 4
    yield from (*_ANYTHING[turn:4], *_ANYTHING[:turn], *_ANYTHING[4:])


def belongs(value: Scalar, known: Field | None) -> bool:
    """Whether the producer may write a value in a field; of a field without a table, anything."""
    if known is None:
        return True
    if known.values:
        return value in known.values
    if known.type == "boolean":
        return isinstance(value, bool)
    if known.type == "long":
        return isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if known.type == "ip":
        return _is_address(value)
    if known.form and known.written(value)[:1] != (value,):
        return False
    return not known.lower or value == value.lower()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
