"""Envelopes: nothing unescaped gets into an artifact, and each filter's output reads back."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from converter.targets import envelope

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


def test_a_forgotten_filter_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template that prints a plain text does not render."""
    (tmp_path / "t.j2").write_text("a = {{ value }}\n", encoding="utf-8")
    (tmp_path / "u.j2").write_text("a = {{ value|toml }}\n", encoding="utf-8")
    monkeypatch.setattr(envelope, "shipped", lambda _name: tmp_path)
    envelope._environment.cache_clear()
    try:
        with pytest.raises(TypeError, match="without a format filter"):
            envelope.render("t.j2", {"value": "x"})
        assert envelope.render("u.j2", {"value": "{{ x }}"}) == b'a = "{{ x }}"\n'
    finally:
        envelope._environment.cache_clear()


@given(TEXTS)
def test_toml_reads_back(text: str) -> None:
    """A TOML reader gives the text back, on one line or folded."""
    assert tomllib.loads("x = " + envelope.toml(text))["x"] == text
    long = (text + " ") * 40
    assert tomllib.loads("x = " + envelope.toml_long(long))["x"] == long


@given(TEXTS)
def test_yaml_reads_back(text: str) -> None:
    """A YAML reader gives the text back."""
    assert pyyaml.safe_load("x: " + envelope.yaml(text))["x"] == text


@given(TEXTS)
def test_python_reads_back(text: str) -> None:
    """Python's own reader gives the text back."""
    assert ast.literal_eval(envelope.py(text)) == text


@given(TEXTS)
def test_conf_stays_within_its_value(text: str) -> None:
    """No line of a value looks like a stanza, a key or a comment, and none but the last continued ones ends in a backslash."""
    lines = envelope.conf(text).split("\n")
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert not lines[-1].endswith("\\")
    assert all(line.startswith((" ", "|")) for line in lines[1:])
