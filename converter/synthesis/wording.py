"""A text that fits several patterns at once: beginnings, middles and ends joined with different separators."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Final

from converter.ir import Parts, Regex, Text, Wild, fold
from converter.model import node
from converter.synthesis.expression import filled, plain_texts

_SEPARATORS: Final = (" ", "x", "", "7", "\\", "/", "-", "_", ".", '"', "  ", ",", "=")
_PADS: Final = (
    ("", ""),
    ("", "x"),
    ("x", ""),
    ("x", "x"),
    ("", " x"),
    ("x ", ""),
    ("7", "7"),
    ("", "\\x"),
    ("/", ""),
    ("", '"'),
    ("Q", "Q"),
)
_EXPRESSION_TEXTS: Final = 10


@node
class _Piece:
    """A pattern by its literals: ``exact`` when it has no open end at all."""

    head: str
    middle: tuple[str, ...]
    tail: str
    exact: bool
    cased: bool


def texts_for(patterns: Sequence[Text], expressions: Sequence[Regex], fills: str = "x7Q") -> Iterator[str]:
    """Yield texts that may fit all patterns and expressions at once, the plainest first; the caller asks which do."""
    for fill in fills:
        pieces = [_piece(one.parts, fill, one.cased) for one in patterns]
        exact = [one for one in pieces if one.exact]
        if exact:
            # A caseless text may be written in any case, and a test with regard to case may ask for another one.
            yield from _spelled(sorted(exact, key=lambda one: not one.cased)[0].head, pieces)
            if not any(part is Wild.ONE for one in patterns for part in one.parts):
                return
            continue
        yield from _joined(pieces, expressions, fill)


def _piece(parts: Parts, fill: str, cased: bool) -> _Piece:
    chunks = [""]
    for part in parts:
        if part is Wild.MANY:
            chunks.append("")
        else:
            chunks[-1] += fill if part is Wild.ONE else str(part)
    if len(chunks) == 1:
        return _Piece(chunks[0], (), "", True, cased)
    return _Piece(chunks[0], tuple(one for one in chunks[1:-1] if one), chunks[-1], False, cased)


def _spelled(text: str, pieces: Iterable[_Piece]) -> Iterator[str]:
    """Yield a text in several cases, and with the literals of tests that regard case as they have them."""
    yield text
    mixed = text
    for one in pieces:
        for literal in (one.head, *one.middle, one.tail):
            if one.cased and literal:
                mixed = re.sub(re.escape(literal), lambda _found, literal=literal: literal, mixed, flags=re.IGNORECASE)  # type: ignore[misc]
    yield mixed
    yield from (text.swapcase(), text.lower(), text.upper(), text.title())


def _joined(pieces: Sequence[_Piece], expressions: Sequence[Regex], fill: str) -> Iterator[str]:
    head = max((one.head for one in pieces), key=len, default="")
    tail = max((one.tail for one in pieces), key=len, default="")
    middle = _middle(pieces, head + "\0" + tail)
    alone = _without(middle, ())
    for found in _expression_texts(expressions, alone, head, tail):
        literals = [one for one in alone if fold(one) not in fold(found)] if expressions else alone
        yield from _laid_out(head, tail, literals, found, fill)
    inner = [" ".join(one.middle) for one in pieces if one.middle]
    if len(inner) > 1 or any(len(one.middle) > 1 for one in pieces):
        # Each pattern's own order, one after the other: a*b and b*a at once.
        for separator in _SEPARATORS:
            wholes = [separator.join(one.middle) for one in pieces if one.middle]
            yield from (head + separator.join(wholes) + tail, head + separator + separator.join(wholes) + separator + tail)
    for size in range(min(len(head), len(tail)), 0, -1):
        if fold(head).endswith(fold(tail[:size])):
            yield head + tail[size:]


def _middle(pieces: Sequence[_Piece], ends: str) -> list[str]:
    """Return the literals that must stand inside, each once, without those that the ends or longer ones bring along."""
    found: list[str] = []
    for one in pieces:
        found += one.middle
    return [one for one in dict.fromkeys(found) if fold(one) not in fold(ends)]


def _without(middle: Sequence[str], besides: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for one in sorted(dict.fromkeys(middle), key=len, reverse=True):
        if not any(fold(one) in fold(other) for other in (*kept, *besides)):
            kept.append(one)
    return [one for one in dict.fromkeys(middle) if one in kept]


def _expression_texts(expressions: Sequence[Regex], literals: Sequence[str], head: str, tail: str) -> Iterator[str]:
    """Yield one text for all expressions: plain ones, and those that take the literals in; ``""`` alone when there are none."""
    if not expressions:
        yield ""
        return
    sides = [list(islice(_of(one, literals, head, tail), 3 * _EXPRESSION_TEXTS)) for one in expressions]
    if len(sides) == 1:
        yield from sides[0]
        return
    for turn in range(2 * _EXPRESSION_TEXTS):
        for separator in (" ", ""):
            yield separator.join(one[turn % len(one)] for one in sides if one)


def _of(expression: Regex, literals: Sequence[str], head: str, tail: str) -> Iterator[str]:
    yield from plain_texts(expression)[:_EXPRESSION_TEXTS]
    for inside in dict.fromkeys([" ".join(literals), "".join(literals), "x".join(literals), *literals, head, tail, head + "x" + tail]):
        if inside:
            yield from islice(filled(expression, inside), 6)


def _laid_out(head: str, tail: str, literals: list[str], found: str, fill: str) -> Iterator[str]:
    """Yield the parts in both orders with each separator, then with something before and behind."""
    parts = [*literals, found] if found else literals
    orders = [parts] if len(parts) < 2 else [parts, parts[::-1], [*parts[1:], parts[0]]]
    if found and not literals:
        yield found
    for order in orders:
        for separator in _SEPARATORS:
            core = separator.join(order)
            yield head + core + tail
            yield separator.join([one for one in (head, core, tail) if one])
    for (before, behind), order in product(_PADS, orders):
        for separator in (fill, " ", "\\", "/"):
            core = separator.join(order)
            yield head + before + core + behind + tail if head or tail else before + core + behind
            if head and tail:
                yield head + separator.join([before, *order, behind]) + tail
    if tail and not head:
        yield from (fill + "".join(literals) + tail, "/x" + tail, "C:\\x" + tail)
