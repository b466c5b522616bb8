"""docs/correlations.md: its rules are the example's, and its commands say what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from converter.cli import cli
from converter.formats import read

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "correlations.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples"
SHOWN = re.findall(r"```console\n\$ converter (.*)\n((?:.*\n)*?)```", PAGE)


@pytest.mark.parametrize(("words", "output"), SHOWN, ids=[words for words, _ in SHOWN])
def test_a_command_says_what_the_page_shows(words: str, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown is how the output begins."""
    monkeypatch.chdir(EXAMPLES)
    done = CliRunner().invoke(cli, words.split())
    assert (done.exit_code, done.stdout[: len(output)]) == (0, output)


def test_the_page_shows_the_examples_rules() -> None:
    """Each YAML block is part of one of the file's documents."""
    blocks = re.findall(r"```yaml\n((?:.*\n)*?)```", PAGE)
    documents = (EXAMPLES / "failed_logons.yml").read_text(encoding="utf-8").split("---\n")
    assert len(blocks) == len(SHOWN) + 1 == 3
    for block in blocks:
        assert isinstance(read(block.encode(), "block.yml"), tuple)
        assert any(set(block.splitlines()) <= set(one.splitlines()) for one in documents), block


def test_the_page_shows_the_elastic_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of the rule are those that are printed, in this order."""
    monkeypatch.chdir(EXAMPLES)
    (block,) = re.findall(r"```toml\n((?:.*\n)*?)```", PAGE)
    done = CliRunner().invoke(cli, ["convert", "failed_logons.yml", "-t", "elastic"])
    printed = iter(done.stdout.splitlines())
    assert all(line in printed for line in block.splitlines() if line), done.stdout


def test_the_page_names_the_bounds_as_they_are() -> None:
    """The numbers under Limits and of the default lateness are the program's."""
    from converter.cli.match_ import LATENESS
    from converter.match import Limits
    from converter.match.stream import LONG

    limits = Limits()
    for number in (limits.waiting, limits.matches, limits.values, LONG):
        assert f"{number:,}" in PAGE
    assert LATENESS == 5 * 60 * 10**9
    assert "(5 minutes unless told" in PAGE
