"""Which atoms of a rule the events decide: an atom is covered when turning it turns the answer, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
        answer = _answer(tree, iter(values))
        for index, value in enumerate(values):
            if (true_side if value else false_side)[index]:
                continue
            values[index] = not value
            if _answer(tree, iter(values)) is not answer:
                (true_side if value else false_side)[index] = True
            values[index] = value
    return tuple(one and other for one, other in zip(true_side, false_side, strict=True))


def _answer(tree: Node, values: Any) -> bool:  # noqa: ANN401 - an iterator over the atoms' values in reading order
    match tree:
        case FieldMatch() | Keyword():
            value: bool = next(values)
            return value
        case And(children):
            return all([_answer(child, values) for child in children])  # noqa: C419 - every child takes its atoms
        case Or(children):
            return any([_answer(child, values) for child in children])  # noqa: C419 - every child takes its atoms
        case Not(child):
            return not _answer(child, values)
    assert_never(tree)
