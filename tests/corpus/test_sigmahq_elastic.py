"""SigmaHQ on Elastic: what is refused and why, and outputs that answer made-up events as their rules do."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converter.data import Source, fields, source_of
from converter.ir import FieldMatch, Node, Text, Wild, atoms, evaluate, unevaluable
from converter.model import Diagnostic, Fidelity, Status, joined
from converter.pack import Loaded, Outcome, compile_rule, load_pack
from converter.targets import target
from converter.verify.compare import questions
from converter.verify.examples import Example
from converter.verify.readings import Artifact, read_artifact
from converter.verify.variants import variants
from tests.benchmarks.coverage import measured

pytestmark = [pytest.mark.corpus, pytest.mark.slow]
ELASTIC = target("elastic")
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
EVENTS = 60
"""Made-up events of a rule."""
SHARE = 8
"""One rule of so many is asked; all were, once."""


@pytest.fixture(scope="module")
def rules(corpora: Path) -> list[tuple[Loaded, Source]]:
    """The rules of log sources that Elastic has."""
    found = []
    for loaded in load_pack([corpora / "corpora" / "sigmahq"]).rules:
        source = source_of(loaded.rule.logsource)
        if source is not None and "elastic" in source.targets and loaded.tree is not None:
            found.append((loaded, source))
    return found


def _recorder(outcome: Outcome) -> str:
    """Return the log source as the agent records it whose index the output searches: of several that which loses least."""
    assert outcome.compilation is not None
    assert outcome.compilation.resolved is not None
    return outcome.compilation.resolved.source.id


def _asked(tree: Node, source: str, chance: random.Random) -> dict[str, Any]:
    """Return an event that has for each field a value that one of its tests asks for, where the producer writes such values."""
    known = fields(source)
    event: dict[str, Any] = {}
    for atom in chance.sample(atoms(tree), len(atoms(tree))):
        if isinstance(atom, FieldMatch) and isinstance(atom.test, Text) and "." not in atom.field:
            parts = atom.test.parts
            text = "".join(part if isinstance(part, str) else chance.choice(["", "zz"]) if part is Wild.MANY else "q" for part in parts)
            written = known[atom.field].written(text) if atom.field in known else (text,)
            if written:
                event.setdefault(atom.field, written[0])
    return event


def _events(tree: Node, source: str, chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(4):
        base = _asked(tree, source, chance)
        made = list(variants(tree, Example(str(number), base, None), fields(source)))
        yield base
        for one in chance.sample(made, min(len(made), EVENTS // 4)):
            yield dict(one.event)


def test_outputs_answer_as_their_rules(rules: list[tuple[Loaded, Source]]) -> None:
    """On events made of what a rule asks for, an output departs from it only in the declared direction."""
    chance = random.Random(1)
    asked = matched = 0
    for loaded, source in rules[::SHARE]:
        outcome = compile_rule(loaded, ELASTIC, {}, ALL)
        assert loaded.tree is not None
        if outcome.compilation is None or not outcome.compilation.parts or unevaluable(loaded.tree, loaded.rule.source):
            continue
        data = ELASTIC.package([outcome.compilation], ["rule"], {})[0].data
        events = list(_events(loaded.tree, source.id, chance))
        answers = read_artifact("elastic", Artifact("rule.toml", data, loaded.rule.id, _recorder(outcome)), events)
        assert not isinstance(answers, Diagnostic), (loaded.file.name, answers.render())
        direction = joined(outcome.losses)
        for event, fires in zip(events, answers, strict=True):
            means = evaluate(loaded.tree, event)
            asked, matched = asked + 1, matched + means
            allowed = direction in (Fidelity.MIXED, Fidelity.UNKNOWN) or direction is (Fidelity.WIDER if fires else Fidelity.NARROWER)
            assert fires == means or allowed, (loaded.file.name, direction, event, outcome.compilation.parts)
    assert asked > 5_000
    assert matched > asked / 20


def test_process_rules_are_exact_or_named(rules: list[tuple[Loaded, Source]]) -> None:
    """A rule about a process is exact, or needs a field that Defend lacks, a value that it leaves out, or one of a few named forms."""
    others: Counter[str] = Counter()
    exact = 0
    for loaded, source in rules:
        if source.id.endswith("process_creation"):
            outcome = compile_rule(loaded, ELASTIC, {}, frozenset())
            exact += outcome.status is Status.EXACT
            codes = {one.code for one in outcome.diagnostics} - {"T001", "T005", "T119", "M011"}
            others += Counter(codes if outcome.status is not Status.EXACT else ())
    assert exact > 1_000
    assert sum(others.values()) <= 5, others


def test_most_rules_are_exact(corpora: Path) -> None:
    """Of all rules, of those of a log source on Elastic, of those without open placeholders most are exact; others have a named reason."""
    found = measured(compile_rule(one, ELASTIC, {}, frozenset()) for one in load_pack([corpora / "corpora" / "sigmahq"]).rules)
    total = found.exact.total()
    assert total / found.all > 0.92
    assert total / found.mapped > 0.94
    assert total / found.readable > 0.95
    assert found.exact.total() + found.reasons.total() == found.all
    assert len(found.reasons) <= 15
    assert not [why for why in found.reasons if why in ("exact", "unsupported", "error")]


PROVED = 40
"""One exact rule of so many answers its example events; all did, once."""


def test_exact_outputs_answer_their_example_events(rules: list[tuple[Loaded, Source]]) -> None:
    """An exact output, read from its file and run on its integration's view, answers each of the rule's example events as the rule."""
    asked: Counter[str] = Counter()
    for loaded, _ in rules[::PROVED]:
        outcome = compile_rule(loaded, ELASTIC, {}, frozenset())
        if outcome.status is not Status.EXACT or outcome.compilation is None or loaded.tree is None:
            continue
        found = questions(loaded, loaded.tree)
        data = ELASTIC.package([outcome.compilation], ["rule"], outcome.compilation.options)[0].data
        answers = read_artifact(
            "elastic", Artifact("rule.toml", data, loaded.rule.id, _recorder(outcome)), [one.event for one in found.events]
        )
        assert isinstance(answers, list), (loaded.file.name, answers.render())
        assert answers == list(found.expected), loaded.file.name
        asked[outcome.compilation.language] += len(answers)
    assert asked.total() > 600
    assert asked["esql"] > 30


def test_a_text_field_keeps_its_language(corpora: Path) -> None:
    """A script's text is a field of words: the other languages refuse it or lose by it, ES|QL compares it whole."""
    scripts = sorted((corpora / "corpora" / "sigmahq").rglob("powershell_script"))[:1]
    outcomes = [compile_rule(one, ELASTIC, {}, frozenset()) for one in load_pack(scripts).rules]
    made = [one.compilation for one in outcomes if one.status is Status.EXACT and one.compilation is not None]
    assert len(made) > 100
    assert {one.language for one in made} == {"esql"}
    assert all(tried.refusal is not None or tried.losses for one in made for tried in one.tried if tried.language != "esql")


KINDS = {1: "windows_process_creation", 11: "windows_file_event", 13: "windows_registry_set"}
"""Sysmon's events, by the log source that they are of."""


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Yield the events of a file, which holds one after the other."""
    at, decoder = 0, json.JSONDecoder()
    while (at := len(text) - len(text[at:].lstrip())) < len(text):
        one, at = decoder.raw_decode(text, at)
        yield one["Event"]


def test_recorded_events(corpora: Path, rules: list[tuple[Loaded, Source]]) -> None:
    """On recorded events of Sysmon every output that is built exactly answers as its rule; each rule finds its own recording."""
    recorded: dict[str, list[dict[str, Any]]] = {name: [] for name in KINDS.values()}
    own: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((corpora / "events" / "sigmahq_regression").rglob("*.json")):
        for event in _documents(path.read_text(encoding="utf-8")):
            number = event["System"]["EventID"]
            if number in KINDS and isinstance(event.get("EventData"), dict):
                found = {key: value for key, value in event["EventData"].items() if isinstance(value, str | int)} | {"EventID": number}
                recorded[KINDS[number]].append(found)
                own.setdefault(path.stem, []).append(found)
    asked = matched = 0
    for loaded, source in rules:
        outcome = compile_rule(loaded, ELASTIC, {}, frozenset())
        if loaded.rule.id not in own or source.id not in recorded or outcome.status is not Status.EXACT or outcome.compilation is None:
            continue
        data = ELASTIC.package([outcome.compilation], ["rule"], {})[0].data
        answers = read_artifact("elastic", Artifact("rule.toml", data, loaded.rule.id, _recorder(outcome)), recorded[source.id])
        assert isinstance(answers, list), answers.render()
        assert loaded.tree is not None
        assert answers == [evaluate(loaded.tree, event) for event in recorded[source.id]], loaded.file.name
        asked += 1
        matched += any(answer for answer, event in zip(answers, recorded[source.id], strict=True) if event in own[loaded.rule.id])
    assert asked > 40
    assert matched >= asked - 3
