"""A detection item to nodes without pySigma: a key with its modifiers and values.

Only a closed list of modifier chains is read here, and of each only the values
that it takes; everything else is answered with ``None``, and ``ir.values``
asks pySigma, which also words the refusals.  What stands in the list means
the same by both ways: ``tests/property/test_direct.py``.  A free composition
of modifiers would be wider than pySigma in some orders (``fieldref|re``) and
would differ in others (``cased|base64``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from converter.formats import Seq
from converter.ir.direct_read import Reading, reading
from converter.ir.direct_text import placeholder
from converter.ir.nodes import And, FieldMatch, Keyword, Node, Not, Number, Or, Regex, Test, Text
from converter.ir.values import no_placeholder
from converter.model import node

LENGTH: Final = 500
"""Characters of a key whose plan is remembered."""


@node
class Plan:
    """What a key says: the field, the modifiers as written, and how each value is read."""

    field: str | None
    modifiers: tuple[str, ...]
    every: bool
    negated: bool
    expands: bool
    read: Reading


def direct(key: str | None, value: object, offsets: int) -> Node | None:
    """Return the meaning of ``key: value``, as ``ir.values.atom`` does, or ``None`` where only pySigma knows it.

    Raises:
        LoweringError: if a placeholder has no value (M011).
    """
    plan = _plan(key) if key is None or len(key) <= LENGTH else None
    if plan is None:
        return None
    if not isinstance(value, Seq):
        if plan.expands and not _expanded((value,), (offsets,)):
            return None
        tree = _several(plan, plan.read(value), offsets)
    else:
        if not value or (plan.expands and not _expanded(value, value.offsets)):
            return None
        nodes: list[Node] = []
        field, read, modifiers = plan.field, plan.read, plan.modifiers
        for one, place in zip(value, value.offsets, strict=True):
            tests = read(one)
            if field is not None and len(tests) == 1:  # nearly all
                nodes.append(FieldMatch(field, tests[0], place, modifiers))
                continue
            found = _several(plan, tests, place)
            if found is None:
                return None
            nodes.append(found)
        tree = nodes[0] if len(nodes) == 1 else (And if plan.every else Or)(tuple(nodes), offsets)
    return Not(tree, offsets) if plan.negated and tree is not None else tree


@lru_cache(maxsize=4096)
def _plan(key: str | None) -> Plan | None:
    field, *modifiers = (key or "").split("|")
    read = reading(tuple(modifiers))
    if read is None or field.endswith("."):  # which is told
        return None
    expands = "expand" in modifiers
    return Plan(field or None, tuple(modifiers), "all" in modifiers, "neq" in modifiers, expands, read if field else _keyword(read))


def _keyword(read: Reading) -> Reading:
    """Return the reading of values without a field: texts, expressions, and numbers that a float holds."""

    def keyword(value: object) -> tuple[Test, ...]:
        tests = read(value)
        return tests if all(_is_keyword(test) for test in tests) else ()

    return keyword


def _is_keyword(test: Test) -> bool:
    return isinstance(test, Text | Regex) or (isinstance(test, Number) and test.value == float(test.value))


def _several(plan: Plan, tests: tuple[Test, ...], place: int) -> Node | None:
    """Return what the tests of one value mean, or ``None`` where only pySigma knows it."""
    field = plan.field
    nodes: list[Node]
    if field is not None:
        if len(tests) == 1:
            return FieldMatch(field, tests[0], place, plan.modifiers)
        nodes = [FieldMatch(field, test, place, plan.modifiers) for test in tests]
    else:
        nodes = [Keyword(test, place, plan.modifiers) for test in tests if isinstance(test, Text | Regex | Number)]
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes), place) if nodes else None


def _expanded(values: Sequence[object], places: Sequence[int]) -> bool:
    """Whether all values are texts; refuse the first placeholder then, because none has a value yet.

    What a backslash means beside a percent sign depends on pySigma's version.
    """
    if not all(isinstance(one, str) and not ("%" in one and "\\" in one) for one in values):
        return False
    for one, place in zip(values, places, strict=True):
        name = placeholder(str(one))
        if name:
            raise no_placeholder(name, place)
    return True
