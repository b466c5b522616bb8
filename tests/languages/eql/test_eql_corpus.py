"""The published EQL rules: all are read, most become detections, and what is called exact answers alike; needs CONVERTER_CORPORA."""

from __future__ import annotations

import csv
import random
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from converter import ir
from converter.languages import eql
from converter.model import Diagnostic, Fidelity
from converter.model.fidelity import joined
from tests.languages.eql.test_eql_sigma import TYPES, disagreements

TABLES = ("elastic_mappings_host.csv", "elastic_mappings_cloud.csv", "ecs_9.5.csv", "elastic_endpoint_fields.csv")
REASONS = {"function", "order of texts", "arithmetic", "date", "type", "expression"}
"""Names under which a published query may be refused."""


@pytest.fixture(scope="module")
def queries(corpora: Path) -> list[eql.Query]:
    """Every EQL query of the published rules; one that cannot be read fails here."""
    found: list[eql.Query] = []
    for path in sorted((corpora / "corpora" / "elastic").rglob("*.toml")):
        rule = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", {})
        if rule.get("language") == "eql":
            read = eql.read(rule["query"], path.name)
            assert isinstance(read, eql.Query), read.render()
            found.append(read)
    assert len(found) >= 850
    return found


@pytest.fixture(scope="module")
def types(corpora: Path) -> dict[str, str]:
    """The fields' types in the integrations and in ECS."""
    found: dict[str, str] = {}
    for name in TABLES:
        with (corpora / "facts" / "data" / name).open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                field = row.get("elastic_field") or row.get("field") or ""
                found.setdefault(
                    field, "keyword" if row["type"] in ("", "text", "match_only_text", "object", "group", "flattened") else row["type"]
                )
    return found


def resolver(types: dict[str, str]) -> Callable[[str], eql.SigmaField]:
    return lambda name: eql.SigmaField(name, types.get(name, "keyword"))


@pytest.mark.corpus
def test_single_events_become_detections(queries: list[eql.Query], types: dict[str, str]) -> None:
    """At least 97 in 100 single-event queries become a section, at least 85 exactly; the others are refused under few names."""
    counts: Counter[str] = Counter()
    for query in queries:
        if not isinstance(query.body, eql.Event):
            continue
        said = eql.to_sigma(query, resolver(types))
        if isinstance(said, Diagnostic):
            counts[f"refused: {said.message.partition(':')[0]}"] += 1
            assert said.message.partition(":")[0] in REASONS, said.render()
            continue
        assert ir.detection_of(said[0]) is not None, query.source.path
        assert not ir.unevaluable(said[0], query.source), query.source.path
        counts[joined(said[1]).value] += 1
    total, refused = counts.total(), sum(count for name, count in counts.items() if name.startswith("refused"))
    print(dict(counts))
    assert total - refused >= 0.97 * total
    assert counts["exact"] >= 0.85 * total


@pytest.mark.corpus
def test_sequences_become_plans(queries: list[eql.Query], types: dict[str, str]) -> None:
    """At least 85 in 100 sequences and samples become a plan without runs, until or missing events."""
    counts: Counter[str] = Counter()
    for query in queries:
        if isinstance(query.body, eql.Event):
            continue
        made = eql.plan(query, resolver(types))
        if isinstance(made, Diagnostic):
            counts[f"refused: {made.message.partition(':')[0]}"] += 1
            continue
        assert len({len(step.by) for step in made.steps}) == 1
        special = any(step.missing or step.runs > 1 for step in made.steps) or made.until is not None
        counts["special" if special else "plain"] += 1
    print(dict(counts))
    assert counts["plain"] >= 0.85 * counts.total()


@pytest.mark.corpus
def test_exact_detections_answer_alike(queries: list[eql.Query], types: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On events made from its values, lists and gaps included, a detection that is called exact finds what the query finds."""
    asked = matched = 0
    wrong: list[str] = []
    for query in queries:
        if not isinstance(query.body, eql.Event):
            continue
        said = eql.to_sigma(query, resolver(types))
        if isinstance(said, Diagnostic) or joined(said[1]) is Fidelity.UNKNOWN or len(ir.atoms(said[0])) > 120:
            continue
        fields = {field.name for field in eql.fields_of(query.body.condition)}
        for name in fields:
            monkeypatch.setitem(TYPES, name, types.get(name, "keyword"))
        hits, differing = disagreements(query, said[0], joined(said[1]), random.Random(query.source.path))
        asked += 1
        matched += hits
        wrong += differing[:1]
    print(asked, matched)
    assert asked >= 650
    assert matched >= asked
    assert not wrong, "\n".join(wrong[:5])
