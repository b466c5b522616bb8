"""Fields that a log source's usual events lack: of another sensor, of a portal, or at a place that the operation tells (Elastic)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.data import bindings, elastic_document, fields, sources
from converter.model import Status
from converter.pack import Loaded, Outcome, RuleFile, compile_rule, load_bytes
from converter.targets import target
from converter.verify.compare import compare, questions
from converter.verify.readings import Artifact

FILE = {"product": "windows", "category": "file_event"}
ACCESS = {"product": "windows", "category": "process_access"}
CONNECTION = {"product": "windows", "category": "network_connection"}
ENTRA = {"product": "azure", "service": "auditlogs"}
MICROSOFT = {"product": "m365", "service": "audit"}
AWS = {"product": "aws", "service": "cloudtrail"}
PASSWORD = "responseElements.pendingModifiedValues.masterUserPassword"
EXACT: list[tuple[dict[str, str], dict[str, Any], str]] = [
    (FILE, {"s": {"CommandLine|contains": "MSExchange", "TargetFilename|endswith": ".aspx"}, "condition": "s"}, "process.command_line"),
    (FILE, {"s": {"TargetFilename": "a"}, "f": {"CommandLine": "x -y"}, "condition": "s and not f"}, "process.command_line"),
    (ACCESS, {"s": {"TargetImage|endswith": "\\a"}, "f": {"SourceCommandLine": "x -y"}, "condition": "s and not f"}, "SourceCommandLine"),
    (CONNECTION, {"s": {"Image|endswith": "\\a"}, "f": {"DestinationIsIpv6": "true"}, "condition": "s and not f"}, "network.type"),
    (ENTRA, {"s": {"properties.message": "Add user", "Status": "Success"}, "condition": "s"}, "event.outcome"),
    (ENTRA, {"s": {"failure_status_reason": "Blocked"}, "condition": "s"}, "azure.auditlogs.properties.result_reason"),
    (MICROSOFT, {"s": {"Operation": "UserLoggedIn"}, "f": {"ObjectId": "0000000a"}, "condition": "s and not f"}, "o365.audit.ObjectId"),
    (AWS, {"s": {"eventName": "ModifyDBInstance", f"{PASSWORD}|contains": "*"}, "condition": "s"}, "masterUserPassword"),
]


def built(logsource: dict[str, str], detection: dict[str, Any]) -> tuple[Loaded, Outcome]:
    rule = {"title": "A", "id": "00000001-0000-4000-8000-000000000000", "logsource": logsource, "detection": detection}
    (loaded,), problems = load_bytes(yaml.safe_dump(rule, sort_keys=False).encode(), RuleFile(Path("r.yml"), "r.yml", "r"))
    assert not problems
    return loaded, compile_rule(loaded, target("elastic"), {}, frozenset())


@pytest.mark.parametrize(("logsource", "detection", "path"), EXACT)
def test_they_are_asked_where_elastic_has_them(logsource: dict[str, str], detection: dict[str, Any], path: str) -> None:
    """The rule is exact, its file names the place, and answers as the rule on every event that shows a part of it at work."""
    loaded, outcome = built(logsource, detection)
    assert outcome.status is Status.EXACT, [one.render() for one in outcome.diagnostics]
    assert outcome.compilation
    assert loaded.tree is not None
    (file,) = target("elastic").package([outcome.compilation], ["r"], {})
    assert path.encode() in file.data
    assert outcome.compilation.resolved
    artifact = Artifact("r.toml", file.data, loaded.rule.id, outcome.compilation.resolved.source.id)
    verdict = compare(loaded, loaded.tree, artifact, "elastic", outcome.status, questions(loaded, loaded.tree))
    assert not verdict.failed, [one.render() for one in verdict.diagnostics]


@pytest.mark.parametrize(
    ("logsource", "detection", "code"),
    [
        (MICROSOFT, {"s": {"Operation": "FileAccessed", "ObjectId": "x"}, "condition": "s"}, "T005"),
        (MICROSOFT, {"s": {"ObjectId": "x"}, "condition": "s"}, "T005"),
        (ENTRA, {"s": {"Status": "pending"}, "condition": "s"}, "T005"),
        (FILE, {"s": {"CommandLine": "-"}, "condition": "s"}, "T005"),
        (FILE, {"s": {"ParentCommandLine": "x"}, "condition": "s"}, "T001"),
    ],
)
def test_what_nothing_says_is_refused(logsource: dict[str, str], detection: dict[str, Any], code: str) -> None:
    """An operation of another kind, a result that is none, a word that is left out, a name that Elastic does not have."""
    _, outcome = built(logsource, detection)
    assert outcome.status is Status.UNSUPPORTED
    assert code in [one.code for one in outcome.diagnostics]


def test_files_of_sharepoint_have_their_id_elsewhere() -> None:
    """The view moves it by the record's type, from another source than the table, which goes by the operation."""
    event = {"Operation": "FileAccessed", "ObjectId": "https://x/a.docx", "RecordType": 6}
    document = elastic_document(event, "m365_audit")
    assert document["url"] == {"original": "https://x/a.docx"}
    assert "ObjectId" not in document["o365"]["audit"]
    signed_in = elastic_document({**event, "Operation": "UserLoggedIn", "RecordType": 15}, "m365_audit")
    assert signed_in["o365"]["audit"]["ObjectId"] == "https://x/a.docx"


OTHERS = {
    "windows_file_event": {"CommandLine"},
    "windows_process_access": {"SourceCommandLine"},
    "azure_auditlogs": {"Status", "failure_status_reason"},
}


def test_a_row_is_of_a_field_of_the_log_source_but_for_these() -> None:
    """What Elastic's tables add to a log source's own fields is what this file holds against events."""
    known = {name for name, one in sources().items() if "elastic" in one.targets}
    found = {name: {one for one in bindings("elastic", name) if one not in fields(name)} for name in sorted(known)}
    assert {name: more for name, more in found.items() if more} == OTHERS
