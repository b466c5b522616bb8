"""The page on moving from Elastic says what the program does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from converter.readers.elastic_rules import form

ROOT = Path(__file__).resolve().parents[1]
CONVERTER = Path(sys.executable).with_name("converter")
PAGE = (ROOT / "docs" / "migrate-from-elastic.md").read_text(encoding="utf-8")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(CONVERTER), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_example_becomes_what_the_page_shows(tmp_path: Path) -> None:
    """The file's query and the rule that it becomes stand on the page, and so does what the program prints."""
    toml, yaml, _ = (found[1] for found in re.findall(r"```(toml|yaml)\n(.*?)```", PAGE, re.DOTALL))
    source = (ROOT / "docs" / "examples" / "elastic" / "node_shell.toml").read_text(encoding="utf-8")
    assert all(line in source.splitlines() for line in toml.splitlines())

    done = _run("import", "elastic-toml", "docs/examples/elastic/node_shell.toml", "-o", str(tmp_path / "rules"))

    assert done.returncode == 0, done.stderr
    said = (done.stdout + done.stderr).replace(f"{tmp_path}/", "").splitlines()
    assert said == re.findall(r"```console\n\$ [^\n]*node_shell[^\n]*\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()
    assert yaml in (tmp_path / "rules" / "kubernetes" / "audit" / "pod_with_a_shell_on_the_node.yml").read_text(encoding="utf-8")


def test_the_kept_query_is_the_one_of_the_page(tmp_path: Path) -> None:
    """A query on words stays in its rule as the page shows it, and is what is built."""
    kept = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    query = ROOT / "docs" / "examples" / "elastic" / "lamp_words.kql"

    done = _run("import", "kuery", str(query), "--logsource", "windows/process_creation", "-o", str(tmp_path / "rules"))
    built = _run("build", str(tmp_path / "rules"), "-t", "elastic", "-o", str(tmp_path / "output"))

    assert (done.returncode, built.returncode) == (1, 0), (done.stderr, built.stderr)
    assert (tmp_path / "rules" / "windows" / "process_creation" / "lamp_words.yml").read_text(encoding="utf-8").endswith(kept)
    (file,) = (tmp_path / "output").rglob("*.toml")
    assert query.read_text(encoding="utf-8").strip() in file.read_text(encoding="utf-8").splitlines()


def test_the_export_becomes_what_the_page_says(tmp_path: Path) -> None:
    """One correlation with its rule, one opaque rule, and two lines that are none."""
    report = tmp_path / "report.json"
    done = _run("import", "elastic-ndjson", "docs/examples/elastic/export.ndjson", "-o", str(tmp_path / "rules"), "--report", str(report))

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    rows = json.loads(report.read_text(encoding="utf-8"))["results"]
    assert [(one["kind"], one["status"], one["reason"], one["line"]) for one in rows] == [
        ("threshold", "canonical", None, 1),
        ("esql", "opaque", "esql", 2),
    ]
    text = (tmp_path / "rules" / "kubernetes" / "audit" / "many_refused_requests.yml").read_text(encoding="utf-8")
    assert "type: event_count" in text
    assert text.count("---\n") == 1
    assert done.stderr.count("R128") == 2


def test_reasons_and_managed_keys_are_the_programs() -> None:
    """The page lists every reason for an opaque rule in the program's words, and every key that is left out."""
    table = PAGE.partition("## Why a rule has no detection")[2].partition("## ")[0]
    listed = {name: words.replace("\\|", "|") for name, words in re.findall(r"^\| ([a-z_ ]+) \| (.+) \|$", table, re.MULTILINE)}
    listed.pop("reason")
    assert listed == dict(form().opaque)
    left = PAGE.partition("## What is not carried over")[2].partition("## ")[0]
    assert set(re.findall(r"`([a-z_]+)`", left)) >= set(form().managed)
