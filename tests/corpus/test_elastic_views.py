"""Elastic's views and tables of Windows, Linux and CloudTrail events against recorded documents and the producers' field lists."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import converter.data
from converter.data import bindings, elastic_document, elastic_mappings, fields, load, sources
from converter.languages import kql

pytestmark = pytest.mark.corpus

DEFEND = {
    "windows_process_creation": "process",
    "linux_process_creation": "process",
    "windows_registry_set": "registry",
    "windows_file_event": "file",
}
SYSMON = {"1": "windows_process_creation", "11": "windows_file_event", "13": "windows_registry_set"}
NOT_MODELLED = re.compile(
    r"@timestamp|event\.(created|original|category|type)|tags|ecs\.version|related\..*|(.*\.)?entity\.id|user\.email|group\..*|tls\..*"
    r"|source\.(geo|as)\..*|user_agent\.(?!original).*|aws\.cloudtrail\.(request_parameters|response_elements|additional_eventdata)"
    r"|aws\.cloudtrail\.user_identity\.session_context\.creation_date"
)
"""Paths of recorded CloudTrail documents that the view says it does not model."""


def folder(corpora: Path) -> Path:
    return corpora / "events" / "elastic_pipeline"


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return the leaves of a document by their paths."""
    if isinstance(value, dict) and value:
        return {key: one for name, inner in value.items() for key, one in flat(inner, f"{path}.{name}" if path else name).items()}
    return {path: value}


def differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> set[str]:
    return {path for path in left.keys() | right.keys() if left.get(path, ...) != right.get(path, ...)}


def recorded(path: Path) -> list[dict[str, Any]]:
    loaded = json.loads(path.read_text(encoding="utf-8"))
    return loaded if isinstance(loaded, list) else loaded["expected"]


def test_recorded_cloudtrail_documents_are_reproduced(corpora: Path) -> None:
    """The records of the pipeline's own tests become their documents, but for what the view names."""
    count = 0
    for log in sorted((folder(corpora) / "aws__cloudtrail" / "input").iterdir()):
        records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
        for record, document in zip(records, recorded(log.parents[1] / "expected" / f"{log.name}-expected.json"), strict=True):
            different = differences(flat(elastic_document(record, "aws_cloudtrail")), flat(document))
            assert not [path for path in different if not NOT_MODELLED.fullmatch(path)]
            count += 1
    assert count == 6


def sysmon_pairs(corpora: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield log source, event data and indexed document of the recorded runs of Sysmon's own pipeline."""
    for file in sorted((folder(corpora) / "winlogbeat__sysmon" / "input").iterdir()):
        events, documents = json.loads(file.read_text(encoding="utf-8")), recorded(file.parents[1] / "expected" / file.name)
        for event, document in zip(events, documents, strict=True):
            source = SYSMON.get(str(event["winlog"]["event_id"]))
            if source:
                yield source, event["winlog"]["event_data"], document


def test_defend_keeps_what_sysmons_pipeline_keeps(corpora: Path) -> None:
    """In the fields of the common schema the correspondence puts what a recorded pipeline puts there from the same event.

    Two fields are Defend's own; binary data is a word in Sysmon's pipeline and no text in Defend's documents.
    """
    seen: set[str] = set()
    for source, data, document in sysmon_pairs(corpora):
        mine, theirs = flat(elastic_document(data, source)), flat(document)
        shared = {path for path in mine if path.split(".")[0] in ("process", "registry", "file", "user") and ".Ext." not in path}
        different = {path for path in shared if mine[path] != theirs.get(path, ...)}
        assert different <= ({"registry.data.strings"} if data.get("Details") == "Binary Data" else set())
        seen |= {f"{source} {path}" for path in shared - different}
    for source in ("windows_process_creation", "windows_registry_set"):
        paths = {one.path for one in bindings("elastic", source).values() if ".Ext." not in one.path and one.change is None}
        assert {f"{source} {path}" for path in paths} <= seen


def sample(corpora: Path, stream: str) -> dict[str, Any]:
    path = folder(corpora) / f"endpoint__{stream}" / "expected" / "sample_event.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("source", sorted(DEFEND))
def test_what_is_marked_as_recorded_of_defend_is_recorded(source: str, corpora: Path) -> None:
    """Each constant that the view marks stands in Defend's own recorded document, with that value and in that form."""
    document = flat(sample(corpora, DEFEND[source]))
    steps = [step for step in load(f"views/elastic/{source}.yml")["steps"] if step.get("recorded") == "defend" and "set" in step]
    assert steps
    assert [step["set"] for step in steps if document.get(step["set"]) != step["to"]] == []


@pytest.mark.parametrize("source", sorted(DEFEND))
def test_defends_recorded_document_is_one_that_the_index_takes(source: str, corpora: Path) -> None:
    """The recorded document fits the mapping, and each of the table's fields that it has is found there under its type."""
    document = sample(corpora, DEFEND[source])
    mapping = kql.compile_mapping(elastic_mappings(source))
    assert isinstance(mapping, kql.Mapping)
    assert isinstance(kql.index(document, mapping), kql.Document)
    shapes = {path: type(value) for path, value in flat(document).items()}
    ours = {path: type(value) for path, value in flat(elastic_document(_event(source), source)).items()}
    assert {path: kind for path, kind in ours.items() if shapes.get(path, kind) is not kind} == {}


def _event(source: str) -> dict[str, Any]:
    values = {"ProcessId": "5", "ParentProcessId": 4, "User": r"A\b", "Details": "text", "TargetObject": r"HKLM\x"}
    return {name: values.get(name, "x") for name in fields(source)}


@pytest.mark.parametrize("source", sorted(DEFEND))
def test_the_mapping_is_the_packages(source: str, corpora: Path) -> None:
    """Every mapped field has the type and the multi-fields of the package's field list."""
    rows = csv.DictReader((corpora / "facts" / "data" / "elastic_endpoint_fields.csv").open(encoding="utf-8"))
    listed = {row["field"]: row for row in rows if row["data_stream"] == DEFEND[source]}
    leaves = list(_leaves(elastic_mappings(source)))
    assert len(leaves) > 60
    for path, leaf in leaves:
        subs = {f"{name}:{sub['type']}{'+lowercase' if 'normalizer' in sub else ''}" for name, sub in leaf.get("fields", {}).items()}
        assert (leaf["type"], subs) == (listed[path]["type"], set(listed[path]["multi_fields"].split())), path


def test_the_mapping_is_the_integrations(corpora: Path) -> None:
    """Every field of the CloudTrail table has the type that the integration gave it."""
    rows = csv.DictReader((corpora / "facts" / "data" / "elastic_mappings_cloud.csv").open(encoding="utf-8"))
    listed = {row["elastic_field"]: row["type"] for row in rows if row["dataset"] == "aws.cloudtrail" and row["elastic_field"]}
    leaves = {path: leaf["type"] for path, leaf in _leaves(elastic_mappings("aws_cloudtrail"))}
    shared = leaves.keys() & listed.keys()
    assert len(shared) > 30
    assert {path: leaves[path] for path in shared if leaves[path] != listed[path]} == {}


def _leaves(mapping: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, inner in mapping.get("properties", {}).items():
        full = f"{path}.{name}" if path else name
        if "properties" in inner:
            yield from _leaves(inner, full)
        else:
            yield full, inner


def test_every_recorded_windows_event_has_a_document(corpora: Path) -> None:
    """No recorded Sysmon event breaks the view, and the index takes each document."""
    mappings = {source: kql.compile_mapping(elastic_mappings(source)) for source in SYSMON.values()}
    count = 0
    for line in (corpora / "events" / "windows_sample_3736.jsonl").open(encoding="utf-8"):
        event = json.loads(line)
        source = SYSMON.get(str(event.get("EventID"))) if "Sysmon" in str(event.get("Channel")) else None
        if source:
            mapping = mappings[source]
            assert isinstance(mapping, kql.Mapping)
            assert isinstance(kql.index(elastic_document(event, source), mapping), kql.Document)
            count += 1
    assert count > 1000


UNKNOWN = {
    "windows_process_creation": {"GrandParentImage", "Provider_Name", "EventID"},  # other sensors' names
    "windows_file_event": {"CommandLine", "ParentImage", "ParentCommandLine"},  # not in Sysmon's event 11
    "aws_cloudtrail": {"src_country", "src_ip", "status", "requestParameters", "responseElements"},  # no fields, or objects
    "kubernetes_audit": {"apiGroup", "hostPath", "capabilities"},  # not in the audit event under these names
}


OWN = sorted(path.stem for path in (Path(converter.data.__file__).parent / "fields").glob("*.yml") if path.stem in sources())


@pytest.mark.parametrize("source", OWN)
def test_the_table_has_every_field_of_sigmahqs_rules(source: str, corpora: Path) -> None:
    """What SigmaHQ's rules of the log source ask for is in the table, but for names that no such event has."""
    used = set(_fields_of(corpora / "corpora" / "sigmahq", source))
    assert used
    assert {name for name in used if name not in fields(source)} <= UNKNOWN.get(source, set())


def _fields_of(root: Path, source: str) -> Iterator[str]:
    import yaml

    for path in sorted(root.rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        sigma = sources()[source].sigma
        if f"product: {sigma['product']}" not in text:
            continue
        for rule in yaml.load_all(text, Loader=yaml.CSafeLoader):
            named = rule.get("logsource", {})
            if (named.get("product", ""), named.get("service", "")) == (sigma["product"], sigma["service"]) and named.get(
                "category", ""
            ) in sigma["category"]:
                for name, part in rule["detection"].items():
                    if name != "condition":
                        yield from _names(part)


def _names(part: Any) -> Iterator[str]:
    for one in part if isinstance(part, list) else [part]:
        if isinstance(one, dict):
            yield from (key.partition("|")[0] for key in one if key.partition("|")[0])


BY_EVENT = {
    "1": "windows_process_creation_sysmon",
    "2": "windows_file_change",
    "3": "windows_network_connection",
    "5": "windows_process_termination",
    "6": "windows_driver_load",
    "7": "windows_image_load",
    "8": "windows_create_remote_thread",
    "10": "windows_process_access",
    "11": "windows_file_event_sysmon",
    "12": "windows_registry_event",
    "13": "windows_registry_set_sysmon",
    "14": "windows_registry_event",
    "15": "windows_create_stream_hash",
    "16": "windows_sysmon_status",
    "22": "windows_dns_query",
    "23": "windows_file_delete",
    "24": "windows_clipboard_capture",
    "26": "windows_file_delete_detected",
}
"""The log source of a Sysmon event by its id, on the integration that has Sysmon's own pipeline."""
WINLOGBEAT = re.compile(r"rule\.name|@timestamp|winlog\.event_data\.(Type|Details)|26 file\.hash\..*")
"""Paths not modelled, or of which Winlogbeat differs from the integration: hashes of event 26, Details, which it removes."""


def test_recorded_sysmon_documents_are_reproduced(corpora: Path) -> None:
    """Whatever the view says of an event of Sysmon's stands so in the recorded document, for every kind of event that was recorded."""
    seen: set[str] = set()
    for file in sorted((folder(corpora) / "winlogbeat__sysmon" / "input").iterdir()):
        events, documents = json.loads(file.read_text(encoding="utf-8")), recorded(file.parents[1] / "expected" / file.name)
        for event, document in zip(events, documents, strict=True):
            winlog = event["winlog"]
            source = BY_EVENT.get(str(winlog["event_id"]))
            if source is None:
                continue
            head = {"EventID": winlog["event_id"], "Channel": winlog["channel"], "Computer": winlog["computer_name"]}
            mine, theirs = flat(elastic_document(head | winlog.get("event_data", {}), source)), flat(document)
            different = {path: (value, theirs.get(path)) for path, value in mine.items() if theirs.get(path, ...) != value and value != {}}
            code = str(winlog["event_id"])
            assert {path for path in different if not (WINLOGBEAT.fullmatch(path) or WINLOGBEAT.fullmatch(f"{code} {path}"))} == set(), (
                file.name,
                source,
            )
            seen.add(code)
    assert len(seen) >= 11


CHANGED = re.compile(r"winlog\.event_data\.(PrivilegeList|AccessList|ProcessId)|winlog\.(provider_name|user\.identifier)")
"""Paths of which the view says that it does not model them, or that the recorded inputs lack."""


def test_recorded_security_documents_are_reproduced(corpora: Path) -> None:
    """Whatever the view says of a recorded event of the Security channel stands so in its document; Winlogbeat drops "-" besides."""
    seen: set[str] = set()
    for file in sorted((folder(corpora) / "winlogbeat__security" / "input").iterdir()):
        events, documents = json.loads(file.read_text(encoding="utf-8")), recorded(file.parents[1] / "expected" / file.name)
        for event, document in zip(events, documents, strict=True):
            winlog = event["winlog"]
            head = {"EventID": winlog["event_id"], "Channel": winlog["channel"], "Computer": winlog["computer_name"]}
            mine = flat(elastic_document(head | winlog.get("event_data", {}), "windows_security"))
            theirs = flat(document)
            different = {path for path, value in mine.items() if theirs.get(path, ...) != value and value not in ("-", "", {})}
            assert {path for path in different if not CHANGED.fullmatch(path)} == set(), (file.name, winlog["event_id"])
            seen.add(str(winlog["event_id"]))
    assert len(seen) >= 10


def _winlog(corpora: Path, stream: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield the event id, the event in the rules' names and the indexed document of each recorded pair of a Windows channel."""
    for file in sorted((folder(corpora) / stream / "input").iterdir()):
        events, documents = json.loads(file.read_text(encoding="utf-8")), recorded(file.parents[1] / "expected" / file.name)
        for event, document in zip(events, documents, strict=True):
            winlog = event["winlog"]
            head = {"EventID": winlog["event_id"], "Channel": winlog["channel"], "Computer": winlog["computer_name"]}
            yield str(winlog["event_id"]), head | winlog.get("event_data", {}), document


POWERSHELL = {
    "400": "windows_ps_classic_start",
    "600": "windows_ps_classic_provider_start",
    "800": "windows_powershell_classic",
    "4103": "windows_ps_module",
    "4104": "windows_ps_script",
}
SCRIPT = re.compile(r"file\.path|powershell\.(sequence|total)|winlog\.event_data(\..*)?")
"""Paths of a script's event that the recorded pipeline has only with a value, or of a number as text."""


def test_recorded_powershell_messages_hold_the_values(corpora: Path) -> None:
    """The message that the view makes of an event's values is the one that was recorded, for each kind of event that is made so."""
    seen: set[str] = set()
    for code, event, document in _winlog(corpora, "winlogbeat__powershell"):
        source = POWERSHELL.get(code)
        if source is None:
            continue
        data = dict(event)
        unnamed = [data.pop(name) for name in sorted(data) if name.startswith("param")]
        mine = flat(elastic_document(data | ({"Data": unnamed} if unnamed else {}), source))
        theirs = flat(document)
        if "message" in mine:
            # Winlogbeat takes the white space off the ends of a value, not off those of the rendered text.
            assert "".join(theirs["message"].split()) == "".join(mine["message"].split())
        different = {path for path, value in mine.items() if path != "message" and theirs.get(path, ...) != value and value not in ("", {})}
        assert {path for path in different if not SCRIPT.fullmatch(path)} - {"winlog.provider_name"} == set(), (code, different)
        seen.add(code)
    assert seen == set(POWERSHELL)


RECORD = re.compile(r"(?:node=\S+ )?type=(?P<type>\S+) msg=audit\([^)]*\): ?(?P<rest>.*)")
PAIR = re.compile(r"""([A-Za-z0-9_-]+)=("[^"]*"|'[^']*'|\S*)""")


def _record(line: str) -> dict[str, Any]:
    """Return a record of the audit log by its names, those of the text in its msg too; quotes are taken off."""
    found = RECORD.match(line)
    assert found, line
    rest = re.sub(r"msg='([^']*)'", r"\1", found["rest"])
    return {"type": found["type"]} | {name: value.strip("\"'") for name, value in PAIR.findall(rest)}


HEX = re.compile(r"(?:[0-9A-F]{2})+")


def test_recorded_records_of_auditd_are_reproduced(corpora: Path) -> None:
    """Whatever the view says of a recorded line of the audit log stands so in the document; a text in hexadecimal notation apart."""
    seen: set[str] = set()
    for log in sorted((folder(corpora) / "filebeat__auditd_log" / "input").iterdir()):
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
        documents = recorded(log.parents[1] / "expected" / f"{log.name}.json")
        for line, document in zip(lines, documents, strict=True):
            record = _record(line)
            mine, theirs = flat(elastic_document(record, "linux_auditd")), flat(document)
            # Filebeat's module of that time has no record_type once it has found an action for the type.
            theirs.setdefault("auditd.log.record_type", record["type"])
            different = {path: (value, theirs.get(path)) for path, value in mine.items() if theirs.get(path, ...) != value}
            assert {path: pair for path, pair in different.items() if not HEX.fullmatch(str(pair[0]))} == {}, line
            seen |= mine.keys() - different.keys()
    assert {"process.executable", "process.name", "user.audit.id", "auditd.log.a0"} <= seen


SYSLOG = re.compile(r"\S+ +\d+ [\d:]+ (?P<hostname>\S+) (?P<program>[^\s:\[]+)(?:\[\d+\])?: (?P<message>.*)")


@pytest.mark.parametrize("stream", ["filebeat__system_auth", "filebeat__system_syslog"])
def test_recorded_lines_of_text_logs_are_reproduced(stream: str, corpora: Path) -> None:
    """Program, host and message of a recorded line stand where the view puts them; of a line that was divided no message was kept then."""
    asked = 0
    for log in sorted((folder(corpora) / stream / "input").iterdir()):
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
        documents = recorded(log.parents[1] / "expected" / f"{log.name}.json")
        for line, document in zip(lines, documents, strict=False):
            found = SYSLOG.fullmatch(line)
            if found is None or document.get("process.name") is None:
                continue
            mine, theirs = flat(elastic_document(found.groupdict(), "linux_log")), flat(document)
            if "message" not in theirs:
                assert any(path.startswith("system.auth.") or path == "group.id" for path in theirs), line
                del mine["message"]
            elif "\n" in theirs["message"]:  # a line with others that belong to it
                theirs["message"] = theirs["message"].partition("\n")[0]
            different = {path: (value, theirs.get(path)) for path, value in mine.items() if theirs.get(path, ...) != value}
            assert different == {}, line
            asked += 1
    assert asked
