"""``converter ci`` and the page about it: one summary, one exit code, one report, and every command of the page run."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from inprocess import run

from converter.checks import codes

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS = ["check", "test", "build --check", "verify"]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A new pack."""
    assert run(tmp_path, "init", "pack").returncode == 0
    return tmp_path / "pack"


def _rule(pack: Path) -> Path:
    return pack / "rules/kubernetes/audit/ephemeral_container_added.yml"


def _results(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return the table's results by step."""
    rows = (
        re.match(r"(check|test|build --check|verify)  +(passed|failed|not readable|no answer)", line) for line in done.stderr.splitlines()
    )
    return {row.group(1): row.group(2) for row in rows if row}


def test_a_sound_pack_passes_every_step(pack: Path) -> None:
    """All steps pass, the report holds each, and nothing is written beside it."""
    before = {path: path.read_bytes() for path in pack.rglob("*") if path.is_file()}
    done = run(pack, "ci", "--engine", "reader", "--report", "report.json")
    assert done.returncode == 0, done.stderr
    assert _results(done) == dict.fromkeys(STEPS, "passed")
    report = json.loads((pack / "report.json").read_text(encoding="utf-8"))
    assert (report["schema_version"], [one["step"] for one in report["results"]]) == (1, STEPS)
    assert all(one["exit_code"] == 0 and one["diagnostics"] == [] for one in report["results"])
    after = {path: path.read_bytes() for path in pack.rglob("*") if path.is_file() and path.name != "report.json"}
    assert after == before


def test_each_step_fails_on_its_own_mistake(pack: Path) -> None:
    """A mistake of one kind fails its step, with exit code 1; the steps that it does not concern pass."""
    rule, output = _rule(pack), pack / "output/splunk/kubernetes/audit/ephemeral_container_added.conf"
    text, built = rule.read_text(encoding="utf-8"), output.read_text(encoding="utf-8")

    rule.write_text(text.replace("attack.t1609", "attack.t1609, attack.t1086"), encoding="utf-8")
    done = run(pack, "ci", "--engine", "reader")
    assert (done.returncode, _results(done)["check"], _results(done)["test"]) == (1, "failed", "passed")

    rule.write_text(text.replace("match: false", "match: true", 1), encoding="utf-8")
    done = run(pack, "ci", "--engine", "reader")
    assert (done.returncode, _results(done)) == (1, {"check": "passed", "test": "failed", "build --check": "passed", "verify": "passed"})

    rule.write_text(text, encoding="utf-8")
    output.write_text(built.replace("ephemeralcontainers", "attach"), encoding="utf-8")
    done = run(pack, "ci", "--engine", "reader")
    assert (done.returncode, _results(done)) == (1, {"check": "passed", "test": "passed", "build --check": "failed", "verify": "failed"})
    assert "the rule matches, the output does not match" in done.stderr


def test_the_highest_exit_code_counts(pack: Path) -> None:
    """A file that cannot be read is 3, also beside findings; a damaged manifest is 4."""
    (pack / "rules/broken.yml").write_text("title: [\n", encoding="utf-8")
    _rule(pack).write_text(_rule(pack).read_text(encoding="utf-8").replace("attack.t1609", "attack.t1086"), encoding="utf-8")
    done = run(pack, "ci", "--engine", "reader")
    assert done.returncode == 3
    assert run(pack, "ci", "nothing.yml").returncode == 3
    assert run(pack, "ci", "--output-format", "yaml").returncode == 2
    assert set(_results(done).values()) <= {"not readable", "failed"}
    (pack / "output/falco/.manifest.json").write_text("{", encoding="utf-8")
    done = run(pack, "ci", "--engine", "reader", "--report", "report.json")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    report = json.loads((pack / "report.json").read_text(encoding="utf-8"))["results"]
    assert {one["step"]: one["result"] for one in report}["verify"] == "no answer"


def test_every_format_tells_the_same(pack: Path) -> None:
    """JSON, JUnit and annotations hold the rows and findings of all steps."""
    _rule(pack).write_text(_rule(pack).read_text(encoding="utf-8").replace("attack.t1609", "attack.t1086"), encoding="utf-8")
    rows = json.loads(run(pack, "ci", "--engine", "reader", "--output-format", "json").stdout)["results"]
    assert {row["step"] for row in rows} == set(STEPS)
    root = ElementTree.fromstring(run(pack, "ci", "--engine", "reader", "--output-format", "junit").stdout)
    assert [suite.get("name") for suite in root] == STEPS
    assert int(root[0].get("failures", "0")) == 1
    lines = run(pack, "ci", "--engine", "reader", "--output-format", "github").stdout.splitlines()
    number = next(n for n, line in enumerate(_rule(pack).read_text(encoding="utf-8").splitlines(), 1) if "attack.t1086" in line)
    start = f"::warning file=rules/kubernetes/audit/ephemeral_container_added.yml,line={number},col=26,"
    assert any(line.startswith(start) for line in lines), lines


def _commands() -> list[tuple[str, list[str]]]:
    """Return the page's commands in order, each with the lines shown below it."""
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def test_the_page_shows_what_happens(tmp_path: Path) -> None:
    """Each command of docs/ci.md runs in order, exits with 0, and prints the lines that stand below it."""
    folder = tmp_path
    commands = _commands()
    assert len(commands) >= 8
    for command, shown in commands:
        words = shlex.split(command)
        if words[0] == "cd":
            folder /= words[1]
            continue
        assert words[0] == "converter"
        done = run(folder, *words[1:])
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert "Traceback" not in done.stderr
        for line in shown:
            assert line in (done.stdout + done.stderr).splitlines(), f"{command}: {line}"


def test_the_page_lists_every_check() -> None:
    """The table of checks is that of the program."""
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"^\| (S\d{3}) \|", text, re.MULTILINE))) == [code for code in codes() if code.startswith("S")]
