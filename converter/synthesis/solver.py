"""The questions to the SAT solver: two copies of a rule's tree over its tests, and what is known of the tests.

A clause is a list of literals: ``number + 1`` for a test that holds, negative
for one that does not.  Clauses are of four kinds: sound of every event, sound
of what the producer writes, and two that were merely learned (no value was
found, among the producer's or at all).  Each kind but the first is switched
on by a question, so that a proof never leans on what was learned.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from converter.synthesis.gates import Gate, Layout, below, beside, bits
from converter.synthesis.result import SolverMissingError

CONFLICTS: Final = 50_000
"""Conflicts after which the solver gives up a question; the corpora need none of them."""

_SHRUNK: Final = 40
"""Assumptions of a proof up to which it is made as small as it can be."""


class Kind(Enum):
    """What a clause rests on."""

    SOUND = 0
    FIELDS = 1
    UNSEEN_INSIDE = 2
    UNSEEN = 3


class Solver:
    """Answers of the solver about one rule; ``close`` frees it.

    Args:
        layout: the rule.
        states: further variables of each copy, ``len(layout.tests) + 1`` and on in clauses.
    """

    def __init__(self, layout: Layout, states: int = 0) -> None:
        try:
            from pysat.solvers import Solver as Sat
        except ImportError:
            raise SolverMissingError from None
        self._layout = layout
        self._tests = len(layout.tests)
        self._count = self._tests + states
        self._next = self._count
        self._sat: Any = Sat(name="g4")
        self._switches = {kind: self._new() for kind in (Kind.FIELDS, Kind.UNSEEN_INSIDE, Kind.UNSEEN)}
        self._gates: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._names: list[tuple[Gate, int]] = []
        self._tops = [self._encoded(layout.gate, 0), 0]
        self._other = 0
        self._equal = 0
        self._alike: list[int] = []
        self._clauses: list[tuple[Kind, tuple[int, ...]]] = []
        self._sat.set_phases([-one for one in range(1, self._count + 1)])

    def close(self) -> None:
        """Free the solver."""
        self._sat.delete()

    def _new(self) -> int:
        self._next += 1
        return self._next

    def learn(self, kind: Kind, clause: Iterable[int]) -> None:
        """Add a clause, to both copies."""
        literals = tuple(clause)
        self._clauses.append((kind, literals))
        self._add(kind, literals, 0)
        if self._other:
            self._add(kind, literals, 1)

    def _add(self, kind: Kind, literals: tuple[int, ...], copy: int) -> None:
        switch = [-self._switches[kind]] if kind in self._switches else []
        self._sat.add_clause(switch + [self._moved(one, copy) for one in literals])

    def _moved(self, literal: int, copy: int) -> int:
        if not copy or abs(literal) > self._count:
            return literal
        return literal + self._other if literal > 0 else literal - self._other

    def _encoded(self, gate: Gate, copy: int) -> int:
        """Return the variable that is the gate's answer."""
        seen = self._gates[copy]
        if id(gate) in seen:
            return seen[id(gate)]
        unique = self._layout.unique
        literals = [self._moved(unique[place] + 1, copy) for place in bits(gate.plain)]
        literals += [-self._moved(unique[place] + 1, copy) for place in bits(gate.turned)]
        literals += [-self._encoded(one, copy) if negated else self._encoded(one, copy) for one, negated in gate.gates]
        variable = self._new()
        sign = 1 if gate.every else -1
        for literal in literals:
            self._sat.add_clause([-sign * variable, sign * literal])
        self._sat.add_clause([sign * variable, *(-sign * literal for literal in literals)])
        seen[id(gate)] = variable
        if not copy:
            self._names.append((gate, variable))
        return variable

    def _double(self) -> None:
        """Add the second copy, and for each test the literal that says the copies agree on it."""
        self._other = self._next
        self._next += self._count
        self._tops[1] = self._encoded(self._layout.gate, 1)
        self._equal = self._next
        self._next += self._tests
        for number in range(1, self._tests + 1):
            mine, other, same = number, number + self._other, number + self._equal
            self._sat.append_formula([[-same, -mine, other], [-same, mine, -other]])
        self._alike = [one + 1 + self._equal for one in range(self._tests)]
        for kind, clause in self._clauses:
            self._add(kind, clause, 1)
        self._sat.set_phases([-(one + self._other) for one in range(1, self._count + 1)])

    def answering(self, truth: bool, kinds: Iterable[Kind]) -> int | None:
        """Return tests that hold, as bits, with which the rule gives this answer."""
        found = self._solve([self._tops[0] if truth else -self._tops[0]], kinds)
        return self._read(found, 0) if found else None

    def holding(self, number: int, truth: bool, kinds: Iterable[Kind]) -> bool | None:
        """Return whether a test can have an answer at all; ``None`` when the solver gave up."""
        found = self._solve([number + 1 if truth else -number - 1], kinds)
        return None if found is None else bool(found)

    def hanging(self, place: int, truth: bool, kinds: Iterable[Kind]) -> int | bool | None:
        """Return tests that hold where the rule's answer hangs on one place with this answer.

        ``False`` is a proof that there are none, ``None`` that the solver gave up.
        """
        found = self._solve(self._hang(place, truth, 0), kinds)
        if not found:
            return None if found is None else False
        return self._read(found, 0)

    def pair(self, place: int, free: int, kinds: Iterable[Kind]) -> tuple[int, int] | bool | None:
        """Return two sets of tests that hold: the answer hangs on the place in both, with its answers.

        All other tests have the same answer in both, but for those of ``free``.
        """
        if not self._other:
            self._double()
        number = self._layout.unique[place]
        same = self._same(number, free)
        found = self._solve([*self._hang(place, True, 0), *self._hang(place, False, 1), *same], kinds)
        if not found:
            return None if found is None else False
        return self._read(found, 0), self._read(found, 1)

    def turning(self, number: int, free: int, truth: bool, kinds: Iterable[Kind]) -> tuple[int, int] | None:
        """Return two sets of tests that hold: the test in the first alone, whose answer is ``truth`` and the other's not.

        Tests that are not of ``free`` have the same answer in both.
        """
        if not self._other:
            self._double()
        tops = [self._tops[0], -self._tops[1]] if truth else [-self._tops[0], self._tops[1]]
        same = self._same(number, free)
        found = self._solve([number + 1, -self._moved(number + 1, 1), *tops, *same], kinds)
        return (self._read(found, 0), self._read(found, 1)) if found else None

    def _same(self, number: int, free: int) -> list[int]:
        """Return the literals that say that the copies agree on all tests but one and those of ``free``."""
        if not free:
            return self._alike[:number] + self._alike[number + 1 :]
        return [one for at, one in enumerate(self._alike) if at != number and not free >> at & 1]

    def reasons(self) -> tuple[int, ...]:
        """Return the tests that the last proof leans on, those of whole groups included."""
        core = [one for one in self._sat.get_core() or () if abs(one) not in self._switches.values()]
        switches = [one for one in self._sat.get_core() or () if abs(one) in self._switches.values()]
        off = [-switch for switch in self._switches.values() if switch not in switches]
        at = 0
        while at < len(core) <= _SHRUNK:
            # Without this one, is it still a proof?
            rest = core[:at] + core[at + 1 :]
            if self._sat.solve_limited(assumptions=switches + off + rest) is False:
                core = rest
            else:
                at += 1
        groups = {variable: gate for gate, variable in self._names}
        found: set[int] = set()
        for one in core:
            if abs(one) <= self._tests:
                found.add(abs(one) - 1)
            elif abs(one) in groups:
                found |= {self._layout.unique[place] for place in bits(below(groups[abs(one)]))}
        return tuple(sorted(found))

    def _hang(self, place: int, truth: bool, copy: int) -> list[int]:
        leaves, gates = beside(self._layout.gate, place)
        unique = self._layout.unique
        wanted = [(place, truth), *leaves]
        literals = [self._moved(unique[one] + 1, copy) * (1 if must else -1) for one, must in wanted]
        return literals + [self._encoded(one, copy) * (1 if must else -1) for one, must in gates]

    def _solve(self, assumed: list[int], kinds: Iterable[Kind]) -> list[int] | bool | None:
        on = set(kinds)
        switches = [switch if kind in on else -switch for kind, switch in self._switches.items()]
        self._sat.conf_budget(CONFLICTS)
        answer = self._sat.solve_limited(assumptions=switches + assumed)
        if answer is None:
            return None
        model: list[int] = self._sat.get_model() if answer else []
        return model if answer else False

    def _read(self, model: list[int] | bool, copy: int) -> int:
        assert isinstance(model, list)
        start = self._other if copy else 0
        return sum(1 << number for number in range(self._tests) if model[start + number] > 0)
