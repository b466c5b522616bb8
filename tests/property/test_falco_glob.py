"""Our shell patterns against the C library's, which is what Falco calls."""

from __future__ import annotations

import ctypes
import ctypes.util
import locale
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from converter.languages.falco.glob import matches_glob

FOLD = 16
PIECES = (
    "*",
    "?",
    "[",
    "]",
    "!",
    "^",
    "-",
    "\\",
    "a",
    "b",
    "B",
    "z",
    "/",
    ".",
    "\n",
    "[a-z]",
    "[!a]",
    "[]a]",
    "[[:alpha:]]",
    "[\\]]",
    "Ü",
    "",
)


def answer(pattern: str, value: str, fold: bool) -> bool:
    """Ask ``fnmatch(3)`` in the C locale, which Falco never leaves; Python sets another."""
    if not sys.platform.startswith("linux"):
        pytest.skip("no GNU C library: agreement with fnmatch was not shown")
    library = ctypes.CDLL(ctypes.util.find_library("c"))
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    try:
        return bool(library.fnmatch(pattern.encode(), value.encode(), FOLD if fold else 0) == 0)
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


@settings(max_examples=500, deadline=None)
@given(
    pattern=st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    value=st.lists(st.sampled_from(["a", "b", "B", "A", "z", "/", ".", "[", "]", "-", "\\", "!", "\n", "Ü", "^"]), max_size=8).map("".join),
    fold=st.booleans(),
)
@example(pattern="[a", value="[a", fold=False)
@example(pattern="a\\", value="a\\", fold=False)
@example(pattern="[]-a]", value="]", fold=False)
@example(pattern="[z-a]", value="z", fold=False)
@example(pattern="[[:bad:]]", value="a", fold=False)
@example(pattern="[A-Z]x", value="bX", fold=True)
@example(pattern="[!A-Z]", value="b", fold=True)
def test_glob_is_fnmatch(pattern: str, value: str, fold: bool) -> None:
    """Every pattern and value give the C library's answer."""
    assert matches_glob(pattern.encode(), value.encode(), fold) is answer(pattern, value, fold)


def test_many_stars_take_no_time() -> None:
    """A pattern with many stars is linear, not exponential."""
    assert not matches_glob(b"*a" * 60, b"a" * 59 + b"b" * 2000, fold=False)
