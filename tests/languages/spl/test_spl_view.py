"""Splunk's view of JSON events, held against events for which Splunk listed the fields."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.data.splunk_view import splunk_fields, splunk_view
from converter.languages.spl import Conf, Macro, Pipeline, matches, read, read_conf

VIEW = Path(__file__).parents[3] / "converter" / "data" / "views" / "splunk" / "kubernetes_audit.yml"

UNLISTED = {
    "azure_audit_create_or_update_an_azure_automation_account.json": 2,
    "azure_audit_create_or_update_an_azure_automation_runbook.json": 2,
    "azure_audit_create_or_update_an_azure_automation_webhook.json": 1,
    "crowdstrike_processrollup2.json": 3,
    "osquery.json": 1,
    "windows_defender_alerts.json": 43,
}
"""How many of our names Splunk did not list, by file: add-ons rename, unwrap or drop them there."""


def corpora() -> Path:
    """Return the corpora's folder, or skip and say what was not shown."""
    named = os.environ.get("CONVERTER_CORPORA")
    if named:
        return Path(named)
    message = "CONVERTER_CORPORA is not set: Splunk's view was not held against the recorded events"
    if os.environ.get("CONVERTER_REQUIRE_CORPORA") == "1":
        pytest.fail(message)
    pytest.skip(message)


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpora() / "events" / "splunk" / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"a": {"b": {"c": "x"}}}, {"a.b.c": ("x",)}),
        ({"a": {"k8s.io/b": "x"}}, {"a.k8s.io/b": ("x",)}),
        ({"a": ["x", "y"]}, {"a{}": ("x", "y")}),
        ({"a": [{"b": 1}, {"b": 2, "c": [3]}]}, {"a{}.b": ("1", "2"), "a{}.c{}": ("3",)}),
        ({"a": [[1, 2], [3]]}, {"a{}{}": ("1", "2", "3")}),
        ({"a": None, "b": [None]}, {"a": ("null",), "b{}": ("null",)}),
        ({"a": "", "b": [], "c": {}, "d": [{}]}, {"a": ("",)}),
        (
            {"a": True, "b": False, "c": 7, "d": 1.5, "e": -0.0},
            {"a": ("true",), "b": ("false",), "c": ("7",), "d": ("1.5",), "e": ("-0.0",)},
        ),
        ({"a": {"b": 1}, "a.b": 2}, {"a.b": ("1", "2")}),
    ],
)
def test_json_becomes_flat_texts(event: dict[str, Any], expected: dict[str, tuple[str, ...]]) -> None:
    """Each rule of the view, on the smallest event that shows it."""
    fields = splunk_fields(event)
    assert fields.pop("_raw") == (json.dumps(event, separators=(",", ":")),)
    assert fields == expected


def test_input_is_named_by_the_caller() -> None:
    """Source, source type, host, index and text come from outside and win over the event's keys."""
    fields = splunk_fields({"source": "x", "host": "y"}, raw="{}", source="kubernetes", sourcetype="_json", index="main")
    assert fields == {"source": ("kubernetes",), "host": ("y",), "_raw": ("{}",), "sourcetype": ("_json",), "index": ("main",)}


def test_deep_event_is_flattened() -> None:
    """An event nested beyond Python's recursion limit gives its leaf and no text."""
    event: dict[str, Any] = {"x": "leaf"}
    for _ in range(20_000):
        event = {"a": event}
    assert [values for name, values in splunk_fields(event).items() if name.endswith(".x")] == [("leaf",)]


def test_every_rule_of_the_view_has_a_source() -> None:
    """A rule of the view says what it rests on, and is marked when that is nothing recorded."""
    for name, rule in yaml.safe_load(VIEW.read_text(encoding="utf-8"))["rules"].items():
        assert rule["source"], name
        assert rule.get("assumption", False) or not rule["source"].startswith(("none", "the rule")), name


@pytest.mark.corpus
def test_kubernetes_event_has_the_fields_that_splunk_listed() -> None:
    """Of the recorded audit event every name agrees, both ways, but for those that Splunk makes itself."""
    record, view = recorded("kubernetes_audit.json"), splunk_view("kubernetes_audit")
    fields = splunk_fields(json.loads(record["raw"]), raw=record["raw"], source=view.source, sourcetype=view.sourcetype)
    assert (view.source, view.sourcetype) == (record["source"], record["sourcetype"])
    assert set(fields) - set(record["fields"]) == {"_raw"}
    assert set(record["fields"]) - set(fields) == set(view.added) - {"source", "sourcetype"}
    assert fields["annotations.authorization.k8s.io/reason"] == ("",)
    assert not any(name.startswith("responseStatus.metadata") for name in fields)


@pytest.mark.corpus
def test_extraction_holds_for_other_json_sources() -> None:
    """Of all JSON events that Splunk listed fields for, the names agree but for the files listed above."""
    names, differing = 0, {}
    for path in sorted((corpora() / "events" / "splunk").glob("*.json")):
        record = recorded(path.name)
        event = json.loads(record["raw"]) if record["format"] == "json" else None
        if not isinstance(event, dict):
            continue
        ours = set(splunk_fields(event)) - {"_raw"}
        names += len(ours)
        if missing := len(ours - set(record["fields"])):
            differing[path.name] = missing
    assert names == 2654
    assert differing == UNLISTED


@pytest.mark.corpus
def test_seed_search_of_the_prototype_selects_exec_alone() -> None:
    """The stanza of the prototype, read from its file, selects the captured exec event and none of its neighbours."""
    conf = read_conf((corpora() / "prototypes" / "splunk_app" / "savedsearches.conf").read_text(encoding="utf-8"), "savedsearches.conf")
    assert isinstance(conf, Conf), conf
    macros = {"kube_audit": Macro('source="kubernetes"'), "kubernetes_user_exec_into_pod_filter": Macro("search *")}
    pipeline = read(conf.stanzas[0].get("search"), macros=macros)
    assert isinstance(pipeline, Pipeline), pipeline
    selected = []
    for path in sorted((corpora() / "events" / "k8s_audit" / "captured").glob("*.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line) if line.startswith("{") else None
            if isinstance(event, dict) and matches(pipeline, splunk_fields(event, raw=line, source="kubernetes", sourcetype="_json")):
                selected.append(path.name)
    assert set(selected) == {"exec_pod.json"}
