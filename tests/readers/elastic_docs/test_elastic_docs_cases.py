"""Pages written from the format's grammar, and files that are no pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.model import Diagnostic
from converter.readers import read_rules
from converter.readers.elastic_docs import MAX_BYTES, Imported, Outcome, Page, import_file, import_page, read_page

_HERE = Path(__file__).parent
_CASES = sorted(folder.name for folder in _HERE.iterdir() if (folder / "input.md").is_file())


def _golden(path: Path, text: str, update: bool) -> None:
    if update:
        if text:
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink(missing_ok=True)
    assert (path.read_text(encoding="utf-8") if path.exists() else "") == text


def _told(imported: Imported) -> str:
    head = f"{imported.status.value} kind={imported.kind} language={imported.language} exact={imported.exact} file={imported.file}"
    losses = [f"loss[{one.code}] {one.direction.value} {one.feature}: {one.message}" for one in imported.losses]
    return "\n".join([head, *losses, *map(_line, imported.diagnostics)]) + "\n"


def _line(one: Diagnostic) -> str:
    assert one.span is not None
    place = f"{one.span.line}:{one.span.column}-{one.span.end_line}:{one.span.end_column}"
    return f"{one.severity.label}[{one.code}] {place} {one.message}" + (f"\n    help: {one.help}" if one.help else "")


@pytest.mark.parametrize("case", _CASES)
def test_a_page_becomes_its_rule(case: str, update_golden: bool) -> None:
    """The rule, the report row and every diagnostic are the recorded ones."""
    imported = import_page((_HERE / case / "input.md").read_bytes(), "input.md")

    _golden(_HERE / case / "diagnostics.txt", _told(imported), update_golden)
    _golden(_HERE / case / "expected.yml", imported.text, update_golden)


@pytest.mark.parametrize("case", _CASES)
def test_written_rules_can_be_read(case: str) -> None:
    """What import writes is a canonical rule with the page's name."""
    imported = import_page((_HERE / case / "input.md").read_bytes(), "input.md")

    if imported.status is Outcome.REFUSED:
        assert imported.text == "" == imported.file
        assert any(one.severity.label == "error" for one in imported.diagnostics)
    elif "      query:" in imported.text or "\ndetection:" in imported.text:
        rules, diagnostics = read_rules(imported.text.encode(), imported.file)
        assert not diagnostics, [one.render() for one in diagnostics]
        assert [rule.title for rule in rules] == [imported.name]


_PAGE = (_HERE / "guide__headings" / "input.md").read_bytes()


@pytest.mark.parametrize("case", _CASES)
def test_a_cut_page_is_refused_or_said_to_look_cut(case: str) -> None:
    """Wherever a page stops, reading ends in diagnostics, or in a page whose last line is whole."""
    text = (_HERE / case / "input.md").read_text(encoding="utf-8").rstrip("\n")
    for end in range(len(text)):
        page = read_page(text[:end].encode(), "cut.md")
        if isinstance(page, Page):
            assert text[:end].endswith("\n") or any("may be cut" in one.message for one in page.diagnostics)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "R111"),
        (b"\xef\xbb\xbf", "R111"),
        (b"\n \n", "R111"),
        (_PAGE.decode().encode("utf-16"), "R001"),
        ("# caf\u00e9 [x]\n".encode("latin-1"), "R001"),
        (_PAGE.replace(b"Lamps", b"La\0mps"), "R001"),
        (b"x" * (MAX_BYTES + 1), "R002"),
        (b"---\n" + b"[" * 20_000 + b"\n---\n# T [t]\n", "R00"),
        (b"# [" * 100_000, "R111"),
        (b"[http://" * 100_000, "R111"),
    ],
    ids=["empty", "bom only", "blank", "utf-16", "latin-1", "nul", "huge", "brackets", "title of brackets", "links"],
)
def test_files_that_are_no_pages_are_told(data: bytes, code: str) -> None:
    """Every broken file gives a diagnostic with a place, never an exception."""
    imported = import_page(data, "page.md")

    assert imported.status is Outcome.REFUSED
    assert any(one.code.startswith(code) and one.span is not None and one.help for one in imported.diagnostics), imported.diagnostics


def test_folders_and_missing_files_are_told(tmp_path: Path) -> None:
    """What cannot be opened is refused by name."""
    for path in (tmp_path, tmp_path / "none.md", Path("a\0b")):
        imported = import_file(path)
        assert [one.code for one in imported.diagnostics] == ["R110"]
        assert imported.source == str(path)


def test_line_ends_and_byte_order_mark_change_nothing() -> None:
    """Windows line ends and a byte order mark give the same rule."""
    windows = b"\xef\xbb\xbf" + _PAGE.replace(b"\n", b"\r\n")

    assert import_page(windows, "input.md") == import_page(_PAGE, "input.md")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_pages_never_raise(data: st.DataObject) -> None:
    """A page with any stretch replaced by anything still ends in a rule or diagnostics."""
    start = data.draw(st.integers(0, len(_PAGE)))
    end = data.draw(st.integers(start, len(_PAGE)))
    piece = data.draw(
        st.one_of(
            st.binary(max_size=20), st.sampled_from([b"**Severity**: low\n", b"```\n", b"* Tactic:\n", b"---\n", b"## Setup [_setup_1]\n"])
        )
    )

    imported = import_page(_PAGE[:start] + piece + _PAGE[end:], "page.md")

    assert (imported.text == "") == (imported.status is Outcome.REFUSED)
