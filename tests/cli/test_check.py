"""``converter check`` as scripts use it: selection, corrections, formats, suppressions, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from inprocess import run

RULE = """\
title: Example Rule # the only one
id: 3b1c0a52-0000-4000-8000-000000000001
status: test
description: An example.
author: Somebody
date: 2026/03/02
license: apache 2.0
tags: [attack.execution, attack.t1086] # old
logsource: {product: kubernetes, service: audit}
detection:
  selection:
    verb: [get, list, get]
    userAgent|contains: '*curl*'
  condition: selection
level: low
x-converter:
  suppress: [{code: S003, until: '2026-12-31', reason: events follow}]
"""
FIXED = (
    RULE.replace("2026/03/02", "2026-03-02")
    .replace("apache 2.0", "Apache-2.0")
    .replace("t1086", "t1059.001")
    .replace(", get]", "]")
    .replace("*curl*", "curl")
)


def _run(folder: Path, *words: str, today: str = "2026-11-24") -> subprocess.CompletedProcess[str]:
    return run(folder, "check", *words, "--today", today)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of one rule with five mistakes."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/a.yml").write_text(RULE, encoding="utf-8")
    return tmp_path


def _codes(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [one["code"] for one in json.loads(done.stdout)["results"]]


def test_fix_writes_what_diff_shows(pack: Path) -> None:
    """--diff prints what --fix then writes; every other byte and the file's mode stay; a second run has nothing to do."""
    rule = pack / "rules/a.yml"
    rule.chmod(0o640)
    shown = _run(pack, "--fix", "--diff")
    assert (shown.returncode, rule.read_text(encoding="utf-8")) == (1, RULE)
    patched = subprocess.run(
        ["patch", "-p0", "-o", "-", "rules/a.yml"], cwd=pack, input=shown.stdout, capture_output=True, text=True, check=True
    )
    done = _run(pack, "--fix")
    assert done.returncode == 0, done.stderr
    assert "corrected 5 findings in 1 files" in done.stderr
    assert rule.read_text(encoding="utf-8") == FIXED == patched.stdout
    assert rule.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in rule.parent.iterdir()) == ["a.yml"]
    again = _run(pack, "--fix", "--diff")
    assert (again.returncode, again.stdout) == (0, "")


def test_fix_corrects_only_what_is_selected(pack: Path) -> None:
    """A correction of a code that was not asked for is not made."""
    _run(pack, "--fix", "--select", "S006,S018")
    expected = RULE.replace("2026/03/02", "2026-03-02").replace("*curl*", "curl")
    assert (pack / "rules/a.yml").read_text(encoding="utf-8") == expected


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_fix_keeps_line_ends_and_marks(mark: str, ending: str, pack: Path) -> None:
    """Files of other systems keep their line ends and their byte order mark, also where a line is added."""
    text = mark + RULE.replace("id: 3b1c0a52-0000-4000-8000-000000000001\n", "").replace("\n", ending)
    (pack / "rules/a.yml").write_bytes(text.encode("utf-8"))
    _run(pack, "--fix")
    after = (pack / "rules/a.yml").read_bytes().decode("utf-8")
    title, identity, *rest = after.removeprefix(mark).split(ending)
    assert identity.startswith("id: ")
    assert mark + ending.join([title, *rest]) == mark + FIXED.replace("id: 3b1c0a52-0000-4000-8000-000000000001\n", "").replace(
        "\n", ending
    )
    assert "R014" not in _run(pack).stderr


def test_a_link_is_not_written_through(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A rule given by a link stays as it is: what it leads to may belong to somebody else."""
    other = tmp_path_factory.mktemp("other") / "a.yml"
    other.write_text(RULE, encoding="utf-8")
    (pack / "link.yml").symlink_to(other)
    done = _run(pack, "link.yml", "--fix")
    assert done.returncode == 4
    assert other.read_text(encoding="utf-8") == RULE


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere: a folder without permission was not shown")
def test_a_file_that_cannot_be_written_is_told(pack: Path) -> None:
    """A folder without permission is exit 4, without a traceback."""
    (pack / "rules").chmod(0o500)
    done = _run(pack, "--fix")
    (pack / "rules").chmod(0o700)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr


def test_select_and_ignore_take_prefixes(pack: Path) -> None:
    """--select and --ignore name codes or their beginnings; what no code begins with is wrong usage."""
    everything = _codes(_run(pack, "--output-format", "json"))
    assert sorted(everything) == ["S004", "S006", "S007", "S014", "S018"]
    assert _codes(_run(pack, "--output-format", "json", "--select", "S00", "--ignore", "S004,S006")) == ["S007"]
    assert _run(pack, "--select", "S5").returncode == 2
    assert _run(pack, "--select", "T118").returncode == 2
    assert _run(pack, "--output-format", "yaml").returncode == 2
    assert _run(pack, "nothing.yml").returncode == 3
    assert _run(pack, "nothing.yml", "--diff").returncode == 3


def test_configuration_selects_where_flags_do_not(pack: Path) -> None:
    """[check] in converter.toml holds until a flag says otherwise; [pack] license is that of every rule without one."""
    text = '[pack]\nlicense = "MIT"\n[check]\nignore = ["S006", "S007", "S014", "S018"]\n'
    (pack / "converter.toml").write_text(text, encoding="utf-8")
    (pack / "rules/a.yml").write_text(RULE.replace("license: apache 2.0\n", ""), encoding="utf-8")
    done = _run(pack, "--output-format", "json")
    assert (done.returncode, _codes(done)) == (0, [])
    assert "S006" in _codes(_run(pack, "--output-format", "json", "--ignore", "S007"))


def test_suppressions_end(pack: Path) -> None:
    """A suppression holds on its last day and no longer; then the finding and the entry are told."""
    words = ("--select", "S003,S020", "--output-format", "json")
    day, later = (_run(pack, *words, today=today) for today in ("2026-12-31", "2027-01-01"))
    assert (day.returncode, _codes(day)) == (0, [])
    assert (later.returncode, sorted(_codes(later))) == (1, ["S003", "S020"])


def test_notes_fail_nothing(pack: Path) -> None:
    """A note is told in every format, and leaves the exit code alone."""
    rule = pack / "rules/a.yml"
    rule.write_text(FIXED.replace("level: low\n", ""), encoding="utf-8")
    done = _run(pack)
    assert done.returncode == 0
    assert "note[S005]: the rule has no level" in done.stderr
    assert _run(pack, "--output-format", "github").stdout.startswith("::notice file=rules/a.yml,line=1,")
    root = ElementTree.fromstring(_run(pack, "--output-format", "junit").stdout)
    assert (root.get("tests"), root.get("failures")) == ("1", "0")


def test_statistics_leave_machine_formats_alone(pack: Path) -> None:
    """Counts go to standard output with the text, to standard error beside JSON."""
    assert "     1 S004 warning" in _run(pack, "--statistics").stdout
    done = _run(pack, "--statistics", "--output-format", "json")
    assert len(json.loads(done.stdout)["results"]) == 5
    assert "S004" in done.stderr


def test_a_common_code_is_cut_in_the_text(pack: Path) -> None:
    """Of a code that occurs more than fifty times the text shows fifty, unless it was selected; JSON holds all."""
    text = FIXED.replace("  suppress: [{code: S003, until: '2026-12-31', reason: events follow}]\n", "  version: 1\n")
    for number in range(60):
        one = (
            text.replace("000000000001", f"0000000001{number:02d}").replace("Example Rule", f"Rule {number}").replace("curl", f"c{number}")
        )
        (pack / f"rules/{number}.yml").write_text(one, encoding="utf-8")
    (pack / "rules/a.yml").unlink()
    done = _run(pack)
    assert done.stderr.count("warning[S003]") == 50
    assert "10 more of S003 missing-test; list them with --select S003" in done.stderr
    assert _run(pack, "--select", "S003").stderr.count("warning[S003]") == 60
    assert len(_codes(_run(pack, "--output-format", "json"))) == 60
