"""A system that has what the shipped tables name, brought in as a stranger's: no status changes, and no event speaks against an output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from converter.cli import cli
from converter.data import SHIPPED, sources

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "converter" / "data" / "views" / "elastic"
ELASTIC = {
    "endpoint": ("endpoint_file_mapping", "windows/file_event", "windows/file_event/program_of_one_letter", ""),
    "sysmon": (
        "windows_sysmon_mapping",
        "windows/file_event",
        "windows/file_event/program_of_one_letter",
        "like: windows_file_event_sysmon",
    ),
    "kubernetes": ("kubernetes_audit_mapping", "kubernetes//audit", "kubernetes/audit/user_exec_into_pod", ""),
    "cloudtrail": ("aws_cloudtrail_mapping", "aws//cloudtrail", "aws/cloudtrail/console_login_without_mfa", ""),
}
OTHERS = {
    "splunk json": ("splunk", "kubernetes_audit", "kubernetes/audit/user_exec_into_pod"),
    "splunk xml": ("splunk", "windows_file_event", "windows/file_event/program_of_one_letter"),
    "falco plugin": ("falco", "kubernetes_audit", "kubernetes/audit/user_exec_into_pod"),
    "falco syscalls": ("falco", "linux_process_creation", "linux/process_creation/shell_over_network_device"),
}


def _run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), catch_exceptions=False)


def _pack(folder: Path, rule: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "rules").mkdir()
    (folder / "converter.toml").write_text(f'[pack]\nname = "mine"\ntargets = ["{target}"]\n', "utf-8")
    text = (ROOT / "rules" / f"{rule}.yml").read_text("utf-8")
    # A rule's own index would stand over the pack's.
    (folder / "rules" / "a.yml").write_text(re.sub(r"\n +index: \[[^\n]*", "", text), "utf-8")
    monkeypatch.chdir(folder)


def _checked(target: str) -> list[str]:
    """Build and verify; return the row of the rule in verify's table."""
    built = _run("build")
    assert built.exit_code == 0, built.output
    done = _run("verify", "--engine", "reader")
    assert done.exit_code == 0, done.output
    assert f"what {target} sees of these events is the pack's own word" in done.stderr
    return next(line.split() for line in done.stderr.splitlines() if line.startswith("a  "))


@pytest.mark.parametrize("name", ELASTIC)
def test_an_integrations_own_mapping(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mapping of an integration, under an index of one's own: the rule stays exact, and searches that index."""
    mapping, logsource, rule, line = ELASTIC[name]
    _pack(tmp_path, rule, "elastic", monkeypatch)
    done = _run("fields", "import", "elastic", str(MAPPINGS / f"{mapping}.json"), "--logsource", logsource, "--index", "mine-*")
    assert done.exit_code == 0, done.output
    assert line in next(Path("fields").glob("*.yml")).read_text("utf-8")
    assert _run("fields", "check").exit_code == 0
    row = _checked("elastic")
    assert row[2:4] == ["exact", "reader"]
    assert '["mine-*"]' in Path("output/elastic/a.toml").read_text("utf-8")


@pytest.mark.parametrize("name", OTHERS)
def test_a_list_of_the_shipped_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fieldsummary, or Falco's list, of the names that ship: each rule's name finds its own again."""
    target, source, rule = OTHERS[name]
    _pack(tmp_path, rule, target, monkeypatch)
    paths = sorted({one.path.partition("[")[0] if target == "falco" else one.path for one in SHIPPED.bindings(target, source).values()})
    key = "field" if target == "splunk" else "name"
    Path("answer.json").write_text(json.dumps([{key: path} for path in paths]), "utf-8")
    done = _run("fields", "import", target, "answer.json", "--logsource", source)
    assert done.exit_code == 0, done.output
    assert sources()[source].title
    assert _checked(target)[2:4] == ["exact", "reader"]
