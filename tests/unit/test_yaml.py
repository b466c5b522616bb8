"""YAML that is refused: the code, and the line and column, of each."""

from __future__ import annotations

import datetime
import time

import pytest

from converter.formats import Document, Map, Seq, decode, read
from converter.model import Diagnostic

LEVELS = 64
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{one}: &a{one} [{', '.join([f'*a{one - 1}'] * 10)}]\n" for one in range(1, 9)
)
REFUSED = [
    ("latin-1", "title: caf\u00e9\n".encode("latin-1"), "R001", 1, 11),
    ("latin-1 below", "a: 1\nb: \u00e9\n".encode("latin-1"), "R001", 2, 4),
    ("utf-16 little", "title: x\n".encode("utf-16"), "R001", 1, 1),
    ("utf-16 big", b"\xfe\xff" + "title: x\n".encode("utf-16-be"), "R001", 1, 1),
    ("utf-16 without a mark", "title: x\n".encode("utf-16-le"), "R001", 1, 2),
    ("nul", b"a: 1\nb: x\0y\n", "R001", 2, 5),
    ("cut in a character", "a: \u20ac".encode()[:-1], "R001", 1, 4),
    ("too large", b"a: " + b"x" * (8 << 20), "R002", 1, 1),
    ("tab as indentation", b"a:\n\tb: 1\n", "R003", 2, 1),
    ("tab after a key's blanks", b"a:\n  b: 1\n \tc: 2\n", "R003", 3, 2),
    ("open quote", b'a: "x\n', "R003", 2, 1),
    ("open bracket", b"a: [1, 2\n", "R003", 2, 1),
    ("two colons", b"a: b: c\n", "R003", 1, 5),
    ("bad indentation", b"a: 1\n  b: 2\n", "R003", 2, 4),
    ("control character", b"a: x\x07\n", "R003", 1, 5),
    ("escape", b'a: "\\q"\n', "R003", 1, 5),
    ("lone percent", b"a: 1\n%x\n", "R003", 2, 3),
    ("brackets", b"[" * 20_000, "R004", 1, LEVELS + 1),
    ("balanced brackets", b"[" * 20_000 + b"]" * 20_000, "R004", 1, LEVELS + 1),
    ("braces", b"{a: " * 20_000, "R004", 1, 4 * LEVELS + 1),
    ("brackets below a key", b"t: 1\nd: " + b"[" * 20_000, "R004", 2, LEVELS - 1 + 4),
    ("dashes", b"- " * 20_000, "R004", 1, 2 * LEVELS + 1),
    ("alias bomb", BOMB.encode(), "R004", 6, 10),
    ("tag", b"a: !!python/object/apply:os.system ['x']\n", "R005", 1, 4),
    ("tag on a text", b"a: 1\nb: !x y\n", "R005", 2, 4),
    ("tag on a map", b"a: !!set {x}\n", "R005", 1, 4),
    ("binary", b"a: !!binary aGk=\n", "R005", 1, 4),
    ("bad date", b"a: 2024-13-45\n", "R006", 1, 4),
    ("alias without anchor", b"a: 1\nb: *c\n", "R007", 2, 4),
    ("alias of itself", b"a: &a [*a]\n", "R007", 1, 8),
    ("anchor of another document", b"a: &a 1\n---\nb: *a\n", "R007", 3, 4),
    ("map as a key", b"{x: 1}: 2\n", "R008", 1, 1),
    ("list as a key", b"? [x]\n: 2\n", "R008", 1, 3),
    ("merge of a text", b"a: 1\n<<: x\n", "R008", 2, 5),
    ("merge of texts", b"<<: [x, y]\n", "R008", 1, 5),
    ("duplicate key", b"a: 1\nb: 2\na: 3\n", "R009", 3, 1),
    ("duplicate key below", b"d:\n  s: {x: 1, x: 2}\n", "R009", 2, 13),
    ("duplicate key in another spelling", b'a: 1\n"a": 2\n', "R009", 2, 1),
    ("duplicate number", b"1: a\n0x1: b\n", "R009", 2, 1),
]


@pytest.mark.parametrize(("data", "code", "line", "column"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_wrong_has_a_code_and_a_place(data: bytes, code: str, line: int, column: int) -> None:
    """A file that is not the YAML we read gives one error at the place where it stops being so, within a second."""
    began = time.process_time()
    found = read(data, "a.yml")
    assert isinstance(found, Diagnostic), found
    assert found.span is not None
    assert (found.code, found.span.path, found.span.line, found.span.column) == (code, "a.yml", line, column), found.render()
    assert found.help
    assert time.process_time() - began < 1


def test_depth_is_counted_exactly() -> None:
    """Sixty-four levels are read, sixty-five are not."""
    assert not isinstance(read(b"[" * LEVELS + b"]" * LEVELS, "a.yml"), Diagnostic)
    assert isinstance(read(b"[" * (LEVELS + 1) + b"]" * (LEVELS + 1), "a.yml"), Diagnostic)


def test_an_empty_file_has_no_documents() -> None:
    """Nothing, blanks and comments are no document; a separator alone is an empty one."""
    for data in (b"", b"\n \n", b"# only a comment\n", b"\xef\xbb\xbf"):
        assert read(data, "a.yml") == ()
    found = read(b"---\n", "a.yml")
    assert isinstance(found, tuple)
    assert [one.value for one in found] == [None]


def test_a_byte_order_mark_is_no_text() -> None:
    """UTF-8 with a mark reads as without."""
    found = read(b"\xef\xbb\xbfa: 1\n", "a.yml")
    assert isinstance(found, tuple)
    assert found[0].value == {"a": 1}


def test_documents_keep_their_own_places() -> None:
    """Each document of a file knows where it stands."""
    found = read(b"a: 1\n---\nb:\n  c: x\n", "a.yml")
    assert isinstance(found, tuple)
    second = found[1]
    span = second.source.span(second.value["b"].offsets[1])
    assert (span.line, span.column, span.end_column) == (4, 6, 7)
    assert second.source.span(second.offsets).line == 3


def test_line_ends_do_not_move_places() -> None:
    """Windows and old Macintosh line ends count as one line end; columns stay."""
    found = read(b"a: 1\r\nb: {c: x}\r\n", "a.yml")
    assert isinstance(found, tuple)
    span = found[0].source.span(found[0].value["b"].offsets[1])
    assert (span.line, span.column, span.text) == (2, 8, "b: {c: x}")


def test_characters_beyond_the_first_plane_are_one_column() -> None:
    """Columns count characters, not bytes or UTF-16 units."""
    found = read("{😀: é, b: x}\n".encode(), "a.yml")
    assert isinstance(found, tuple)
    span = found[0].source.span(found[0].value.offsets[3])
    assert (span.column, span.end_column) == (11, 12)


def test_scalars_mean_what_yaml_1_1_says() -> None:
    """Plain scalars are truth values, numbers and dates by YAML 1.1, quoted ones are text."""
    text = b"[yes, Off, 0x1F, 017, 1_000, 1:30, 1.5, .inf, ~, null, '', 'yes', 2024-01-02, =]\n"
    found = read(text, "a.yml")
    assert isinstance(found, tuple)
    expected = [True, False, 31, 15, 1000, 90, 1.5, float("inf"), None, None, "", "yes", datetime.date(2024, 1, 2), "="]
    assert found[0].value == expected
    assert list(map(type, found[0].value)) == list(map(type, expected))


def test_merged_keys_point_at_their_origin() -> None:
    """A key that ``<<`` brought has the place where it was written."""
    found = read(b"x: &x {k: v}\ny: {<<: *x, n: m}\n", "a.yml")
    assert isinstance(found, tuple)
    merged = found[0].value["y"]
    assert merged == {"k": "v", "n": "m"}
    places = dict(zip(merged, merged.offsets[1::2], strict=True))
    assert found[0].source.span(places["k"]).line == 1
    assert found[0].source.span(places["n"]).line == 2


def test_collections_have_one_place_for_every_entry() -> None:
    """A map has two offsets an item, a list one."""
    found = read(b"a: [1, {b: 2, c: 3}]\n", "a.yml")
    assert isinstance(found, tuple)
    value = found[0].value
    assert isinstance(found[0], Document)
    assert isinstance(value, Map)
    assert isinstance(value["a"], Seq)
    assert (len(value.offsets), len(value["a"].offsets), len(value["a"][1].offsets)) == (2, 2, 4)


def test_text_files_are_decoded_by_the_same_rules() -> None:
    """``decode`` gives the text, or the same diagnostic as ``read``."""
    for data in (b"\xff\xfea\0", b"a\0b", "é".encode("latin-1")):
        assert decode(data, "a.txt") == read(data, "a.txt")


def test_a_byte_that_is_not_utf_8_has_its_place_behind_a_mark() -> None:
    """The mark that some editors write before a text moves no place: the byte is named, and where it stands."""
    for mark in (b"", b"\xef\xbb\xbf"):
        found = decode(mark + b"a: b\nc: \xff\n", "a.yml")
        assert isinstance(found, Diagnostic)
        assert found.span is not None
        assert (found.code, "0xff" in found.message, found.span.line, found.span.column) == ("R001", True, 2, 4)
