"""Regular expressions in Splunk's ``match``: printed so that our reading of PCRE finds what the oracle finds."""

from __future__ import annotations

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from converter.ir import RegexProblem, fold, read_regex, regex_finder
from converter.languages.spl.pattern import compiled, is_found
from converter.targets.splunk.pattern import UnprintableError, printed, required
from tests.property.test_regex import FLAGS, PATTERNS

TEXTS = st.text('abAB01_ .-\n\tkK\u212aéÉſ\u00a0\u0667\\"`|$', max_size=8)


@settings(max_examples=500, deadline=None)
@given(PATTERNS, FLAGS, st.lists(TEXTS, min_size=1, max_size=8))
@example("ks", "i", ["\u212as", "KS", "kſ"])
@example(r"[\\\"`|$]a", "", ["\\a", '"a', "`a", "$a", "|a"])
@example(r"\\\"`|\$", "", ['\\"`', "$", '\\"'])
@example("a$", "", ["a", "a\n", "a\n\n"])
@example("^b", "m", ["\nb", "b", "a\nb\n"])
def test_a_printed_pattern_finds_what_the_oracle_finds(source: str, flags: str, texts: list[str]) -> None:
    """The pattern has no character that ends a text of SPL, holds what it requires, and answers as the oracle."""
    finder, tree = regex_finder(source, flags), read_regex(source, flags)
    if isinstance(finder, RegexProblem) or isinstance(tree, RegexProblem):
        assume(False)
        return
    try:
        text = printed(tree)
    except UnprintableError:
        assume(False)
        return
    program = compiled(text)
    assert not isinstance(program, str), (source, text, program)
    assert not set(text) & set('"`\n')
    assert "\\\\" not in text
    for one in texts:
        assert is_found(program, one) == finder(one), (source, text, one)
        assert not finder(one) or fold(required(tree)) in fold(one)
