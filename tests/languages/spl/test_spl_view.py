"""Splunk's view of JSON events, held against events for which Splunk listed the fields."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.data import splunk_event, splunk_fields, splunk_seen, splunk_view
from converter.languages.spl import Conf, Macro, Pipeline, matches, read, read_conf

VIEWS = sorted((Path(__file__).parents[3] / "converter" / "data" / "views" / "splunk").glob("*.yml"))

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
        return Path(__file__).parents[3] / named
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


@pytest.mark.parametrize("view", VIEWS, ids=lambda path: path.stem)
def test_every_rule_of_a_view_has_a_source(view: Path) -> None:
    """A rule of a view says what it rests on, and is marked when that is nothing recorded."""
    rules = yaml.safe_load(view.read_text(encoding="utf-8"))["rules"]
    assert rules
    for name, rule in rules.items():
        assert rule["source"], name
        assert rule.get("assumption", False) or not rule["source"].startswith(("none", "the rule")), name


def test_xml_becomes_texts_with_entities() -> None:
    """Entities stay, what has no text is no field, names are cleaned, and the add-on's fields are made."""
    event = {
        "Image": "C:\\Windows\\cmd.exe",
        "CommandLine": 'cmd /c "a & b" > c',
        "User": "LAB\\alice",
        "Hashes": "",
        "ParentImage": None,
        "ProcessId": 4,
        "New Value": "x",
    }
    fields = splunk_event("windows_process_creation", event)
    assert fields.pop("_raw")[0].startswith("<Event>")
    assert fields == {
        "source": ("XmlWinEventLog:Microsoft-Windows-Sysmon/Operational",),
        "sourcetype": ("xmlwineventlog",),
        "EventID": ("1",),
        "EventCode": ("1",),
        "signature_id": ("1",),
        "Image": ("C:\\Windows\\cmd.exe",),
        "process_path": ("C:\\Windows\\cmd.exe",),
        "process_name": ("cmd.exe",),
        "process_exec": ("cmd.exe",),
        "CommandLine": ('cmd /c "a &amp; b" &gt; c',),
        "process": ('cmd /c "a &amp; b" &gt; c',),
        "User": ("LAB\\alice",),
        "user": ("alice",),
        "ProcessId": ("4",),
        "process_id": ("4",),
        "New_Value": ("x",),
    }


def test_event_of_another_kind_and_of_another_input() -> None:
    """An event's own id wins over that of the log source, and a foreign event has neither source nor source type."""
    other = splunk_event("windows_process_creation", {"EventID": 11}, foreign=True)
    assert (other["EventCode"], other["source"], other["sourcetype"]) == (("11",), ("another",), ("another",))


@pytest.mark.parametrize(
    ("source", "event", "names"),
    [
        ("windows_file_event", {"Image": "C:\\x"}, {"EventCode", "process_path"}),
        ("xmlwineventlog:microsoft-windows-sysmon/operational", {"EventID": 13, "TargetObject": "HKLM\\x"}, {"registry_path"}),
        ("kubernetes", {"a": {"b": 1}}, {"a.b", "sourcetype"}),
        ("unknown", {"a": [1]}, {"a{}", "source"}),
        ("", {"a": 1}, {"a"}),
    ],
)
def test_input_decides_what_is_extracted(source: str, event: dict[str, Any], names: set[str]) -> None:
    """An event is seen as its input's add-on extracts it, the input named by its source or by the log source; else as JSON."""
    assert names <= set(splunk_seen(event, source))


def test_error_code_is_never_missing() -> None:
    """CloudTrail records without an error have the add-on's text; one that they have stays."""
    assert splunk_event("aws_cloudtrail", {"eventName": "x"})["errorCode"] == ("success",)
    assert splunk_event("aws_cloudtrail", {"errorCode": "AccessDenied"})["errorCode"] == ("AccessDenied",)


SYSMON = {
    "windows_process_creation": "sysmon_eventid_1.json",
    "windows_file_event": "sysmon_eventid_11.json",
    "windows_registry_set": "sysmon_eventid_13.json",
    "windows_registry_event": "sysmon_eventid_13.json",
    "linux_process_creation": "sysmon_for_linux_eventid_1.json",
}
ALSO_MADE = {"windows_file_event": {"user"}, "windows_registry_set": {"user"}, "windows_registry_event": {"user"}}
"""Fields of the add-on that an older Sysmon's events lack, because they lack what they are made of."""


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "file"), SYSMON.items())
def test_sysmon_event_has_the_fields_that_splunk_listed(name: str, file: str) -> None:
    """Of each recorded event every name agrees, both ways, but for those that Splunk makes itself; texts are those between the tags."""
    record, view = recorded(file), splunk_view(name)
    written = dict(re.findall(r"<Data Name=['\"](\w+)['\"]>([^<]*)</Data>", record["raw"]))
    system = dict(re.findall(r"<(EventID|Channel|Computer)>([^<]*)</", record["raw"]))
    decoded = {key: text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for key, text in {**system, **written}.items()}
    fields = splunk_event(name, decoded)
    assert (view.source, view.sourcetype) == (record["source"], record["sourcetype"])
    assert set(fields) - set(record["fields"]) == {"_raw"}
    assert set(record["fields"]) - set(fields) == set(view.added)
    assert {key: fields[key] for key in written} == {key: (text,) for key, text in written.items()}
    made = {one.name for one in view.calculated}
    assert made - set(record["fields"]) == ALSO_MADE.get(name, set())


@pytest.mark.corpus
def test_cloudtrail_records_have_the_fields_that_splunk_listed() -> None:
    """Of every recorded CloudTrail event all our names are listed, and every other listed one is the add-on's."""
    view, missing = splunk_view("aws_cloudtrail"), set()
    paths = sorted((corpora() / "events" / "splunk").glob("aws_cloudtrail_*.json"))
    for path in paths:
        record = recorded(path.name)
        try:
            event = json.loads(record["raw"])
        except ValueError:
            continue
        fields = splunk_event("aws_cloudtrail", event)
        assert set(fields) - set(record["fields"]) <= {"_raw", "sourcetype"}, path.name
        missing |= {(path.name, one) for one in set(record["fields"]) - set(fields) - set(view.added)}
    assert len(paths) == 39
    assert {name for name, _ in missing} == {"aws_cloudtrail_deletealarms.json", "aws_cloudtrail_deletesnapshot.json"}


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
