"""Texts that an expression is found in and that hold other texts too: what a repetition leaves open is filled with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, assert_never

from converter.ir import (
    Anchor,
    BackReference,
    Chain,
    CharSet,
    Choice,
    Expression,
    Literal,
    Look,
    Ranges,
    Regex,
    RegexProblem,
    Repeat,
    read_regex,
    regex_finder,
    regex_samples,
)

TURNS: Final = 6
"""Ways through the choices of an expression."""
_SLOTS: Final = 8
_LONGEST: Final = 4000
_LIKED: Final = "ax7A -._/\\"


@dataclass(slots=True)
class _Way:
    """One way through an expression: which alternatives, and the repetition that takes the text in."""

    turn: int
    text: str
    slot: int
    seen: int = 0


@lru_cache(maxsize=1024)
def plain_texts(test: Regex) -> tuple[str, ...]:
    """Return texts in which the expression is found, the shortest first."""
    return tuple(sorted(dict.fromkeys([*regex_samples(test.pattern, test.flags), *filled(test, "")]), key=len))


def filled(test: Regex, text: str) -> Iterator[str]:
    """Yield texts in which the expression is found, with ``text`` inside what it matches where a repetition has room for it."""
    tree, finder = read_regex(test.pattern, test.flags), regex_finder(test.pattern, test.flags)
    if isinstance(tree, RegexProblem) or isinstance(finder, RegexProblem):
        return
    for slot in range(_SLOTS if text else 1):
        for turn in range(TURNS):
            way = _Way(turn, text, slot)
            found = _written(tree, way)
            if len(found) <= _LONGEST and text in found and finder(found):
                yield found
        if text and way.seen <= slot:
            return


def _written(tree: Expression, way: _Way) -> str:
    match tree:
        case Literal(text):
            return text
        case CharSet(ranges):
            return _character(ranges, way.turn)
        case Anchor() | Look() | BackReference():
            return ""
        case Chain(children):
            return "".join(_written(child, way) for child in children)
        case Choice(children):
            return _written(children[way.turn % len(children)], way)
        case Repeat(child, least, most):
            return _repeated(child, least, most, way)
    assert_never(tree)


def _repeated(child: Expression, least: int, most: int | None, way: _Way) -> str:
    if isinstance(child, CharSet) and way.text and _fits(way.text, child.ranges, most):
        taken = way.seen == way.slot
        way.seen += 1
        if taken:
            missing = max(least - len(way.text), 0)
            return way.text + _character(child.ranges, way.turn) * missing
    times = least if way.turn % 2 == 0 or (most is not None and most <= least) else least + 1
    return "".join(_written(child, way) for _ in range(min(times, _LONGEST)))


def _fits(text: str, ranges: Ranges, most: int | None) -> bool:
    return (most is None or len(text) <= most) and all(any(first <= ord(one) <= last for first, last in ranges) for one in text)


def _character(ranges: Ranges, turn: int) -> str:
    liked = [one for one in _LIKED if any(first <= ord(one) <= last for first, last in ranges)]
    if liked:
        return liked[turn % len(liked)]
    printable = next(
        (chr(code) for first, last in ranges for code in range(first, min(last, first + 64) + 1) if chr(code).isprintable()), ""
    )
    return printable or chr(ranges[0][0])
