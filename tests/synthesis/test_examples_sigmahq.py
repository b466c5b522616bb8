"""Example events of SigmaHQ's rules, counted again by the reader of its own: a sample always, all of them with --more."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Final

import pytest

from converter.data import fields, source_of
from converter.ir import Regex, atoms, evaluate, unevaluable
from converter.pack import Loaded, load_pack
from converter.synthesis import Found, frame, synthesize

from .independent import answer, says, turns

pytestmark = pytest.mark.corpus
pytest.importorskip("pysat", reason="python-sat is not installed: no example event was made")

SAMPLE: Final = 60
LIMIT_S: Final = 5.0
"""CPU seconds that no rule may take."""
TOTAL_S: Final = 90.0
"""CPU seconds for all rules."""
SHARE: Final = 0.995
LARGE: Final = 300
"""Parts of a rule whose events are not all read again: one that answers a pair's question is enough."""


@pytest.fixture(scope="module")
def rules(corpora: Path) -> list[Loaded]:
    """The rules that have a meaning: those with placeholders have none without the pack's values."""
    found = load_pack([corpora / "corpora" / "sigmahq"]).rules
    return [one for one in found if one.tree is not None and not unevaluable(one.tree, one.rule.source)]


def _is_full(loaded: Loaded) -> bool:
    """Hold a rule's pairs against another reading, and return whether each part has one."""
    tree = loaded.tree
    assert tree is not None
    source = source_of(loaded.rule.logsource)
    made = synthesize(tree, fields(source.id) if source else {}, frame(source.id) if source else {})
    leaves = atoms(tree)

    def row(index: int) -> list[bool]:
        event = made.events[index].event
        # Expressions are of a dialect of their own, which Python's is not.
        found = [evaluate(leaf, event) if isinstance(leaf.test, Regex) else says(leaf, event) for leaf in leaves]
        assert answer(tree, found) is made.events[index].expected, (loaded.file.name, event)
        return found

    asked = made.atoms if len(leaves) <= LARGE else made.atoms[:: len(leaves) // 20]
    rows = {index: row(index) for index in sorted({index for one in asked for index in one.pair})}
    for place, one in enumerate(made.atoms):
        if one not in asked or not one.pair or not set(one.pair) <= set(rows):
            continue
        with_it, without = rows[one.pair[0]], rows[one.pair[1]]
        assert with_it[place]
        assert not without[place]
        assert answer(tree, with_it) is not answer(tree, without)
        if one.found is not Found.TOGETHER:
            assert turns(tree, with_it, place)
            assert turns(tree, without, place)
    return made.full


def test_a_sample_is_covered(rules: list[Loaded]) -> None:
    """Rules picked by a fixed seed have a pair for each part, and another reader agrees on every event."""
    picked = random.Random(6).sample(rules, SAMPLE)
    assert sum(map(_is_full, picked)) >= SAMPLE - 1


@pytest.mark.slow
def test_all_rules_are_covered(rules: list[Loaded]) -> None:
    """Of all rules 995 in 1,000 have a pair for each part, in the time that is allowed for one and for all."""
    assert len(rules) > 3000
    full = 0
    took: dict[str, float] = {}
    for loaded in rules:
        start = time.process_time()
        source = source_of(loaded.rule.logsource)
        assert loaded.tree is not None
        made = synthesize(loaded.tree, fields(source.id) if source else {}, frame(source.id) if source else {})
        took[loaded.file.name] = time.process_time() - start
        full += made.full
        assert all(one.covered or one.idle for one in made.atoms), loaded.file.name
    assert full >= SHARE * len(rules)
    assert {name: used for name, used in took.items() if used > LIMIT_S} == {}
    assert sum(took.values()) <= TOTAL_S


@pytest.mark.slow
def test_all_pairs_are_pairs(rules: list[Loaded]) -> None:
    """Another reader agrees on every pair of every rule."""
    assert sum(map(_is_full, rules)) >= SHARE * len(rules)
