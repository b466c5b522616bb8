"""When two trees say the same: without places and spelling, in any order, each part once."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from converter.ir import And, FieldMatch, Keyword, Node, Not, Or, Parts, Test, Text, Wild, fold

Shape: TypeAlias = tuple[object, ...]
"""A tree that compares by meaning: equal shapes match the same events (not the other way round)."""


def shape(tree: Node) -> Shape:
    """Return what ``tree`` says, without how it is written."""
    match tree:
        case FieldMatch(field, test):
            return ("field", field, _test(test))
        case Keyword(test):
            return ("keyword", _test(test))
        case Not(child):
            inner = shape(child)
            return inner[1] if inner[0] == "not" else ("not", inner)  # type: ignore[return-value]
        case And(children):
            return _joined("and", children)
        case Or(children):
            return _joined("or", children)
    assert_never(tree)


def _joined(word: str, children: tuple[Node, ...]) -> Shape:
    parts: set[Shape] = set()
    for child in children:
        one = shape(child)
        inner = one[1]
        parts |= inner if one[0] == word and isinstance(inner, frozenset) else {one}
    return next(iter(parts)) if len(parts) == 1 else (word, frozenset(parts))


def _test(test: Test) -> Shape:
    """Return a test so that 1 and true, and 1 and 1.0, stay apart."""
    if isinstance(test, Text):
        return ("text", test.cased, _parts(test.parts, test.cased))
    return (type(test).__name__, repr(test))


def _parts(parts: Parts, cased: bool) -> Shape:
    found: list[object] = []
    for part in parts:
        if part is Wild.MANY and found and found[-1] is Wild.MANY:
            continue
        found.append(part if isinstance(part, Wild) or cased else fold(part))
    return tuple(found)
