"""Plain rules cost no import of pySigma."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXEC = "rules/kubernetes/audit/user_exec_into_pod.yml"
CODE = """
import atexit, sys
atexit.register(lambda: print(sorted(name for name in sys.modules if name.split(".")[0] == "sigma"), file=sys.stderr))
from converter.cli import main
main()
"""


def imported(*arguments: str) -> tuple[str, str]:
    """Return what a command printed, and pySigma's modules that it had imported when it ended."""
    done = subprocess.run([sys.executable, "-c", CODE, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr.splitlines()[-1]


@pytest.mark.parametrize("target", ["elastic", "splunk", "falco", "python"])
def test_convert_does_not_import_pysigma(target: str) -> None:
    """A rule of plain items is converted to our own targets without pySigma, which takes longer to import than all else together."""
    output, modules = imported("convert", EXEC, "-t", target)
    assert "exec" in output.lower()
    assert modules == "[]"


def test_an_item_that_only_pysigma_knows(tmp_path: Path) -> None:
    """Without such a list the test above would pass for a converter that never asks pySigma."""
    rule = tmp_path / "rule.yml"
    rule.write_text((ROOT / EXEC).read_text(encoding="utf-8").replace("verb: create", "verb|contains|startswith: create"), encoding="utf-8")
    assert "sigma.rule" in imported("convert", str(rule), "-t", "splunk")[1]
