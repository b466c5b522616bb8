"""Each check finds its mistake, with place and help, is silent on the sound rule, and fixes what can be fixed."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.checks import codes, find_all, fix_pack, page, run_checks
from converter.checks.sameness import shape
from converter.pack import load_pack

HERE = Path(__file__).parent
CODES = sorted(path.parent.name for path in HERE.glob("*/bad.yml"))
TODAY = "2026-11-24"


@pytest.mark.parametrize("code", CODES)
def test_bad_rule_is_told(code: str, update_golden: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The findings are the expected text, and nothing else is found."""
    monkeypatch.chdir(HERE / code)
    text = "".join(f"{one.render()}\n\n" for one in run_checks(load_pack([Path("bad.yml")]), TODAY))
    if update_golden:
        Path("expected.txt").write_text(text, encoding="utf-8")
    assert text == Path("expected.txt").read_text(encoding="utf-8")
    assert f"[{code}]" in text
    assert text.count("]: ") == text.count(f"[{code}]: ")


@pytest.mark.parametrize("code", CODES)
def test_good_rule_is_silent(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The corrected rule has no finding."""
    monkeypatch.chdir(HERE / code)
    assert run_checks(load_pack([Path("good.yml")]), TODAY) == ()


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("code", CODES)
def test_fixes_are_as_expected(code: str, unsafe: bool, update_golden: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixed file is the expected one, byte for byte; what was fixed is found no more; a safe fix keeps every meaning."""
    monkeypatch.chdir(HERE / code)
    pack = load_pack([Path("bad.yml")])
    fixed = fix_pack(pack, lambda one: find_all(one, TODAY), unsafe=unsafe)
    expected = Path("fixed.unsafe.yml" if unsafe else "fixed.yml")
    if update_golden:
        expected.unlink(missing_ok=True)
        if fixed and not (unsafe and Path("fixed.yml").exists() and Path("fixed.yml").read_bytes() == fixed[0].after):
            expected.write_bytes(fixed[0].after)
    if unsafe and not expected.exists():
        expected = Path("fixed.yml")
    assert [one.after for one in fixed] == ([expected.read_bytes()] if expected.exists() else [])
    if fixed:
        monkeypatch.chdir(expected.parent)
        again = load_pack([expected])
        left = {(one.diagnostic.message, one.diagnostic.span.column if one.diagnostic.span else 0) for one in find_all(again, TODAY)}
        cured = {(one.diagnostic.message, one.diagnostic.span.column if one.diagnostic.span else 0) for one in fixed[0].cured}
        assert not left & cured
        if not unsafe:
            assert [one.tree and shape(one.tree) for one in again.rules] == [one.tree and shape(one.tree) for one in pack.rules]


def test_every_check_has_a_folder_and_a_page() -> None:
    """A check without an example, or without a page, is not one."""
    assert sorted(codes()) == CODES
    for code in codes():
        text = page(code) or ""
        assert text.startswith(code)
        assert "Why it matters" in text
        assert "Bad::" in text
        assert "Good::" in text
