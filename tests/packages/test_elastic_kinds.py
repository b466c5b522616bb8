"""Kinds of Elastic's rules and their keys: what a TOML file and an import file hold, for which stack, and what is refused."""

from __future__ import annotations

import copy
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.model import Fidelity, Status
from converter.pack import Outcome, RuleFile, compile_rule, load_bytes, load_pack
from converter.targets import target
from converter.targets.elastic.kinds import kinds
from converter.targets.elastic.nested import laid_out, present
from tests.hostile_texts import TEXTS

ROOT = Path(__file__).resolve().parent.parent.parent
IMPORTED = jsonschema.Draft202012Validator(json.loads(Path(__file__).with_name("kibana_rule_import.json").read_text(encoding="utf-8")))
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
HEADER = {
    "title": "A",
    "id": "00000001-0000-4000-8000-000000000000",
    "description": "A rule.",
    "logsource": {"product": "kubernetes", "service": "audit"},
}
DETECTION = {"selection": {"verb": "create"}, "condition": "selection"}
KINDS: dict[str, dict[str, Any]] = {
    "query": {},
    "threshold": {"threshold": {"field": ["user.name"], "value": 3, "cardinality": [{"field": "a", "value": 2}]}},
    "new_terms": {"new_terms": {"fields": ["user.name"], "history_window_start": "now-7d"}},
    "threat_match": {
        "threat_index": ["logs-ti_*"],
        "threat_query": "*:*",
        "threat_mapping": [{"entries": [{"field": "source.ip", "type": "mapping", "value": "threat.indicator.ip"}]}],
    },
    "eql": {"opaque": "sequence", "query": "any where true"},
    "esql": {"opaque": "esql", "query": "from a"},
    "machine_learning": {"opaque": "machine_learning", "machine_learning_job_id": ["a"], "anomaly_threshold": 50},
    "saved_query": {"opaque": "saved_query", "saved_id": "a"},
}
"""The least that a rule of each kind needs."""


def compiled(own: dict[str, Any], options: dict[str, str] | None = None, name: str = "elastic") -> Outcome:
    """Return what becomes of a rule with these settings for Elastic; an opaque one has no detection."""
    rule = {**HEADER, "x-converter": {"targets": {"elastic": own}}} | ({} if "opaque" in own else {"detection": DETECTION})
    (loaded,), problems = load_bytes(yaml.safe_dump(rule, allow_unicode=True).encode(), RuleFile(Path("r.yml"), "r.yml", "r"))
    assert not problems, [one.render() for one in problems]
    return compile_rule(loaded, target(name), options or {}, ALL)


def written(outcome: Outcome) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the whole TOML file and the line of the import file."""
    assert outcome.allowed, [one.render() for one in outcome.diagnostics]
    assert outcome.compilation
    (toml,) = target("elastic").package([outcome.compilation], ["r"], {})
    (line,) = target("elastic-ndjson").package([outcome.compilation], ["r"], {})
    assert line.data.endswith(b"}\n")
    assert len(line.data.decode().splitlines()) == 1
    return tomllib.loads(toml.data.decode()), json.loads(line.data)


def codes(outcome: Outcome) -> list[str]:
    """Return the codes of what the author is told."""
    return [one.code for one in outcome.diagnostics]


def flat(toml: dict[str, Any]) -> dict[str, Any]:
    """Return a TOML file's rule as the API has it: new terms are two keys."""
    rule = dict(toml["rule"])
    assert not {"new_terms_fields", "history_window_start"} & rule.keys()
    if "new_terms" in rule:
        terms = rule.pop("new_terms")
        assert terms["field"] == "new_terms_fields"
        ((start,),) = [[one for one in terms["history_window_start"] if one["field"] == "history_window_start"]]
        rule |= {"new_terms_fields": terms["value"], "history_window_start": start["value"]}
    return rule


@cache
def outputs() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The shipped rules and the cases, by name: TOML and import."""
    packs = [one for folder in ("rules", "tests/cases") for one in load_pack([ROOT / folder]).rules]
    outcomes = [(one.file.name, compile_rule(one, target("elastic"), {}, ALL)) for one in packs]
    return [(name, *written(one)) for name, one in outcomes if one.allowed]


def test_every_rule_and_case_can_be_imported() -> None:
    """The keys that Kibana requires are there, each of its form, and no others."""
    assert len(outputs()) > 100
    for name, _, line in outputs():
        assert not [f"{name}: {one.message}" for one in IMPORTED.iter_errors(line)]


def test_both_artifacts_are_one_rule() -> None:
    """But for the guide, the end of the query, what a repository finds out itself, and null, which TOML does not have."""
    own = {"enabled", "note", "query", "related_integrations", "required_fields"}
    for name, toml, line in outputs():
        rule = flat(toml)
        assert {key: value for key, value in rule.items() if key not in own} == {
            key: present(value) for key, value in line.items() if key not in own
        }, name
        assert rule.get("query", "").strip("\n") == line.get("query", "").strip("\n"), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_least_of_a_kind_can_be_imported(kind: str) -> None:
    """A rule that gives what its kind needs is built, and is of that type."""
    _, line = written(compiled({"kind": kind, **KINDS[kind]}))
    IMPORTED.validate(line)
    assert line["type"] == kind
    assert line.get("language") == {"eql": "eql", "esql": "esql", "machine_learning": None}.get(kind, "kuery")


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, own in KINDS.items() for key in own if key != "opaque"])
def test_without_a_key_a_kind_is_refused(kind: str, key: str) -> None:
    """The code names the key that is missing; nothing is written without it."""
    own = {"kind": kind, **{name: value for name, value in KINDS[kind].items() if name != key}}
    outcome = compiled(own)
    assert codes(outcome) == ["T102"]
    assert key in outcome.diagnostics[0].message
    assert not outcome.allowed


def test_the_schema_misses_what_a_kind_needs() -> None:
    """The check of the import file can fail: without a key of its kind a rule is none."""
    for kind, own in KINDS.items():
        _, line = written(compiled({"kind": kind, **own}))
        for key in kinds()[kind].needs:
            broken = copy.deepcopy(line)
            for name in ("new_terms_fields", "history_window_start") if key == "new_terms" else (key,):
                broken.pop(name)
            assert not IMPORTED.is_valid(broken), (kind, key)


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"threshold": {"field": [], "value": 2}}, "T104"),
    ({"kind": "new_terms", "language": "eql", **KINDS["new_terms"]}, "T104"),
    ({"kind": "threshold", **KINDS["threshold"], "new_terms": KINDS["new_terms"]["new_terms"]}, "T104"),
    ({"kind": "threshold", **KINDS["threshold"], "alert_suppression": {"group_by": ["a"]}}, "T102"),
    (
        {"kind": "threshold", **KINDS["threshold"], "alert_suppression": {"duration": {"value": 1, "unit": "h"}, "group_by": ["a"]}},
        "T104",
    ),
    ({"alert_suppression": {"duration": {"value": 1, "unit": "h"}}}, "T102"),
    ({"alert_suppression": {"group_by": ["a", "b", "c", "d"]}}, "T104"),
    ({"kind": "new_terms", "new_terms": {"fields": [], "history_window_start": "now-7d"}}, "T102"),
    ({"kind": "new_terms", "new_terms": {"fields": ["a", "b", "c", "d"], "history_window_start": "now-7d"}}, "T104"),
    ({"investigation_fields": {"field_names": []}}, "T102"),
    ({"kind": "saved_query", "saved_id": "a"}, "T104"),
    ({"kind": "esql", **KINDS["esql"], "filters": [{"meta": {}}]}, "T104"),
    ({"language": "esql", "filters": [{"meta": {}}]}, "T104"),
    ({"extra": {"risk_score": 3}}, "T107"),
    ({"extra": {"threat_query": "*"}}, "T107"),
    ({"extra": {"a": [1, None]}}, "T019"),
    ({"extra": {"a": float("inf")}}, "T019"),
    ({"metadata": {"a": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}}, "T019"),
    ({"stack": "7.17"}, "T105"),
]


@pytest.mark.parametrize(("own", "code"), UNFIT)
def test_what_does_not_fit_is_refused(own: dict[str, Any], code: str) -> None:
    """A key, a language or a value that Kibana would refuse is an error of the author's, never left out."""
    outcome = compiled(own)
    assert codes(outcome) == [code]
    assert not outcome.allowed


@pytest.mark.parametrize("kind", ["threshold", "new_terms", "threat_match"])
def test_elsewhere_a_narrowed_rule_matches_more(kind: str) -> None:
    """Exact on Elastic, whose query is the detection; other targets say that they match more, and are built."""
    own = {"kind": kind, **KINDS[kind]}
    assert compiled(own).status is Status.EXACT
    for name in ("splunk", "falco", "python"):
        outcome = compiled(own, name=name)
        assert (outcome.status, outcome.allowed) == (Status.WIDER, True)
        assert [one.code for one in outcome.losses] == ["T007"]


def test_filters_of_the_rules_own_stand_beside_those_of_the_detection() -> None:
    """All of them hold; that the rule finds less than its detection is a loss that it accepts itself."""
    own = {"meta": {"alias": None, "negate": True}, "query": {"term": {"a": "b"}}, "$state": {"store": "appState"}}
    outcome = compiled({"language": "kuery+filters", "filters": [own]})
    toml, line = written(outcome)
    assert line.get("filters", [])[-1:] == [own]
    assert toml["rule"].get("filters", [])[-1:] == [present(own)]
    assert [(one.code, one.direction, bool(one.accepted)) for one in outcome.losses] == [("T108", Fidelity.NARROWER, True)]
    assert "T108" not in line["note"]


def test_a_guide_holds_its_queries() -> None:
    """As Elastic's repository builds them: the TOML keeps them apart, Kibana reads them in the guide."""
    transform = {"osquery": [{"label": "a\"b'\n", "query": "SELECT 1"}], "investigate": [{"providers": [[{"field": "a"}]]}]}
    toml, line = written(compiled({"note": "$osquery_0 ${investigate_0} $osquery_1 $osquery", "transform": transform}))
    assert toml.get("transform") == transform
    assert toml["rule"]["note"] == "$osquery_0 ${investigate_0} $osquery_1 $osquery"
    first, second = (json.dumps(transform[key][0], sort_keys=True, separators=(",", ":")) for key in ("osquery", "investigate"))
    assert line["note"].startswith(f"!{{osquery{first}}} !{{investigate{second}}} $osquery_1 $osquery\n\n## Origin")


def test_the_sections_at_the_end_of_a_guide_are_written_once() -> None:
    """A rule that was imported from an import file gets its origin anew, not once more; a guide of a person's stays."""
    lists = [{"id": "x", "list_id": "x", "type": "detection", "namespace_type": "single"}]
    for note in ("", "Look.", "## Origin\n\nA text on origins.", "## Origin\n\n- Author: x\n\nMore."):
        once = written(compiled({"exceptions_list": lists, "note": note}))[1]["note"]
        assert once.startswith(note)
        assert written(compiled({"exceptions_list": lists, "note": once}))[1]["note"] == once
    told = {"code": "T106", "reason": "few alerts"}
    for note in ("", "Look.", "Accepted losses of this translation: none"):
        own = {"alert_suppression": {"group_by": ["a"]}, "accept": [told]}
        once = written(compiled({**own, "note": note}, {"stack": "8.4"}))[0]["rule"]["note"]
        assert once.startswith(note)
        assert "\n- T106 wider: " in once
        assert written(compiled({**own, "note": once}, {"stack": "8.4"}))[0]["rule"]["note"] == once


def test_an_import_says_what_the_rule_relies_on() -> None:
    """Packages of its log source, fields that its query asks, exception lists that have to exist; its own word stands over it."""
    lists = [{"id": "x", "list_id": "a\nlist", "type": "detection", "namespace_type": "single"}]
    _, line = written(compiled({"exceptions_list": lists}))
    assert line.get("related_integrations") == [{"package": "kubernetes", "version": ">=1.24.0"}]
    assert line.get("required_fields") == [
        {"name": "event.dataset", "type": "keyword"},
        {"name": "kubernetes.audit.verb", "type": "keyword"},
    ]
    assert "## Exception lists that have to exist\n\n- a list" in line["note"]
    own = {"related_integrations": [{"package": "x", "version": "^1.0.0"}], "required_fields": [{"name": "a", "type": "ip"}]}
    toml, line = written(compiled(own))
    assert {key: line.get(key) for key in own} == {key: toml["rule"].get(key) for key in own} == own


def test_a_correlation_relies_on_the_fields_of_its_rules_and_of_its_groups(tmp_path: Path) -> None:
    """What its events are asked and what they are grouped by, the log source's fields included."""
    rule = {**HEADER, "name": "created", "detection": DETECTION}
    counted = {"type": "event_count", "rules": ["created"], "group-by": ["user.username"], "timespan": "5m", "condition": {"gte": 3}}
    both = yaml.safe_dump_all([rule, {"title": "B", "id": "00000002-0000-4000-8000-000000000000", "correlation": counted}])
    (tmp_path / "r.yml").write_text(both, encoding="utf-8")
    (one,) = [one for one in load_pack([tmp_path]).rules if one.rule.correlation]
    _, line = written(compile_rule(one, target("elastic"), {}, ALL))
    IMPORTED.validate(line)
    assert line["type"] == "threshold"
    assert [one["name"] for one in line["required_fields"]] == [
        "event.dataset", "kubernetes.audit.user.username", "kubernetes.audit.verb",
    ]  # fmt: skip


def test_what_is_carried_is_carried_verbatim() -> None:
    """Metadata stand over what the header says; unknown keys stand in both; only an own word enables a rule."""
    own = {
        "metadata": {"maturity": "deprecated", "deprecation_date": "2026/01/01", "x y": {"z": [1, {"a": 2}]}},
        "extra": {"b": None, "c": 1},
    }
    toml, line = written(compiled(own))
    assert toml["metadata"] == own["metadata"] | {"integration": ["kubernetes"]}
    assert (line["b"], line["c"], line["enabled"]) == (None, 1, False)
    assert "b" not in toml["rule"]
    whole = {"creation_date": "2020/01/01", "maturity": "production"}
    assert written(compiled({"metadata": whole}))[0]["metadata"] == whole
    _, line = written(compiled({"extra": {"enabled": True}}))
    assert line["enabled"] is True


MISSING = {"group_by": ["a"], "missing_fields_strategy": "suppress"}
STACKS: list[tuple[str, dict[str, Any], str, list[str], list[str]]] = [
    ("8.4", {"kind": "new_terms", **KINDS["new_terms"]}, "", [], []),
    ("8.3", {"kind": "new_terms", **KINDS["new_terms"]}, "T106", [], []),
    ("8.5", {"kind": "new_terms", "new_terms": {"fields": ["a", "b"], "history_window_start": "now-7d"}}, "T106", [], []),
    ("8.10", {"kind": "esql", **KINDS["esql"]}, "T106", [], []),
    ("8.17", {"kind": "esql", **KINDS["esql"], "alert_suppression": {"group_by": ["a"]}}, "", [], []),
    ("8.14", {"kind": "esql", **KINDS["esql"], "alert_suppression": {"group_by": ["a"]}}, "", ["alert_suppression"], []),
    ("8.4", {"investigation_fields": {"field_names": ["a"]}}, "", [], ["investigation_fields"]),
    ("8.11", {"investigation_fields": {"field_names": ["a"]}}, "", [], []),
    ("8.2", {"setup": "s"}, "", [], ["setup"]),
    ("8.4", {"alert_suppression": {"group_by": ["a"]}}, "", ["alert_suppression"], []),
    ("8.6", {"alert_suppression": {"group_by": ["a"], "duration": {"value": 1, "unit": "m"}}}, "", ["alert_suppression.duration"], []),
    ("8.7", {"alert_suppression": MISSING}, "", ["alert_suppression.missing_fields_strategy"], []),
    ("9.x", {"alert_suppression": MISSING}, "", [], []),
]  # fmt: skip


@pytest.mark.parametrize(("stack", "own", "refused", "lost", "warned"), STACKS)
def test_what_a_stack_lacks_is_told(stack: str, own: dict[str, Any], refused: str, lost: list[str], warned: list[str]) -> None:
    """A kind is refused; a key is left out by name, with a loss where the rule would alert more often; a newer stack has all."""
    outcome = compiled(own, {"stack": stack})
    if refused:
        assert codes(outcome) == [refused]
        assert not outcome.allowed
        return
    toml, line = written(outcome)
    IMPORTED.validate({key: value for key, value in line.items() if key != "required_fields"})
    assert [one.feature.removeprefix("elastic.") for one in outcome.losses] == lost
    assert [one.message.split(" ")[2] for one in outcome.diagnostics] == warned
    _, whole = written(compiled(own))
    gone = {path.split(".")[0] for path in (*lost, *warned) if "." not in path}
    assert whole.keys() - line.keys() - {"related_integrations", "required_fields"} == gone
    for path in lost:
        key, _, part = path.partition(".")
        assert not part or (part in whole[key] and part not in line[key] and part not in toml["rule"][key])


def test_esql_is_that_of_the_stack() -> None:
    """A function that the stack does not have is not used, and a stack without ES|QL is not given any."""
    tables = {stack: target("elastic").capabilities({"stack": stack})["esql"] for stack in ("9.1", "9.x")}
    assert tables["9.1"].fidelity("value.equals", "many_text") is None
    assert tables["9.x"].fidelity("value.equals", "many_text") is Fidelity.EXACT
    assert tables["9.x"].features == target("elastic").capabilities({})["esql"].features
    for stack, refused in (("8.10", ["T106"]), ("9.x", [])):
        assert codes(compiled({"language": "esql"}, {"stack": stack})) == refused


def test_the_least_stack_of_a_rule_is_told() -> None:
    """A rule that says it needs a newer stack is built for an older one with a warning; the file keeps what it says."""
    own = {"metadata": {"min_stack_version": "8.14.0"}}
    outcome = compiled(own, {"stack": "8.4"})
    assert [(one.code, "8.14.0" in one.message) for one in outcome.diagnostics] == [("T106", True)]
    assert written(outcome)[0]["metadata"]["min_stack_version"] == "8.14.0"
    assert not compiled(own, {"stack": "8.14"}).diagnostics
    assert not compiled(own).diagnostics


def test_an_older_kibana_is_told_of_ecs() -> None:
    """Before 8.15 a required field must say whether it is one of the Elastic Common Schema."""
    _, line = written(compiled({}, {"stack": "8.14"}))
    assert [one.get("ecs") for one in line.get("required_fields", [])] == [True, False]
    _, line = written(compiled({}, {"stack": "8.2"}))
    assert not {"required_fields", "related_integrations"} & line.keys()


TEXT_KEYS = (
    *("name", "note", "setup", "rule_name_override", "timestamp_override", "timeline_id", "timeline_title", "license"),
    *("event_category_override", "data_view_id"),
)


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_texts_stay_what_they_are(text: str) -> None:
    """In every key that takes a text: the TOML gives the same value back, the import file has one line that does."""
    if "\0" in text or "\ufffe" in text:
        pytest.skip("YAML does not hold this text: no rule can")
    fields = {
        "exceptions_list": [{"id": text, "list_id": text, "type": "detection", "namespace_type": "single"}],
        "severity_mapping": [{"field": text, "operator": "equals", "severity": "low", "value": text}],
        "risk_score_mapping": [{"field": text, "operator": "equals", "value": text}],
        "investigation_fields": {"field_names": [text, text]},
        "alert_suppression": {"group_by": [text]},
        "related_integrations": [{"package": text, "version": text, "integration": text}],
        "required_fields": [{"name": text, "type": text}],
        "filters": [{"meta": {"key": text, text: {"x": text}}, "query": {"term": {text: text}}, "list": [{text: [text]}]}],
        "threat": [{"framework": text, "tactic": dict.fromkeys(("id", "name", "reference"), text)}],
        "metadata": {text: text, "inner": {text: [text, {text: text}]}},
        "transform": {"osquery": [{"label": text, text: text}], text: text},
        "extra": {text: text, "extra": {text: [{text: text}]}},
        "threat_query": text,
        "threat_index": [text],
        "threat_mapping": [{"entries": [{"field": text, "type": "mapping", "value": text}]}],
        "threat_filters": [{text: {text: text}}],
        "threat_indicator_path": text,
    }
    own = {"kind": "threat_match", **dict.fromkeys(TEXT_KEYS, text), **fields}
    toml, line = written(compiled(own))
    rule = toml["rule"]
    same = fields.keys() - {"metadata", "transform", "extra"} | set(TEXT_KEYS) - {"note", "event_category_override"}
    assert {key: rule[key] for key in same} == {key: line[key] for key in same} == {key: own[key] for key in same}
    assert rule["note"].strip() == text.strip()
    assert toml["transform"] == fields["transform"]
    assert {key: toml["metadata"][key] for key in fields["metadata"]} == fields["metadata"]
    assert {key: rule[key] for key in fields["extra"]} == {key: line[key] for key in fields["extra"]} == fields["extra"]


@pytest.mark.parametrize("text", [one for one in TEXTS if "\0" not in one and "\ufffe" not in one])
def test_hostile_queries_stay_what_they_are(text: str) -> None:
    """A query that is copied, and the other texts of opaque kinds."""
    toml, line = written(compiled({"kind": "eql", "opaque": "x", "query": text, "tiebreaker_field": text, "timestamp_field": text}))
    assert toml["rule"]["query"].strip("\n") == line["query"].strip("\n") == text.strip("\n")
    assert (toml["rule"]["tiebreaker_field"], line["timestamp_field"]) == (text, text)
    toml, line = written(compiled({"kind": "machine_learning", "opaque": "x", "anomaly_threshold": 1, "machine_learning_job_id": [text]}))
    assert toml["rule"]["machine_learning_job_id"] == line["machine_learning_job_id"] == [text]


def _same(one: object, other: object) -> bool:
    """Whether two values are equal and of one type throughout: 1 is no 1.0, nor true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


NUMBERS = st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | NUMBERS | st.booleans()
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_value_stands_in_toml(value: dict[str, Any]) -> None:
    """Lines and tables of any map of JSON give it back when TOML is read."""
    own, tables = laid_out("rule", value)
    text = "[rule]\n" + own + "".join(f"\n{one}\n" for one in tables)
    assert tomllib.loads(text) == {"rule": value}


PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=8)
ANY = st.recursive(
    PRINTABLE | NUMBERS | st.booleans() | st.none() | st.just(float("nan")) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PRINTABLE, inner, max_size=3),
    max_leaves=10,
)
MAPS = st.dictionaries(PRINTABLE, ANY, max_size=3)


@settings(max_examples=40, deadline=None)
@given(MAPS, MAPS, MAPS, st.lists(MAPS, max_size=2))
def test_whatever_a_rule_carries_is_written_or_refused(
    extra: dict[str, Any], metadata: dict[str, Any], transform: dict[str, Any], filters: list[dict[str, Any]]
) -> None:
    """Maps of any content under the open keys: the import file has them as they are, or the author is told."""
    outcome = compiled(
        {"kind": "query", "language": "kuery", "extra": extra, "metadata": metadata, "transform": transform, "filters": filters}
    )
    if not outcome.allowed:
        assert codes(outcome) in (["T019"], ["T107"])
        return
    toml, line = written(outcome)
    plain = json.loads(json.dumps({"extra": extra, "filters": filters}, default=lambda value: value.isoformat()))
    assert _same({key: line[key] for key in plain["extra"]}, plain["extra"])
    assert _same(line.get("filters", []), plain["filters"])
    assert _same({key: value for key, value in toml["rule"].items() if key in extra}, present(plain["extra"]))
    assert _same(toml["rule"].get("filters", []), present(plain["filters"]))
