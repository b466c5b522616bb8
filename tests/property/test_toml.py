"""TOML with positions: the values are tomllib's, and each place holds what it is said to hold."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from converter.formats import Document, Map, Seq, read_toml
from converter.model import Diagnostic, unpack

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\x7f", exclude_categories=("Cc", "Cs")), max_size=8)
SCALAR = st.one_of(st.booleans(), st.integers(-(2**40), 2**40), TEXT)
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8)
TABLE = st.dictionaries(TEXT, VALUE, max_size=4)


def _inline(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return "[ " + " ,# ]\n".join(map(_inline, value)) + "\n]"
        case dict():
            return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {_inline(one)}" for key, one in value.items()) + "}"
    return str(value)


@given(TABLE, st.lists(TABLE, max_size=3))
def test_values_are_those_of_tomllib(table: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    """Whatever the walk does, the values are what tomllib reads."""
    lines = [f"{json.dumps(key, ensure_ascii=False)} = {_inline(one)} # x" for key, one in table.items() if key != "many"]
    for entry in entries:
        lines += ["[[many]]", *(f"  {json.dumps(key, ensure_ascii=False)}= {_inline(one)}" for key, one in entry.items())]
    text = "\n".join(lines)
    found = read_toml(text.encode(), "x.toml")
    assert isinstance(found, Document)
    assert found.value == tomllib.loads(text)
    _hold(found.value, text)


def _hold(value: Any, text: str) -> None:
    """Read every scalar again from its place alone."""
    pairs: list[tuple[Any, int]] = []
    if isinstance(value, Map):
        pairs = [(one, value.offsets[2 * index + 1]) for index, one in enumerate(value.values())]
    elif isinstance(value, Seq):
        pairs = list(zip(value, value.offsets, strict=True))
    for one, offsets in pairs:
        start, end = unpack(offsets)
        if isinstance(one, Map | Seq):
            _hold(one, text)
        else:
            assert tomllib.loads(f"x = {text[start:end]}")["x"] == one


@given(st.text(max_size=60))
def test_any_text_is_a_document_or_told_with_a_place(text: str) -> None:
    """No text makes the reader fail."""
    found = read_toml(text.encode("utf-8", "surrogatepass"), "x.toml")
    assert isinstance(found, Document) or (isinstance(found, Diagnostic) and found.span is not None)


def test_deep_and_long_files_are_refused() -> None:
    """Depth is bounded in arrays, tables and dotted keys."""
    for text in (
        "a = " + "[" * 5000 + "]" * 5000,
        ".".join("a" * 5000) + " = 1",
        "[" + ".".join("a" * 3000) + "]",
        "a=[\n" * 400 + "]\n" * 400,
    ):
        found = read_toml(text.encode(), "x.toml")
        assert isinstance(found, Diagnostic)
        assert found.code in ("R002", "R022")
