"""Signatures of a whole pack: in converter.toml, in the baseline; what ends them, and what a refusal leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from converter.cli import cli

RULE = """\
title: Agent of a script
id: 3f8f0a7e-5f0c-4a66-8f5e-0c0c6b1f4c11
logsource: {product: kubernetes, service: audit}
detection:
  selection:
    userAgent|contains: curl
  condition: selection
level: low
x-converter:
  targets: {elastic: {language: kuery}}
"""
BROKEN = "title: Not one\nlogsource: {product: kubernetes, service: audit}\ncorrelation: {}\n"
ACCEPT = '[[accept]]\ncode = "T118"\ntargets = ["elastic"]\npaths = ["rules/a"]\nreason = "our clients write lower case"\n'


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack with one rule that loses something on Elastic."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "rules" / "a").mkdir(parents=True)
    (tmp_path / "rules" / "a" / "agent.yml").write_text(RULE, encoding="utf-8")
    (tmp_path / "converter.toml").write_text("", encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["build", "-t", "elastic", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_a_loss_needs_a_signature_and_the_pack_can_give_it(pack: Path) -> None:
    """Without one nothing is built; with one the reason stands in the artifact."""
    assert run().exit_code == 1
    assert not (pack / "output/elastic/a/agent.toml").exists()
    (pack / "converter.toml").write_text(ACCEPT, encoding="utf-8")
    assert run().exit_code == 0
    assert "our clients write lower case" in (pack / "output/elastic/a/agent.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("other", ['code = "T119"', 'targets = ["splunk"]', 'paths = ["rules/b"]'])
def test_a_signature_for_something_else_is_none(pack: Path, other: str) -> None:
    """An acceptance speaks of its code, its targets and its paths only."""
    lines = [other if line.startswith(other.partition(" ")[0]) else line for line in ACCEPT.split("\n")]
    (pack / "converter.toml").write_text("\n".join(lines), encoding="utf-8")
    assert run().exit_code == 1


@pytest.mark.parametrize("place", ["pack", "rule"])
def test_a_signature_ends_on_its_day(pack: Path, place: str) -> None:
    """On the last day it holds, on the next it does not, wherever it stands; the old output stays and is told as stale."""
    if place == "pack":
        (pack / "converter.toml").write_text(ACCEPT + 'until = "2027-03-31"\n', encoding="utf-8")
    else:
        accept = "elastic: {language: kuery, accept: [{code: narrower, until: '2027-03-31', reason: x}]}"
        (pack / "rules/a/agent.yml").write_text(RULE.replace("elastic: {language: kuery}", accept), encoding="utf-8")
    artifact = pack / "output/elastic/a/agent.toml"
    assert run("--today", "2027-03-31").exit_code == 0
    before = artifact.read_bytes()
    result = run("--today", "2027-04-01")
    assert result.exit_code == 1
    assert "warning[P010]" in result.stderr
    assert "error[B002]" in result.stderr
    assert "stale" in result.stderr
    assert artifact.read_bytes() == before


def test_a_signature_of_nothing_is_told(pack: Path) -> None:
    """An acceptance that no loss needs is told, when the whole pack was asked."""
    (pack / "converter.toml").write_text(ACCEPT + ACCEPT.replace("T118", "T119"), encoding="utf-8")
    result = run()
    assert (result.exit_code, result.stderr.count("P011")) == (0, 1)
    assert "converter.toml:6:3" in result.stderr
    (pack / "rules/b.yml").write_text(RULE.replace("3f8f0a7e", "4f8f0a7e").replace("curl", "x"), encoding="utf-8")
    assert "P011" not in run("rules/a").stderr


def test_a_rule_that_can_no_longer_be_read_keeps_its_output(pack: Path) -> None:
    """A broken file costs no output, and the stale one is named."""
    (pack / "converter.toml").write_text(ACCEPT, encoding="utf-8")
    assert run().exit_code == 0
    (pack / "rules/a/agent.yml").write_text("title: [", encoding="utf-8")
    result = run()
    assert result.exit_code == 3
    assert "error[B002]" in result.stderr
    assert (pack / "output/elastic/a/agent.toml").exists()


def test_a_baseline_lets_pass_what_it_knew_and_nothing_else(pack: Path) -> None:
    """After --write-baseline the build is green; a new loss, refusal or broken file is not."""
    (pack / "rules/broken.yml").write_text(BROKEN, encoding="utf-8")
    unmapped = (
        RULE.replace("3f8f0a7e", "5f8f0a7e").replace("userAgent|contains", "requestObject.spec.hostPID|exists").replace("curl", "true")
    )
    (pack / "rules/unmapped.yml").write_text(unmapped, encoding="utf-8")
    assert run().exit_code == 3
    result = run("--write-baseline")
    assert (result.exit_code, "known" in result.stderr) == (0, True)
    assert "recorded in the baseline" in (pack / "output/elastic/a/agent.toml").read_text(encoding="utf-8")
    written = (pack / "converter.baseline.json").read_bytes()
    assert {name: len(rows) for name, rows in json.loads(written).items() if name != "schema_version"} == {
        "losses": 1,
        "refused": 1,
        "unread": 1,
    }
    assert run().exit_code == 0
    assert run("--check").exit_code == 0
    run("--write-baseline")
    assert (pack / "converter.baseline.json").read_bytes() == written
    (pack / "rules/new.yml").write_text(RULE.replace("3f8f0a7e", "6f8f0a7e"), encoding="utf-8")
    assert run().exit_code == 1
    (pack / "rules/new.yml").write_text(BROKEN, encoding="utf-8")
    assert run().exit_code == 3


def test_a_baseline_tells_what_it_no_longer_needs(pack: Path) -> None:
    """Entries of rules that are gone or mended are told once, and writing it again forgets them."""
    run("--write-baseline")
    (pack / "rules/a/agent.yml").write_text(RULE.replace("language: kuery", "enabled: false, reason: x"), encoding="utf-8")
    assert "P012" in run().stderr
    run("--write-baseline")
    assert "P012" not in run().stderr


def test_writing_a_part_keeps_the_rest_of_the_baseline(pack: Path) -> None:
    """--write-baseline with PATHS changes only the entries of those rules."""
    (pack / "rules/b.yml").write_text(RULE.replace("3f8f0a7e", "7f8f0a7e"), encoding="utf-8")
    run("--write-baseline")
    (pack / "rules/a/agent.yml").write_text(RULE.replace("language: kuery", "enabled: false, reason: x"), encoding="utf-8")
    run("--write-baseline", "rules/a")
    rows = json.loads((pack / "converter.baseline.json").read_bytes())["losses"]
    assert [row["rule"][:8] for row in rows] == ["7f8f0a7e"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"losses": [1], "refused": [], "unread": []}', "[" * 100_000, '{"losses": {"a": 1}}'])
def test_a_damaged_baseline_is_told(pack: Path, content: str) -> None:
    """Nothing is built on a baseline that cannot be read."""
    (pack / "converter.baseline.json").write_text(content, encoding="utf-8")
    result = run()
    assert (result.exit_code, "error[P004]" in result.stderr) == (3, True)
