"""What a detection means, point by point: the rows of ``tests/semantics``.

The format of a row is described in ``tests/semantics/README.md``.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from converter.ir import evaluate, lower, unevaluable
from converter.match.predicate import View, predicate
from converter.model import Diagnostic, Rule
from converter.readers import read_rules
from converter.targets import ResolvedRule, resolve, target

FOLDER = Path(__file__).resolve().parent.parent / "semantics"
ROWS = [(path.stem, row) for path in sorted(FOLDER.glob("*.toml")) for row in tomllib.loads(path.read_text(encoding="utf-8"))["row"]]
KEYS = {"name", "selection", "detection", "events", "match", "refused", "source"}


def rule_of(row: dict[str, Any]) -> Rule | tuple[Diagnostic, ...]:
    section = row.get("detection") or f"selection:\n{indent(row['selection'], '  ')}\ncondition: selection"
    text = f"title: {json.dumps(row['name'])}\nlogsource: {{category: application}}\ndetection:\n{indent(section, '  ')}\n"
    rules, diagnostics = read_rules(text.encode("utf-8"), "row.yml")
    return rules[0] if rules else diagnostics


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{stem}__{row['name']}") for stem, row in ROWS])
def test_row(row: dict[str, Any]) -> None:
    """The events that match are those that the row names, or the detection is refused with the row's code."""
    rule = rule_of(row)
    tree = lower(rule) if isinstance(rule, Rule) else rule
    problems: tuple[Diagnostic, ...] = tree if isinstance(tree, tuple) or not isinstance(rule, Rule) else unevaluable(tree, rule.source)
    if "refused" in row:
        assert [one.code for one in problems] == [row["refused"]], [one.render() for one in problems]
        return
    assert not isinstance(tree, tuple), [one.render() for one in problems]
    assert not problems
    assert [index for index, event in enumerate(row["events"]) if evaluate(tree, json.loads(event))] == row["match"]


MEANT = [pytest.param(row, id=f"{stem}__{row['name']}") for stem, row in ROWS if "match" in row]


@pytest.mark.parametrize("row", MEANT)
def test_other_evaluators_agree(row: dict[str, Any]) -> None:
    """What ``match`` asks of many events, and the module that the Python target writes, answer each row alike."""
    rule = rule_of(row)
    assert isinstance(rule, Rule)
    tree = lower(rule)
    assert not isinstance(tree, tuple)
    resolved = resolve(rule, tree, "python")
    assert isinstance(resolved, ResolvedRule)
    module: dict[str, Any] = {}
    exec(target("python").package([target("python").compile(resolved, {})], ["rule"], {})[0].data, module)
    check, events = predicate(tree), [json.loads(event) for event in row["events"]]
    assert [index for index, event in enumerate(events) if check(View(event))] == row["match"]
    assert [index for index, event in enumerate(events) if module["match"](event)] == row["match"]


def test_every_row_says_where_its_answer_comes_from() -> None:
    """Rows have a name of their own, a source, and an event on each side unless they say that all or none match."""
    names = [(stem, row["name"]) for stem, row in ROWS]
    assert len(set(names)) == len(names)
    for stem, row in ROWS:
        assert set(row) <= KEYS, (stem, row["name"])
        assert row["source"], (stem, row["name"])
        assert ("refused" in row) != ("match" in row and "events" in row), (stem, row["name"])
    assert len(ROWS) >= 460


def test_decisions_name_rows_that_exist() -> None:
    """Each line of the table of disagreements in DECISIONS.md names rows of ``tests/semantics``."""
    known = {(stem, row["name"]) for stem, row in ROWS}
    lines = (FOLDER.parent.parent / "DECISIONS.md").read_text(encoding="utf-8").splitlines()
    cells = [line.split("|")[4].strip() for line in lines if line.startswith("| ") and line.count("|") == 5]
    assert len(cells) > 15
    for cell in cells[1:]:
        stem, _, names = cell.partition(": ")
        assert {(stem, name) for name in names.split("; ")} <= known, cell
