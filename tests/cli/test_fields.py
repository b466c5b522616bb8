"""A pack's own fields through every command: what ends in the artifacts, what is refused, what a person is told."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from inprocess import run

RULE = """\
title: Example Rule
id: 3b1c0a52-0000-4000-8000-000000000001
status: test
description: An example.
author: Somebody
date: 2026-03-02
license: Apache-2.0
tags: [attack.execution]
logsource: {product: kubernetes, service: audit}
detection:
  selection:
    verb: create
    objectRef.resource: pods
    user.username|startswith: system
  condition: selection
falsepositives: [none]
level: low
x-converter:
  tests:
    - {name: one, match: true, event: &one {kind: Event, auditID: a,
        stageTimestamp: '2026-03-02T00:00:00Z', verb: create, objectRef: {resource: pods}, user: {username: system-a}}}
    - {name: verb, match: false, event: {<<: *one, verb: get}}
    - {name: resource, match: false, event: {<<: *one, objectRef: {resource: nodes}}}
    - {name: user, match: false, event: {<<: *one, user: {username: anna}}}
"""
OWN = """\
logsource: {product: kubernetes, service: audit}
targets:
  elastic:
    index: [clusters-*]
    guard: {}
    fields:
      user.username: {path: actor.name, type: keyword, caseless: actor.name.lower}
      verb: {path: request.verb, type: keyword, case: lower}
  splunk:
    index: [k8s]
    sourcetype: ['kube:audit']
    macro: clusters
    fields:
      user.username: {path: actor}
  falco:
    event_source: k8s_audit
    fields:
      user.username: {path: ka.user.name}
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack with one rule on the audit log of Kubernetes and fields of its own."""
    for name in ("rules", "fields"):
        (tmp_path / name).mkdir()
    (tmp_path / "converter.toml").write_text('[pack]\nname = "mine"\n', "utf-8")
    (tmp_path / "rules" / "a.yml").write_text(RULE, "utf-8")
    (tmp_path / "fields" / "kubernetes.yml").write_text(OWN, "utf-8")
    return tmp_path


def test_indices_macros_and_names_end_in_the_artifacts(pack: Path) -> None:
    """Rows of the pack stand over the shipped ones, which hold for all other fields; verify finds nothing against the outputs."""
    done = run(pack, "build")
    assert done.returncode == 0, done.stderr
    rule = tomllib.loads((pack / "output/elastic/a.toml").read_text("utf-8"))["rule"]
    assert rule["index"] == ["clusters-*"]
    assert "event.dataset" not in rule["query"]
    for part in ("actor.name.lower:system*", 'request.verb:"create"', 'kubernetes.audit.objectRef.resource:"pods"'):
        assert part in rule["query"]
    search = (pack / "output/splunk/a.conf").read_text("utf-8")
    assert '`clusters` verb="create" objectRef.resource' in search.replace('"objectRef.resource"', "objectRef.resource")
    assert 'actor="system*"' in search
    assert '"actor" AS user' in search, "what an alert shows has the pack's name too"
    assert "definition = index=k8s sourcetype=kube:audit" in (pack / "output/splunk/macros.conf").read_text("utf-8")
    checked = run(pack, "verify", "--engine", "reader")
    assert checked.returncode == 0, checked.stderr
    for target in ("elastic", "splunk", "falco"):
        assert f"note[V011]: what {target} sees of these events is the pack's own word" in checked.stderr
    assert checked.stderr.count(" exact ") == 4
    assert run(pack, "ci", "-t", "elastic", "-t", "splunk").returncode in (0, 1)


def test_the_type_of_a_row_decides_the_status(pack: Path) -> None:
    """The same rule is exact in KQL on a keyword and refused there on a text, which ES|QL alone compares as a whole."""
    (pack / "fields" / "kubernetes.yml").write_text(
        OWN.replace("verb: {path: request.verb, type: keyword, case: lower}", "verb: {path: request.verb, type: text}"), "utf-8"
    )
    done = run(pack, "build", "-t", "elastic", "-O", "language=kuery")
    assert done.returncode == 1
    assert "T119" in done.stderr, "a text is compared by words"
    assert "esql" in run(pack, "build", "-t", "elastic").stderr


def test_an_output_of_other_fields_is_refuted(pack: Path) -> None:
    """Verify reads the output from disk: built with other rows, it asks where nothing stands; ``build --check`` says that it is stale."""
    assert run(pack, "build", "-t", "elastic", "-t", "splunk").returncode == 0
    file = pack / "fields" / "kubernetes.yml"
    file.write_text(
        OWN.replace("actor.name, type", "actor.other, type")
        .replace("actor.name.lower", "actor.other.lower")
        .replace("path: actor}", "path: who}"),
        "utf-8",
    )
    done = run(pack, "verify", "-t", "elastic", "-t", "splunk", "--engine", "reader")
    assert (done.returncode, done.stderr.count("error[V003]")) == (1, 2), done.stderr
    assert "2 would change" in run(pack, "build", "-t", "elastic", "-t", "splunk", "--check").stderr


def test_a_log_source_that_does_not_ship_is_built_for_falco(pack: Path) -> None:
    """Event source, plugin and output are the pack's; a list is a list."""
    rule = RULE.replace("product: kubernetes, service: audit", "product: okta, service: system")
    (pack / "rules" / "a.yml").write_text(rule, "utf-8")
    refused = run(pack, "build", "-t", "falco")
    assert "error[T002]" in refused.stderr
    assert "'converter fields import" in refused.stderr
    (pack / "fields" / "okta.yml").write_text(
        "logsource: {product: okta, service: system}\ntargets:\n  falco:\n    event_source: okta\n    complete: true\n"
        "    plugins: [{name: okta, version: 0.11.0}]\n    tags: [okta]\n    fields:\n      verb: {path: okta.evt.type}\n"
        "      objectRef.resource: {path: okta.target.type}\n      user.username: {path: okta.actor.name}\n",
        "utf-8",
    )
    done = run(pack, "build", "-t", "falco")
    assert done.returncode == 0, done.stderr
    (version, plugins, written) = yaml.safe_load((pack / "output/falco/a.yaml").read_text("utf-8"))
    assert "required_engine_version" in version
    assert plugins["required_plugin_versions"] == [{"name": "okta", "version": "0.11.0"}]
    assert (written["source"], written["tags"][-1]) == ("okta", "okta")
    assert "%okta.actor.name" in written["output"]
    checked = run(pack, "verify", "-t", "falco")
    assert checked.returncode == 0, checked.stderr
    assert "exact" in checked.stderr


def test_two_rules_of_one_shipped_macro_have_two(pack: Path) -> None:
    """A definition of one's own for a log source whose shipped macro others share gets a macro of its own."""
    text = "logsource: {product: windows, category: process_creation}\ntargets:\n  splunk: {index: [endpoint]}\n"
    (pack / "fields" / "windows.yml").write_text(text, "utf-8")
    rule = "detection:\n  s: {{{field}: x}}\n  condition: s\n"
    head = RULE.partition("logsource:")[0]
    for number, (category, field) in enumerate((("process_creation", "Image"), ("file_event", "TargetFilename"))):
        body = head.replace("0001", f"000{number + 2}").replace("Example Rule", f"Example {number}")
        (pack / "rules" / f"w{number}.yml").write_text(
            body + f"logsource: {{product: windows, category: {category}}}\n" + rule.format(field=field) + "level: low\n", "utf-8"
        )
    assert run(pack, "build", "-t", "splunk").returncode == 0
    macros = (pack / "output/splunk/macros.conf").read_text("utf-8")
    assert "[windows_process_creation]\ndefinition = index=endpoint\n" in macros
    assert '[sysmon]\ndefinition = source="XmlWinEventLog' in macros


def test_later_documents_win(pack: Path) -> None:
    """Files in the order of their paths, documents in theirs: the last row for a name holds, the others stay."""
    later = "---\nlogsource: {product: kubernetes, service: audit}\ntargets: {elastic: {fields: {verb: {path: v, type: keyword}}}}\n"
    (pack / "fields" / "z.yml").write_text(later + later.replace("path: v,", "path: w,"), "utf-8")
    shown = json.loads(run(pack, "fields", "show", "verb", "--logsource", "kubernetes//audit", "--output-format", "json").stdout)
    (row,) = shown["results"]
    assert (row["targets"]["elastic"]["path"], row["targets"]["elastic"]["from"]) == ("w", "fields/z.yml:6")
    assert row["targets"]["splunk"]["from"] == "converter/data/fields/splunk/kubernetes_audit.yml"
    assert row["targets"]["falco"]["path"] == "ka.verb"


BROKEN = {
    "unknown key": ("    index: [a]\n    indices: [b]\n", "P043", "fields/x.yml:5:5", "did you mean 'index'?"),
    "wrong type": ("    index: a\n", "P041", "fields/x.yml:4:12", ""),
    "unknown type": (
        "    index: [a]\n    fields:\n      v: {path: a, type: keywrod}\n",
        "P041",
        "fields/x.yml:6:26",
        "did you mean 'keyword'?",
    ),
    "control character": (
        '    index: [a]\n    fields:\n      v: {path: "a\\u0007b", type: keyword}\n',
        "P045",
        "fields/x.yml:6:17",
        "as the system lists it",
    ),
    "star": ("    index: [a]\n    fields:\n      v: {path: a.*, type: keyword}\n", "P045", "fields/x.yml:6:17", "stands for every name"),
    "guard": ("    index: [a]\n    guard: {a: 'b or *'}\n", "P046", "fields/x.yml:5:13", "quote numbers"),
    "no index": ("    complete: true\n", "P046", "fields/x.yml:4:1", "add 'index:"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_file_is_told_at_its_place(pack: Path, name: str) -> None:
    """Each mistake has its code, its line and column, and what to write; no command goes on with half of the fields."""
    text, code, place, help_text = BROKEN[name]
    (pack / "fields" / "x.yml").write_text("logsource: {product: shop}\ntargets:\n  elastic:\n" + text, "utf-8")
    done = run(pack, "build", "-t", "elastic")
    assert done.returncode == 3
    assert f"error[{code}]" in done.stderr
    assert (place if name != "no index" else "fields/x.yml:") in done.stderr, done.stderr
    assert help_text in done.stderr
    assert not (pack / "output").exists()


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("logsource: {product: shop}\ntargets: {elastik: {}}\n", "P044", "did you mean 'elastic'?"),
        ("targets: {}\n", "P042", "logsource"),
        ("logsource: {}\n", "P042", "the log source is empty"),
        ("- a\n", "P040", "a map"),
        ("logsource: {product: shop}\ntargets: {splunk: {definition: 'a=b AND'}}\n", "P046", "no search"),
        ("logsource: {product: shop}\ntargets: {splunk: {definition: 'a=b | delete'}}\n", "P041", "form of definition"),
        ('logsource: {product: shop}\ntargets: {splunk: {definition: "a=b\\nenabled = 1"}}\n', "P046", "more than one line"),
        (
            "logsource: {product: shop}\ntargets: {elastic: {index: [a], fields: {a: {path: NOT, type: keyword}}}}\n",
            "P045",
            "no field's name",
        ),
        ("logsource: {product: shop}\ntargets: {splunk: {index: [a], fields: {or: {path: or}}}}\n", "P045", "no field's name"),
        ("logsource: {product: shop}\ntargets: {splunk: {index: [a], like: kubernetes_audi}}\n", "P046", "kubernetes_audit"),
        ("logsource: {product: shop}\ntargets: {splunk: {index: [a], macro: sysmon}}\n", "P046", "another definition"),
        ("logsource: {product: shop}\ntargets: {splunk: {index: ['a`b`']}}\n", "P046", "can be no index"),
        (
            "logsource: {product: shop}\ntargets: {falco: {event_source: okta, fields: {a: {path: 'okta.a) or (evt.num'}}}}\n",
            "P045",
            "no field's name",
        ),
        ("logsource: [product\n", "R003", ""),
    ],
)
def test_what_no_query_may_hold_is_refused(pack: Path, text: str, code: str, said: str) -> None:
    """A target without names, a search behind a pipe, a condition in a name: each ends the command before anything is written."""
    (pack / "fields" / "x.yml").write_text(text, "utf-8")
    done = run(pack, "build")
    assert (done.returncode, f"error[{code}]" in done.stderr, said in done.stderr) == (3, True, True), done.stderr
    assert not (pack / "output").exists()


def test_a_folder_that_is_a_link_is_refused(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A pack's fields are the pack's."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "fields"
    (pack / "fields").rename(elsewhere)
    (pack / "fields").symlink_to(elsewhere)
    done = run(pack, "build")
    assert (done.returncode, "the folder of fields is a link" in done.stderr) == (3, True)


def test_check_names_the_rules_that_a_system_cannot_answer(pack: Path) -> None:
    """A complete list of fields refuses what it lacks, with the place in the rule, the near name and the list's own place."""
    mapping = {
        "mappings": {
            "properties": {
                "verb": {"type": "keyword"},
                "objectRef": {"properties": {"resource": {"type": "keyword"}}},
                "user": {"properties": {"user_name": {"type": "keyword"}}},
            }
        }
    }
    (pack / "answer.json").write_text(json.dumps(mapping), "utf-8")
    (pack / "fields" / "kubernetes.yml").unlink()
    words = ("fields", "import", "elastic", "answer.json", "--logsource", "kubernetes//audit", "--index", "audit-*")
    assert run(pack, *words).returncode == 0
    done = run(pack, "fields", "check")
    assert done.returncode == 1
    assert (
        "error[T001]: elastic: the field 'user.username' is not among those of your elastic (fields/kubernetes_audit_elastic.yml:"
        in done.stderr
    )
    assert "rules/a.yml:14:" in done.stderr
    assert "did you mean 'user.user_name'?" in done.stderr
    assert run(pack, "fields", "check", "-t", "splunk").returncode == 0
    assert run(pack, "fields", "check", "-t", "python").returncode == 2
    assert "error[T001]" in run(pack, "build", "-t", "elastic").stderr


def test_a_pipelines_names_have_their_types_from_the_pack(pack: Path) -> None:
    """The same name is unknown without the pack's row, and of the row's type with it; a caseless multi-field is lower case."""
    pipeline = {
        "transformations": [
            {"type": "field_name_mapping", "mapping": {"verb": "my.verb", "objectRef.resource": "my.res", "user.username": "my.user.low"}}
        ]
    }
    (pack / "p.yml").write_text(yaml.safe_dump(pipeline), "utf-8")
    words = ("convert", "rules/a.yml", "-t", "elastic", "-p", "p.yml")
    refused = run(pack, *words)
    assert refused.returncode == 1
    assert refused.stderr.count("error[T507]") == 3
    assert "Example Rule: unknown on elastic" in refused.stderr
    rows = "      verb: {path: my.verb, type: keyword}\n      objectRef.resource: {path: my.res, type: keyword}\n"
    rows += "      user.username: {path: my.user, type: keyword, caseless: my.user.low}\n"
    (pack / "fields" / "kubernetes.yml").write_text(OWN.partition("      user.username")[0] + rows, "utf-8")
    built = run(pack, *words)
    assert built.returncode == 0, built.stderr
    assert "my.user.low:system*" in built.stdout


def test_a_field_of_several_types_makes_its_rules_unknown(pack: Path) -> None:
    """``type: unknown`` is no type: the rule is refused with the help that names the import."""
    (pack / "fields" / "kubernetes.yml").write_text(OWN.replace("type: keyword, case: lower", "type: unknown"), "utf-8")
    done = run(pack, "build", "-t", "elastic")
    assert done.returncode == 1
    assert "error[T507]: elastic: nothing says of which type the field 'verb' is on elastic" in done.stderr
    assert "'converter fields import elastic'" in done.stderr
    assert run(pack, "build", "-t", "elastic", "--allow", "unknown").returncode == 0
    warned = run(pack, "fields", "check", "-t", "elastic")
    assert (warned.returncode, "warning[T507]" in warned.stderr) == (0, True)


def test_what_is_asked_wrongly_is_wrong_usage(pack: Path) -> None:
    """Options of another target, a log source that is none, a name that no log source has."""
    (pack / "a.json").write_text('{"properties": {"a": {"type": "keyword"}}}', "utf-8")
    assert run(pack, "fields", "import", "elastic", "a.json", "--logsource", "a/b/c/d").returncode == 2
    assert run(pack, "fields", "import", "elastic", "a.json", "--logsource", "shop", "--macro", "m").returncode == 2
    assert run(pack, "fields", "import", "elastic", "a.json", "--logsource", "shop", "-o", "x.txt").returncode == 2
    assert run(pack, "fields", "import", "elastic", "none.json", "--logsource", "shop").returncode == 3
    shown = run(pack, "fields", "import", "elastic", "a.json", "--logsource", "shop", "-o", "-")
    assert (shown.returncode, yaml.safe_load(shown.stdout)["logsource"]) == (0, {"product": "shop"})
    assert "give --index" in shown.stderr
    turned = run(pack, "fields", "import", "elastic", "a.json", "--logsource", "process_creation/windows", "-o", "-")
    assert "did you mean windows/process_creation?" in turned.stderr
    unknown = run(pack, "fields", "show", "user.usernam")
    assert (unknown.returncode, "did you mean user.username" in unknown.stderr) == (1, True)


def test_the_schema_is_one_and_the_pack_follows_it(pack: Path) -> None:
    """``converter schema fields`` is a JSON Schema, which the example fits and a mistake does not."""
    schema = json.loads(run(pack, "schema", "fields").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(yaml.safe_load(OWN))
    assert not validator.is_valid(yaml.safe_load(OWN.replace("type: keyword,", "type: keywrod,")))
