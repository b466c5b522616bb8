"""Regular expressions: the oracle's search against Python's ``re`` where the dialects agree, and the laws of the tree."""

from __future__ import annotations

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from converter.ir import Anchor, RegexProblem, Repeat, nodes_of, read_regex, regex_finder, regex_samples, spellings, trimmed
from converter.ir.regex import complement, merged
from converter.ir.regex_problem import PatternError
from converter.ir.regex_search import _spelled

LETTERS = "abAB01_ .-\n\t"
ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "A",
        "ab",
        "0",
        "_",
        r"\.",
        r"\d",
        r"\w",
        r"\s",
        r"\D",
        r"\W",
        r"\S",
        ".",
        "[ab]",
        "[^a]",
        "[a-b0]",
        r"[^\w]",
        r"[\s.]",
        "-",
        " ",
    ]
)
ANCHORS = st.sampled_from(["^", "$", r"\b"])
TIMES = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{2,}", "*?", "+?", "??"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = st.sampled_from(["(", "(?:", "(?P<n>", "(?i:", "(?s:"])
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("|".join).map(lambda text: f"(?:{text})"),
        st.tuples(group, inner, TIMES).map(lambda parts: f"{parts[0]}{parts[1]}){parts[2]}"),
        st.tuples(ANCHORS, inner).map("".join),
        st.tuples(inner, ANCHORS).map("".join),
    )


PATTERNS = st.recursive(st.tuples(ATOMS, st.just("") | TIMES).map("".join), _grown, max_leaves=6)
TEXTS = st.text(LETTERS, max_size=8)
FLAGS = st.sampled_from(["", "i", "s", "m", "im"])


def _searched(pattern: str, flags: str, text: str) -> bool:
    chosen = re.ASCII
    for flag in flags:
        chosen |= {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}[flag]
    return re.search(pattern, text, chosen) is not None


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


@settings(max_examples=400, deadline=None)
@given(PATTERNS, FLAGS, st.lists(TEXTS, min_size=1, max_size=6))
def test_the_search_is_that_of_another_engine(pattern: str, flags: str, texts: list[str]) -> None:
    """On ASCII texts Python's engine finds a pattern exactly where the oracle does."""
    assume(_compiles(pattern))
    finder = regex_finder(pattern, flags)
    if isinstance(finder, RegexProblem):
        assert "$" in pattern or "^" in pattern, (pattern, finder)
        return
    for text in texts:
        assert finder(text) == _searched(pattern, flags, text), (pattern, flags, text)


@settings(max_examples=300, deadline=None)
@given(PATTERNS, FLAGS, st.lists(TEXTS, min_size=1, max_size=6))
def test_trimming_changes_no_answer(pattern: str, flags: str, texts: list[str]) -> None:
    """A trimmed tree is found in the same texts."""
    import re2

    assume(_compiles(pattern))
    finder = regex_finder(pattern, flags)
    assume(not isinstance(finder, RegexProblem))
    tree = read_regex(pattern, flags)
    assert not isinstance(tree, RegexProblem)
    try:
        shorter = re2.compile(_spelled(trimmed(tree), last=True, empty=True))
    except PatternError:  # a line's start that nothing must follow any more
        assume(False)
    assert not isinstance(finder, RegexProblem)
    for text in texts:
        assert finder(text) == (shorter.search(text) is not None), (pattern, flags, text)


@settings(max_examples=300, deadline=None)
@given(st.text(r"ab()[]{}|*+?^$\.,-0129:<>=!#PidswxZvu&é", max_size=14))
def test_any_text_is_read_or_refused_at_a_place(pattern: str) -> None:
    """Reading never raises; positions lie within the pattern, parents around children; what Python takes for no pattern is none here."""
    tree = read_regex(pattern)
    if isinstance(tree, RegexProblem):
        assert 0 <= tree.offset <= len(pattern)
        return
    for one in nodes_of(tree):
        start, end = one.offsets >> 24, one.offsets & 0xFFFFFF
        assert 0 <= start <= end <= len(pattern)
    assert not any(isinstance(one, Repeat) and isinstance(one.child, Anchor) for one in nodes_of(tree))


@settings(deadline=None)
@given(st.characters())
def test_spellings_are_one_class(character: str) -> None:
    """A character is among its spellings, which all have the same ones, and ASCII never meets non-ASCII."""
    group = spellings(character)
    assert character in group
    assert all(spellings(one) == group for one in group)
    assert len({one.isascii() for one in group}) == 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda pair: (min(pair), max(pair)))))
def test_a_complement_holds_every_other_character(ranges: list[tuple[int, int]]) -> None:
    """Each code is in a class or in its complement, and the complement's complement is the class."""
    found = merged(ranges)
    other = complement(found)
    for code in range(302):
        assert any(a <= code <= b for a, b in ranges) == any(a <= code <= b for a, b in found)
        assert any(a <= code <= b for a, b in found) != any(a <= code <= b for a, b in other)
    assert complement(other) == found


@settings(max_examples=300, deadline=None)
@given(PATTERNS, FLAGS)
def test_samples_are_found_by_another_engine(pattern: str, flags: str) -> None:
    """What is given as found is found, by Python's engine too."""
    assume(_compiles(pattern))
    assert all(_searched(pattern, flags, text) for text in regex_samples(pattern, flags))


def test_samples_go_every_way() -> None:
    """Each alternative, both cases, few and many repetitions have a text; what is not searched for has none."""
    found = regex_samples(r"(?:cur[lL]|wget){1,2} ?x?$", "i")
    assert {"curl", "wget", "curlcurl", "curl ", "curlx"} <= {text.lower() for text in found}
    assert regex_samples("a(?=b)") == ()
