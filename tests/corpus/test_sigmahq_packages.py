"""Packages of rules that nobody here wrote: every eighth file of SigmaHQ, through each package's own reader."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import jsonschema
import pytest

from converter.languages import falco, spl
from converter.pack import Report, Request, build
from converter.targets import target

pytestmark = [pytest.mark.corpus, pytest.mark.slow]
SCHEMA = Path(__file__).resolve().parent.parent / "packages" / "kibana_rule_import.json"


@pytest.fixture(scope="module")
def files(corpora: Path) -> list[Path]:
    """Every eighth rule file."""
    found = sorted((corpora / "corpora" / "sigmahq").rglob("*.yml"))[::8]
    assert len(found) >= 300
    return found


def built(name: str, files: list[Path], folder: Path) -> tuple[Report, int]:
    """Return what a build of a package did, and how many rules it holds; nothing but refused rules is told."""
    report = build(Request(files, [target(name)], folder, {}, frozenset()))
    assert {one.code for one in report.diagnostics} <= {"B014"}
    return report, sum(bool(row.artifact) for row in report.rows)


def test_kibana_can_import_them(files: list[Path], tmp_path: Path) -> None:
    """Every rule has the keys that its type requires, and a rule_id of its own."""
    _, count = built("elastic-ndjson", files, tmp_path)
    rules = [json.loads(line) for line in (tmp_path / "elastic-ndjson" / "rules.ndjson").read_bytes().splitlines()]
    imported = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [rule["name"] for rule in rules if not imported.is_valid(rule)] == []
    assert len({rule["rule_id"] for rule in rules}) == len(rules) == count >= 100


def test_the_app_holds_a_search_for_each(files: list[Path], tmp_path: Path) -> None:
    """Stanzas and macros are read as they were meant: none is swallowed, none meets another."""
    _, count = built("splunk-app", files, tmp_path)
    with tarfile.open(fileobj=io.BytesIO((tmp_path / "splunk-app" / "detection_rules.tgz").read_bytes())) as archive:
        texts = {name: archive.extractfile(f"detection_rules/default/{name}.conf").read().decode() for name in ("savedsearches", "macros")}  # type: ignore[union-attr]
    searches, macros = (spl.read_conf(texts[name], name) for name in ("savedsearches", "macros"))
    assert isinstance(searches, spl.Conf), searches
    assert isinstance(macros, spl.Conf), macros
    assert len(searches.stanzas) == count >= 100
    filters = {one.name for one in macros.stanzas if one.name.endswith("_filter")}
    assert len(filters) == count
    assert all(any(f"`{name}`" in one.get("search") for name in filters) for one in searches.stanzas[:50])


def test_the_rules_file_is_sound(files: list[Path], tmp_path: Path) -> None:
    """Falco's rules, if any of these are, are one file that our reader takes."""
    _, count = built("falco-rules", files, tmp_path)
    if count:
        read = falco.read_rules((tmp_path / "falco-rules" / "rules.yaml").read_bytes(), "rules.yaml")
        assert isinstance(read, falco.RulesFile), read
        assert len(read.rules) == count


def test_the_package_asks_each(files: list[Path], tmp_path: Path) -> None:
    """Every rule is a module that imports, and asking all of an event raises nothing."""
    _, count = built("python-package", files, tmp_path)
    code = (
        "import detection_rules as package\n"
        "for event in ({}, {'CommandLine': None}, {'CommandLine': ['a', 1, {}], 'EventID': 4688}, {'a': {'b': []}}):\n"
        "    package.match_all(event)\n"
        "print(len(package.RULES))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "python-package", capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{count}\n", "")
    assert count >= 380
