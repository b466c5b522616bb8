"""The oracles of the mutated documents see what they are there for: each seeded mistake of the converter is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from converter.ir import And, FieldMatch, Node, Not, Or, Text
from converter.model import Diagnostic, Rule, Severity
from converter.pack import Loaded, Pack, walk
from converter.readers import sigma
from tests.fuzz.whole_way import examine

RULE = b"""title: A rule
id: 11111111-0a3f-4b27-9d0e-5b1d6c2f8a11
logsource: {category: process_creation, product: windows}
tags: [attack.t1059]
detection:
  s: {Image|endswith: '\\cmd.exe', CommandLine|contains: [a, b]}
  t: {User: x}
  condition: s and not t
"""


def test_a_good_rule_has_no_problem(tmp_path: Path) -> None:
    """Without a mistake nothing is told."""
    seen = examine(RULE, tmp_path)
    assert seen.problems == []
    assert seen.facts["judged and matches"] > 0
    assert seen.facts["judged and does not match"] > 0


def dropped(tree: Node) -> Node:
    assert isinstance(tree, And)
    return tree.children[0]


def turned(tree: Node) -> Node:
    assert isinstance(tree, And)
    return Or(tree.children)


def unnegated(tree: Node) -> Node:
    assert isinstance(tree, And)
    return And(tuple(one.child if isinstance(one, Not) else one for one in tree.children))


def widened(tree: Node) -> Node:
    match tree:
        case FieldMatch("Image", Text(parts)):
            return replace(tree, test=Text(parts[1:]))
        case And(children):
            return And(tuple(map(widened, children)))
        case _:
            return tree


@pytest.mark.parametrize("mistake", [dropped, turned, unnegated, widened])
def test_a_changed_tree_is_told(mistake: Callable[[Node], Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that is dropped, turned or widened changes the meaning."""
    whole = walk.lower

    def lower(rule: Rule, *more: Any) -> Node | tuple[Diagnostic, ...]:
        tree = whole(rule, *more)
        return tree if isinstance(tree, tuple) else mistake(tree)

    monkeypatch.setattr(walk, "lower", lower)
    monkeypatch.setattr("converter.pack.related.lower", lower, raising=False)
    told = " ".join(examine(RULE, tmp_path).problems)
    assert "changed meaning" in told
    assert "another tree" in told


@pytest.mark.parametrize("key", ["title", "tags", "detection"])
def test_a_dropped_key_is_told(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A header's or a detection's part that the rule lost is told."""
    whole = sigma._from_map

    def lossy(*given: Any) -> Rule:
        rule = whole(*given)
        lost = {"title": "Another", "tags": (), "detection": {name: one for name, one in rule.detection.items() if name != "t"}}
        return replace(rule, **{key: lost[key]})

    monkeypatch.setattr(sigma, "_from_map", lossy)
    assert any(one.startswith("dropped") for one in examine(RULE, tmp_path).problems)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda rule: Diagnostic("X999", Severity.NOTE, rule.source.start, "m"), "no line in codes.yml"),
        (lambda rule: Diagnostic("R001", Severity.NOTE, None, "m"), "no place"),
        (lambda rule: Diagnostic("R001", Severity.NOTE, replace(rule.source.start, line=99), "m"), "outside the file"),
        (lambda rule: Diagnostic("R001", Severity.NOTE, replace(rule.source.start, column=99), "m"), "outside the file"),
        (lambda rule: Diagnostic("R001", Severity.NOTE, rule.source.start, ""), "not one line"),
    ],
)
def test_a_bad_diagnostic_is_told(made: Callable[[Rule], Diagnostic], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A diagnostic without its code, its place or its sentence is told."""
    monkeypatch.setattr(sigma, "_remarks", lambda rule, *_, **__: [made(rule)])
    assert any(told in one for one in examine(RULE, tmp_path).problems)


def test_an_exception_a_warning_and_a_word_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stage raises, warns of or prints is told."""
    import warnings

    monkeypatch.setattr("tests.fuzz.whole_way.find_all", lambda *_: 1 / 0)
    assert any("ZeroDivisionError" in one for one in examine(RULE, tmp_path).problems)
    monkeypatch.setattr("tests.fuzz.whole_way.find_all", lambda *_: warnings.warn("old", DeprecationWarning, stacklevel=1) or ())
    assert any("DeprecationWarning" in one for one in examine(RULE, tmp_path).problems)
    monkeypatch.setattr("tests.fuzz.whole_way.find_all", lambda *_: print("x") or ())
    assert any("printed" in one for one in examine(RULE, tmp_path).problems)


def test_a_hang_and_a_silence_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage without end is given up, and a file that gives neither a rule nor an error is told."""

    def for_ever(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr("tests.fuzz.whole_way.STOP_S", 0.3)
    monkeypatch.setattr("tests.fuzz.whole_way.find_all", for_ever)
    assert any(one.startswith("hang") for one in examine(RULE, tmp_path).problems)
    monkeypatch.undo()
    monkeypatch.setattr("tests.fuzz.whole_way.load_pack", lambda _: Pack((), ()))
    assert any(one.startswith("silence") for one in examine(RULE, tmp_path).problems)


def test_an_output_of_another_meaning_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An output that answers otherwise than its rule, and one that cannot be read, are told."""
    from tests.fuzz import whole_way

    whole = whole_way._run_module
    monkeypatch.setattr(whole_way, "_run_module", lambda data, events: whole(data.replace(b"return (", b"return not ("), events))
    assert any("another meaning on python" in one for one in examine(RULE, tmp_path).problems)
    monkeypatch.setattr(whole_way, "_run_module", lambda data, events: whole(data + b"import os\n", events))
    assert any("unreadable output of python" in one for one in examine(RULE, tmp_path).problems)


def test_loaded_is_what_a_pack_holds() -> None:
    """The parts of a pack that these tests replace are there."""
    assert Loaded.__dataclass_fields__.keys() >= {"rule", "tree", "diagnostics"}
