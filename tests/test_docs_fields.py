"""docs/your-fields.md: its commands, in their order, in its own pack, say what the page shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from converter.cli import cli

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "your-fields.md").read_text(encoding="utf-8")


def test_the_page_is_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of the page ends well and prints the lines below it; the file is the one shown."""
    shutil.copytree(ROOT / "docs" / "examples" / "fields", tmp_path / "pack")
    monkeypatch.chdir(tmp_path / "pack")
    commands = re.findall(r"^\$ converter (.*)\n((?:(?!\$|```).*\n)*)", PAGE, re.MULTILINE)
    assert len(commands) == 6
    for words, output in commands:
        done = CliRunner().invoke(cli, words.split())
        assert done.exit_code == 0, done.output
        printed = [line.rstrip() for line in done.output.splitlines()]
        assert [line for line in output.splitlines() if line not in printed] == [], words
    shown = yaml.safe_load(next(iter(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))))
    written = yaml.safe_load(Path("fields/shop_orders_elastic.yml").read_text(encoding="utf-8"))
    rows = written["targets"]["elastic"].pop("fields")
    assert shown["targets"]["elastic"].pop("fields").items() <= rows.items()
    assert shown == written
    assert 'index = ["logs-shop.orders-prod"]' in Path("output/elastic/order_cancelled.toml").read_text(encoding="utf-8")
    assert "definition = index=shop sourcetype=shop:orders" in Path("output/splunk/macros.conf").read_text(encoding="utf-8")


def test_a_change_of_the_fields_makes_outputs_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``build --check`` sees another index, a second import leaves the edited file alone, and ``--force`` replaces it."""
    shutil.copytree(ROOT / "docs" / "examples" / "fields", tmp_path / "pack")
    monkeypatch.chdir(tmp_path / "pack")
    again = ["fields", "import", "elastic", "answers/mapping.json", "--logsource", "shop//orders"]
    assert CliRunner().invoke(cli, again).exit_code == 0
    assert CliRunner().invoke(cli, ["build", "-t", "elastic"]).exit_code == 0
    assert CliRunner().invoke(cli, ["build", "-t", "elastic", "--check"]).exit_code == 0
    file = Path("fields/shop_orders_elastic.yml")
    first = file.read_bytes()
    file.write_bytes(first.replace(b"logs-shop", b"old-shop"))
    assert CliRunner().invoke(cli, ["build", "-t", "elastic", "--check"]).exit_code == 1
    left = CliRunner().invoke(cli, again)
    assert (left.exit_code, "R021" in left.stderr, b"old-shop" in file.read_bytes()) == (1, True, True)
    assert CliRunner().invoke(cli, [*again, "--force"]).exit_code == 0
    assert file.read_bytes() == first
