"""The page on moving from Elastic says what the program does with single queries and with a second import."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml

from tests.cli.inprocess import run

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "migrate-from-elastic.md").read_text(encoding="utf-8")
NAME = "docs/examples/elastic/exec_by_people.kql"
RULE = "rules/kubernetes/audit/exec_by_people.yml"


def test_a_query_becomes_what_the_page_shows_and_is_imported_again(tmp_path: Path) -> None:
    """The command of the page; then an edit, a change of the source, both of the same key, and the two ways out."""
    section = PAGE.partition("## Single queries")[2]
    words, shown = re.findall(r"```console\n\$ converter ([^\n]*)\n(.*?)```", section, re.DOTALL)[0]
    (tmp_path / NAME).parent.mkdir(parents=True)
    shutil.copy(ROOT / NAME, tmp_path / NAME)
    done = run(tmp_path, *words.split())
    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if line in shown.splitlines()] == shown.splitlines()
    assert "note[R126]" in done.stderr

    query, rule = tmp_path / NAME, tmp_path / RULE
    rule.write_text(rule.read_text(encoding="utf-8").replace("status: experimental", "status: test  # ours"), encoding="utf-8")
    again = run(tmp_path, *words.split())
    assert (again.returncode, "1 edited and kept" in again.stderr) == (0, True)
    query.write_text(query.read_text(encoding="utf-8").replace('"attach"', '"attach" or "portforward"'), encoding="utf-8")
    again = run(tmp_path, *words.split())
    assert (again.returncode, "note[R131]" in again.stderr, "1 joined with edits" in again.stderr) == (0, True, True)
    assert "status: test  # ours" in rule.read_text(encoding="utf-8")
    field = "kubernetes.audit.objectRef.subresource|cased"
    assert yaml.safe_load(rule.read_text(encoding="utf-8"))["detection"]["selection"][field] == ["exec", "attach", "portforward"]

    rule.write_text(rule.read_text(encoding="utf-8").replace("verb|cased: create", "verb|cased: [create, get]"), encoding="utf-8")
    query.write_text(query.read_text(encoding="utf-8").replace('verb:"create"', 'verb:"get"'), encoding="utf-8")
    again = run(tmp_path, *words.split())
    assert (again.returncode, "1 left alone" in again.stderr) == (1, True)
    assert re.search(r'error\[R130\]: .*verb\|cased was changed here to \["create", "get"\], and in the source to "get"', again.stderr)
    assert f"{RULE}:11:5" in again.stderr
    assert run(tmp_path, *words.split(), "--keep-edits").returncode == 0
    assert run(tmp_path, *words.split()).returncode == 0
    assert "[create, get]" in rule.read_text(encoding="utf-8")
    assert run(tmp_path, *words.split(), "--force").returncode == 0
    assert "status: experimental" in rule.read_text(encoding="utf-8")
