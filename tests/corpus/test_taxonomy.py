"""The shipped fields on real material: names that events have, and SigmaHQ's rules that name others."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from converter.checks import other_sensor, unmapped_field, value_type
from converter.checks.finding import Finding
from converter.checks.subject import Subject
from converter.cli.events import read_events
from converter.data import Field, Taxonomy, taxonomy, taxonomy_sources
from converter.match import Seen, admits, see
from converter.model import LogSource
from converter.pack import load_pack

pytestmark = pytest.mark.corpus

EVENTS = ("windows_sample_3736.jsonl", "cloudtrail.jsonl", "k8s_audit", "sigmahq_regression")
NAMESPACE = "{http://schemas.microsoft.com/win/2004/08/events/event}"


def _paths(value: object, path: str = "") -> Iterator[str]:
    """Yield the path of every value of an event, as a rule would name it."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _paths(one, f"{path}.{key}" if path else str(key))
        if not value:
            yield path
    elif isinstance(value, list):
        for one in value:
            yield from _paths(one, path)
    else:
        yield path


def _recorded(corpora: Path) -> Iterator[Mapping[str, Any]]:
    """Yield recorded events, in each form that logs are kept in."""
    folder = corpora / "events"
    inputs = [path for path in sorted((folder / "elastic_pipeline").rglob("*")) if path.is_file() and path.parent.name == "input"]
    for found in read_events([*(str(folder / name) for name in EVENTS), *map(str, inputs)]):
        if found.event is not None:
            yield found.event
    for path in sorted((folder / "splunk").glob("*.json")):
        sample = json.loads(path.read_text(encoding="utf-8"))
        if path.name.startswith(("sysmon", "windows_event_log_")):
            with suppress(ElementTree.ParseError):  # a third of the samples are cut, or no XML
                yield _from_xml(sample["raw"])
        elif path.name.startswith(("aws_cloudtrail_", "kubernetes_audit")):
            yield json.loads(sample["raw"])


def _from_xml(text: str) -> Mapping[str, Any]:
    """Return an event's XML as flat names: what stands in System, and the named Data."""
    event = ElementTree.fromstring(text)
    named: dict[str, Any] = {}
    for part in event.iterfind(f"{NAMESPACE}System/*"):
        if not part.attrib or part.text:
            named[part.tag.removeprefix(NAMESPACE)] = part.text
    provider = event.find(f"{NAMESPACE}System/{NAMESPACE}Provider")
    named["Provider_Name"] = provider.get("Name") if provider is not None else None
    named |= {str(part.get("Name")): part.text for part in event.iter(f"{NAMESPACE}Data") if part.get("Name")}
    return named


def _tables(seen: Seen, known: dict[object, tuple[Taxonomy, ...]]) -> tuple[Taxonomy, ...]:
    """Return the tables of the log sources that admit an event, as match tells; the form's and these fields' texts decide it."""
    deciding = ("Channel", "EventID", "category", "type", "Workload")
    signs = (seen.shape and seen.shape.name, *(str(seen.event.get(name)) for name in deciding))
    if signs not in known:
        asked = [one for one in taxonomy_sources() if (one.category or one.service) and admits(one, seen)]
        tables = {table.id: table for table in map(taxonomy, asked) if table is not None and table.id != "any/application"}
        known[signs] = tuple(tables.values())
    return known[signs]


@pytest.fixture(scope="module")
def recorded(corpora: Path) -> list[tuple[Seen, tuple[Taxonomy, ...]]]:
    """The recorded events as match sees them, each with the tables of its log sources."""
    known: dict[object, tuple[Taxonomy, ...]] = {}
    return [(seen, _tables(seen, known)) for event in _recorded(corpora) for seen in see(event) if seen.shape is not None]


def test_names_of_recorded_events_are_known(recorded: list[tuple[Seen, tuple[Taxonomy, ...]]]) -> None:
    """A closed table has every name of every recorded event, and what an open table calls a slip is no event's name."""
    counted: Counter[str] = Counter()
    closed: dict[str, bool] = {}
    asked: dict[tuple[str, str], bool] = {}
    for seen, tables in recorded:
        names = set(_paths(seen.event))
        for table in tables:
            counted[table.id] += 1
            closed[table.id] = table.closed
            for name in names:
                if (table.id, name) not in asked:
                    asked[table.id, name] = _is_known(name, table)
    assert sorted(f"{table}: {name}" for (table, name), fine in asked.items() if not fine) == []
    assert sum(closed.values()) >= 30
    assert len(closed) - sum(closed.values()) >= 20
    assert counted["windows/sysmon"] > 1500
    assert counted["kubernetes/audit"] > 200
    assert counted["aws/cloudtrail"] > 70


def test_types_and_domains_hold_on_recorded_events(recorded: list[tuple[Seen, tuple[Taxonomy, ...]]]) -> None:
    """No recorded value is outside its field's type or domain but those that somebody made up by hand."""
    wrong: set[tuple[str, str, str]] = set()
    checked: set[tuple[str, str]] = set()
    for seen, tables in recorded:
        for name, value in _values(seen.event):
            for table in tables:
                field = table.fields.get(name)
                if field is not None and value not in ("", "-"):
                    checked.add((table.id, name))
                    if not _fits(field, value):
                        wrong.add((table.id, name, value))
    assert {(table, name, value) for table, name, value in wrong if "EXAMPLE" not in value} == {
        ("kubernetes/audit", "sourceIPs", "not-an-ip"),
    }
    assert len(checked) > 900


def _values(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of an event's values, with their paths."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _values(one, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for one in value:
            yield from _values(one, path)
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def _fits(field: Field, value: str) -> bool:
    """Whether a value is one that the table promises; written anew, beside the check's own judgement."""
    if field.values and value not in field.values:
        return False
    if field.lower and value != value.lower():
        return False
    if field.type == "long":
        return value.removeprefix("-").replace(".", "", 1).isdigit()
    if field.type == "boolean":
        return value.lower() in ("true", "false")
    if field.type == "ip":
        return ":" in value or (value.count(".") == 3 and value.replace(".", "").isdigit())
    return True


def _is_known(name: str, table: Taxonomy) -> bool:
    if table.has(name) or table.other(name):
        return True
    return not table.closed and unmapped_field.told(name, table, valued=True) is None


def test_every_log_source_of_the_specification_has_a_table(corpora: Path) -> None:
    """Each row of the taxonomy appendix, and each log source that a rule of SigmaHQ names, has a table of its own."""
    text = (corpora / "facts" / "sigma-specification" / "sigma-appendix-taxonomy.md").read_text(encoding="utf-8")
    rows = {tuple(re.findall(r"(product|category|service): ([^<| ]+)", line)) for line in text.splitlines() if line.startswith("|")}
    sources = {LogSource(**dict(row)) for row in rows if row}
    assert len(sources) > 120
    sources |= {one.rule.logsource for one in load_pack([corpora / "corpora" / "sigmahq"]).rules}
    assert len(sources) > 160
    tables = {source: taxonomy(source) for source in sources}
    assert [str(source) for source, table in tables.items() if table is None] == []
    assert [str(one) for one, table in tables.items() if table and table.id.endswith("/other") and (one.category or one.service)] == []


@pytest.fixture(scope="module")
def subjects(corpora: Path) -> list[Subject]:
    """SigmaHQ's rules, as checks see them."""
    return [Subject(one) for one in load_pack([corpora / "corpora" / "sigmahq"]).rules]


def _found(module: Any, subjects: list[Subject]) -> list[tuple[LogSource, Finding]]:
    return [(subject.rule.logsource, one) for subject in subjects for one in module.check(subject)]


def _at(findings: list[tuple[LogSource, Finding]]) -> list[tuple[str, int, str]]:
    """Return file, line and the quoted name or value of each finding."""
    rows = []
    for _, one in findings:
        span = one.diagnostic.span
        assert span is not None
        line = one.source.text.splitlines()[span.line - 1]
        rows.append((Path(span.path).stem, span.line, line.strip().partition("#")[0].strip()))
    return sorted(rows)


def test_fields_that_no_audit_event_has(subjects: list[Subject]) -> None:
    """Of SigmaHQ's 14 rules on the Kubernetes audit log five ask what can never be true; the nine others are silent."""
    audit = [one for one in subjects if one.rule.logsource.product == "kubernetes"]
    assert len(audit) == 14
    assert _at(_found(unmapped_field, audit)) == [
        ("kubernetes_audit_hostpath_mount", 24, "hostPath: '*'"),
        ("kubernetes_audit_privileged_pod_creation", 26, "capabilities: '*'"),
        ("kubernetes_audit_rbac_permisions_listing", 24, "apiGroup: 'authorization.k8s.io'"),
        ("kubernetes_audit_sidecar_injection", 24, "apiGroup: 'apps'"),
    ]
    assert _at(_found(value_type, audit)) == [("kubernetes_audit_potential_enumeration_activity", 24, "responseStatus.code: 'ALLOW'")]
    assert _found(other_sensor, audit) == []


def test_unknown_fields_of_sigmahq_were_read_one_by_one(subjects: list[Subject]) -> None:
    """Each finding on SigmaHQ's rules was compared with the log's documentation: these and no others."""
    found = Counter((str(source), one.diagnostic.message.split("'")[1]) for source, one in _found(unmapped_field, subjects))
    assert {key: count for key, count in found.items() if "kubernetes" not in key[0]} == {
        # Objects: a text is compared with parameters, of which only the fields have one.
        ("product aws, service cloudtrail", "requestParameters"): 2,
        ("product aws, service cloudtrail", "responseElements"): 1,
        ("product azure, service auditlogs", "TargetResources.modifiedProperties"): 1,
        # Names of nothing in the record, or of something else's.
        ("product aws, service cloudtrail", "src_country"): 1,
        ("product aws, service cloudtrail", "src_ip"): 1,
        ("product aws, service cloudtrail", "status"): 1,
        ("product gcp, service gcp.audit", "data.protoPayload.logName"): 1,
        ("product gcp, service gcp.audit", "data.protoPayload.resource.type"): 1,
        # Case and spelling.
        ("product azure, service auditlogs", "Initiatedby"): 1,
        ("product azure, service auditlogs", "Initiatied.By"): 1,
        ("product azure, service signinlogs", "DeviceDetail.trusttype"): 2,
        ("product gcp, service google_workspace.login", "protoPayload.Servicename"): 1,
    }
    values = Counter((str(source), one.diagnostic.message.split("'")[1]) for source, one in _found(value_type, subjects))
    assert values == {("product kubernetes, service audit", "responseStatus.code"): 1, ("product windows, service application", "Level"): 1}


def test_what_other_sensors_write_in_sigmahq(subjects: list[Subject]) -> None:
    """Nineteen rules ask for what Sysmon's event of their category lacks; a name is told once a rule."""
    found = _found(other_sensor, subjects)
    names = {one.diagnostic.message.rsplit("'", 2)[1] for _, one in found}
    assert names == {
        "CommandLine",
        "GrandParentImage",
        "ParentCommandLine",
        "ParentImage",
        "SourceCommandLine",
        "SourceParentImage",
        "TargetParentProcessId",
    }
    assert {source.category for source, _ in found} == {
        "create_remote_thread",
        "file_event",
        "image_load",
        "network_connection",
        "process_access",
        "process_creation",
    }
    assert len(found) == 25
    assert len({one.source.path for _, one in found}) == 19
