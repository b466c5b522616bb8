"""docs/losses.md shows what the compiler says of the pack's rules without their signatures."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from converter.cli import cli

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "losses.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ converter (.*)\n((?:.*\n)*?)```", PAGE)


@pytest.mark.parametrize(("words", "output"), SHOWN, ids=[words for words, _ in SHOWN])
def test_a_loss_without_its_signature_is_refused_as_shown(words: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal, its help and its counter-example are the compiler's own words."""
    name = next(word for word in words.split() if word.startswith("rules/"))
    rule = tmp_path / name
    rule.parent.mkdir(parents=True)
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if line == "      accept:\n")
    end = next(index for index in range(at + 1, len(lines)) if not lines[index].startswith("        - "))
    rule.write_text("".join([*lines[:at], "      enabled: true\n", *lines[end:]]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, words.split())
    assert done.exit_code == 1
    assert set(output.splitlines()) <= set(done.stderr.splitlines())


def test_the_rules_say_what_the_page_shows() -> None:
    """Each YAML block stands in a rule that the page links."""
    rules = [yaml.safe_load((ROOT / "docs" / link).read_text(encoding="utf-8")) for link in re.findall(r"\]\((\.\./rules/[^)]+)\)", PAGE)]
    blocks = re.findall(r"```yaml\n((?:.*\n)*?)```", PAGE)
    assert len(blocks) == 2
    for block in blocks:
        shown = yaml.safe_load(block)["x-converter"]["targets"]["elastic"]
        assert any(shown.items() <= rule["x-converter"]["targets"].get("elastic", {}).items() for rule in rules)


def test_the_configuration_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's converter.toml is read, and its acceptance lets the rule be built without a signature of its own."""
    text = next(iter(re.findall(r"```toml\n((?:.*\n)*?)```", PAGE)))
    tomllib.loads(text)
    monkeypatch.chdir(tmp_path)
    Path("converter.toml").write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "rules" / "kubernetes", "rules/kubernetes")
    rule = Path("rules/kubernetes/audit/kube_system_config_map_changed.yml")
    rule.write_text(re.sub(r"    elastic:\n      accept:\n.*\n", "", rule.read_text(encoding="utf-8")), encoding="utf-8")
    done = CliRunner().invoke(cli, ["build", "-t", "elastic", "-t", "splunk", "--today", "2027-06-30"])
    assert done.exit_code == 0, done.stderr
    assert CliRunner().invoke(cli, ["build", "-t", "elastic", "--today", "2027-07-01"]).exit_code == 1
    assert "*/15" in Path("output/splunk/kubernetes/audit/secrets_read.conf").read_text(encoding="utf-8")
