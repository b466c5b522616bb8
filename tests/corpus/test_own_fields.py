"""Lists that other programs printed, brought in: an engine's of Falco's fields, and those that Splunk made of real events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converter.data import SHIPPED
from converter.model import LogSource
from converter.readers.fields import System, join, read_falco, read_splunk

pytestmark = pytest.mark.corpus


def test_the_engines_list_has_every_field_that_ships(corpora: Path) -> None:
    """Of the plugins and of system calls: each shipped path is found, lists are lists, and numbers are told, not offered."""
    data = (corpora / "facts" / "data" / "falco_fields.json").read_bytes()
    listed = {one["field"]: one for one in json.loads(data)["fields"]}
    for event_source, source in (("k8s_audit", "kubernetes_audit"), ("syscall", "linux_process_creation")):
        system = read_falco(data, "falco_fields.json", event_source)
        assert isinstance(system, System), system
        shipped = SHIPPED.bindings("falco", source)
        joined = join(
            system, LogSource("process_creation", "linux") if source.startswith("linux") else LogSource("", "kubernetes", "audit")
        )
        assert {name for name in shipped if "*" not in name} <= set(joined.rows)
        for name, row in joined.rows.items():
            one = listed[str(row["path"]).partition("[")[0]]
            assert event_source in one["sources"]
            assert one["type"] in ("CHARBUF", "FSPATH", "FSRELPATH") or name in shipped
            assert name in shipped or bool(row.get("list")) is one["list"], name


def test_fields_that_splunk_listed_for_events(corpora: Path) -> None:
    """No row is invented; each shipped name that Splunk listed for an event of CloudTrail's is found again."""
    logsource, shipped = LogSource("", "aws", "cloudtrail"), SHIPPED.bindings("splunk", "aws_cloudtrail")
    lists, again = 0, 0
    for path in sorted((corpora / "events" / "splunk").glob("*.json")):
        names = json.loads(path.read_text(encoding="utf-8"))["fields"]
        system = read_splunk(json.dumps([{"field": one} for one in names]).encode(), path.name)
        if not isinstance(system, System):
            assert "no fields but Splunk's own" in system.message, path.name
            continue
        joined = join(system, logsource)
        assert {str(row["path"]) for row in joined.rows.values()} <= set(names)
        lists += 1
        if path.name.startswith("aws_cloudtrail"):
            there = {name for name, one in shipped.items() if one.path in system.fields and "*" not in name}
            assert {joined.rows[name]["path"] for name in there} == {shipped[name].path for name in there}
            again += len(there)
    assert lists > 150
    assert again > 500
