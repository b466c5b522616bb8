"""A rule's tree as gates over bits: its answer, and which tests the answer hangs on, by whole numbers as sets.

A bit stands for one place of a test in the tree, in reading order; a test
that is written twice has two.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from converter.ir import And, Atom, FieldMatch, Keyword, Node, Not, Or, Test, atoms
from converter.model import node


@node
class Gate:
    """A conjunction (``every``) or disjunction of places, of places turned round, and of gates, turned round where said."""

    every: bool
    plain: int
    turned: int
    gates: tuple[tuple[Gate, bool], ...]


@node
class Layout:
    """A rule's places and distinct tests.

    Args:
        gate: the whole tree.
        leaves: the atom of each place.
        unique: for each place the number of its test; equal tests on one field share it.
        tests: the atom of each number.
        places: for each number the places that it stands at, as bits.
    """

    gate: Gate
    leaves: tuple[Atom, ...]
    unique: tuple[int, ...]
    tests: tuple[Atom, ...]
    places: tuple[int, ...]

    def spread(self, truths: int) -> int:
        """Return the bits of places for the bits of tests."""
        if len(self.tests) == len(self.leaves):
            return truths
        spread = 0
        for number in bits(truths):
            spread |= self.places[number]
        return spread


def layout(tree: Node) -> Layout:
    """Return the gates and tests of a tree."""
    leaves = atoms(tree)
    numbers: dict[tuple[str | None, Test], int] = {}
    unique: list[int] = []
    tests: list[Atom] = []
    places: list[int] = []
    for place, leaf in enumerate(leaves):
        key = (leaf.field if isinstance(leaf, FieldMatch) else None, leaf.test)
        number = numbers.setdefault(key, len(numbers))
        if number == len(tests):
            tests.append(leaf)
            places.append(0)
        places[number] |= 1 << place
        unique.append(number)
    counter = iter(range(len(leaves)))
    gate = _gate(tree, counter)
    return Layout(gate, leaves, tuple(unique), tuple(tests), tuple(places))


def _gate(tree: Node, counter: Iterator[int]) -> Gate:
    match tree:
        case And(children):
            return _joined(True, children, counter)
        case Or(children):
            return _joined(False, children, counter)
        case FieldMatch() | Keyword() | Not():
            return _joined(True, (tree,), counter)
    assert_never(tree)


def _joined(every: bool, children: tuple[Node, ...], counter: Iterator[int]) -> Gate:
    plain = turned = 0
    gates: list[tuple[Gate, bool]] = []
    for child in children:
        negated = False
        while isinstance(child, Not):
            negated, child = not negated, child.child
        if isinstance(child, FieldMatch | Keyword):
            bit = 1 << next(counter)
            if negated:
                turned |= bit
            else:
                plain |= bit
        else:
            gates.append((_gate(child, counter), negated))
    return Gate(every, plain, turned, tuple(gates))


def answer(gate: Gate, truths: int) -> bool:
    """Return the answer of a gate for the places that hold."""
    if gate.every:
        return not (gate.plain & ~truths or gate.turned & truths) and all(answer(one, truths) is not negated for one, negated in gate.gates)
    return bool(gate.plain & truths or gate.turned & ~truths) or any(answer(one, truths) is not negated for one, negated in gate.gates)


def live(gate: Gate, truths: int) -> int:
    """Return the places on which the answer hangs: turning one of them alone turns it."""
    deciding = (gate.plain & ~truths) | (gate.turned & truths) if gate.every else (gate.plain & truths) | (gate.turned & ~truths)
    if deciding & (deciding - 1):
        return 0
    blocking = [one for one, negated in gate.gates if (answer(one, truths) is negated) is gate.every]
    if len(blocking) + bool(deciding) > 1:
        return 0
    if deciding:
        return deciding
    if blocking:
        return live(blocking[0], truths)
    found = gate.plain | gate.turned
    for one, _negated in gate.gates:
        found |= live(one, truths)
    return found


def beside(gate: Gate, place: int) -> tuple[list[tuple[int, bool]], list[tuple[Gate, bool]]]:
    """Return what must stand beside a place for the answer to hang on it: answers of other places, and of gates."""
    bit = 1 << place
    leaves: list[tuple[int, bool]] = []
    gates: list[tuple[Gate, bool]] = []
    while True:
        # In a conjunction everything else must be true, in a disjunction false.
        leaves += [(one, gate.every) for one in bits(gate.plain & ~bit)] + [(one, not gate.every) for one in bits(gate.turned & ~bit)]
        inside = next((one for one, _ in gate.gates if below(one) & bit), None)
        gates += [(one, gate.every is not negated) for one, negated in gate.gates if one is not inside]
        if inside is None:
            return leaves, gates
        gate = inside


def below(gate: Gate) -> int:
    """Return all places of a gate and the gates in it."""
    found = gate.plain | gate.turned
    for one, _ in gate.gates:
        found |= below(one)
    return found


def bits(number: int) -> Iterator[int]:
    """Yield the positions of the bits that are set, from the lowest."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


def witness(layout: Layout, gate: Gate, truths: int) -> Node:
    """Return a detection whose answer proves the gate's for the places that hold.

    One child that settles a conjunction or a disjunction stands for all of
    its children; the oracle then reads a rule of thousands of values in no
    time.
    """
    settling = (gate.plain & ~truths) | (gate.turned & truths) if gate.every else (gate.plain & truths) | (gate.turned & ~truths)
    if settling:
        place = (settling & -settling).bit_length() - 1
        children: list[Node] = [Not(layout.leaves[place]) if gate.turned >> place & 1 else layout.leaves[place]]
    else:
        settled = ((one, negated) for one, negated in gate.gates if (answer(one, truths) is negated) is gate.every)
        inner = next(settled, None)
        kept = [inner] if inner is not None else gate.gates
        children = [
            Not(found) if negated else found for found, negated in ((witness(layout, one, truths), negated) for one, negated in kept)
        ]
        if inner is None:
            children += [layout.leaves[place] for place in bits(gate.plain)] + [Not(layout.leaves[place]) for place in bits(gate.turned)]
    return And(tuple(children)) if gate.every else Or(tuple(children))
