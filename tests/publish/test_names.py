"""Names in a bundle: what is taken can be unpacked anywhere, below the folder, beside the others."""

from __future__ import annotations

import ntpath
import posixpath
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from converter.publish.archive import tar_header
from converter.publish.names import LENGTH, Places, problem_of

PART = st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=12)
NAMES = st.lists(st.one_of(PART, st.sampled_from([".", "..", "nul", "a", "A", "é", "e\u0301", " x", "x."])), min_size=1, max_size=4).map(
    "/".join
)


@given(NAMES)
@example("a/../../b")
@example("C:/b")
@example("\\\\host\\share\\x")
def test_a_sound_name_stays_inside(name: str) -> None:
    """By the rules of POSIX and of Windows a sound name is relative, has no way up, and means the same."""
    if problem_of(name):
        return
    for rules, root in ((posixpath, "/root"), (ntpath, "C:\\root")):
        assert not rules.isabs(name)
        assert rules.splitdrive(name)[0] == ""
        joined = rules.normpath(rules.join(root, name))
        assert joined == rules.join(root, *name.split("/"))
    assert unicodedata.is_normalized("NFC", name)
    assert len(name.encode()) <= LENGTH
    tar_header(name.encode(), 0)


@given(st.text(alphabet="ab/", min_size=1, max_size=300))
def test_lengths(name: str) -> None:
    """A sound name fits a ustar header, whatever its folders."""
    if not problem_of(name):
        header = tar_header(name.encode(), 1)
        prefix, short = header[345:500].rstrip(b"\0"), header[:100].rstrip(b"\0")
        assert (prefix + b"/" + short if prefix else short) == name.encode()


@given(st.lists(st.sampled_from(["a", "A", "a/b", "A/b", "a/B", "a/b/c", "b", "straße", "STRASSE", "é"]), max_size=5))
def test_names_that_collide(names: list[str]) -> None:
    """Names are taken when no two are one file, or a file and a folder, where case does not count."""
    places = Places()
    told = [places.add(name) for name in names]
    folded = [tuple(name.casefold().split("/")) for name in names]
    pairs = [(folded[first], folded[second]) for second in range(len(names)) for first in range(second)]
    one_place = any(one[: len(other)] == other[: len(one)] for one, other in pairs)
    spelled = {folder for name in names for folder in _folders(name)}
    assert any(told) == (one_place or len(spelled) != len({key for key, _ in spelled}))


def _folders(name: str) -> list[tuple[str, str]]:
    parts = name.split("/")
    return [("/".join(parts[:depth]).casefold(), "/".join(parts[:depth])) for depth in range(1, len(parts))]
