"""Nothing that a rule may hold makes synthesis raise, and a rule that asks too much of one field is left open in time."""

from __future__ import annotations

import time
from typing import Any

import pytest

from converter.data import Field
from converter.ir import (
    And,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
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
from converter.synthesis import idle_parts, synthesize

pytest.importorskip("pysat", reason="python-sat is not installed: no example event was made")

MANY = Wild.MANY
LIMIT_S = 30.0
"""CPU seconds; a few on an idle machine."""
TESTS: list[Any] = [
    *(Number(one) for one in (float("inf"), float("nan"), 10**400, -(10**400), 1e308)),
    *(Compare("gt", one) for one in (float("inf"), float("nan"), 10**400, -1e308)),
    *(Cidr(one) for one in ("0.0.0.0/0", "255.255.255.255/32", "::/0", "::ffff:0:0/96")),
    *(Text(one) for one in (("\ud800",), (MANY, "\x00", MANY), ("a" * 3000,), (Wild.ONE,) * 400, (), ("\u212a\u0130ß",))),
    Text((*(MANY, "x") * 40, MANY)),
    *(Regex(one) for one in ("(a|b){1,500}", "", "^$", "x{1000}y", "a" * 500)),
    *(TimePart("hour", "eq", one) for one in (99, -5, 10**30)),
    TimePart("week", "eq", 0),
    *(FieldRef(one) for one in ("f", "g")),
    FieldRef("", Shape.CONTAINS),
    Null(),
    Exists(True),
]
NAMES = ("f", "f.g", "a..b", "", "/x", "a/b.c", ".", "annotations.x/y.z")
KNOWN = {"f": Field("f", "long"), "a/b.c": Field("a/b.c", "ip", each=True), "f.g": Field("f.g", "date", many=True, each=True)}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_raises(name: str) -> None:
    """Numbers without end, halves of characters, names of nothing but dots: a verdict for each test."""
    for test in TESTS:
        for tree in (
            And((FieldMatch(name, test), FieldMatch("f", Text((MANY, "1", MANY))), Not(FieldMatch("f", Compare("gt", 5))))),
            Or((FieldMatch(name, test), FieldMatch("g", test), Keyword(Text(("x",))))),
        ):
            made = synthesize(tree, KNOWN)
            assert len(made.atoms) == 3
            idle_parts(tree, KNOWN)


def test_work_is_bounded() -> None:
    """Of a rule whose values have nothing in common, what is left when the work is done stays open, with its reason."""
    start = time.process_time()
    parts = tuple(FieldMatch("f", Text((MANY, f"{number:03}", MANY, f"{number + 1:03}", MANY))) for number in range(80))
    made = synthesize(And((And(parts), Not(Or(tuple(FieldMatch("f", Regex(f"{number}.*{number}")) for number in range(80)))))), {})
    assert time.process_time() - start < LIMIT_S
    assert len(made.atoms) == 160
    assert all(one.covered or one.idle or one.reason for one in made.atoms)
