"""A rule's own example events are asked with those of its tests; without the solver the tests' events remain, and it is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from converter.pack import load_pack
from converter.verify import verify
from converter.verify.compare import questions
from converter.verify.synthesized import MISSING_SOLVER

ROOT = Path(__file__).resolve().parent.parent.parent
RULE = ROOT / "rules" / "kubernetes" / "audit" / "secrets_read.yml"


def test_the_rule_s_own_events_are_asked() -> None:
    """Each is judged by the oracle, and both answers occur."""
    pytest.importorskip("pysat", reason="python-sat is not installed: no example event was made")
    loaded = load_pack([RULE]).rules[0]
    assert loaded.tree is not None
    asked = questions(loaded, loaded.tree)
    own = [answer for one, answer in zip(asked.events, asked.expected, strict=True) if one.label.startswith("example event: ")]
    assert len(own) >= 6
    assert set(own) == {True, False}


def test_without_the_solver_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The tests' events and their variants are asked as ever, and a note names the extra."""
    monkeypatch.setitem(sys.modules, "pysat", None)
    monkeypatch.setitem(sys.modules, "pysat.solvers", None)
    pack = load_pack([RULE])
    assert pack.rules[0].tree is not None
    asked = questions(pack.rules[0], pack.rules[0].tree)
    assert asked.events
    assert all(asked.covered)
    assert not any(one.label.startswith("example event: ") for one in asked.events)
    assert verify(pack, ["python"], tmp_path, "reader").notes == (MISSING_SOLVER,)
