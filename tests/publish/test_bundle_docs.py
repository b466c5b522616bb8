"""docs/bundles.md says what happens: its commands run, in their order, in a pack as it describes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests_publish_support import rule, run

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "bundles.md").read_text(encoding="utf-8")


def test_the_commands_run(work: Path) -> None:
    """Each command of the page ends with 0 and prints what the page shows of it."""
    shutil.copytree(ROOT / "rules" / "kubernetes", "rules/kubernetes")
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    commands = [part.split("\n", 1) for block in blocks for part in re.findall(r"^\$ (.*?)(?=^\$|\Z)", block, re.MULTILINE | re.DOTALL)]
    assert len(commands) == 7
    at = work
    for line, shown in commands:
        words = shlex.split(line)
        if words[0] == "cd":
            at = at / words[1]
            continue
        if words[0] == "converter":
            words[0] = str(Path(sys.executable).with_name("converter"))
        elif shutil.which(words[0]) is None:
            pytest.skip(f"{words[0]} is not installed: the rest of the page was not run")
        done = subprocess.run(words, cwd=at, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stderr)
        assert done.stdout.startswith(shown), line


def test_the_endings_and_folders_are_true(work: Path) -> None:
    """The page's endings are those that bundle takes, its paths those that a bundle has."""
    from converter.publish import SUFFIXES

    (line,) = re.findall(r"`-o` ends in (.*?)\.\s", PAGE)
    assert re.findall(r"`([.a-z]+)`", line) == list(SUFFIXES)
    run("bundle", "-o", "b.tar")
    names = subprocess.run(["tar", "-tf", "b.tar"], capture_output=True, text=True, check=True).stdout.split()
    table = PAGE.partition("## What it holds")[2].partition("The manifest names")[0]
    for path in re.findall(r"`([\w.]+/?)`", table.replace("`output/`", "")):
        assert any(name == path or name.startswith(path) for name in names), path


CASES: list[tuple[str, dict[str, str], int]] = [
    ("all that may be passed on", {}, 0),
    ("no licence", {"rules/a/one.yml": rule(1, "''")}, 1),
    ("refused on a target", {"rules/a/one.yml": rule(1).replace("selection: {verb", "selection: {unknownField")}, 1),
    ("own test fails", {"rules/a/one.yml": rule(1).replace("event: {verb: get}", "event: {verb: create}")}, 1),
    ("is no bundle", {"b.tar": "mine"}, 1),
    ("shares its id", {"rules/b/two.yaml": rule(1), "rules/b/three.yml": rule(3)}, 3),
]


@pytest.mark.parametrize(("row", "files", "code"), CASES, ids=[case[0] for case in CASES])
def test_the_exit_codes_are_true(work: Path, row: str, files: dict[str, str], code: int) -> None:
    """Each row of the table of exits is what happens."""
    (line,) = [one for one in PAGE.splitlines() if row in one and one.endswith(f"| {code} |")]
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8")
    assert run("bundle", "-o", "b.tar").exit_code == code, line
    assert os.path.exists("b.tar") == (row != "no licence")
