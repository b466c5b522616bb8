"""How logs are written, and that a rule's names find their values in each form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from converter.data import load
from converter.ir import lookup
from converter.match import admits, origin, see
from converter.model import LogSource

SYSMON = "Microsoft-Windows-Sysmon/Operational"
IMAGE = r"C:\Windows\whoami.exe"
XML: dict[str, Any] = {
    "Event": {
        "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
        "System": {"Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}}, "EventID": 1, "Channel": SYSMON, "Computer": "pc"},
        "EventData": {"Image": IMAGE},
    }
}
AUDIT: dict[str, Any] = {"kind": "Event", "auditID": "1", "stage": "ResponseComplete", "verb": "create", "objectRef": {"resource": "pods"}}
TRAIL: dict[str, Any] = {"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "awsRegion": "eu-west-1", "eventVersion": "1.08"}


def _xml(system: dict[str, Any], data: object) -> dict[str, Any]:
    return {"Event": {"System": {"Channel": SYSMON} | system, "EventData": data}}


FORMS: dict[str, tuple[dict[str, Any], str, dict[str, Any], str]] = {
    "xml": (XML, "windows_xml", {"EventID": 1, "Image": IMAGE, "Provider_Name": "Microsoft-Windows-Sysmon", "Channel": SYSMON}, "Image"),
    "xml_event_id_with_qualifiers": (
        _xml({"EventID": {"#attributes": {"Qualifiers": "0"}, "#text": 1}}, {"Image": IMAGE}),
        "windows_xml",
        {"EventID": 1, "Image": IMAGE},
        "Image",
    ),
    "xml_separate_attributes": (
        _xml({"EventID": 1, "Provider_attributes": {"Name": "Microsoft-Windows-Sysmon"}}, {"Image": IMAGE}),
        "windows_xml",
        {"Provider_Name": "Microsoft-Windows-Sysmon", "Image": IMAGE},
        "Image",
    ),
    "xml_named_data": (
        _xml(
            {"EventID": "1", "Provider": {"@Name": "Microsoft-Windows-Sysmon"}},
            {"Data": [{"@Name": "Image", "#text": IMAGE}, {"@Name": "User"}]},
        ),
        "windows_xml",
        {"EventID": "1", "Image": IMAGE, "User": "", "Provider_Name": "Microsoft-Windows-Sysmon"},
        "Image",
    ),
    "xml_without_outermost": (
        {"System": {"EventID": 1, "Channel": SYSMON}, "EventData": {"Image": IMAGE}},
        "windows_xml_inner",
        {"EventID": 1, "Image": IMAGE, "Channel": SYSMON},
        "Image",
    ),
    "xml_unnamed_data": (
        {
            "Event": {
                "System": {"EventID": 400, "Channel": "Windows PowerShell"},
                "EventData": {"Data": {"#text": ["a", "HostApplication=x"]}},
            }
        },
        "windows_xml",
        {"Data": ["a", "HostApplication=x"]},
        "",
    ),
    "xml_blanks_in_names": (
        {"Event": {"System": {"EventID": 1119, "Channel": "x"}, "EventData": {"Threat Name": "EICAR"}}},
        "windows_xml",
        {"ThreatName": "EICAR", "Threat Name": "EICAR"},
        "",
    ),
    "xml_user_data": (
        {
            "Event": {
                "System": {"EventID": 5859, "Channel": "x"},
                "UserData": {"Operation": {"#attributes": {"xmlns": "y"}, "Query": "select"}},
            }
        },
        "windows_xml",
        {"Query": "select"},
        "",
    ),
    "winlogbeat": (
        {"winlog": {"channel": SYSMON, "event_id": "1", "provider_name": "p", "event_data": {"Image": IMAGE}}, "event": {"code": "1"}},
        "winlogbeat",
        {"EventID": "1", "Channel": SYSMON, "Provider_Name": "p", "Image": IMAGE, "winlog.event_data.Image": IMAGE},
        "Image",
    ),
    "winlogbeat_flat": (
        {"winlog.channel": SYSMON, "event.code": "1", "winlog.event_data.Image": IMAGE},
        "winlogbeat",
        {"EventID": "1", "Channel": SYSMON, "Image": IMAGE},
        "Image",
    ),
    "nxlog": (
        {"EventID": 1, "Channel": SYSMON, "SourceName": "Microsoft-Windows-Sysmon", "Image": IMAGE, "Hostname": "pc"},
        "windows_flat",
        {"EventID": 1, "Provider_Name": "Microsoft-Windows-Sysmon", "Image": IMAGE, "Computer": "pc"},
        "Image",
    ),
    "splunk_fields": (
        {"preview": False, "result": {"EventCode": "1", "source": f"XmlWinEventLog:{SYSMON}", "Image": IMAGE, "_raw": "<Event>"}},
        "splunk_windows",
        {"EventID": "1", "Channel": SYSMON, "Image": IMAGE},
        "Image",
    ),
    "splunk_raw_audit": (
        {"preview": False, "result": {"_raw": json.dumps(AUDIT), "host": "h"}},
        "kubernetes_audit",
        {"verb": "create"},
        "audit",
    ),
    "splunk_hec": ({"sourcetype": "_json", "event": AUDIT}, "kubernetes_audit", {"verb": "create"}, "audit"),
    "audit": (AUDIT, "kubernetes_audit", {"verb": "create", "objectRef.resource": "pods"}, "audit"),
    "audit_list": (
        {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [AUDIT]},
        "kubernetes_audit",
        {"verb": "create"},
        "audit",
    ),
    "audit_aks": ({"category": "kube-audit", "properties": {"log": json.dumps(AUDIT)}}, "kubernetes_audit", {"verb": "create"}, "audit"),
    "trail": (TRAIL, "cloudtrail", {"eventName": "RunInstances"}, "trail"),
    "trail_records": ({"Records": [TRAIL]}, "cloudtrail", {"eventName": "RunInstances"}, "trail"),
    "trail_eventbridge": (
        {"detail-type": "AWS API Call via CloudTrail", "detail": TRAIL},
        "cloudtrail",
        {"eventName": "RunInstances"},
        "trail",
    ),
    "trail_looked_up": ({"Events": [{"CloudTrailEvent": json.dumps(TRAIL)}]}, "cloudtrail", {"eventName": "RunInstances"}, "trail"),
    "auditd": ({"type": "EXECVE", "argc": "2", "a0": "ls", "a1": "-l"}, "auditd", {"a0": "ls"}, "auditd"),
    "journal": ({"MESSAGE": "Accepted", "SYSLOG_IDENTIFIER": "sshd"}, "journal", {"MESSAGE": "Accepted"}, "sshd"),
    "sysmon_linux": (
        {"Event": {"System": {"EventID": 1, "Channel": "Linux-Sysmon/Operational"}, "EventData": {"Image": "/bin/ls"}}},
        "windows_xml",
        {"Image": "/bin/ls"},
        "linux",
    ),
}
SOURCES = {
    "Image": LogSource("process_creation", "windows"),
    "audit": LogSource("", "kubernetes", "audit"),
    "trail": LogSource("", "aws", "cloudtrail"),
    "auditd": LogSource("", "linux", "auditd"),
    "sshd": LogSource("", "linux", "sshd"),
    "linux": LogSource("process_creation", "linux"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_rules_names_find_their_values(name: str) -> None:
    """Of each form: its shape, the values by the rule's names, and the one source among all that admits it."""
    event, shape, fields, source = FORMS[name]
    (seen,) = see(event)
    assert seen.shape is not None
    assert seen.shape.name == shape
    for field, value in fields.items():
        assert lookup(seen.event, field).values == (tuple(value) if isinstance(value, list) else (value,)), field
        assert origin(seen, field)
    assert {key for key, one in SOURCES.items() if admits(one, seen)} == ({source} if source else set())


def test_a_path_says_where_a_value_stands() -> None:
    """The path begins with the wrappers and ends with the name as it is written."""
    (seen,) = see({"Records": [TRAIL]})
    assert origin(seen, "eventName") == "Records[0].eventName"
    (seen,) = see(XML)
    assert origin(seen, "Image") == "Event.EventData.Image"
    assert origin(seen, "EventID") == "Event.System.EventID"
    assert origin(seen, "image") == ""
    (seen,) = see(FORMS["xml_blanks_in_names"][0])
    assert origin(seen, "ThreatName") == "Event.EventData.Threat Name"


def test_wrappers_end() -> None:
    """Wrappers within wrappers end somewhere, and a wrapper whose text is no JSON, or too deep, is an event like any other."""
    event: dict[str, Any] = AUDIT
    for _ in range(40):
        event = {"Records": [event, event]} if event is AUDIT else {"Records": [event]}
    assert 1 <= len(list(see(event))) <= 2
    deep = "{" + '"a":{' * 500 + "}" * 500 + "}"
    for text in ("{", "no", deep, '{"a":' * 100_000):
        (seen,) = see({"_raw": text})
        assert seen.shape is None
        assert seen.event == {"_raw": text}


def test_unknown_events_show_no_source() -> None:
    """An event of no known form is for every rule, as is an empty one."""
    for event in ({}, {"a": 1}, {"message": "x"}, {"Records": "none"}, {"Records": [1]}):
        (seen,) = see(event)
        assert seen.shape is None
        assert all(admits(one, seen) for one in SOURCES.values())


def test_rows_keep_to_their_vocabulary() -> None:
    """Each row has a name of its own, a source, and only the keys that the head of the file explains."""
    rows = load("shapes.yml")["shapes"]
    wraps, gives = {"list", "object", "text"}, {"kind", "taxonomies", "lift", "inner", "fields", "time"}
    tests = {"has", "any", "is", "starts", "sole"}
    assert len({row["name"] for row in rows}) == len(rows)
    for row in rows:
        assert set(row) - wraps - gives - tests == {"name", "source"}, row["name"]
        assert bool(set(row) & wraps) != ("kind" in row), row["name"]
        assert set(row) & tests, row["name"]
