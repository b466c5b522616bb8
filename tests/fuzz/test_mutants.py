"""Documents that are almost rules: no crash, no hang, every diagnostic with its place, and no silent change of meaning.

``make bench`` takes 50,000 of them; here are the first of these.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz.documents import MUTATORS, Seed, corpus_seeds, mutant, own_seeds
from tests.fuzz.whole_way import Seen, examine

SEED = 6
"""The fixed seed of all runs."""


def run(folder: Path, numbers: range, seconds: float, seeds: tuple[Seed, ...]) -> tuple[Counter[str], Counter[str]]:
    """Examine documents until the time is over; return the facts, and how often each mutator had its turn.

    How many there are depends on the machine, which they are does not.
    """
    facts: Counter[str] = Counter()
    used: Counter[str] = Counter()
    began = time.process_time()
    for number in numbers:
        one = mutant(SEED, number, seeds)
        seen: Seen = examine(one.data, folder)
        assert not seen.problems, (number, one.mutators, one.seed.name, seen.problems, one.data[:2000])
        facts.update(seen.facts)
        used.update(one.mutators)
        if time.process_time() - began > seconds:
            break
    return facts, used


def shown(facts: Counter[str]) -> None:
    """Assert that the run met what it is there for: documents of both kinds, answers of both kinds, outputs that were read."""
    for name in ("read", "refused", "meant", "judged and matches", "judged and does not match", "pySigma compared", "written anew"):
        assert facts[name] > 10, (name, facts)
    for name in ("python asked", "elastic asked", "splunk asked", "falco asked", "YAML compared"):
        assert facts[name] > 10, (name, facts)


def test_some_mutants(tmp_path: Path) -> None:
    """The first hundreds, by every mutator."""
    facts, used = run(tmp_path, range(350), 60.0, own_seeds())
    shown(facts)
    assert used.keys() == MUTATORS.keys()


@pytest.mark.slow
def test_a_minute_of_mutants(tmp_path: Path) -> None:
    """One minute of them, other ones than the first."""
    facts, _ = run(tmp_path, range(350, 50_000), 60.0, own_seeds())
    shown(facts)


@pytest.mark.slow
@pytest.mark.corpus
def test_mutants_of_a_corpus(tmp_path: Path, corpora: Path) -> None:
    """Half a minute of mutants of SigmaHQ's rules."""
    facts, _ = run(tmp_path, range(50_000), 30.0, corpus_seeds(corpora / "corpora" / "sigmahq"))
    assert min(facts["read"], facts["refused"], facts["judged and matches"], facts["judged and does not match"]) > 20


def test_the_same_numbers_are_the_same_documents() -> None:
    """A document is made from the seed and its number alone."""
    seeds = own_seeds()
    assert [mutant(SEED, number, seeds) for number in range(200)] == [mutant(SEED, number, seeds) for number in range(200)]
    assert mutant(SEED, 7, seeds).data != mutant(SEED + 1, 7, seeds).data


def test_few_mutants_are_what_they_were() -> None:
    """Nine in ten documents differ from the one that they were made of."""
    seeds = own_seeds()
    found = [mutant(SEED, number, seeds) for number in range(400)]
    assert sum(one.data != one.seed.data for one in found) > 360
