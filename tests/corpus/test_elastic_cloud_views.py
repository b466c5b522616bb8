"""Elastic's views of cloud, SaaS, web and network logs against the documents that the integrations' own pipelines made."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from converter.data import Binding, bindings, elastic_document, elastic_mappings
from converter.languages import kql

pytestmark = pytest.mark.corpus

LOG = {
    "azure_activitylogs": "azure__activitylogs",
    "azure_auditlogs": "azure__auditlogs",
    "azure_signinlogs": "azure__signinlogs",
    "azure_riskdetection": "azure__identity_protection",
    "gcp_audit": "gcp__audit",
    "google_workspace_admin": "google_workspace__admin",
    "google_workspace_login": "google_workspace__login",
    "okta": "okta__system",
    "github_audit": "github__audit",
    "bitbucket_audit": "atlassian_bitbucket__audit",
    "m365_audit": "o365__audit",
    "m365_threat_management": "o365__audit",
    "m365_exchange": "o365__audit",
    "zeek_dns": "zeek__dns",
    "zeek_http": "zeek__http",
    "zeek_smb_files": "zeek__smb_files",
    "zeek_dce_rpc": "zeek__dce_rpc",
    "zeek_kerberos": "zeek__kerberos",
    "zeek_rdp": "zeek__rdp",
    "zeek_x509": "zeek__x509",
    "opencanary": "opencanary__events",
    "cisco_duo": "cisco_duo__auth",
    "webserver": "nginx__access",
    "webserver (Apache)": "apache__access",
    "webserver_iis": "iis__access",
    "proxy": "zscaler_zia__web",
    "proxy_squid": "squid__log",
    "firewall": "fortinet_fortigate__log",
    "fortigate_event": "fortinet_fortigate__log",
    "cisco_aaa": "cisco_ios__log",
}
"""The recorded stream of a log source."""
RECORDED = 180
"""Fields of these log sources that the recorded documents show."""
ACCESS = re.compile(
    r'(?P<client>\S+) (?:- )?(?P<user>\S+) \[[^]]+] "(?P<method>\S+) (?P<target>\S+) HTTP/[0-9.]+" (?P<status>\d+) \S+'
    r'(?: "(?P<referer>[^"]*)" "(?P<agent>[^"]*)".*)?'
)
SQUID = re.compile(r"\S+ +\d+ (?P<client>\S+) [A-Z_]+/(?P<status>\d+) \d+ (?P<method>\S+) (?P<url>\S+) \S+ [A-Z]+/(?P<peer>\S+) \S+")


def access(line: str) -> dict[str, Any] | None:
    """Return a line of the combined log format in Sigma's names; ``None`` for another format, or several clients."""
    found = ACCESS.fullmatch(line)
    if found is None:
        return None
    names = {"c-ip": "client", "cs-username": "user", "cs-method": "method", "cs-uri-query": "target", "cs-referer": "referer"}
    event: dict[str, Any] = {name: found[group] for name, group in names.items() if found[group] is not None}
    event |= {"cs-uri-stem": found["target"].partition("?")[0], "sc-status": int(found["status"])}
    return event | ({"cs-user-agent": found["agent"]} if found["agent"] else {})


def iis(line: str) -> dict[str, Any] | None:
    """Return a line of IIS's default fields in Sigma's names."""
    parts = line.split(" ")
    names = (
        "date",
        "time",
        "s-ip",
        "cs-method",
        "cs-uri-stem",
        "cs-uri-query",
        "s-port",
        "cs-username",
        "c-ip",
        "cs-user-agent",
        "cs-referer",
    )
    return {**dict(zip(names, parts, strict=False)), "sc-status": parts[11]}


def squid(line: str) -> dict[str, Any] | None:
    """Return a line of Squid's native format in Sigma's names."""
    found = SQUID.fullmatch(line)
    assert found, line
    return {
        "c-ip": found["client"],
        "sc-status": found["status"],
        "cs-method": found["method"],
        "c-uri": found["url"],
        "dst_ip": found["peer"],
    }


def zscaler(line: str) -> dict[str, Any] | None:
    """Return a line of Zscaler's feed in Sigma's names: its URL has no scheme, and an older name for the client."""
    log = json.loads(line)["event"]
    names = {"cs-method": "reqmethod", "c-useragent": "eua", "dst_ip": "sip", "cs-referrer": "ereferer"}
    return {name: log[key] for name, key in names.items()} | {"c-uri": f"{log['proto'].lower()}://{log['eurl']}"}


def fortigate(line: str) -> dict[str, Any] | None:
    """Return a message's keys and values."""
    found = {key: bare or quoted for key, quoted, bare in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))', line)}
    return found | {"src_ip": found["srcip"], "src_port": found["srcport"], "dst_ip": found["dstip"], "dst_port": found["dstport"]}


def line_of(line: str) -> dict[str, Any] | None:
    """Return a line of a device's log as the message that it is."""
    return {"message": line}


def record(line: str) -> dict[str, Any] | None:
    """Return a line of JSON."""
    event: dict[str, Any] = json.loads(line)
    return event


def unified(line: str) -> dict[str, Any] | None:
    """Return a record of the unified audit log; ``None`` for two of the pipeline's tests, which are no JSON."""
    try:
        return record(line)
    except ValueError:
        assert '": "-' in line  # command-line parameters, whose quotes are not escaped
        return None


READ: Mapping[str, Callable[[str], dict[str, Any] | None]] = {
    "nginx__access": access,
    "apache__access": access,
    "o365__audit": unified,
    "iis__access": iis,
    "squid__log": squid,
    "zscaler_zia__web": zscaler,
    "fortinet_fortigate__log": fortigate,
    "cisco_ios__log": line_of,
}
DIFFERENT: Mapping[str, Mapping[str, str]] = {
    # A package of 2021, which wrote the method in lower case.
    "old-test-nginx.log": {"http.request.method": "get"},
}
"""What a recorded document has otherwise than the view, by file and path."""


def pairs(corpora: Path, stream: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield the file, event and indexed document of each recorded line that can be read."""
    folder = corpora / "events" / "elastic_pipeline" / stream
    for file in sorted((folder / "input").iterdir()):
        loaded = json.loads((folder / "expected" / f"{file.name.removesuffix('.events.log')}-expected.json").read_text(encoding="utf-8"))
        documents = loaded if isinstance(loaded, list) else loaded["expected"]
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        for line, document in zip(lines, documents, strict=True):
            event = READ.get(stream, record)(line)
            if event is not None:
                yield file.name, event, document


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return the leaves of a document by their paths."""
    if isinstance(value, dict) and value:
        return {key: one for name, inner in value.items() for key, one in flat(inner, f"{path}.{name}" if path else name).items()}
    return {path: value}


@pytest.mark.parametrize("name", sorted(LOG))
def test_recorded_documents_are_reproduced(name: str, corpora: Path) -> None:
    """Whatever the view says of a recorded event stands so in the document, but for what is named; the index takes the document."""
    source = name.partition(" ")[0]
    mapping = kql.compile_mapping(elastic_mappings(source))
    assert isinstance(mapping, kql.Mapping)
    asked = 0
    for file, event, document in pairs(corpora, LOG[name]):
        made = elastic_document(event, source)
        assert isinstance(kql.index(made, mapping), kql.Document), file
        mine, theirs = flat(made), flat(document)
        found = {path: theirs.get(path) for path, value in mine.items() if theirs.get(path, ...) != value}
        assert found == DIFFERENT.get(file, {}), file
        asked += 1
    assert asked


def test_the_types_are_the_integrations(corpora: Path) -> None:
    """Every mapped field has the type that the integration, or the common schema, gave it."""
    rows = csv.DictReader((corpora / "facts" / "data" / "elastic_mappings_cloud.csv").open(encoding="utf-8"))
    listed = {row["elastic_field"]: row["type"] for row in rows if row["elastic_field"] and "*" not in row["elastic_field"]}
    wrong, count = {}, 0
    for source in {name.partition(" ")[0] for name in LOG}:
        mapping = kql.compile_mapping(elastic_mappings(source))
        assert isinstance(mapping, kql.Mapping)
        for path in mapping.fields.keys() & listed.keys():
            count += 1
            if mapping.fields[path].type.replace("integer", "long") != listed[path].replace("integer", "long"):
                wrong[source, path] = (mapping.fields[path].type, listed[path])
    assert count > 100
    assert wrong == {}


def test_most_fields_are_recorded(corpora: Path) -> None:
    """Of what the tables name, this many fields have a value in a recorded document, of each log source at least one."""
    seen: set[tuple[str, str]] = set()
    for name, stream in LOG.items():
        source = name.partition(" ")[0]
        asked = {part.path.removesuffix(".*") for one in bindings("elastic", source).values() for part in _parts(one)}
        for _, event, _ in pairs(corpora, stream):
            made = flat(elastic_document(event, source)).keys()
            seen |= {(source, path) for path in asked for place in made if place == path or place.startswith(f"{path}.")}
    assert {source for source, _ in seen} == {name.partition(" ")[0] for name in LOG}
    assert len(seen) >= RECORDED


def _parts(binding: Binding) -> list[Binding]:
    return [part for _, part in binding.change.parts] if binding.change else [binding]
