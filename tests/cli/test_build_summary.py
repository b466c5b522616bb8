"""What ``converter build`` says at its end, of a few rules and of many."""

from __future__ import annotations

from pathlib import Path

import pytest
from inprocess import run

ROOT = Path(__file__).resolve().parent.parent.parent
RULE = (ROOT / "docs" / "examples" / "masters_group.yml").read_text(encoding="utf-8")
"""A rule whose translation to KQL loses something, with the event that says so."""


def _built(folder: Path, count: int, *more: str) -> str:
    """Return what a build of some refused rules prints."""
    (folder / "rules").mkdir()
    for number in range(count):
        text = RULE.replace("6f4a1c0d-9f6b-4a55-9a53-1c8d2c0f4b07", f"6f4a1c0d-9f6b-4a55-9a53-{number:012}")
        (folder / "rules" / f"r{number}.yml").write_text(text, encoding="utf-8")
    done = run(folder, "build", "-t", "elastic", "-O", "language=kuery", *more)
    assert done.returncode == 1, done.stderr
    return done.stdout + done.stderr


def test_a_few_rules_have_rows_and_counter_examples(tmp_path: Path) -> None:
    """Each rule has its row, each refusal its event, and nothing is counted."""
    said = _built(tmp_path, 3)
    assert said.count("counter-example on elastic") == 3
    assert said.count(" refused") >= 3
    assert "commonest reasons" not in said


@pytest.mark.parametrize(("more", "shown"), [((), 0), (("--details",), 10)])
def test_many_rules_have_reasons_and_are_shown_when_asked_for(tmp_path: Path, more: tuple[str, ...], shown: int) -> None:
    """Above forty rules there is a row per target and the reasons; ``--details`` has a row per rule, and the first ten events."""
    said = _built(tmp_path, 41, *more)
    assert said.count("counter-example on elastic") == shown
    assert ("T119" in said.rpartition("the commonest reasons")[2] and "--details" in said) is (shown == 0)
    assert "41 rules, 0 outputs, 0 written, 41 refused" in said
