"""The README and the docs say what the program does today."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONVERTER = Path(sys.executable).with_name("converter")


def _run(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(CONVERTER), *words], cwd=cwd, capture_output=True, text=True, check=False)


def test_readme_shows_the_table() -> None:
    """Every row of the first screen's table is one of the build's, padding aside, and every log source has one."""
    done = _run("build", "--check")
    assert done.returncode == 0, done.stderr
    built = [re.split(r" {2,}", line.strip()) for line in done.stderr.splitlines() if "/" in line]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = [re.split(r" {2,}", line.strip()) for line in readme.splitlines() if re.match(r"[a-z]+/[a-z_]+/[a-z_]+  ", line)]
    assert [row for row in shown if row not in built] == []
    assert {row[0].rpartition("/")[0] for row in shown} == {row[0].rpartition("/")[0] for row in built}


def test_readme_shows_the_refusal() -> None:
    """The refused translation and its counter-example are printed so, the event shortened."""
    done = _run("convert", "docs/examples/masters_group.yml", "-t", "elastic", "-O", "language=kuery")
    assert (done.returncode, done.stdout) == (1, "")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for line in done.stderr.strip().splitlines():
        shown = line if not line.startswith('  {"kind"') else '"groups": ["SYSTEM:MASTERS"]'
        assert shown in readme, line


def test_readme_names_the_commands() -> None:
    """Every command has its row."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = re.findall(r"^  ([a-z][a-z-]+) ", _run("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert len(names) >= 16
    for name in set(names) - {"schema"}:
        assert f"`converter {name}" in readme, name
    assert "`converter schema rule`" in readme


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "docs" / "examples").glob("*.yml")))
def test_examples_pass_their_tests(name: str) -> None:
    """An example of the docs is a sound rule."""
    done = _run("test", f"docs/examples/{name}")
    assert done.returncode == 0, done.stderr
    assert _run("check", f"docs/examples/{name}").returncode == 0


def test_seed_page_becomes_four_outputs(tmp_path: Path) -> None:
    """The main job, on a page in the documentation's form: import, then every target, then verify needs its events."""
    page = ROOT / "tests" / "readers" / "elastic_docs" / "kubernetes__guard_and_tactics" / "input.md"
    done = _run("import", "elastic-docs", str(page), "-o", "rules", "--report", "report.json", cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    built = _run("build", cwd=tmp_path)
    assert "Traceback" not in built.stderr
    assert (tmp_path / "output" / "python").is_dir()
    again = _run("build", "--check", cwd=tmp_path)
    assert "0 would change" in again.stderr


def test_tuned_pack_does_what_the_page_says() -> None:
    """Filter and placeholders are needed by the pack's own tests, and the page shows the pack's text."""
    pack, page = ROOT / "docs" / "examples" / "tuned", (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
    done = _run("test", cwd=pack)
    assert (done.returncode, done.stderr.strip()) == (0, "5 passed, 0 failed in 1 rules")
    assert done.stderr.strip() in page
    assert _run("check", cwd=pack).returncode == 0
    rule = (pack / "rules" / "shadow_copies_deleted.yml").read_text(encoding="utf-8")
    toml = (pack / "converter.toml").read_text(encoding="utf-8")
    blocks = re.findall(r"```(toml|yaml)\n(.*?)```", page, re.DOTALL)
    assert [kind for kind, _ in blocks] == ["toml", "yaml", "yaml"]
    assert blocks[0][1] in toml
    assert blocks[1][1] in rule
    explained = _run("explain", "rules/shadow_copies_deleted.yml", cwd=pack).stdout
    assert "veeam*" in explained
    assert "lab-*" in explained


def test_tuned_pack_fails_without_its_filter(tmp_path: Path) -> None:
    """Without the filter, the machine of the laboratory is an alert."""
    import shutil

    shutil.copytree(ROOT / "docs" / "examples" / "tuned", tmp_path / "tuned")
    (tmp_path / "tuned" / "rules" / "laboratory.yml").unlink()
    done = _run("test", cwd=tmp_path / "tuned")
    assert done.returncode == 1
    assert "a machine of the laboratory" in done.stderr
