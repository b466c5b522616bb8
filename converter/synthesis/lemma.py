"""What holds of tests on any event: one implies another, two exclude each other.

A proof that no event shows a test leans on these alone, so each is sound: of
every JSON value, or (``excludes`` and ``impossible``) of every value that a
field's table lets the producer write.  What is true but not found here makes
a verdict open, never wrong.
"""

from __future__ import annotations

import ipaddress
import itertools
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from converter.data import Field
from converter.ir import Boolean, Cidr, Compare, Number, Parts, Regex, Shape, Test, Text, TimePart, Wild, fits, fold, scalar_text, spellings
from converter.synthesis.column import Scalar, ValueTest, around, passes

_SPELLINGS: Final = 128
"""Spellings of a text that are tried one by one."""
_ONE: Final = "\ue000"
_MANY: Final = "\ue001"
_LETTERS: Final = {"long": "-0123456789", "ip": ".:0123456789abcdefABCDEF"}


def implies(one: ValueTest, other: ValueTest, anywhere: bool = False) -> bool:
    """Whether every value that passes ``one`` passes ``other``; ``anywhere``: as a keyword, which asks all values of the event."""
    if anywhere:
        other = around(other)
    if one == other:
        return True
    if isinstance(other, Text) and other.parts and all(part is Wild.MANY for part in other.parts):
        return True
    if isinstance(one, Text) and isinstance(other, Text) and _implied_text(one, other):
        return True
    if isinstance(one, Compare) and isinstance(other, Compare):
        return _within(_reach(one), _reach(other))
    if isinstance(one, TimePart) and isinstance(other, TimePart) and one.unit == other.unit:
        return _within(_reach(one), _reach(other))
    if isinstance(one, Cidr) and isinstance(other, Cidr):
        inner, outer = ipaddress.ip_network(one.network), ipaddress.ip_network(other.network)
        return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
    forms = _forms(one)
    return bool(forms) and all(passes(other)(form) for form in forms)


def excludes(one: ValueTest, other: ValueTest) -> bool:
    """Whether no single value passes both."""
    for first, second in ((one, other), (other, one)):
        forms = _forms(first)
        if forms and not any(passes(second)(form) for form in forms):
            return True
    if isinstance(one, Text) and isinstance(other, Text):
        return _clash(one, other) or _misfit(one, other) or _misfit(other, one)
    if isinstance(one, Compare) and isinstance(other, Compare):
        return _apart(_reach(one), _reach(other))
    if isinstance(one, TimePart) and isinstance(other, TimePart) and one.unit == other.unit:
        return _apart(_reach(one), _reach(other))
    if isinstance(one, Cidr) and isinstance(other, Cidr):
        first_net, second_net = ipaddress.ip_network(one.network), ipaddress.ip_network(other.network)
        return first_net.version == second_net.version and not first_net.overlaps(second_net)
    return False


def impossible(test: ValueTest, known: Field) -> bool:
    """Whether the producer writes no value in the field that passes; only what letters alone decide."""
    if not isinstance(test, Text) or known.values:
        return False
    literals = [part for part in test.parts if isinstance(part, str)]
    if known.type in _LETTERS:
        return any(letter not in _LETTERS[known.type] for one in literals for letter in one)
    return known.lower and test.cased and any(one != one.lower() for one in literals)


@lru_cache(maxsize=4096)
def _forms(test: ValueTest) -> tuple[Scalar, ...]:
    """Return all values that pass a test, as far as texts and numbers tell them apart; none when they are too many to name."""
    match test:
        case Text(_, cased) if test.shape is Shape.EQUALS:
            literal = test.literal
            letters = [spellings(fold(one)) if not cased else one for one in literal]
            if math.prod(map(len, letters)) > _SPELLINGS:
                return ()
            texts = ["".join(one) for one in itertools.product(*letters)]
            return tuple(texts) + _unquoted(texts)
        case Number(value):
            text = scalar_text(value)
            whole = (int(value),) if isinstance(value, float) and value.is_integer() else ()
            return (value, *whole, *_float(value), text)
        case Boolean(truth):
            return (truth, scalar_text(truth))
        case _:
            return ()


def _float(value: float) -> tuple[float, ...]:
    try:
        return (float(value),) if float(value) == value else ()
    except OverflowError:
        return ()


def _unquoted(texts: Sequence[str]) -> tuple[Scalar, ...]:
    """Return the numbers and truth values that are written as one of the texts."""
    found: list[Scalar] = []
    for text in texts:
        if text in ("true", "false"):
            found.append(text == "true")
        if re.fullmatch(r"-?[0-9]{1,300}", text):
            found.append(int(text))
        try:
            number = float(text)
        except ValueError:
            continue
        if scalar_text(number) == text:
            found.append(number)
    return tuple(found)


def _implied_text(one: Text, other: Text) -> bool:
    """Match the first pattern by the second, its wildcards as characters that nothing but a wildcard takes."""
    if other.cased and not one.cased:
        return False
    if any(isinstance(part, str) and (_ONE in part or _MANY in part) for part in (*one.parts, *other.parts)):
        return False
    shown = "".join(part if isinstance(part, str) else (_MANY if part is Wild.MANY else _ONE) for part in one.parts)
    return _covers(other.parts if other.cased else _folded(other.parts), shown if other.cased else fold(shown))


def _folded(parts: Parts) -> Parts:
    return tuple(fold(part) if isinstance(part, str) else part for part in parts)


def _covers(parts: Parts, shown: str) -> bool:
    if parts == (Wild.MANY,):
        return True
    if len(parts) == 3 and parts[0] is parts[2] is Wild.MANY and isinstance(parts[1], str):
        return parts[1] in shown
    # Each step keeps the set of places reached, so that no pattern of a stranger takes long.
    reached = {0}
    for part in parts:
        if part is Wild.MANY:
            reached = set(range(min(reached), len(shown) + 1)) if reached else set()
        elif part is Wild.ONE:
            reached = {at + 1 for at in reached if at < len(shown) and shown[at] != _MANY}
        else:
            reached = {at + len(part) for at in reached if shown.startswith(part, at)}
        if not reached:
            return False
    return len(shown) in reached


def _misfit(one: Text, other: Text) -> bool:
    """Whether the one text that passes does not fit the other pattern, whatever its case."""
    return one.shape is Shape.EQUALS and not fits(other.parts, one.literal, False)


def _clash(one: Text, other: Text) -> bool:
    """Whether the beginnings or the ends cannot both be those of one text."""
    for turn in (1, -1):
        first, second = (
            fold(parts[0]) if parts and isinstance(parts[0], str) else "" for parts in (one.parts[::turn], other.parts[::turn])
        )
        size = min(len(first), len(second))
        if turn == 1 and first[:size] != second[:size]:
            return True
        if turn == -1 and size and first[-size:] != second[-size:]:
            return True
    return False


def _reach(test: Compare | TimePart) -> tuple[float, bool, float, bool]:
    """Return the numbers that pass, as bounds with whether they count; of time parts, which are whole numbers, as closed bounds."""
    step = isinstance(test, TimePart)
    value = test.value
    match test.operator:
        case "eq":
            return (value, True, value, True)
        case "lt":
            return (-math.inf, False, value - 1 if step else value, step)
        case "lte":
            return (-math.inf, False, value, True)
        case "gt":
            return (value + 1 if step else value, step, math.inf, False)
        case _:
            return (value, True, math.inf, False)


def _within(inner: tuple[float, bool, float, bool], outer: tuple[float, bool, float, bool]) -> bool:
    low = inner[0] > outer[0] or (inner[0] == outer[0] and (outer[1] or not inner[1]))
    return low and (inner[2] < outer[2] or (inner[2] == outer[2] and (outer[3] or not inner[3])))


def _apart(one: tuple[float, bool, float, bool], other: tuple[float, bool, float, bool]) -> bool:
    for first, second in ((one, other), (other, one)):
        if first[2] < second[0] or (first[2] == second[0] and not (first[3] and second[1])):
            return True
    return False


def keyword_implied(test: Test, keyword: Text | Regex | Number) -> bool:
    """Whether a field's value that passes ``test`` satisfies a keyword."""
    return isinstance(test, Text | Number | Boolean | Cidr | Compare | TimePart | Regex) and implies(test, keyword, anywhere=True)
