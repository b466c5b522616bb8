"""The fields that ship: every log source has a sound table, agreeing with the targets' tables, and names are told from each other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import converter.data.tables
from converter.checks import find_all
from converter.checks.close_names import meant, slipped
from converter.data import SHIPPED, OwnSource, Tables, Taxonomy, fields, load, sources, taxonomy, taxonomy_sources
from converter.model import LogSource
from converter.pack import load_pack

FOLDER = Path(converter.data.tables.__file__).parent / "taxonomy"
TYPES = {"keyword", "text", "long", "boolean", "date", "ip", "unknown"}
KUBERNETES = LogSource("application", "kubernetes", "audit")
SYSMON = LogSource("process_creation", "windows")


def _table(logsource: LogSource) -> Taxonomy:
    found = taxonomy(logsource)
    assert found is not None
    return found


@pytest.mark.parametrize("logsource", taxonomy_sources(), ids=str)
def test_every_table_is_sound(logsource: LogSource) -> None:
    """Each field has a type, or is said to have an unknown one, and a public source; a name given instead of another can hold something."""
    table = _table(logsource)
    assert table.title
    assert not table.title.endswith(".")
    for name, field in table.fields.items():
        assert field.name == name
        assert field.type in TYPES
        assert len(table.source(name)) > 10, name
    assert all(table.has(row.use) for row in table.instead.values() if row.use)
    assert all(row.why for row in table.instead.values())
    assert not table.fields.keys() & (table.others.keys() | table.instead.keys())


def test_a_table_of_its_own_names_only_what_it_has() -> None:
    """A name that a table gives instead of another is one of its fields; only shared parts may name what a table lacks."""
    for name in _files():
        entry = load(f"taxonomy/{name}.yml")
        if "title" in entry:
            table = next(one for one in map(_table, taxonomy_sources()) if one.id == name)
            assert entry.get("instead", {}).keys() <= table.instead.keys(), name


def test_every_file_is_used() -> None:
    """A file is a table of the index or part of one."""
    index = load("taxonomy/index.yml")["tables"]
    used = set(index.values())
    used |= {part for name in used for part in load(f"taxonomy/{name}.yml").get("includes", ())}
    assert used == _files()


def _files() -> set[str]:
    return {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.yml")}


@pytest.mark.parametrize("source", sources())
def test_tables_of_targets_agree(source: str) -> None:
    """What a target's table says of a field is what the taxonomy says of it: type, many, values, case."""
    entry = sources()[source].sigma
    for category in entry["category"]:
        table = _table(LogSource(category, entry["product"], entry["service"]))
        assert {name: table.fields.get(name) for name in fields(source)} == dict(fields(source))


def test_every_log_source_that_match_knows_has_a_table() -> None:
    """Where match can tell which events a rule is asked about, their fields are known; no service falls back to its product's table."""
    for row in load("admission.yml")["rows"]:
        logsource = LogSource(row.get("category", ""), row.get("product", ""), row.get("service", ""))
        table = taxonomy(logsource)
        assert table is not None, logsource
        assert not ((logsource.category or logsource.service) and table.id.endswith("/other")), logsource


def test_a_rule_that_names_more_parts_has_the_table_of_those_it_shares() -> None:
    """Category and service together: category's table; an unknown service: the product's; nothing known: none."""
    assert _table(LogSource("process_creation", "windows", "security")).id == "windows/process_creation"
    assert _table(LogSource("", "windows", "a-channel-of-ours")).id == "windows/other"
    assert _table(LogSource("webserver", "linux")).id == "any/webserver"
    assert taxonomy(LogSource("", "acme", "billing")) is None
    assert taxonomy(LogSource()) is None


def test_one_rule_reads_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is not read as a whole: the index, the table and its shared parts."""
    module = sys.modules["converter.data.taxonomy"]
    read: list[str] = []

    def told(name: str) -> object:
        read.append(name)
        return load(name)

    monkeypatch.setattr(module, "load", told)
    module._index.cache_clear()
    module._table.cache_clear()
    taxonomy(SYSMON)
    taxonomy(SYSMON)
    assert read == [f"taxonomy/{name}.yml" for name in ("index", "windows/process_creation", "windows/event", "windows/sysmon_names")]


def test_names_below_an_object() -> None:
    """An object's own row wins, then its family, and the object itself has no text; a star is no name."""
    table = _table(KUBERNETES)
    replicas, host = table.field("requestObject.spec.replicas"), table.field("requestObject.spec.hostNetwork")
    assert (replicas and replicas.type, host and host.type) == ("unknown", "boolean")
    assert table.field("requestObject.spec.*") is None
    assert table.field("requestObject.") is None
    assert table.field("requestObject") is None
    assert table.is_object("requestObject")
    assert table.is_object("objectRef")
    assert not table.is_object("objectRef.name")


def test_names_of_other_programs() -> None:
    """A sensor's extra field is told from the log source's own, and a collector's wrapping from both."""
    table = _table(LogSource("file_event", "windows"))
    assert (table.other("CommandLine"), table.other("Image")) == ("sensors such as Aurora", "")
    assert table.other("winlog.event_data.Image") == "programs such as Winlogbeat"
    assert table.other("nobody.writes.this") == ""


OWN = """
title: A rule of a pack that has a sensor of its own
logsource: {product: windows, category: file_event}
detection:
  selection:
    ParentImage: a.exe
    FileOwner: root
    hostname: b
  condition: selection
"""


def test_fields_of_a_pack_are_fields(tmp_path: Path) -> None:
    """What a pack's own table says its events have is neither unknown nor another sensor's; the rest still is."""
    rule = tmp_path / "rule.yml"
    rule.write_text(OWN, encoding="utf-8")
    pack = load_pack([rule])
    row = {"type": "keyword", "source": "our sensor"}
    own = Tables((OwnSource(LogSource("file_event", "windows"), fields={"ParentImage": row, "FileOwner": row}),))
    places = {
        tables: [
            (one.code, one.diagnostic.span.line)
            for one in find_all(pack, tables=given)
            if one.code in ("S001", "S024") and one.diagnostic.span
        ]
        for tables, given in (("shipped", SHIPPED), ("own", own))
    }
    assert places == {"shipped": [("S024", 6), ("S001", 7), ("S001", 8)], "own": [("S001", 8)]}


@pytest.mark.parametrize(
    ("name", "logsource", "real"),
    [
        ("ProcessID", SYSMON, "ProcessId"),
        ("NewProcessName", SYSMON, "Image"),
        ("Parent_Image", SYSMON, "ParentImage"),
        ("ComandLine", SYSMON, "CommandLine"),
        ("Commandlnie", SYSMON, "CommandLine"),
        ("winlog.event_data.CommandLine", SYSMON, "CommandLine"),
        ("apiGroup", KUBERNETES, "objectRef.apiGroup"),
        ("hostPath", KUBERNETES, "requestObject.spec.volumes.hostPath.path"),
        ("subjects.kind", KUBERNETES, "requestObject.subjects.kind"),
        ("an entirely different thing", KUBERNETES, ""),
    ],
)
def test_the_name_that_was_meant(name: str, logsource: LogSource, real: str) -> None:
    """Case, another log's name, separators, slips of the hand, wrappings, and paths that stand deeper are seen through."""
    assert meant(name, _table(logsource)) == real


SECURITY = _table(LogSource("", "windows", "security")).names
LONG = [name for name in SECURITY if len(name) > 9 and name.isalpha()]


@given(st.sampled_from(LONG), st.integers(0, 8), st.sampled_from("QXZ"))
def test_a_slip_finds_a_name_one_letter_away(name: str, place: int, letter: str) -> None:
    """A letter too many, missing, wrong or exchanged leads to a name that differs by one such slip, never to another."""
    for slip in (name[:place] + letter + name[place:], name[:place] + name[place + 1 :], name[:place] + letter + name[place + 1 :]):
        found = slipped(slip, SECURITY)
        assert found
        assert abs(len(found.replace("_", "")) - len(slip)) <= 1


@given(st.text("ab1_.", max_size=12), st.text("ab1_.", max_size=12))
def test_digits_are_no_slips(left: str, right: str) -> None:
    """Two names whose digits differ are two names: param1 is not param2."""
    if [c for c in left if c.isdigit()] != [c for c in right if c.isdigit()]:
        assert slipped(left, (right,)) == ""
