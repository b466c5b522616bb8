"""What other people's converters and readers got wrong, by public threads: ours answer as the rule says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.data import SHIPPED
from converter.ir import evaluate
from converter.languages import kql
from converter.model import Diagnostic, Fidelity, Status
from converter.pack import Loaded, compile_rule, load_pack
from converter.targets import target
from converter.verify.own_view import own_view
from converter.verify.readings import Artifact, read_artifact

HERE = Path(__file__).parent
CONVERSIONS = yaml.safe_load((HERE / "conversions.yml").read_text(encoding="utf-8"))
QUERIES = yaml.safe_load((HERE / "queries.yml").read_text(encoding="utf-8"))["cases"]
TARGETS = ("elastic", "splunk", "python")
LANGUAGES = ("auto", "kuery", "kuery+filters", "eql", "lucene")
MAY_ERR = {Status.EXACT: set(), Status.WIDER: {False}, Status.NARROWER: {True}, Status.MIXED: {False, True}, Status.UNKNOWN: {False, True}}
"""The answers of the rule that an output of a status may miss."""
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})


def loaded(case: Mapping[str, Any], folder: Path) -> Loaded:
    """Return a case's rule as a pack has it."""
    rule = {
        "title": case["name"],
        "id": "5b6f0b0e-6b1d-4c2f-8f3e-0a7d5d3c9e10",
        "logsource": case.get("logsource", CONVERSIONS["defaults"]["logsource"]),
        "detection": case["detection"],
        "level": "low",
    }
    path = folder / "rule.yml"
    path.write_text(yaml.safe_dump(rule, sort_keys=False, allow_unicode=True), encoding="utf-8")
    (one,) = load_pack([path]).rules
    return one


def ways(name: str) -> list[dict[str, str]]:
    """Return the options under which a target is asked."""
    return [{"language": one} for one in LANGUAGES] if name == "elastic" else [{}]


def answers(rule: Loaded, name: str, options: Mapping[str, str], events: list[dict[str, Any]]) -> tuple[Status, list[bool]] | None:
    """Return an output's status and what it answers, read from its file; ``None`` where there is none."""
    outcome = compile_rule(rule, target(name), options, ALL)
    done = outcome.compilation
    if not outcome.allowed or done is None or done.resolved is None:
        return None
    made = {one.path: one.data for one in target(name).package([done], ["rule"], done.options)}
    path = next(one for one in made if one.startswith("rule."))
    source = done.resolved.source
    view = None if name == "python" else own_view(SHIPPED, name, source)
    found = read_artifact(name, Artifact(path, made[path], rule.rule.id, source.id, made, view), events)
    assert not isinstance(found, Diagnostic), found.render()
    return outcome.status, found


@pytest.mark.parametrize("case", CONVERSIONS["cases"], ids=lambda case: case["name"])
def test_no_exact_output_has_the_defect(case: Mapping[str, Any], tmp_path: Path) -> None:
    """The rule means what its events say, and so does every output that is called exact, in each language that says it."""
    rule = loaded(case, tmp_path)
    assert rule.tree is not None, [one.render() for one in rule.diagnostics]
    events = [*case["match"], *case["other"]]
    expected = [True] * len(case["match"]) + [False] * len(case["other"])
    assert [evaluate(rule.tree, one) for one in events] == expected
    exact = set()
    for name in TARGETS:
        for options in ways(name):
            found = answers(rule, name, options, events)
            if found is None:
                continue
            status, got = found
            wrong = [want for want, one in zip(expected, got, strict=True) if one is not want]
            assert set(wrong) <= MAY_ERR[status], (name, options, got)
            exact |= {name} if status is Status.EXACT else set()
    assert exact == set(case.get("exact", TARGETS)), "the case says which targets it was shown on"


@pytest.mark.parametrize("case", QUERIES, ids=lambda case: case["name"])
def test_a_query_is_read_as_its_engine_reads_it(case: Mapping[str, Any]) -> None:
    """The query finds the documents that Kibana's grammar and Elasticsearch say."""
    query = kql.read(case["query"])
    assert not isinstance(query, Diagnostic), query.render()
    mappings = {"properties": {name: {"type": "keyword"} for name in "fgh"}}
    found = kql.run(query, case["documents"], mappings)
    assert not isinstance(found, Diagnostic), found.render()
    assert [number for number, one in enumerate(found) if one] == case["found"]


def test_there_are_thirty_threads() -> None:
    """Every case cites its thread, and each says a defect of its own."""
    cases = [*CONVERSIONS["cases"], *QUERIES]
    assert all(one["thread"].startswith("https://github.com/") and one["defect"] for one in cases)
    assert len({one["thread"] for one in cases}) >= 30
