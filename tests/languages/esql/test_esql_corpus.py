"""The published ES|QL rules are read; SigmaHQ's rules, pinned to ES|QL, are printed, read again and run; needs CONVERTER_CORPORA."""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from converter.data import source_of
from converter.ir import evaluate, unevaluable
from converter.languages import esql
from converter.model import Diagnostic, Fidelity, Status, joined
from converter.pack import Loaded, Outcome, compile_rule, load_pack
from converter.targets import target
from converter.verify.readings import Artifact, read_artifact
from tests.corpus.test_sigmahq_elastic import _events

pytestmark = pytest.mark.corpus
ELASTIC = target("elastic")
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
SHARE = 8
"""One rule of so many is asked; all were, once."""
REASONS = ("keyword", "flattened", "regular expression", "value.", "a number", "an integer")
"""What ES|QL cannot say of published rules (T110)."""


def test_published_rules_are_read(corpora: Path) -> None:
    """Every ES|QL rule of elastic/detection-rules is read, and each command it has is one that is known."""
    read = 0
    for path in sorted((corpora / "corpora" / "elastic").rglob("*.toml")):
        rule = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", {})
        if rule.get("language") == "esql":
            found = esql.read(rule["query"], path.name)
            assert not isinstance(found, Diagnostic), found.render()
            read += 1
    assert read >= 180


@pytest.fixture(scope="module")
def outcomes(corpora: Path) -> list[tuple[Loaded, Outcome, str]]:
    """SigmaHQ's rules of Elastic's log sources, pinned to ES|QL."""
    found = []
    for loaded in load_pack([corpora / "corpora" / "sigmahq"]).rules:
        source = source_of(loaded.rule.logsource)
        if source is not None and "elastic" in source.targets and loaded.tree is not None:
            found.append((loaded, compile_rule(loaded, ELASTIC, {"language": "esql"}, ALL), source.id))
    return found


@pytest.mark.slow
def test_statuses(outcomes: list[tuple[Loaded, Outcome, str]]) -> None:
    """Nine rules in ten are exact, and what is refused is a field that Elastic lacks, or a feature with a name."""
    counts = Counter(outcome.status for _, outcome, _ in outcomes)
    assert counts[Status.EXACT] > 0.88 * len(outcomes), counts
    for loaded, outcome, _ in outcomes:
        for told in outcome.diagnostics if outcome.status is Status.UNSUPPORTED else ():
            named = told.code in ("T001", "T002", "T005", "M009") or any(one in told.message for one in REASONS)
            assert named, (loaded.file.name, told.render())


@pytest.mark.slow
def test_outputs_are_read_and_answer(outcomes: list[tuple[Loaded, Outcome, str]]) -> None:
    """Every output is read again; every eighth answers made-up events as its rule, or departs in the declared direction."""
    chance = random.Random(3)
    asked = matched = 0
    for number, (loaded, outcome, source) in enumerate(outcomes):
        made = outcome.compilation
        if made is None or not made.parts or loaded.tree is None:
            continue
        query = esql.read(made.parts["query"])
        assert not isinstance(query, Diagnostic), (loaded.file.name, query.render())
        if number % SHARE or unevaluable(loaded.tree, loaded.rule.source):
            continue
        assert made.resolved is not None
        events = list(_events(loaded.tree, source, chance))
        artifact = Artifact("rule.toml", ELASTIC.package([made], ["rule"], {})[0].data, loaded.rule.id, made.resolved.source.id)
        answers = read_artifact("elastic", artifact, events)
        assert not isinstance(answers, Diagnostic), (loaded.file.name, answers.render())
        direction = joined(outcome.losses)
        for event, fires in zip(events, answers, strict=True):
            means = evaluate(loaded.tree, event)
            asked, matched = asked + 1, matched + means
            allowed = direction in (Fidelity.MIXED, Fidelity.UNKNOWN) or direction is (Fidelity.WIDER if fires else Fidelity.NARROWER)
            assert fires == means or allowed, (loaded.file.name, direction, event, made.parts)
    assert asked > 15_000
    assert matched > asked / 20
