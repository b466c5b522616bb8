"""Which atoms of a rule the events decide: an atom is covered when turning it turns the answer, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, assert_never

from converter.ir import And, FieldMatch, Keyword, Node, Not, Or, atoms, evaluate


def decided(tree: Node, events: Iterable[Mapping[str, Any]]) -> tuple[bool, ...]:
    """Return for each atom of ``tree`` whether the events hold one that it alone lets match, and one that it alone keeps out."""
    leaves = atoms(tree)
    true_side = [False] * len(leaves)
    false_side = [False] * len(leaves)
    for event in events:
        if all(true_side) and all(false_side):
            break
        values = [evaluate(leaf, event) for leaf in leaves]
        for index in _turning(tree, iter(enumerate(values)))[1]:
            (true_side if values[index] else false_side)[index] = True
    return tuple(one and other for one, other in zip(true_side, false_side, strict=True))


def _turning(tree: Node, values: Iterator[tuple[int, bool]]) -> tuple[bool, list[int]]:
    """Return the tree's answer and the atoms each of which alone turns it; ``values`` are those of the atoms in reading order.

    A child of a conjunction alone turns it when all others hold, one of a disjunction when no other does.
    """
    match tree:
        case FieldMatch() | Keyword():
            index, value = next(values)
            return value, [index]
        case And(children) | Or(children):
            neutral = isinstance(tree, And)
            found = [_turning(child, values) for child in children]
            others = [turning for answer, turning in found if answer is not neutral]
            if len(others) > 1:
                return not neutral, []
            return (not neutral, others[0]) if others else (neutral, [index for _, turning in found for index in turning])
        case Not(child):
            answer, turning = _turning(child, values)
            return not answer, turning
    assert_never(tree)
