"""Example events show what they claim, and a test that is said to decide nothing decides nothing: by a reading of its own."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import Field
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Shape,
    Text,
    TimePart,
    Wild,
    atoms,
)
from converter.synthesis import AtomFound, Found, Synthesis, synthesize

from .independent import answer, says, turns

pytest.importorskip("pysat", reason="python-sat is not installed: no example event was made")

MANY, ONE = Wild.MANY, Wild.ONE
TESTS: list[Any] = [
    Text(("ab",)),
    Text(("Ab",), cased=True),
    Text((MANY, "b", MANY)),
    Text((MANY, "B", MANY), cased=True),
    Text((MANY, "ab", MANY)),
    Text(("a", MANY)),
    Text((MANY, "c")),
    Text(("a", ONE, "c")),
    Text((MANY, "a", MANY, "b", MANY)),
    Text((MANY,)),
    Text(()),
    Text(("5",)),
    Number(5),
    Number(7),
    Boolean(True),
    Null(),
    Exists(True),
    Exists(False),
    Compare("gt", 5),
    Compare("lte", 7),
    Cidr("10.0.0.0/8"),
    Cidr("10.1.0.0/16"),
    Cidr("2001:db8::/32"),
    Regex("^a.*c$"),
    Regex("b+[0-9]"),
    Regex("AB", "i"),
    TimePart("hour", "gte", 22),
    TimePart("hour", "lt", 6),
]
REFERENCES = [FieldRef("b"), FieldRef("b", Shape.STARTSWITH), FieldRef("b", Shape.CONTAINS), FieldRef("b", Shape.ENDSWITH)]
POOL: list[Any] = [
    *(
        "ab",
        "Ab",
        "AB",
        "abc",
        "xab",
        "xabc",
        "axc",
        "aXbXc",
        "b5",
        "abb5c",
        "b",
        "c",
        "a",
        "",
        "5",
        "7",
        "6",
        "5.0",
        5,
        5.0,
        7,
        6,
        9,
        3,
        True,
        "true",
    ),
    *("10.1.2.3", "10.2.2.3", "9.0.0.1", "2001:db8::1", "2026-01-01T23:00:00Z", "2026-01-01T03:00:00Z", "2026-01-01T10:00:00Z", None, []),
]
"""Values among which, and among pairs of which, a test would have to decide that is said to decide nothing."""


@st.composite
def trees(draw: st.DrawFn, names: tuple[str, ...] = ("a", "b", "c.d")) -> Node:
    """Draw a detection of at most eight tests that have much to do with one another."""
    fields = st.builds(FieldMatch, st.sampled_from(names), st.sampled_from(TESTS))
    references = st.builds(FieldMatch, st.just("a"), st.sampled_from(REFERENCES))
    words = st.builds(Keyword, st.sampled_from([Text(("ab",)), Text(("zz",)), Text(("B",), cased=True), Regex("^b"), Number(5)]))
    leaf = st.one_of(fields, fields, fields, fields, references, words)
    node = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=4).map(lambda found: And(tuple(found))),
            st.lists(inner, min_size=2, max_size=4).map(lambda found: Or(tuple(found))),
            inner.map(Not),
        ),
        max_leaves=8,
    )
    return draw(node)


def shown(tree: Node, made: Synthesis) -> list[list[bool]]:
    """Return the answers of all tests on all events, and hold the rule's answers against the claimed ones."""
    rows = [[says(leaf, one.event) for leaf in atoms(tree)] for one in made.events]
    assert [answer(tree, row) for row in rows] == [one.expected for one in made.events]
    return rows


def hold_pair(tree: Node, place: int, found: AtomFound, rows: list[list[bool]]) -> None:
    """A pair is what its verdict says."""
    if not found.covered:
        assert not found.pair
        return
    with_it, without = (rows[index] for index in found.pair)
    assert with_it[place]
    assert not without[place]
    assert answer(tree, with_it) is not answer(tree, without)
    if found.found is not Found.TOGETHER:
        assert turns(tree, with_it, place)
        assert turns(tree, without, place)
    leaves = atoms(tree)
    same = [leaf.test == leaves[place].test and getattr(leaf, "field", None) == getattr(leaves[place], "field", None) for leaf in leaves]
    differing = [at for at in range(len(leaves)) if with_it[at] is not without[at] and not same[at]]
    if found.found is Found.STRICT:
        assert differing == []


def hold_idle(tree: Node, place: int, found: AtomFound, truths: list[bool]) -> None:
    """The rule means the same with the test's constant in its place; a dead test says nothing else."""
    assert found.constant is not None
    replaced = [found.constant if at == place else one for at, one in enumerate(truths)]
    assert answer(tree, replaced) is answer(tree, truths)
    if found.found is Found.DEAD:
        assert truths[place] is found.constant


@settings(max_examples=300, deadline=None)
@given(trees())
def test_each_pair_shows_its_test(tree: Node) -> None:
    """The answers that a pair claims are those of another reader, for every kind of test."""
    made = synthesize(tree, {})
    rows = shown(tree, made)
    for place, found in enumerate(made.atoms):
        hold_pair(tree, place, found, rows)


@settings(max_examples=60, deadline=None)
@given(trees(("a",)))
def test_what_is_idle_decides_on_no_event(tree: Node) -> None:
    """A test of which it is proved that a constant does its work changes no answer, whatever value, list or gap its field has."""
    made = synthesize(tree, {})
    idle = [place for place, found in enumerate(made.atoms) if found.idle]
    if not idle:
        return
    leaves = atoms(tree)
    values = [*POOL, *([one, other] for one, other in itertools.combinations(POOL[:20], 2))]
    events: list[dict[str, Any]] = [
        {},
        *({"a": value} for value in values),
        *({"a": value, "b": other} for value in POOL for other in ("ab", "c", 5)),
    ]
    for event in events:
        truths = [says(leaf, event) for leaf in leaves]
        for place in idle:
            hold_idle(tree, place, made.atoms[place], truths)


CLOSED = {
    "a": Field("a", "keyword", values=("ab", "abc", "c")),
    "b": Field("b", "boolean"),
    "c.d": Field("c.d", "keyword", many=True, lower=True),
}


@settings(max_examples=150, deadline=None)
@given(trees())
def test_the_tables_bound_values_and_proofs(tree: Node) -> None:
    """Values are the producer's but where it is said, and what is idle by the tables is idle on all that the producer writes."""
    made = synthesize(tree, CLOSED)
    rows = shown(tree, made)
    for place, found in enumerate(made.atoms):
        hold_pair(tree, place, found, rows)
    for one in made.events:
        if not one.outside:
            assert one.event.get("a") in ("ab", "abc", "c", None)
            assert one.event.get("b") in (True, False, None)
            assert all(value == value.lower() for value in one.event.get("c", {}).get("d") or ())
    idle = [place for place, found in enumerate(made.atoms) if found.idle]
    uses_other = any(isinstance(leaf, Keyword) or leaf.field == "c.d" for leaf in atoms(tree))
    if idle and not uses_other:
        choices = ({}, {"a": "ab"}, {"a": "abc"}, {"a": "c"}, {"a": None}), ({}, {"b": True}, {"b": False}, {"b": None})
        for parts in itertools.product(*choices):
            event = {name: value for part in parts for name, value in part.items()}
            truths = [says(leaf, event) for leaf in atoms(tree)]
            for place in idle:
                hold_idle(tree, place, made.atoms[place], truths)


_PRINTED = """
import json, sys
from pathlib import Path
from converter.data import fields, source_of
from converter.pack import load_pack
from converter.synthesis import frame, synthesize
for loaded in load_pack([Path(sys.argv[1])]).rules:
    source = source_of(loaded.rule.logsource)
    for seed in (0, 1):
        made = synthesize(loaded.tree, fields(source.id) if source else {}, frame(source.id) if source else {}, seed)
        print(json.dumps([[one.event, one.label, one.expected] for one in made.events]))
        print(json.dumps([(one.found.value, one.pair) for one in made.atoms]))
"""


def test_same_seed_same_events_in_every_process() -> None:
    """Events depend on rule and seed alone, not on a process's hashes."""
    rules = Path(__file__).resolve().parents[2] / "rules" / "windows"
    printed = [
        subprocess.run(
            [sys.executable, "-c", _PRINTED, str(rules)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    lines = printed[0].splitlines()
    assert lines
    assert all(json.loads(line) for line in lines)
