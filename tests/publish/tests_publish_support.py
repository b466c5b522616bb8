"""A small pack in a folder of its own, and bundles of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from converter.cli import cli

RULE = """\
title: Rule {number}
id: 11111111-0a3f-4b27-9d0e-{number:012}
author: A. Person
license: {license}
logsource: {{category: application, product: kubernetes, service: audit}}
detection:
  selection: {{verb: create}}
  condition: selection
level: low
x-converter:
  version: 3
  tests:
    - {{name: a match, match: true, event: {{verb: create}}}}
    - {{name: no match, match: false, event: {{verb: get}}}}
"""


def rule(number: int, license_text: str = "Apache-2.0") -> str:
    """Return a rule with its tests."""
    return RULE.format(number=number, license=license_text)


def run(*words: str) -> Result:
    """Run a command; nothing may leave a traceback."""
    done = CliRunner().invoke(cli, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two rules and a licence's text."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("rules/a/one.yml", "rules/b/two.yaml"), 1):
        path = Path(name)
        path.parent.mkdir(parents=True)
        path.write_text(rule(number), encoding="utf-8")
    (tmp_path / "LICENSES").mkdir()
    (tmp_path / "LICENSES" / "Apache-2.0.txt").write_text("the text\n", encoding="utf-8")
    return tmp_path
