"""``test --coverage``: which parts of a rule no test decides, and an event for each side of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from inprocess import run

from converter.ir import evaluate
from converter.pack import load_pack

RULE = """\
title: Shell in Pod
id: 3b1c0a52-0000-4000-8000-0000000000c0
status: test
logsource: {category: application, product: kubernetes, service: audit}
detection:
  selection:
    verb: create
    objectRef.resource: pods
    requestURI|contains: [exec, exec?command]
  condition: selection
level: low
x-converter:
  tests:
    - {name: a pod, match: true, event: {verb: create, objectRef: {resource: pods}, requestURI: /exec}}
    - {name: a secret, match: false, event: {verb: create, objectRef: {resource: secrets}, requestURI: /exec}}
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "shell.yml").write_text(RULE, encoding="utf-8")
    return tmp_path


def test_undecided_parts_come_with_both_events(pack: Path) -> None:
    """What the two tests do not decide is named with its place, and the events shown answer as they say."""
    pytest.importorskip("pysat", reason="python-sat is not installed: no example event was made")
    done = run(pack, "test", "--coverage", "--output-format", "json")
    assert done.returncode == 0
    row = json.loads(done.stdout)["results"][-1]
    assert (row["parts"], row["decided_by_tests"], row["decided_with_example_events"]) == (4, 1, 3)
    assert [one["part"] for one in row["undecided"]] == [
        "verb is 'create'",
        "requestURI contains 'exec'",
        "requestURI looks like '*exec?command*'",
    ]
    assert [(one["line"], one["column"]) for one in row["undecided"]] == [(7, 11), (9, 27), (9, 33)]
    tree = load_pack([pack / "rules"]).rules[0].tree
    assert tree is not None
    for one in row["undecided"]:
        assert evaluate(tree, one["example_event"])
        assert not evaluate(tree, one["counter_example"])
    assert row["undecided"][2]["why"] == "the rest of the rule decides before it does: requestURI contains 'exec'"


def test_text_is_a_table_and_the_parts(pack: Path) -> None:
    """A person reads the counts per rule, then each part with its events; the tests' own summary follows."""
    pytest.importorskip("pysat", reason="python-sat is not installed: no example event was made")
    done = run(pack, "test", "--coverage")
    assert done.stdout.splitlines()[:2] == [
        "rule             parts  decided by tests  and by example events",
        "rules/shell.yml  4      1                 3",
    ]
    assert "rules/shell.yml:7:11: no test decides: verb is 'create'" in done.stdout
    assert "  example event (matches):" in done.stdout
    assert "  counter-example (does not):" in done.stdout
    assert "2 passed, 0 failed in 1 rules" in done.stderr


def test_without_the_solver_the_extra_is_named(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 4 says what to install; the tests themselves need no solver."""
    monkeypatch.setitem(sys.modules, "pysat", None)
    monkeypatch.setitem(sys.modules, "pysat.solvers", None)
    done = run(pack, "test", "--coverage")
    assert done.returncode == 4
    assert "pip install 'sigma-converter[examples]'" in done.stderr
    assert run(pack, "test").returncode == 0
