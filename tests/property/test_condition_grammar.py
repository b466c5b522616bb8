"""Conditions against pySigma's parser: the same tree, or both refuse; what ours reads beyond is listed."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from sigma.conditions import ConditionAND, ConditionIdentifier, ConditionNOT, ConditionOR, ConditionSelector
from sigma.conditions import condition as grammar

from converter.ir.condition import Condition, ConditionError, Junction, Name, Negation, Selector, parse_condition

WORDS = ("a", "b_1", "_c", "x-y", "1", "any", "all", "of", "them", "a*", "*", "_*", "and", "or", "not", "(", ")")


def ours(text: str) -> Any:
    """Return our tree as nested tuples, or "refused"."""
    try:
        return shown(parse_condition(text))
    except ConditionError:
        return "refused"


def shown(tree: Condition) -> Any:
    """Return a condition as nested tuples."""
    match tree:
        case Name(name):
            return name
        case Selector(every, pattern):
            return ("all" if every else "1", pattern)
        case Negation(operand):
            return ("not", shown(operand))
        case Junction(word, operands):
            return (word, *map(shown, operands))


def theirs(text: str) -> Any:
    """Return pySigma's tree in the same form, before names are looked up."""
    try:
        return of(grammar.parse_string(text, parse_all=True)[0])
    except Exception:
        return "refused"


def of(tree: Any) -> Any:
    """Return pySigma's tree as nested tuples."""
    match tree:
        case ConditionIdentifier():
            return tree.identifier
        case ConditionSelector():
            return ("all" if tree.cond_class is ConditionAND else "1", tree.pattern)
        case ConditionNOT():
            return ("not", of(tree.args[0]))
        case ConditionAND() | ConditionOR():
            return ("and" if isinstance(tree, ConditionAND) else "or", *map(of, tree.args))
    raise AssertionError(tree)


def names_of(tree: Any) -> set[str]:
    """Return the names that a tree has as operands."""
    if isinstance(tree, str):
        return {tree}
    return set().union(*map(names_of, tree[1:])) if tree[0] in ("and", "or", "not") else set()


def drawn(rng: random.Random) -> str:
    """Return a condition in which operators stand mostly where they belong."""
    if rng.random() < 0.3:
        return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 7)))
    operand = rng.choice(("a", "b_1", "_c", "x-y", "1 of a*", "all of them", "any of _*", "not a", "not not x-y", "1 of *"))
    if rng.random() < 0.4:
        return operand
    inside = f"{drawn(rng)} {rng.choice(('and', 'or'))} {drawn(rng)}"
    return inside if rng.random() < 0.5 else f"{rng.choice(('', 'not '))}({inside})"


def compared(text: str) -> str:
    """Assert that both read a condition alike, or differ in a way that is listed; return which."""
    our, their = ours(text), theirs(text)
    if our == their:
        return "refused" if our == "refused" else "equal"
    if our == "refused":
        assert names_of(their) & {"and", "or", "of"}, (text, their)
        return "an operator as a name"
    assert their == "refused", (text, our, their)
    assert any("-" in word or "." in word for word in text.split()), (text, our)
    return "a selector with a hyphen"


def run(count: int, seed: int) -> Counter[str]:
    """Compare so many random conditions."""
    rng = random.Random(seed)
    return Counter(compared(text) for _ in range(count) if len(text := drawn(rng)) < 200)


def test_conditions_are_read_as_pysigma_reads_them() -> None:
    """The trees are equal; only operators as names are refused here alone, and only selectors with '-' read here alone."""
    found = run(4000, 1)
    assert found["equal"] > 1200
    assert found["refused"] > 500
    assert found["an operator as a name"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_many_conditions(seed: int) -> None:
    """The same, a hundred thousand times."""
    run(25_000, seed)
