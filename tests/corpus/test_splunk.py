"""SigmaHQ's rules of the log sources that Splunk has, and the events that they must find."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converter.data import source_of
from converter.ir import evaluate
from converter.model import Fidelity, Status
from converter.pack import Outcome, compile_rule, load_pack
from converter.targets import target
from converter.verify.readings import Artifact, read_artifact

pytestmark = [pytest.mark.corpus, pytest.mark.slow]

ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
FOLDERS = ("windows/process_creation", "windows/registry", "windows/file/file_event", "linux/process_creation", "cloud/aws")
IDS = {"windows_process_creation": 1, "windows_file_event": 11, "windows_registry_set": 13}
REASONS = {"T001", "T002", "T210", "T219", "T222", "T223"}
"""A field that the source lacks, a log source that no table has, what SPL cannot say, and what the extraction only approximates."""


def _outcomes(corpora: Path) -> Iterator[Outcome]:
    rules = corpora / "corpora" / "sigmahq" / "rules"
    for loaded in load_pack([rules / folder for folder in FOLDERS]).rules:
        if loaded.tree is not None:
            yield compile_rule(loaded, target("splunk"), {}, ALL)


def test_rules_are_exact_or_refused_for_a_named_reason(corpora: Path) -> None:
    """Nineteen of twenty rules on a known log source are exact; each other has one of few reasons."""
    known: Counter[Status] = Counter()
    for outcome in _outcomes(corpora):
        reasons = {one.code for one in outcome.diagnostics} | {one.code for one in outcome.losses if not one.compensated_by}
        assert reasons <= REASONS, (outcome.loaded.file.name, reasons)
        if source_of(outcome.loaded.rule.logsource) is not None:
            known[outcome.status] += 1
            assert (outcome.status is Status.EXACT) is not bool(reasons), outcome.loaded.file.name
    assert known[Status.EXACT] > 0.93 * known.total()
    assert known.total() > 1400


def _events(corpora: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the recorded Sysmon events by the rule that must find them, as one flat object each."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in (corpora / "events" / "sigmahq_regression").rglob("*.json"):
        text, place, decoder = path.read_text(encoding="utf-8-sig"), 0, json.JSONDecoder()
        while place < len(text):
            event, place = decoder.raw_decode(text, place)
            place += len(text[place:]) - len(text[place:].lstrip())
            system, data = event["Event"]["System"], event["Event"].get("EventData")
            if "Sysmon" in system["Channel"] and isinstance(data, dict):
                texts = {key: value for key, value in data.items() if not key.startswith("#")}
                found.setdefault(path.stem, []).append({"EventID": system["EventID"], "Computer": system["Computer"], **texts})
    return found


def test_searches_find_the_recorded_events(corpora: Path) -> None:
    """Rule and search agree on every recorded event of the log source, and each rule's own events are found."""
    recorded, fired = _events(corpora), 0
    events = [event for one in recorded.values() for event in one]
    for outcome in _outcomes(corpora):
        rule, tree, source = outcome.loaded.rule, outcome.loaded.tree, source_of(outcome.loaded.rule.logsource)
        if rule.id not in recorded or outcome.compilation is None or not outcome.compilation.parts or source is None or tree is None:
            continue
        asked = [event for event in events if event["EventID"] == IDS[source.id]]
        files = {one.path: one.data for one in target("splunk").package([outcome.compilation], ["rule"], {})}
        answers = read_artifact("splunk", Artifact("rule.conf", files["rule.conf"], rule.id, source.id, files), asked)
        assert answers == [evaluate(tree, event) for event in asked], outcome.loaded.file.name
        fired += any(answer and event in recorded[rule.id] for answer, event in zip(answers, asked, strict=True))
    assert fired > 100
