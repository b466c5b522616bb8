"""docs/example-events.md says what ``test --coverage`` prints."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONVERTER = Path(sys.executable).with_name("converter")
PAGE = (ROOT / "docs" / "example-events.md").read_text(encoding="utf-8")

pytest.importorskip("pysat", reason="python-sat is not installed: no example event was made")


def _run(*words: str) -> str:
    return subprocess.run([str(CONVERTER), *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_page_shows_what_is_printed() -> None:
    """Each line of the page's example is printed, what it leaves out aside."""
    printed = _run("test", "--coverage", "docs/examples/helm_in_cluster.yml").splitlines()
    shown = re.findall(r"^(?:docs/examples/helm.*:.*|  (?:example event|counter-example).*)$", PAGE, re.MULTILINE)
    assert len(shown) == 3
    for line in shown:
        pattern = ".*".join(map(re.escape, line.split("…")))
        assert any(re.fullmatch(pattern, one) for one in printed), line


def test_the_keys_and_words_are_those_of_the_report() -> None:
    """Every key of a row, and every finding, stands on the page; the redundant part has its reason."""
    row = json.loads(_run("test", "--coverage", "docs/examples/helm_in_cluster.yml", "--output-format", "json"))["results"][-1]
    for key in {*row, *(key for part in row["undecided"] for key in part)} - {"rule", "path"}:
        assert f"`{key}`" in PAGE, key
    assert {part["found"] for part in row["undecided"]} <= set(re.findall("`([a-z]+)`", PAGE))
    reasons = [part["why"] for part in row["undecided"] if part["why"]]
    assert reasons == [
        "the rest of the rule decides before it does: user.username starts with 'system:serviceaccount:flux-system:helm'",
    ]
