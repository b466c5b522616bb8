"""Each check finds its mistake, with place and help, and is silent on the sound rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.checks import codes, page, run_checks
from converter.pack import load_pack

HERE = Path(__file__).parent
CODES = sorted(path.parent.name for path in HERE.glob("*/bad.yml"))


@pytest.mark.parametrize("code", CODES)
def test_bad_rule_is_told(code: str, update_golden: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The findings are the expected text, and nothing else is found."""
    monkeypatch.chdir(HERE / code)
    text = "".join(f"{one.render()}\n\n" for one in run_checks(load_pack([Path("bad.yml")])))
    if update_golden:
        Path("expected.txt").write_text(text, encoding="utf-8")
    assert text == Path("expected.txt").read_text(encoding="utf-8")
    assert f"[{code}]" in text
    assert text.count("]: ") == text.count(f"[{code}]: ")


@pytest.mark.parametrize("code", CODES)
def test_good_rule_is_silent(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The corrected rule has no finding."""
    monkeypatch.chdir(HERE / code)
    assert run_checks(load_pack([Path("good.yml")])) == ()


def test_every_check_has_a_folder_and_a_page() -> None:
    """A check without an example, or without a page, is not one."""
    assert sorted(codes()) == CODES
    for code in codes():
        text = page(code) or ""
        assert text.startswith(code)
        assert "Why it matters" in text
        assert "Bad::" in text
