"""A rule's tree as a function of an event: ``ir.evaluate`` for many events, which asks for a field and folds its case once per event.

Held equal to the oracle by a property test; every test but a text without ``?`` is the oracle's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, assert_never

from converter.ir import (
    And,
    Exists,
    FieldMatch,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Shape,
    Text,
    Wild,
    evaluate,
    fold,
    holds,
    lookup,
    scalar_text,
    texts,
)
from converter.ir import Found as Stands

Check: TypeAlias = "Callable[[View], bool]"
"""Whether an event matches."""
_Fits: TypeAlias = Callable[[str], bool]


class View:
    """An event with what was already looked up in it."""

    __slots__ = ("_all", "_folded", "_found", "event")

    def __init__(self, event: Mapping[str, Any]) -> None:
        self.event = event
        self._found: dict[str, Stands] = {}
        self._folded: dict[str, tuple[str, ...]] = {}
        self._all: tuple[str, ...] | None = None

    def found(self, field: str) -> Stands:
        """Return what stands at a field."""
        known = self._found.get(field)
        if known is None:
            known = self._found[field] = lookup(self.event, field)
        return known

    def folded(self, field: str) -> tuple[str, ...]:
        """Return the texts at a field, without regard to case."""
        known = self._folded.get(field)
        if known is None:
            values = (one for one in self.found(field).values if one is not None and not isinstance(one, Mapping))
            known = self._folded[field] = tuple(fold(scalar_text(one)) for one in values)
        return known

    def everything(self) -> tuple[str, ...]:
        """Return all texts of the event, without regard to case."""
        if self._all is None:
            self._all = tuple(fold(text) for text in texts(self.event))
        return self._all


def predicate(tree: Node) -> Check:
    """Return a function that says of an event what ``ir.evaluate`` says; ``tree`` must have passed ``unevaluable``."""
    match tree:
        case And(children):
            return _all(tuple(predicate(child) for child in sorted(children, key=_cost)))
        case Or(children):
            return _any(children)
        case Not(child):
            inner = predicate(child)
            return lambda view: not inner(view)
        case FieldMatch(field, test):
            return _at_field(field, test) if isinstance(test, Text) else lambda view: holds(test, view.found(field), view.event)
        case Keyword(test):
            matches = _folded_fits(Text((Wild.MANY, *test.parts, Wild.MANY))) if isinstance(test, Text) and not test.cased else None
            return _anywhere(matches) if matches else lambda view: evaluate(tree, view.event)
    assert_never(tree)


def _cost(tree: Node) -> int:
    """Return about how long an answer takes; parts of a rule may be asked in any order, for none has an effect."""
    match tree:
        case And(children) | Or(children):
            return sum(map(_cost, children))
        case Not(child):
            return _cost(child)
        case FieldMatch(_, test):
            return 1 if isinstance(test, Text | Null | Exists | Number) else 50
        case Keyword():
            return 100
    assert_never(tree)


def _all(checks: tuple[Check, ...]) -> Check:
    def check(view: View) -> bool:
        for one in checks:  # noqa: SIM110 - a loop is faster than all()
            if not one(view):
                return False
        return True

    return check


def _any(children: tuple[Node, ...]) -> Check:
    """Return a function for alternatives; those that compare one field with a text in one way are asked together."""
    groups: dict[tuple[str, Shape], list[str]] = {}
    checks: list[Check] = []
    for child in sorted(children, key=_cost):
        if isinstance(child, FieldMatch) and isinstance(child.test, Text) and not child.test.cased and child.test.shape in _TOGETHER:
            groups.setdefault((child.field, child.test.shape), []).append(fold(child.test.literal))
        else:
            checks.append(predicate(child))
    found = (*(_TOGETHER[shape](field, tuple(parts)) for (field, shape), parts in groups.items()), *checks)
    if len(found) == 1:
        return found[0]

    def check(view: View) -> bool:
        for one in found:  # noqa: SIM110 - a loop is faster than any()
            if one(view):
                return True
        return False

    return check


def _one_equal(field: str, parts: tuple[str, ...]) -> Check:
    wanted = frozenset(parts)
    return lambda view: not wanted.isdisjoint(view.folded(field))


def _one_at_start(field: str, parts: tuple[str, ...]) -> Check:
    def check(view: View) -> bool:
        for text in view.folded(field):  # noqa: SIM110 - a loop is faster than any()
            if text.startswith(parts):
                return True
        return False

    return check


def _one_at_end(field: str, parts: tuple[str, ...]) -> Check:
    def check(view: View) -> bool:
        for text in view.folded(field):  # noqa: SIM110 - a loop is faster than any()
            if text.endswith(parts):
                return True
        return False

    return check


def _one_within(field: str, parts: tuple[str, ...]) -> Check:
    def check(view: View) -> bool:
        for text in view.folded(field):
            for part in parts:
                if part in text:
                    return True
        return False

    return check


_TOGETHER: Final[Mapping[Shape, Callable[[str, tuple[str, ...]], Check]]] = {
    Shape.EQUALS: _one_equal,
    Shape.STARTSWITH: _one_at_start,
    Shape.ENDSWITH: _one_at_end,
    Shape.CONTAINS: _one_within,
}


def _at_field(field: str, test: Text) -> Check:
    if not test.cased and test.shape in _TOGETHER:
        return _TOGETHER[test.shape](field, (fold(test.literal),))
    matches = _folded_fits(test)
    if matches is not None:
        return lambda view: any(map(matches, view.folded(field)))
    literals = tuple(fold(part) for part in test.parts if isinstance(part, str))

    def check(view: View) -> bool:
        for text in view.folded(field):
            if all(part in text for part in literals):
                return holds(test, view.found(field), view.event)
        return False

    return check


def _anywhere(matches: _Fits) -> Check:
    return lambda view: any(map(matches, view.everything()))


def _folded_fits(test: Text) -> _Fits | None:
    """Return whether a text without regard to case is the pattern; ``None`` for what only the oracle decides."""
    if test.cased or Wild.ONE in test.parts:
        return None
    chunks = [""]
    for part in test.parts:
        if isinstance(part, str):
            chunks[-1] += fold(part)
        else:
            chunks.append("")
    head, *rest = chunks
    if not rest:
        return head.__eq__
    *middle, tail = rest
    middle = [part for part in middle if part]
    if not middle:
        least = len(head) + len(tail)
        return lambda text: len(text) >= least and text.startswith(head) and text.endswith(tail)
    if len(middle) == 1 and not head and not tail:
        part = middle[0]
        return lambda text: part in text
    return lambda text: _in_order(head, middle, tail, text)


def _in_order(head: str, middle: list[str], tail: str, text: str) -> bool:
    end = len(text) - len(tail)
    if end < len(head) or not text.startswith(head) or not text.endswith(tail):
        return False
    place = len(head)
    for part in middle:
        place = text.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True
