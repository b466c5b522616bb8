"""The oracle: what a detection means on a raw event.  Small, total, never optimised.

Two-valued: an atom on a missing field is false, and ``not`` turns it round.
Any element of a list counts.  The points on which evaluators differ are rows
of ``tests/semantics`` and decisions of DECISIONS.md.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt
from typing import Any, Final, assert_never

from converter.ir.events import Found, lookup, scalar_text, texts
from converter.ir.fold import fold
from converter.ir.nodes import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Parts,
    Regex,
    Shape,
    Test,
    Text,
    TimePart,
    Wild,
    atoms,
)
from converter.ir.regex import RegexProblem
from converter.ir.regex_search import regex_finder
from converter.ir.time_part import time_part
from converter.model import Diagnostic, Severity, Source


def evaluate(tree: Node, event: Mapping[str, Any]) -> bool:
    """Return whether ``event`` matches; ``tree`` must have passed ``unevaluable``."""
    match tree:
        case FieldMatch(field, test):
            return holds(test, lookup(event, field), event)
        case And(children):
            return all(evaluate(child, event) for child in children)
        case Or(children):
            return any(evaluate(child, event) for child in children)
        case Not(child):
            return not evaluate(child, event)
        case Keyword(test):
            anywhere = Text((Wild.MANY, *test.parts, Wild.MANY), test.cased) if isinstance(test, Text) else test
            return any(_scalar(anywhere, text) for text in texts(event))
    assert_never(tree)


def unevaluable(tree: Node, source: Source) -> tuple[Diagnostic, ...]:
    """Name the atoms that the oracle does not decide: regular expressions that no linear search answers."""
    problems = ((atom, regex_finder(atom.test.pattern, atom.test.flags)) for atom in atoms(tree) if isinstance(atom.test, Regex))
    return tuple(
        Diagnostic("M009", Severity.ERROR, source.span(atom.offsets), f"{found.message} (at character {found.offset + 1})", help=found.help)
        for atom, found in problems
        if isinstance(found, RegexProblem)
    )


def holds(test: Test, found: Found, event: Mapping[str, Any]) -> bool:
    """Return whether a test holds on what stands at its field."""
    match test:
        case Null():
            return all(value is None for value in found.values)
        case Exists(present):
            return found.present is present
        case FieldRef(field, shape):
            others = lookup(event, field).values
            return any(_related(one, other, shape) for one in found.values for other in others)
        case Text() | Number() | Boolean() | Compare() | TimePart() | Cidr() | Regex():
            return any(_scalar(test, value) for value in found.values)
    assert_never(test)


def _scalar(test: Text | Number | Boolean | Compare | TimePart | Cidr | Regex, value: object) -> bool:
    if value is None or isinstance(value, Mapping):
        return False
    match test:
        case Text(parts, cased):
            return fits(parts, scalar_text(value), cased)
        case Number(number):
            if isinstance(value, int | float) and not isinstance(value, bool):
                return value == number
            return value == scalar_text(number)
        case Boolean(truth):
            return value is truth if isinstance(value, bool) else value == scalar_text(truth)
        case Compare(operator, bound):
            given = _number(value)
            return given is not None and _ORDER[operator](given, bound)
        case TimePart(unit, operator, wanted):
            part = time_part(value, unit) if isinstance(value, str) else None
            return part is not None and _ORDER[operator](part, wanted)
        case Cidr(network):
            return isinstance(value, str) and _inside(value, network)
        case Regex():
            return _found(test, scalar_text(value))
    assert_never(test)


def _found(test: Regex, text: str) -> bool:
    finder = regex_finder(test.pattern, test.flags)
    if isinstance(finder, RegexProblem):
        raise ValueError("a tree with an expression that cannot be searched for was evaluated; ask unevaluable() first")
    return finder(text)


_ORDER: Final[dict[str, Callable[[float, float], bool]]] = {"eq": eq, "lt": lt, "lte": le, "gt": gt, "gte": ge}
_DECIMAL: Final = re.compile(r"[+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?", re.ASCII)


def _number(value: object) -> int | float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value) if re.search("[.eE]", value) else int(value)
    return None


def _inside(text: str, network: str) -> bool:
    """An IPv6 address that wraps an IPv4 address is in that address's networks, as in Elasticsearch."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    inside = ipaddress.ip_network(network)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped and inside.version == 4:
        return address.ipv4_mapped in inside
    return address in inside


def _related(one: object, other: object, shape: Shape) -> bool:
    if one is None or other is None or isinstance(one, Mapping) or isinstance(other, Mapping):
        return False
    text, part = fold(scalar_text(one)), fold(scalar_text(other))
    match shape:
        case Shape.CONTAINS:
            return part in text
        case Shape.STARTSWITH:
            return text.startswith(part)
        case Shape.ENDSWITH:
            return text.endswith(part)
        case _:
            return text == part


def fits(parts: Parts, text: str, cased: bool) -> bool:
    """Return whether a pattern describes the whole of ``text``, in time linear in pattern times text."""
    if not cased:
        text = fold(text)
        parts = tuple(fold(part) if isinstance(part, str) else part for part in parts)
    chunks: list[list[str | None]] = [[]]
    for part in parts:
        if part is Wild.MANY:
            chunks.append([])
        elif part is Wild.ONE:
            chunks[-1].append(None)
        else:
            chunks[-1].extend(part)
    head, *rest = chunks
    if not rest:
        return len(head) == len(text) and _at(head, text, 0)
    tail = rest.pop()
    end = len(text) - len(tail)
    if end < len(head) or not _at(head, text, 0) or not _at(tail, text, end):
        return False
    position = len(head)
    for chunk in rest:
        position = _next(chunk, text, position, end)
        if position < 0:
            return False
        position += len(chunk)
    return True


def _next(chunk: list[str | None], text: str, position: int, end: int) -> int:
    """Return where a chunk stands next, -1 when it does not; texts of a thousand characters make this most of what verify does."""
    if None not in chunk:
        return text.find("".join(one or "" for one in chunk), position, end)
    return next((place for place in range(position, end - len(chunk) + 1) if _at(chunk, text, place)), -1)


def _at(chunk: list[str | None], text: str, position: int) -> bool:
    return all(wanted is None or wanted == text[position + index] for index, wanted in enumerate(chunk))
