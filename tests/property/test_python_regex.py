"""Regular expressions in Python modules: printed exactly, and quick on texts made to be slow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from converter.ir import RegexProblem, read_regex, regex_finder
from converter.targets.python.pattern import pattern, slow
from tests.property.test_regex import FLAGS, PATTERNS

TEXTS = st.text("abAB01_ .-\n\tkK\u212aéÉſ\u00a0\u0667", max_size=8)


@settings(max_examples=600, deadline=None)
@given(PATTERNS, FLAGS, st.lists(TEXTS, min_size=1, max_size=8))
@example("k", "i", ["\u212a", "K"])
@example(r"\bé", "", ["aé", " é"])
@example("[^k]", "i", ["K", "\u212a"])
@example(".*ab.*[ab].*0", "", ["abab0", "ab0", "a\nb0", "ab\nb0", "abb0"])
@example("_+a_+0", "", ["_a_0", "_a__a0"])
@example("^b", "m", ["\nb", "b", "a\nb\n"])
def test_a_printed_pattern_finds_what_the_oracle_finds(source: str, flags: str, texts: list[str]) -> None:
    """``re.search`` with the printed pattern answers as the oracle, on texts with letters that engines fold differently."""
    finder, tree = regex_finder(source, flags), read_regex(source, flags)
    if isinstance(finder, RegexProblem) or isinstance(tree, RegexProblem):
        assume(False)
        return
    assume(not slow(tree))
    printed = re.compile(pattern(tree))
    for text in texts:
        assert (printed.search(text) is not None) == finder(text), (source, printed.pattern, text)


SLOW = ["^(a+)+$", "x(a|a)*b", "x(a*)*b", "x(a|b|.)*c", "x(a{1,10}){1,10}b", "x(x+x+)+y", "x(.*a)+b", "a.*b?.*c?.*d", "x(?:(?:a?){3})*b"]
QUICK = [
    ("(?:ab|ac)+d", "abac"),
    (r"([0-9a-f]{2}\s?){2,20}x", "0a"),
    (r"(\w+\s)+x", "ab "),
    (r"foo.*bar.*baz", "foobar"),
    (r"\+.*\+.*\+.*\+.*\+.*\+.*!", "+"),
    ("[^/]{100,}/$", "a"),
    (r"(?i)(ipfs\.io/|ipfs\.io\s).+\..+@.+\.[a-z]+$", "ipfs.io/.@"),
    (r"https?://(?:(?:25[0-5]|(?:2[0-4]|1\d|[1-9])?\d)(?:\.|\b)){4}x", "http://1.1.1.1"),
]


@pytest.mark.parametrize("source", SLOW)
def test_a_pattern_that_backtracks_without_bound_is_refused(source: str) -> None:
    """Patterns whose time explodes are refused by name."""
    tree = read_regex(source)
    assert not isinstance(tree, RegexProblem)
    assert slow(tree)


@pytest.mark.parametrize(("source", "unit"), QUICK)
def test_a_pattern_that_is_let_through_is_quick(source: str, unit: str) -> None:
    """On a thousand repetitions of what the pattern likes best, the answer comes at once."""
    tree = read_regex(source)
    assert not isinstance(tree, RegexProblem)
    assert not slow(tree), slow(tree)
    began = time.process_time()
    assert not re.search(pattern(tree), unit * 1000 + "\n?")
    assert time.process_time() - began < 3


@settings(max_examples=150, deadline=None)
@given(PATTERNS, st.text("ab0_ ", min_size=1, max_size=3))
def test_what_is_let_through_takes_at_most_cubic_time(source: str, unit: str) -> None:
    """Whatever short text is repeated, a pattern that is let through answers within a second."""
    tree = read_regex(source)
    assume(not isinstance(tree, RegexProblem))
    assert not isinstance(tree, RegexProblem)
    assume(not slow(tree))
    began = time.process_time()
    re.search(pattern(tree), unit * 60 + "\n!")
    assert time.process_time() - began < 1, (source, unit)
