"""A rule's tree as a function of an event: ``ir.evaluate`` for many events, which asks for a field and folds its case once per event.

Held equal to the oracle by a property test; every test but a text without ``?`` is the oracle's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, assert_never

from converter.ir import And, FieldMatch, Keyword, Node, Not, Or, Text, Wild, evaluate, fold, holds, lookup, scalar_text, texts
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
            checks = tuple(predicate(child) for child in children)
            return lambda view: all(check(view) for check in checks)
        case Or(children):
            return _any(children)
        case Not(child):
            inner = predicate(child)
            return lambda view: not inner(view)
        case FieldMatch(field, test):
            matches = _folded_fits(test) if isinstance(test, Text) else None
            if matches is None:
                return lambda view: holds(test, view.found(field), view.event)
            return _at_field(field, matches)
        case Keyword(test):
            matches = _folded_fits(Text((Wild.MANY, *test.parts, Wild.MANY))) if isinstance(test, Text) and not test.cased else None
            if matches is None:
                return lambda view: evaluate(tree, view.event)
            return _anywhere(matches)
    assert_never(tree)


def _at_field(field: str, matches: _Fits) -> Check:
    return lambda view: any(map(matches, view.folded(field)))


def _anywhere(matches: _Fits) -> Check:
    return lambda view: any(map(matches, view.everything()))


def _any(children: tuple[Node, ...]) -> Check:
    """Return a function for alternatives; those that look for a text within one field are asked together."""
    within: dict[str, list[str]] = {}
    others: list[Check] = []
    for child in children:
        part = _within(child)
        if part is None:
            others.append(predicate(child))
        else:
            within.setdefault(part[0], []).append(part[1])
    for field, parts in within.items():
        others.append(_one_within(field, tuple(parts)))
    checks = tuple(others)
    return checks[0] if len(checks) == 1 else lambda view: any(check(view) for check in checks)


def _within(node: Node) -> tuple[str, str] | None:
    if isinstance(node, FieldMatch) and isinstance(node.test, Text) and not node.test.cased:
        parts = node.test.parts
        if len(parts) == 3 and parts[0] is Wild.MANY and parts[2] is Wild.MANY and isinstance(parts[1], str):
            return node.field, fold(parts[1])
    return None


def _one_within(field: str, parts: tuple[str, ...]) -> Check:
    def check(view: View) -> bool:
        for text in view.folded(field):
            for part in parts:
                if part in text:
                    return True
        return False

    return check


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
