"""A reading of tests and events of its own, by the standard library's expressions: nothing of the oracle, of gates or of columns."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from converter.ir import (
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
    Regex,
    Shape,
    Text,
    TimePart,
    Wild,
)

GONE = object()


def reached(event: Any, name: str) -> list[Any] | object:
    """Return the values at a name, ``GONE`` when no key leads there: the longest key first, lists entered."""
    if isinstance(event, list):
        found = [reached(one, name) for one in event]
        there = [one for one in found if isinstance(one, list)]
        return [value for one in there for value in one] if there else GONE
    if not isinstance(event, dict):
        return GONE
    for cut in range(len(name), 0, -1):
        if (cut == len(name) or name[cut] == ".") and name[:cut] in event:
            inner = event[name[:cut]]
            return _flat(inner) if cut == len(name) else reached(inner, name[cut + 1 :])
    return GONE


def _flat(value: Any) -> list[Any]:
    return [leaf for one in value for leaf in _flat(one)] if isinstance(value, list) else [value]


def _everything(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _everything(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _everything(one)]
    return [] if value is None else [value]


def written(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _low(text: str) -> str:
    """Sigma's own folding: each letter by its simple lower case, ASCII never with other letters."""
    return "".join(one.lower() if len(one.lower()) == 1 and one.isascii() is one.lower().isascii() else one for one in text)


def _pattern(test: Text) -> re.Pattern[str]:
    wild = {Wild.MANY: ".*", Wild.ONE: "."}
    body = "".join(wild[part] if isinstance(part, Wild) else re.escape(part if test.cased else _low(part)) for part in test.parts)
    return re.compile(body, re.DOTALL)


def _passes(test: Any, value: Any) -> bool:
    if value is None or isinstance(value, dict):
        return False
    if isinstance(test, Text):
        text = written(value)
        return _pattern(test).fullmatch(text if test.cased else _low(text)) is not None
    if isinstance(test, Regex):
        return re.search(test.pattern, written(value), re.IGNORECASE if "i" in test.flags else 0) is not None
    if isinstance(test, Boolean):
        return value is test.value or value == written(test.value)
    if isinstance(test, Number):
        return not isinstance(value, bool) and (value == written(test.value) or (not isinstance(value, str) and value == test.value))
    if isinstance(test, Cidr):
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in ipaddress.ip_network(test.network)
        except ValueError:
            return False
    if isinstance(test, TimePart):
        found = re.fullmatch(
            r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::\d\d)?Z?)?", str(value), re.ASCII
        )
        return found is not None and bool(found[test.unit]) and _ordered(int(found[test.unit]), test.operator, test.value)
    assert isinstance(test, Compare)
    try:
        return not isinstance(value, bool) and _ordered(float(value), test.operator, test.value)
    except ValueError:
        return False


def _ordered(one: float, operator: str, other: float) -> bool:
    return {"lt": one < other, "lte": one <= other, "gt": one > other, "gte": one >= other, "eq": one == other}[operator]


def says(atom: FieldMatch | Keyword, event: Any) -> bool:
    """Return whether a test holds on an event."""
    if isinstance(atom, Keyword):
        inside = Text((Wild.MANY, *atom.test.parts, Wild.MANY), atom.test.cased) if isinstance(atom.test, Text) else atom.test
        return any(_passes(inside, written(one)) for one in _everything(event))
    found = reached(event, atom.field)
    values = found if isinstance(found, list) else []
    if isinstance(atom.test, Null):
        return all(one is None for one in values)
    if isinstance(atom.test, Exists):
        return (found is not GONE) is atom.test.present
    if isinstance(atom.test, FieldRef):
        others = reached(event, atom.test.field)
        texts = [written(one).lower() for one in values if one is not None and not isinstance(one, dict)]
        parts = [
            written(one).lower() for one in (others if isinstance(others, list) else []) if one is not None and not isinstance(one, dict)
        ]
        relation = {Shape.CONTAINS: str.__contains__, Shape.STARTSWITH: str.startswith, Shape.ENDSWITH: str.endswith}.get(
            atom.test.shape, str.__eq__
        )
        return any(relation(text, part) for text in texts for part in parts)
    return any(_passes(atom.test, one) for one in values)


def answer(tree: Node, truths: list[bool]) -> bool:
    """Return the tree's answer from those of its tests in reading order."""
    rest = iter(truths)

    def of(node: Node) -> bool:
        if isinstance(node, And):
            return False not in [of(one) for one in node.children]
        if isinstance(node, Or):
            return True in [of(one) for one in node.children]
        if isinstance(node, Not):
            return not of(node.child)
        return next(rest)

    return of(tree)


def turns(tree: Node, truths: list[bool], place: int) -> bool:
    """Return whether turning one test alone turns the answer."""
    other = [not one if at == place else one for at, one in enumerate(truths)]
    return answer(tree, truths) is not answer(tree, other)
