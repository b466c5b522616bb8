"""Options on the command line: known to a target that was asked for, of the type and form that a rule's would have."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from converter.cli import cli
from converter.readers import schema
from converter.targets import NAMES

RULE = {
    "title": "A", "id": "00000001-0000-4000-8000-00000000000a", "logsource": {"product": "kubernetes", "service": "audit"},
    "detection": {"selection": {"verb": "create"}, "condition": "selection"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules").mkdir()
    Path("rules/a.yml").write_text(yaml.safe_dump(RULE), encoding="utf-8")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def test_an_option_has_the_type_of_the_rules_key() -> None:
    """A number is a number and a list a list, in the TOML and in what Kibana imports."""
    options = ("-O", "risk_score=90", "-O", "tags=a, b c", "-O", "index=logs-x", "-O", "max_signals=7")
    wanted = {"risk_score": 90, "tags": ["a", "b c"], "index": ["logs-x"], "max_signals": 7}
    toml = tomllib.loads(run("convert", "rules/a.yml", "-t", "elastic", *options).stdout)["rule"]
    ndjson = json.loads(run("convert", "rules/a.yml", "-t", "elastic-ndjson", *options).stdout)
    for rule in (toml, ndjson):
        assert {key: rule[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("target", "option", "told"),
    [
        ("elastic", "risk_score=high", "-O risk_score: risk_score is a text, not a number"),
        ("elastic", "risk_score=101", "-O risk_score: "),
        ("elastic", "severity=urgent", "'urgent' is not a value of severity"),
        ("elastic", "threat=T1000", "-O threat: threat is a text, not a list"),
        ("splunk", "macro=a b", "'a b' does not have the form of macro"),
        ("splunk", "macro=kube_audit\n", "does not have the form of macro"),
        ("splunk-app", "cron=often", "'often' does not have the form of cron"),
        ("falco", "priority=BAD", "'BAD' is not a value of priority"),
        ("splunk-app", "app_lable=x", "There is no option 'app_lable' of splunk-app. Did you mean 'app_label'?"),
        ("falco", "app_id=x", "There is no option 'app_id' of falco."),
        ("elastic", "enabled=false", "There is no option 'enabled' of elastic."),
        ("python", "x=y", "There is no option 'x' of python."),
    ],
)
def test_an_option_without_form_or_owner_is_wrong_usage(target: str, option: str, told: str) -> None:
    """Build and convert say what is wrong, exit 2, and write nothing."""
    for words in (("build", "-t", target), ("convert", "rules/a.yml", "-t", target)):
        done = run(*words, "-O", option)
        assert done.exit_code == 2
        assert told in " ".join(done.stderr.split()).replace("macro=kube_audit ", "macro=kube_audit\n")
    assert not Path("output").exists()


def test_an_option_of_one_of_several_targets_is_taken() -> None:
    """What one target has, the others need not have."""
    assert run("build", "-t", "elastic", "-t", "splunk-app", "-O", "app_id=mine", "-O", "risk_score=3").exit_code == 0
    assert Path("output/splunk-app/mine.tgz").is_file()
    assert tomllib.loads(Path("output/elastic/a.toml").read_text(encoding="utf-8"))["rule"]["risk_score"] == 3


def test_an_option_of_an_unknown_owner_goes_to_a_bridge() -> None:
    """Backends of pySigma's have options of their own, which they take as text."""
    done = run("convert", "rules/a.yml", "-t", "pysigma-splunk", "-O", "min_time=-7d", "-O", "format=savedsearches")
    assert done.exit_code in (0, 1)
    assert "There is no option" not in done.stderr


def test_one_name_means_one_type() -> None:
    """No two targets have an option of one name and different types, so that a flag is read once for all."""
    kinds: dict[str, set[str]] = {}
    for name in NAMES:
        for key, one in schema("rule")["$defs"][name]["properties"].items():
            kinds.setdefault(key, set()).add(str(one.get("type")))
    assert {key: found for key, found in kinds.items() if len(found) > 1} == {}
