"""User pipelines before our own targets: what is honoured is what a person would have written, what is not is refused by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from converter.cli import cli
from converter.data import Source
from converter.ir import Node, lower
from converter.model import Diagnostic, Rule, Status
from converter.readers import read_rules
from converter.targets import Detection, Opaque, Pipeline, ResolvedRule, pysigma
from converter.targets import target as target_named
from converter.targets.pysigma.pipeline import facts, read_pipeline

HEAD = "title: A rule\nid: 00000000-0000-4000-8000-000000000001\nlicense: Apache-2.0\nlevel: low\nfields: [Image]\n"
SOURCE = "logsource: {product: windows, category: process_creation}\n"


def rule_of(detection: Mapping[str, Any], source: str = SOURCE) -> Rule:
    text = HEAD + source + yaml.safe_dump({"detection": dict(detection)}, sort_keys=False)
    rules, problems = read_rules(text.encode(), "rule.yml")
    assert not problems
    return rules[0]


def pipeline_of(*items: Mapping[str, Any], **rest: Any) -> Pipeline:
    text = yaml.safe_dump({"transformations": list(items), **rest}, sort_keys=False)
    made = read_pipeline(text.encode(), "pipeline.yml", ["own"])
    assert isinstance(made, Pipeline), made
    return made


def bare(tree: Any) -> Any:
    """Return a tree without places and spellings, for comparing meanings."""
    if isinstance(tree, tuple):
        return tuple(map(bare, tree))
    if not dataclasses.is_dataclass(tree):
        return tree
    kept = {one.name: bare(getattr(tree, one.name)) for one in dataclasses.fields(tree) if one.name not in ("offsets", "modifiers")}
    return (type(tree).__name__, kept)


def meaning(detection: Mapping[str, Any]) -> Node:
    tree = lower(rule_of(detection))
    assert not isinstance(tree, tuple), tree
    return tree


ONE = {"s": {"User": "a", "Image|endswith": "\\x.exe"}, "condition": "s"}
AT_USER = {"field_name_conditions": [{"type": "include_fields", "fields": ["User"]}]}
HONOURED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "field_name_mapping": (
        {"mapping": {"User": "user.name", "Image": ["process.executable", "process.name"]}},
        ONE,
        {
            "a": {"user.name": "a"},
            "b": [{"process.executable|endswith": "\\x.exe"}, {"process.name|endswith": "\\x.exe"}],
            "condition": "a and b",
        },
    ),
    "field_name_prefix_mapping": (
        {"mapping": {"win.": "winlog.event_data."}},
        {"s": {"win.User": "a", "Other": 1}, "condition": "s"},
        {"s": {"winlog.event_data.User": "a", "Other": 1}, "condition": "s"},
    ),
    "field_name_suffix": (
        {"suffix": ".keyword", **AT_USER},
        ONE,
        {"s": {"User.keyword": "a", "Image|endswith": "\\x.exe"}, "condition": "s"},
    ),
    "field_name_prefix": ({"prefix": "winlog."}, ONE, {"s": {"winlog.User": "a", "winlog.Image|endswith": "\\x.exe"}, "condition": "s"}),
    "drop_detection_item": (AT_USER, ONE, {"s": {"Image|endswith": "\\x.exe"}, "condition": "s"}),
    "hashes_fields": (
        {"valid_hash_algos": ["MD5", "SHA1"], "field_prefix": "hash."},
        {"s": {"Hashes|contains": ["MD5=0123456789abcdef0123456789abcdef"]}, "condition": "s"},
        {"s": {"hash.MD5": "0123456789abcdef0123456789abcdef"}, "condition": "s"},
    ),
    "extract_fields": (
        {"regex": "(?P<kind>[A-Z0-9]+)=(?P<value>.+)", "field_prefix": "x"},
        {"s": {"Hash": ["MD5=ab", "SHA1=cd"]}, "condition": "s"},
        {"s": [{"x.kind": "MD5", "x.value": "ab"}, {"x.kind": "SHA1", "x.value": "cd"}], "condition": "s"},
    ),
    "wildcard_placeholders": ({}, {"s": {"User|expand": "a%names%b"}, "condition": "s"}, {"s": {"User": "a*b"}, "condition": "s"}),
    "value_placeholders": ({}, {"s": {"User|expand": "%names%"}, "condition": "s"}, {"s": {"User": ["ann", "bob"]}, "condition": "s"}),
    "add_condition": (
        {"conditions": {"EventID": 1, "Product": "$product"}, "template": True},
        {"s": {"User": "a"}, "t": {"User": "b"}, "condition": "s or t"},
        {"c": {"EventID": 1, "Product": "windows"}, "s": {"User": "a"}, "t": {"User": "b"}, "condition": "c and (s or t)"},
    ),
    "replace_string": (
        {"regex": "^a", "replacement": "z", **AT_USER},
        ONE,
        {"s": {"User": "z", "Image|endswith": "\\x.exe"}, "condition": "s"},
    ),
    "map_string": ({"mapping": {"a": ["b", "c"]}}, ONE, {"s": {"User": ["b", "c"], "Image|endswith": "\\x.exe"}, "condition": "s"}),
    "set_value": ({"value": 7, **AT_USER}, ONE, {"s": {"User": 7, "Image|endswith": "\\x.exe"}, "condition": "s"}),
    "convert_type": ({"target_type": "num"}, {"s": {"Id": "12"}, "condition": "s"}, {"s": {"Id": 12}, "condition": "s"}),
    "regex": (
        {"method": "ignore_case_brackets"},
        {"s": {"User": "ab"}, "condition": "s"},
        {"s": {"User|re": "[aA][bB]"}, "condition": "s"},
    ),
    "case": ({"method": "upper", **AT_USER}, ONE, {"s": {"User": "A", "Image|endswith": "\\x.exe"}, "condition": "s"}),
    "nest": (
        {
            "items": [
                {"type": "field_name_mapping", "mapping": {"User": "user"}},
                {"type": "field_name_suffix", "suffix": ".x", "field_name_conditions": [{"type": "include_fields", "fields": ["user"]}]},
            ]
        },
        ONE,
        {"s": {"user.x": "a", "Image|endswith": "\\x.exe"}, "condition": "s"},
    ),
    "add_field": ({"field": "x"}, ONE, ONE),
    "remove_field": ({"field": "Image"}, ONE, ONE),
    "set_field": ({"fields": ["x"]}, ONE, ONE),
    "set_state": ({"key": "index", "val": "i"}, ONE, ONE),
    "set_custom_attribute": ({"attribute": "a", "value": 1}, ONE, ONE),
    "change_logsource": ({"product": "linux", "category": "process_creation"}, ONE, ONE),
}
"""For each transformation: its parameters, a rule, and the rule that a person would have written instead."""
RAISING = {
    "rule_failure": {"message": "Not here."},
    "detection_item_failure": {"message": "Not here.", **AT_USER},
    "strict_field_mapping_failure": {},
}
NOT_FROM_YAML = {"field_name_transform"}
"""It takes a Python function, which a file cannot hold."""


@pytest.mark.parametrize("kind", HONOURED)
def test_an_honoured_transformation_means_what_a_person_would_write(kind: str) -> None:
    """The tree behind the pipeline is the tree of the rule written by hand."""
    parameters, before, after = HONOURED[kind]
    pipeline = pipeline_of({"type": kind, **parameters}, vars={"names": ["ann", "bob"]})
    resolved = pysigma.through(rule_of(before), [pipeline], "python")
    assert not isinstance(resolved, Status | tuple), resolved
    assert isinstance(resolved.meaning, Detection)
    assert bare(resolved.meaning.tree) == bare(meaning(after))


SAME = [
    {"a|utf16le": "ab", "b|utf16le|base64offset|contains": "ab"},
    {"a|hour": 5, "b|week|gte": 10, "c|minute|neq": [1, 2]},
    {"a|neq": [], "b|fieldref|neq": "c"},
    {"a|cased|base64": "ab", "b|cased|windash|contains": " -x"},
]


@pytest.mark.parametrize("items", SAME, ids=[next(iter(one)) for one in SAME])
def test_modifiers_mean_the_same_behind_a_pipeline(items: dict[str, Any]) -> None:
    """What we know and pySigma does not, or forgets, is not lost on the way through its objects."""
    detection = {"s": items, "condition": "s"}
    resolved = pysigma.through(rule_of(detection), [pipeline_of({"type": "field_name_suffix", "suffix": ""})], "python")
    assert isinstance(resolved, ResolvedRule), resolved
    assert isinstance(resolved.meaning, Detection)
    assert bare(resolved.meaning.tree) == bare(meaning(detection))


def test_every_transformation_of_pysigma_is_judged_and_shown() -> None:
    """The table lists what the installed pySigma has, and each honoured entry has a case here."""
    from sigma.processing.finalization import finalizers
    from sigma.processing.postprocessing import query_postprocessing_transformations
    from sigma.processing.transformations import transformations

    table = facts()
    assert set(table["transformations"]) == set(transformations)
    assert set(table["postprocessing"]) == set(query_postprocessing_transformations)
    assert set(table["finalizers"]) == set(finalizers)
    honoured = {name for name, entry in table["transformations"].items() if entry["own"] == "honoured"}
    assert honoured == {*HONOURED, *RAISING, *NOT_FROM_YAML}


@pytest.mark.parametrize("kind", RAISING)
def test_a_failure_is_told_with_its_text(kind: str) -> None:
    """A pipeline that refuses a rule says so at the rule, or at the item."""
    rule = rule_of(ONE)
    refused = pysigma.through(rule, [pipeline_of({"type": kind, **RAISING[kind]})], "python")
    assert isinstance(refused, tuple)
    assert refused[0].code == "T505"
    assert ("not here" in refused[0].message) is (kind != "strict_field_mapping_failure")
    if kind == "detection_item_failure":
        assert refused[0].span is not None
        assert refused[0].span.text.strip() == "User: a"


def test_header_parts_follow_the_pipeline() -> None:
    """The log source and the list of fields are the pipeline's."""
    pipeline = pipeline_of(
        {"type": "set_field", "fields": ["x"]}, {"type": "add_field", "field": "y"}, {"type": "change_logsource", "product": "linux"}
    )
    for _ in range(2):
        resolved = pysigma.through(rule_of(ONE), [pipeline], "python")
        assert not isinstance(resolved, Status | tuple)
        assert resolved.rule.fields == ("x", "y")
        assert resolved.rule.logsource.product == "linux"


def test_conditions_of_a_pipeline_are_honoured() -> None:
    """An item is applied where its conditions hold, by log source, by state, by what was applied before."""
    pipeline = pipeline_of(
        {"id": "first", "type": "set_state", "key": "k", "val": 1, "rule_conditions": [{"type": "logsource", "product": "windows"}]},
        {
            "type": "field_name_mapping",
            "mapping": {"User": "applied"},
            "rule_conditions": [{"type": "processing_item_applied", "processing_item_id": "first"}],
        },
        {"type": "field_name_suffix", "suffix": ".state", "rule_conditions": [{"type": "processing_state", "key": "k", "val": 2}]},
    )
    for product, field in (("windows", "applied"), ("linux", "User")):
        source = f"logsource: {{product: {product}}}\n"
        resolved = pysigma.through(rule_of({"s": {"User": "a"}, "condition": "s"}, source), [pipeline], "python")
        assert not isinstance(resolved, Status | tuple)
        assert set(resolved.fields) == {field}


def test_lower_priorities_come_first() -> None:
    """Pipelines apply by their priority, whatever their order on the command line."""
    first = pipeline_of({"type": "field_name_mapping", "mapping": {"User": "one"}}, priority=1)
    second = pipeline_of({"type": "field_name_mapping", "mapping": {"one": "two"}}, priority=2)
    for order in ([first, second], [second, first]):
        resolved = pysigma.through(rule_of({"s": {"User": "a"}, "condition": "s"}), order, "python")
        assert not isinstance(resolved, Status | tuple)
        assert set(resolved.fields) == {"two"}


def test_an_emptied_detection_is_refused() -> None:
    """What would mean everything or nothing is told, by the detection's name."""
    refused = pysigma.through(rule_of({"s": {"User": "a"}, "condition": "s"}), [pipeline_of({"type": "drop_detection_item"})], "python")
    assert isinstance(refused, tuple)
    assert [one.code for one in refused] == ["T506"]
    assert "'s'" in refused[0].message


def test_a_lone_window_is_told_behind_a_pipeline() -> None:
    """Sigma 1's timeframe is a keyword to pySigma; a map of this name is a detection."""
    empty = pipeline_of({"type": "field_name_suffix", "suffix": ""})
    refused = pysigma.through(rule_of({"s": {"User": "a"}, "timeframe": "5m", "condition": "1 of *"}), [empty], "python")
    assert isinstance(refused, tuple)
    assert [one.code for one in refused] == ["M007"]
    kept = pysigma.through(rule_of({"timeframe": {"User": "a"}, "condition": "timeframe"}), [empty], "python")
    assert isinstance(kept, ResolvedRule)


DOUBLING = [{"type": "field_name_mapping", "mapping": {"User": ["User", "User"]}}] * 40
PRODUCTS = {"vars": {"a": [str(number) for number in range(200)]}}


@pytest.mark.parametrize(
    ("items", "detection", "rest"),
    [
        (DOUBLING, {"User": "x"}, {}),
        ([{"type": "nest", "items": DOUBLING}], {"User": "x"}, {}),
        ([{"type": "value_placeholders"}], {"User|expand": "%a%%a%%a%%a%%a%%a%%a%%a%"}, PRODUCTS),
        ([{"type": "map_string", "mapping": {"x": ["x"] * 9000}}] * 3, {"User": ["x"] * 30}, {}),
    ],
)
def test_a_short_pipeline_makes_no_endless_rule(items: list[dict[str, Any]], detection: dict[str, Any], rest: dict[str, Any]) -> None:
    """A step that would multiply a rule beyond its bound is stopped before, in a nest too, for our targets and for a backend."""
    rule, pipeline = rule_of({"s": detection, "condition": "s"}), pipeline_of(*items, **rest)
    refused = pysigma.through(rule, [pipeline], "python")
    assert isinstance(refused, tuple)
    assert "more than 20000 tests" in refused[0].message
    source = ResolvedRule(rule, Opaque("sigma", ""), Source("", "", {}, {}), {}, {}, [pipeline])
    done = target_named("pysigma-splunk").compile(source, {})
    assert "more than 20000 tests" in done.diagnostics[0].message


REFUSED = {
    "transformations": ["query_expression_placeholders", "file_placeholders", "http_placeholders", "command_placeholders", "no_such"],
    "postprocessing": ["embed", "simple_template", "template", "json", "replace", "nest"],
    "finalizers": ["concat", "json", "yaml", "template", "nested"],
}


@pytest.mark.parametrize(("part", "kind"), [(part, kind) for part, kinds in REFUSED.items() for kind in kinds])
def test_what_edits_queries_or_leads_outside_is_refused_by_name(part: str, kind: str) -> None:
    """The diagnostic names the part and stands at its type; nested ones too."""
    items: list[dict[str, Any]] = [{"type": kind}]
    if part == "transformations":
        items = [{"type": "nest", "items": [{"type": "nest", "items": items}]}]
    found = read_pipeline(yaml.safe_dump({part: items}, default_flow_style=True).encode(), "p.yml", ["own"])
    assert isinstance(found, tuple)
    assert [one.code for one in found] == ["P031"]
    assert f"'{kind}'" in found[0].message
    assert found[0].span is not None
    assert found[0].span.text[found[0].span.column - 1 :].startswith(kind)


@pytest.mark.parametrize("kind", ["file_placeholders", "http_placeholders", "command_placeholders"])
def test_nothing_leads_outside_for_a_backend_either(kind: str) -> None:
    """A pySigma backend's pipeline may edit the query, but not read files, use the network or run commands."""
    text = yaml.safe_dump({"transformations": [{"type": kind}], "postprocessing": [{"type": "embed", "prefix": "x"}]})
    found = read_pipeline(text.encode(), "p.yml", ["bridge"])
    assert isinstance(found, tuple)
    assert [one.message.split("'")[1] for one in found] == [kind]


@pytest.mark.parametrize("key", ["vars", "path"])
@pytest.mark.parametrize("part", ["postprocessing", "finalizers"])
def test_templates_stay_in_the_file(part: str, key: str, tmp_path: Path) -> None:
    """A template with Python code or from a folder is refused, also in a nest, and the code never runs."""
    ran = tmp_path / "ran"
    (tmp_path / "vars.py").write_text(f"open({str(ran)!r}, 'w')\nvars = {{}}\n", "utf-8")
    template = {"type": "template", "template": "x", key: str(tmp_path / "vars.py") if key == "vars" else str(tmp_path)}
    nest = {"type": "nest", "items": [template]} if part == "postprocessing" else {"type": "nested", "finalizers": [template]}
    for item in (template, nest):
        found = read_pipeline(yaml.safe_dump({part: [item]}).encode(), "p.yml", ["bridge"])
        assert isinstance(found, tuple)
        assert [one.code for one in found] == ["P031"]
        assert f"'{key}'" in found[0].message
    assert not ran.exists()


SLOW = [
    ({"type": "replace_string", "regex": "(a+)+$", "replacement": "x"}, "(a+)+$"),
    ({"type": "extract_fields", "regex": "(?P<x>(a|a)*)b"}, "(?P<x>(a|a)*)b"),
    (
        {"type": "drop_detection_item", "detection_item_conditions": [{"type": "match_string", "cond": "any", "pattern": "a*a*a*a*b"}]},
        "a*a*a*a*b",
    ),
    (
        {
            "type": "drop_detection_item",
            "field_name_conditions": {"x": {"type": "include_fields", "mode": "re", "fields": ["a", "(b*)*c"]}},
        },
        "(b*)*c",
    ),
    ({"type": "nest", "items": [{"type": "replace_string", "regex": "(a+)+$", "replacement": "x"}]}, "(a+)+$"),
]


@pytest.mark.parametrize(("item", "pattern"), SLOW)
def test_a_pattern_of_endless_time_is_refused(item: dict[str, Any], pattern: str) -> None:
    """Patterns run on a rule's texts by a backtracking engine: one that could take for ever is told at its place, once."""
    found = read_pipeline(yaml.safe_dump({"transformations": [item]}, default_flow_style=True, width=400).encode(), "p.yml", ["own"])
    assert isinstance(found, tuple)
    assert [one.code for one in found] == ["P033"]
    assert found[0].span is not None
    assert pattern in found[0].span.text[found[0].span.column - 1 :]


HOSTILE = {
    "no yaml": b"transformations: [",
    "a list": b"- 1\n",
    "two documents": b"name: a\n---\nname: b\n",
    "an unknown key": b"transformation: []\n",
    "items that are no list": b"transformations: {type: nest}\n",
    "an item that is no map": b"transformations: [1, {id: x}]\n",
    "a key twice": b"name: a\nname: b\n",
    "deep": b"transformations: " + b"[" * 5000 + b"]" * 5000,
    "large": b"name: " + b"a" * (1 << 20),
    "no text": b"\xff\xfe\x00",
    "a bomb": b"a: &a [1,1,1,1,1,1,1,1,1]\n"
    + b"".join(b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (c + 1, c + 1, *[c] * 8) for c in range(97, 110)),
    "wrong parameters": b"transformations: [{type: field_name_mapping, nope: 1}]\n",
    "a wrong condition": b"transformations: [{type: set_state, key: a, val: 1, rule_conditions: [{type: nope}]}]\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_pipeline_is_told(name: str) -> None:
    """Whatever the file holds, the answer is a diagnostic with a place."""
    found = read_pipeline(HOSTILE[name], "p.yml", ["own"])
    assert isinstance(found, tuple), found
    assert all(isinstance(one, Diagnostic) and one.span is not None for one in found)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack with one Kubernetes rule as the working directory."""
    (tmp_path / "rules").mkdir()
    detection = "detection:\n  s:\n    verb: create\n    who|contains: x\n  condition: s\n"
    (tmp_path / "rules/a.yml").write_text(HEAD + "logsource: {product: kubernetes, service: audit}\n" + detection, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def piped(folder: Path, *items: Mapping[str, Any], **rest: Any) -> str:
    (folder / "p.yml").write_text(yaml.safe_dump({"transformations": list(items), **rest}, sort_keys=False), "utf-8")
    return "p.yml"


MAPPING = {"type": "field_name_mapping", "mapping": {"verb": "kubernetes.audit.verb", "who": "my.who"}}


@pytest.mark.usefixtures("pack")
def test_names_are_not_mapped_twice_and_types_come_from_the_tables(pack: Path) -> None:
    """A name of the target's table keeps its closed values (exact); the type of another is unknown, and the help says who knows it."""
    path = piped(pack, MAPPING)
    refused = run("convert", "rules/a.yml", "-t", "elastic", "-O", "language=kuery", "-p", path)
    assert refused.exit_code == 1
    assert "error[T507]: elastic: nothing says of which type the field 'my.who' is on elastic" in refused.stderr
    assert "'converter fields import elastic' reads it from the index's mapping" in refused.stderr
    assert "A rule: unknown on elastic" in refused.stderr
    assert "(field 'my.who')" in refused.stderr
    assert "(field 'kubernetes.audit.verb')" not in refused.stderr
    built = run("convert", "rules/a.yml", "-t", "elastic", "-O", "language=kuery", "-p", path, "--allow", "narrower,unknown")
    assert 'kubernetes.audit.verb:"create"' in built.stdout
    assert "my.who:*x*" in built.stdout
    assert 'event.dataset:"kubernetes.audit_logs"' in built.stdout


def test_a_pipeline_that_selects_the_source_replaces_our_condition(pack: Path) -> None:
    """With a condition of the pipeline's own, the target's is not added."""
    path = piped(pack, MAPPING, {"type": "add_condition", "conditions": {"my.dataset": "k8s"}})
    built = run("convert", "rules/a.yml", "-t", "elastic", "-O", "language=kuery", "-p", path, "--allow", "narrower,unknown")
    assert 'my.dataset:"k8s"' in built.stdout
    assert "event.dataset" not in built.stdout


def test_a_name_that_the_pipeline_left_is_told(pack: Path) -> None:
    """Where the target's own condition selects its documents, a raw event's name finds nothing; in an index of one's own it may."""
    path = piped(pack, {"type": "field_name_mapping", "mapping": {"who": "my.who"}})
    refused = run("convert", "rules/a.yml", "-t", "elastic", "-p", path)
    assert (refused.exit_code, "error[T001]: the pipeline leaves the field 'verb'" in refused.stderr) == (1, True)
    path = piped(pack, {"type": "add_condition", "conditions": {"my.dataset": "k8s"}})
    built = run("convert", "rules/a.yml", "-t", "elastic", "-O", "language=kuery", "-p", path, "--allow", "narrower,unknown")
    assert "verb:create" in built.stdout.replace('"', "")


def test_splunk_and_elastic_take_sources_that_only_a_pipeline_knows(pack: Path) -> None:
    """A log source without a table is refused, and built with a pipeline; Falco needs its own source."""
    text = (pack / "rules/a.yml").read_text("utf-8").replace("product: kubernetes, service: audit", "product: nobody")
    (pack / "rules/a.yml").write_text(text, "utf-8")
    path = piped(pack, MAPPING)
    for target in ("splunk", "elastic"):
        assert run("convert", "rules/a.yml", "-t", target, "--allow", "narrower").exit_code == 1
        built = run("convert", "rules/a.yml", "-t", target, "-p", path, "--allow", "narrower,mixed,unknown")
        assert built.exit_code == 0, built.output
        assert "my.who" in built.stdout
    falco = run("convert", "rules/a.yml", "-t", "falco", "-p", path)
    assert (falco.exit_code, "T002" in falco.stderr) == (1, True)


def test_falco_refuses_names_that_it_does_not_have(pack: Path) -> None:
    """A rules file with an unknown field would not load: a pipeline's name must be one of Falco's."""
    refused = run("convert", "rules/a.yml", "-t", "falco", "-p", piped(pack, MAPPING))
    assert (refused.exit_code, "'my.who', which is no field of Falco's" in refused.stderr) == (1, True)
    path = piped(pack, {"type": "field_name_mapping", "mapping": {"verb": "ka.verb", "who": "ka.user.name"}})
    assert "ka.user.name" in run("convert", "rules/a.yml", "-t", "falco", "-p", path, "--allow", "narrower").stdout


def test_pipelines_that_cannot_be_used_end_the_command(pack: Path) -> None:
    """A missing one is wrong usage, an unreadable or refused one is input; nothing is written."""
    assert run("build", "-p", "nowhere").exit_code == 2
    (pack / "bad.yml").write_text("postprocessing: [{type: embed}]\n", "utf-8")
    assert run("build", "-p", "bad.yml").exit_code == 3
    assert run("build", "-p", "rules").exit_code == 3
    assert not (pack / "output").exists()


def test_a_pipeline_for_others_is_used_with_a_warning(pack: Path) -> None:
    """``allowed_backends`` without the target is said, as pySigma's command line does."""
    path = piped(pack, MAPPING, allowed_backends=["loki"])
    assert "warning[P032]" in run("convert", "rules/a.yml", "-t", "elastic", "-O", "language=kuery", "-p", path).stderr
    path = piped(pack, MAPPING, allowed_backends=["lucene"])
    assert "P032" not in run("convert", "rules/a.yml", "-t", "elastic", "-O", "language=kuery", "-p", path).stderr
