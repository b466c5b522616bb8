"""Damaged rule files and exports: diagnostics with a place, never an exception, and no other meaning let through."""

from __future__ import annotations

import pytest

from tests.fuzz.elastic_rules import FORMS, examine, mutant

COUNT = 150
"""Mutants of each form in a usual run; ``python -m tests.fuzz.elastic_rules`` runs 20,000 of each."""


@pytest.mark.parametrize("form", FORMS)
def test_damaged_rules_are_told_or_mean_what_they_say(form: str) -> None:
    """The oracles of ``tests.fuzz.elastic_rules`` hold for the first mutants, and some of these are still rules."""
    seen = [examine(mutant(form, number), form) for number in range(COUNT)]
    assert not [problem for one in seen for problem in one.problems]
    assert sum(one.imported for one in seen) > COUNT // 20
    assert sum(one.refused for one in seen) > COUNT // 20
