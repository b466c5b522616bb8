"""elastic-ndjson: what Kibana imports, by the keys that it requires."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from converter.model import Fidelity
from converter.pack import RuleFile, compile_rule, load_bytes, load_pack
from converter.targets import UnpackableError, target

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads(Path(__file__).with_name("kibana_rule_import.json").read_text(encoding="utf-8"))
IMPORTED = jsonschema.Draft202012Validator(SCHEMA)
BASE = {
    "logsource": {"product": "kubernetes", "service": "audit"},
    "detection": {"selection": {"verb": "create"}, "condition": "selection"},
}


def packaged(*rules: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rules of the import file that these rules make."""
    loaded = []
    for rule in rules:
        found, problems = load_bytes(yaml.safe_dump(rule).encode(), RuleFile(Path("r.yml"), "r.yml", "r"))
        assert not problems, problems
        loaded += found
    chosen = target("elastic-ndjson")
    outcomes = [compile_rule(one, chosen, {}, frozenset(Fidelity)) for one in loaded]
    assert all(one.allowed for one in outcomes), outcomes[0].diagnostics
    (file,) = chosen.package([one.compilation for one in outcomes if one.compilation], ["r"] * len(rules), {})
    assert file.data.endswith(b"}\n")
    return [json.loads(line) for line in file.data.decode("utf-8").splitlines()]


@pytest.fixture(scope="module")
def shipped() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The shipped rules as in the import file, each with its own TOML."""
    outcomes = [compile_rule(one, target("elastic"), {}, frozenset()) for one in load_pack([ROOT / "rules"]).rules]
    done = [one.compilation for one in outcomes if one.allowed and one.compilation]
    paths = [str(number) for number in range(len(done))]
    (file,) = target("elastic-ndjson").package(done, paths, {})
    tomls = [tomllib.loads(one.data.decode())["rule"] for one in target("elastic").package(done, paths, {})]
    rules = [json.loads(line) for line in file.data.decode("utf-8").splitlines()]
    assert len(rules) == len(tomls) >= 6
    return list(zip(rules, tomls, strict=True))


def test_every_rule_can_be_imported(shipped: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Each rule has the keys that Kibana requires of its type, and none that it refuses."""
    for rule, _ in shipped:
        IMPORTED.validate(rule)


def test_a_rule_is_that_of_its_own_file(shipped: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Query, filters and everything else stand in the import file as in the TOML that verify reads."""
    for rule, toml in shipped:
        own = {"enabled", "note", "query", "related_integrations", "required_fields"}
        assert {key: value for key, value in rule.items() if key not in own} == {
            key: value for key, value in toml.items() if key not in own
        }
        assert rule["query"] == toml.get("query", "").strip("\n")
        assert rule["enabled"] is False
        assert ("Accepted losses" in toml.get("note", "")) == ("## Accepted losses" in rule["note"])


REMOVED = ("rule_id", "name", "description", "risk_score", "severity", "type")


@pytest.mark.parametrize("key", REMOVED)
def test_the_schema_misses_a_key(key: str, shipped: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """The check above can fail: a rule without a required key is refused."""
    rule = copy.deepcopy(shipped[0][0])
    del rule[key]
    assert not IMPORTED.is_valid(rule)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"immutable": False},
        {"severity": "informational"},
        {"risk_score": 101},
        {"max_signals": 0},
        {"language": "eql"},
        {"threat": [{}]},
    ],
)
def test_the_schema_refuses(change: dict[str, Any], shipped: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """The check above can fail: what Kibana sets itself or does not know is refused."""
    assert not IMPORTED.is_valid({**shipped[0][0], **change})


@pytest.mark.parametrize(
    ("kind", "query"),
    [("eql", 'process where process.name == "a"'), ("esql", 'from logs-* metadata _id, _version, _index\n| where process.name == "a"')],
)
def test_an_opaque_rule_keeps_its_query(kind: str, query: str) -> None:
    """A rule in a language of Elastic's own is imported with its query verbatim; ES|QL names its data itself."""
    own = {"kind": kind, "query": query, "index": ["logs-*"], "opaque": f"a query in {kind}"}
    (rule,) = packaged({"title": "Opaque", "logsource": {"product": "windows"}, "x-converter": {"targets": {"elastic": own}}})
    IMPORTED.validate(rule)
    assert (rule["type"], rule["language"], rule["query"]) == (kind, kind, query)
    assert ("index" in rule) == (kind == "eql")


def test_the_note_has_headings_of_its_own() -> None:
    """Author, licence and source follow the guide; a text on several lines stays one item."""
    (rule,) = packaged(
        {
            **BASE, "title": "A", "id": "00000001-0000-4000-8000-000000000000", "author": "A\n## B", "license": "Apache-2.0",
            "x-converter": {"source": "https://example.org/a", "targets": {"elastic": {"note": "## Triage\n\nLook."}}},
        }
    )  # fmt: skip
    assert rule["note"] == (
        "## Triage\n\nLook.\n\n## Origin\n\n- Author: A ## B\n- License: Apache-2.0\n- Source: https://example.org/a\n"
        "- Sigma rule: 00000001-0000-4000-8000-000000000000"
    )


def test_a_threat_without_technique_is_held() -> None:
    """A tactic alone has no list of techniques, which Kibana may be without."""
    (rule,) = packaged({**BASE, "title": "A", "tags": ["attack.execution"]})
    IMPORTED.validate(rule)
    assert [set(one) for one in rule["threat"]] == [{"framework", "tactic"}]


def test_two_rules_of_one_rule_id_are_refused() -> None:
    """Kibana would keep one of them: the finding names both and its place."""
    own = {"x-converter": {"targets": {"elastic": {"rule_id": "same"}}}}
    with pytest.raises(UnpackableError) as refused:
        packaged({**BASE, "title": "One", **own}, {**BASE, "title": "Two", **own})
    (told,) = refused.value.diagnostics
    assert (told.code, told.message) == ("B011", "the rule_id 'same' is also that of 'One': Kibana would import one of the two")
    assert told.span is not None
    assert told.span.line > 1
