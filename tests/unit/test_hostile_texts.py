"""Hostile texts in a rule's header go into every artifact of every target and come back by the format's own parser."""

from __future__ import annotations

import ast
import io
import json
import tarfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hostile_texts import KEYS, TEXTS, rule_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from converter.languages import falco, spl
from converter.model import Fidelity, has_errors
from converter.pack import RuleFile, compile_rule, load_bytes
from converter.targets import NAMES, PACKAGES, target

FRAGMENTS = (*TEXTS, *"\"'\\\n\r\t][%$|`#;=\0\x85\u2028", "{{", "}}", "{%", "%}", "{#")
HOSTILE = (
    st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), min_size=1, max_size=4).map("".join).filter(lambda one: len(one) <= 200)
)
ID = "00000000-0000-4000-8000-00000000000a"


def artifacts_of(rule: dict[str, Any], options: Mapping[str, str]) -> dict[str, dict[str, bytes]] | None:
    """Return the files of every target, ``None`` when the rule itself is refused."""
    data = yaml.safe_dump(rule, width=10**6).encode("ascii")
    loaded, problems = load_bytes(data, RuleFile(Path("r.yml"), "r.yml", "r"))
    if has_errors(problems):
        return None
    found = {}
    for name in (*NAMES, *PACKAGES):
        chosen = target(name)
        outcome = compile_rule(loaded[0], chosen, {}, frozenset(Fidelity))
        assert outcome.allowed, outcome.diagnostics
        assert outcome.compilation is not None
        found[name] = {one.path: one.data for one in chosen.package([outcome.compilation], ["r"], options)}
    return found


def spaced(text: str) -> list[str]:
    """Return the words of a text as a line of prose holds them: what cannot be printed is a blank."""
    return "".join(one if one.isprintable() else " " for one in " ".join(text.split())).split()


def check(files: Mapping[str, Mapping[str, bytes]], texts: Mapping[str, str]) -> None:
    """Hold every file against the texts that went in."""
    check_elastic(tomllib.loads(files["elastic"]["r.toml"].decode("utf-8"))["rule"], texts)
    lines = files["elastic-ndjson"]["rules.ndjson"].decode("utf-8")
    assert lines.splitlines() == lines[:-1].split("\n")
    assert len(lines.splitlines()) == 1
    check_elastic(json.loads(lines), texts)
    check_note(json.loads(lines)["note"], texts)
    check_conf(files["splunk"]["r.conf"], texts)
    (app,) = files["splunk-app"].values()
    check_app(app, texts)
    check_falco(files["falco"]["r.yaml"], texts)
    check_falco(files["falco-rules"]["rules.yaml"], texts)
    check_python(files["python"]["r.py"], texts)
    check_package(files["python-package"], texts)


def check_elastic(rule: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """Every value of Elastic's rule is what went in, white space at the ends of prose aside."""
    assert rule["name"] == texts["title"]
    assert rule["description"] == (texts["description"].strip() or texts["title"])
    assert rule["references"] == [texts["reference"]]
    assert rule["false_positives"] == [texts["falsepositive"]]
    assert rule["tags"] == [texts["tag"]]
    assert rule.get("setup", "") == texts["note"]
    assert rule.get("license", "") == texts["license"]
    assert rule.get("note", "").startswith(texts["note"].strip())
    assert (rule["rule_id"], rule["type"]) == (ID, "query")
    assert rule["query"].strip() == 'event.dataset:"kubernetes.audit_logs"\n  and kubernetes.audit.verb:"create"'


def check_note(note: str, texts: Mapping[str, str]) -> None:
    """Author, licence and source stand under their heading, each on a line of its own."""
    told = note.removeprefix(texts["note"].strip()).strip().split("\n")
    wanted = {
        "Author": texts["author"] or "unknown",
        "License": texts["license"] or "not stated",
        "Source": texts["source"],
        "Sigma rule": ID,
    }
    assert told == ["## Origin", "", *(f"- {name}: {' '.join(text.split())}" for name, text in wanted.items() if text)]


def check_conf(data: bytes, texts: Mapping[str, str]) -> None:
    """No text opens a stanza or a key; the description holds its words."""
    conf = spl.read_conf(data.decode("utf-8"), "r.conf")
    assert isinstance(conf, spl.Conf), conf
    assert len(conf.stanzas) == 1
    assert conf.stanzas[0].name.endswith(f"- {ID[:8]}")
    keys = [setting.key for setting in conf.stanzas[0].settings]
    assert len(keys) == len(set(keys))
    assert keys[:2] == ["description", "search"]
    told = conf.stanzas[0].get("description").split()
    prose = [*spaced(texts["description"].strip() or texts["title"]), "Rule", f"{ID},", "by", *spaced(texts["author"] or "unknown")]
    assert " ".join(told).startswith(" ".join(prose))
    assert conf.stanzas[0].get("search").startswith('`kube_audit` verb="create"')


def check_app(data: bytes, texts: Mapping[str, str]) -> None:
    """The app holds its six files and nothing else, each readable, with the search of the rule's own file."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}  # type: ignore[union-attr]
        assert {one.name.partition("/")[0] for one in archive} == {"detection_rules"}
    files = {name.partition("/")[2]: content for name, content in files.items()}
    assert set(files) == {
        "README.md", "app.manifest", "default/app.conf", "default/macros.conf", "default/savedsearches.conf", "metadata/default.meta",
    }  # fmt: skip
    check_conf(files["default/savedsearches.conf"], texts)
    macros = spl.read_conf(files["default/macros.conf"].decode("utf-8"), "macros.conf")
    assert isinstance(macros, spl.Conf), macros
    assert sorted(one.get("definition") for one in macros.stanzas) == ["search *", 'source="kubernetes"']
    app = spl.read_conf(files["default/app.conf"].decode("utf-8"), "app.conf")
    assert isinstance(app, spl.Conf), app
    assert [one.name for one in app.stanzas] == ["install", "launcher", "ui", "package", "id"]
    launcher = app.stanza("launcher")
    assert launcher is not None
    assert launcher.get("author") == json.loads(files["app.manifest"])["info"]["author"][0]["name"]
    readme = files["README.md"].decode("utf-8")
    assert sum(line.startswith("- ") for line in readme.split("\n")) == 1
    assert readme.splitlines() == readme.split("\n")[:-1]


def check_falco(data: bytes, texts: Mapping[str, str]) -> None:
    """The rules file holds one rule, named and described by the texts, for PyYAML and for our reader."""
    ours = falco.read_rules(data, "r.yaml")
    assert isinstance(ours, falco.RulesFile), ours
    items = yaml.safe_load(data)
    assert [next(iter(one)) for one in items] == ["required_engine_version", "required_plugin_versions", "rule"]
    for name, desc in ((items[2]["rule"], items[2]["desc"]), (ours.rules[0].name, ours.rules[0].desc)):
        assert name == (" ".join(texts["title"].split()) or ID)
        lines = desc.split("\n")
        assert lines[0] == " ".join((texts["description"] if texts["description"].split() else texts["title"]).split())
        assert f"False positives: {' '.join(texts['falsepositive'].split())}" in desc
        assert f"Sigma rule: {ID}" in lines
    assert items[2]["condition"] == 'ka.verb = "create"'


def check_python(data: bytes, texts: Mapping[str, str]) -> None:
    """The module's metadata is the texts, and nothing of them is code."""
    tree = ast.parse(data.decode("utf-8"))
    rule = next(ast.literal_eval(item.value) for item in tree.body if isinstance(item, ast.Assign))
    wanted = {"title": texts["title"], "author": texts["author"], "license": texts["license"], "source": texts["source"]}
    assert {key: rule.get(key, "") for key in wanted} == wanted
    assert rule["references"] == (texts["reference"],)
    assert rule["falsepositives"] == (texts["falsepositive"],)
    assert rule["tags"] == (f"x.{texts['tag']}",)
    assert all(isinstance(item, ast.Expr | ast.Assign | ast.FunctionDef | ast.ImportFrom) for item in tree.body)
    assert sum(isinstance(item, ast.Expr) for item in tree.body) == 1


def check_package(files: Mapping[str, bytes], texts: Mapping[str, str]) -> None:
    """The package's own files parse, and its module is the rule's."""
    assert set(files) == {
        "README.md", "pyproject.toml", "detection_rules/__init__.py", "detection_rules/rules/__init__.py", "detection_rules/rules/r.py",
    }  # fmt: skip
    check_python(files["detection_rules/rules/r.py"], texts)
    for name in ("detection_rules/__init__.py", "detection_rules/rules/__init__.py"):
        assert "r" in {node.attr for node in ast.walk(ast.parse(files[name])) if isinstance(node, ast.Attribute)} or name.endswith(
            "rules/__init__.py"
        )
    assert tomllib.loads(files["pyproject.toml"].decode("utf-8"))["project"]["name"] == "detection-rules"


@pytest.mark.parametrize("text", TEXTS)
def test_every_artifact_gives_a_text_back(text: str) -> None:
    """Each text, everywhere at once."""
    texts = dict.fromkeys(KEYS, text)
    files = artifacts_of(rule_of(texts), {})
    assert files is not None
    check(files, texts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.fixed_dictionaries(dict.fromkeys(KEYS, HOSTILE)))
def test_every_artifact_gives_any_texts_back(texts: dict[str, str]) -> None:
    """Any texts, a different one in each place."""
    files = artifacts_of(rule_of(texts), {})
    assume(files is not None)
    assert files is not None
    check(files, texts)


@settings(max_examples=40, deadline=None)
@given(author=HOSTILE.filter(str.strip))
def test_a_hostile_option_is_held_or_refused(author: str) -> None:
    """What a package says of itself is what was asked for, or a finding: never another file."""
    from converter.targets import UnpackableError

    texts = dict.fromkeys(KEYS, "plain")
    try:
        files = artifacts_of(rule_of(texts), {"pack_author": author})
    except UnpackableError as error:
        assert [one.code for one in error.diagnostics] == ["B010"]
        assert not author.isprintable() or "\\" in author or len(author) > 200
        return
    assert files is not None
    (app,) = files["splunk-app"].values()
    check_app(app, texts)
    authors = tomllib.loads(files["python-package"]["pyproject.toml"].decode("utf-8"))["project"]["authors"]
    assert authors == [{"name": " ".join(author.split())}]
