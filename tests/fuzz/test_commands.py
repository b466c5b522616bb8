"""Commands on broken configuration, field files, systems' answers and events: one of their exit codes, in time, with places."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.commands import Kind, kinds, pack_in, run
from tests.fuzz.documents import Mutant, mutant

SEED = 6
LARGE = {"events": 25, "rule": 20}
"""How many of a kind whose commands take longer are among the first."""


def examined(kind: Kind, folder: Path, numbers: range) -> int:
    """Give mutated files of a kind to its commands; return how much was told of them."""
    pack, found = pack_in(folder), 0
    for number in numbers:
        one = mutant(SEED, number, kind.seeds, kind.mutators)
        problems, _, _, told = run(kind, one.data, pack)
        assert not problems, (number, one.mutators, problems, one.data[:2000])
        found += told
    return found


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_some_broken_files(kind: Kind, tmp_path: Path) -> None:
    """The first of them, of which something is told."""
    assert examined(kind, tmp_path, range(LARGE.get(kind.name, 60))) > 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_many_broken_files(kind: Kind, tmp_path: Path) -> None:
    """More of them, other ones than the first."""
    examined(kind, tmp_path, range(100, 100 + 15 * LARGE.get(kind.name, 60)))


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_unbroken_files_are_read(kind: Kind, tmp_path: Path) -> None:
    """What the broken ones are made of is read by each command, so that mutation is what breaks them."""
    pack = pack_in(tmp_path)
    for seed in kind.seeds:
        if kind.name in ("packed events", "rule"):
            continue  # the first is packed by the mutator; checks' own seeds are bad on purpose
        problems, _, codes, _ = run(kind, seed.data, pack)
        assert problems == [], seed.name
        assert 2 not in codes
        assert 3 not in codes, seed.name


def test_a_mutant_is_a_mutant() -> None:
    """Files of every kind are made by their own mutators."""
    for kind in kinds():
        made = [mutant(SEED, number, kind.seeds, kind.mutators) for number in range(40)]
        assert all(isinstance(one, Mutant) and set(one.mutators) <= kind.mutators.keys() for one in made)
