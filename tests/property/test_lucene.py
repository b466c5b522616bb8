"""Regular expressions on Elastic: what is printed describes exactly the texts in which the oracle finds the pattern."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from converter.ir import Parts, RegexProblem, Wild, fits, read_regex, regex_finder
from converter.languages.elasticsearch import Automaton, Refusal, folded_expression, parse
from converter.targets.elastic import lucene
from converter.targets.elastic.effort import states_needed
from converter.targets.elastic.searched import UnsaidError, whole
from converter.verify import EngineMissingError

LETTERS = "abAB01_ .-/\n\tµÄä]^\\"
ATOMS = [r"a", "b", "A", "ab", "0", "_", r"\.", r"\d", r"\w", r"\s", r"\D", r"\W", ".", "[ab]", "[^a]", "[A-b0]", r"[^\w]", r"[\s.\]]"]
ATOMS += ["-", " ", "/", "ä", "[Ä-ä]", r"[\^-]", r"\\", "\n", '"', "#", "@", "~", "&&", "<1-2>"]
ANCHORS = st.sampled_from(["^", "$", r"\b", r"\B"])
TIMES = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{2,}", "{0,1}", "*?", "+?"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = st.sampled_from(["(", "(?:", "(?i:", "(?s:"])
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("|".join).map(lambda text: f"(?:{text})"),
        st.tuples(group, inner, TIMES | st.just("")).map(lambda parts: f"{parts[0]}{parts[1]}){parts[2]}"),
        st.tuples(ANCHORS, inner).map("".join),
        st.tuples(inner, ANCHORS).map("".join),
        st.tuples(ANCHORS, inner).map("|".join).map(lambda text: f"(?:{text})"),
    )


PATTERNS = st.recursive(st.tuples(st.sampled_from(ATOMS), st.just("") | TIMES).map("".join), _grown, max_leaves=6)
TEXTS = st.lists(st.text(LETTERS, max_size=8), min_size=1, max_size=12)


def _automaton(printed: lucene.Printed, states: int) -> Automaton:
    """Read what was printed as Lucene reads it."""
    expression = parse(printed.text)
    return Automaton(folded_expression(expression) if printed.folded else expression, states)


@settings(max_examples=800, deadline=None)
@given(pattern=PATTERNS, flags=st.sampled_from(["", "i", "s", "m", "im"]), texts=TEXTS)
def test_whole_value(pattern: str, flags: str, texts: list[str]) -> None:
    """A printed pattern describes a text if and only if the oracle finds the pattern in it; no other is printed."""
    tree, finder = read_regex(pattern, flags), regex_finder(pattern, flags)
    assume(not isinstance(tree, RegexProblem))
    assert not isinstance(tree, RegexProblem)
    try:
        described = whole(tree)
    except UnsaidError:
        return
    assume(not isinstance(finder, RegexProblem))
    assert not isinstance(finder, RegexProblem)
    states = states_needed(described)
    assert states is not None
    automaton = _automaton(lucene.of_expression(described), states)
    for text in texts:
        assert automaton.describes(text) is finder(text), (lucene.of_expression(described), text)


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(st.text(LETTERS + "KkſsßÉé", min_size=1, max_size=3) | st.sampled_from(list(Wild)), max_size=4), texts=TEXTS)
def test_texts(parts: list[str | Wild], texts: list[str]) -> None:
    """A pattern with letters outside ASCII is compared as the oracle compares it, whatever its case."""
    joined: list[str | Wild] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    pattern: Parts = tuple(joined)
    automaton = _automaton(lucene.of_text(pattern), 250_000)
    own = "".join(part if isinstance(part, str) else "x" for part in pattern)
    for text in [*texts, own, own.upper(), own.lower()]:
        assert automaton.describes(text) is fits(pattern, text, cased=False), (lucene.of_text(pattern), text)


def test_most_patterns_are_said() -> None:
    """What a rule usually asks for is printed; the list is of the forms that SigmaHQ's expressions have."""
    for pattern in (
        r"^[a-z]{4}\.exe$",
        r"(?i)\s-(e|en|enc)\s",
        r"\bfoo\b|bar$",
        r"(^|\\)a\.dll($|\s)",
        r"\\(?:[0-9A-F]{2}){3,}",
        r"(?m)^x$",
        r"a.*?b",
        r"(?:\d{1,3}\b\.?){4}",
    ):
        tree = read_regex(pattern)
        assert not isinstance(tree, RegexProblem)
        assert states_needed(whole(tree)) is not None


@pytest.mark.engine
def test_an_engine_agrees(without_engine: Callable[[EngineMissingError], NoReturn]) -> None:
    """A search engine finds with the printed expressions what the oracle finds, and none is refused."""
    from converter.verify.engines import running

    cases: list[tuple[str, dict[str, Any], list[bool]]] = []
    texts = ["", "a", "ab\n", "A b", "x\nab\ny", "0_.", "b-a", "ÄB ä", "aab", "]^\\", "a/b", 'a"b', "#@~"]

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(pattern=PATTERNS, flags=st.sampled_from(["", "i", "m"]))
    def gather(pattern: str, flags: str) -> None:
        tree, finder = read_regex(pattern, flags), regex_finder(pattern, flags)
        if isinstance(tree, RegexProblem) or isinstance(finder, RegexProblem):
            return
        try:
            printed = lucene.of_expression(whole(tree))
        except UnsaidError:
            return
        query = {"regexp": {"f": {"value": printed.text, "flags": "NONE", "case_insensitive": printed.folded}}}
        cases.append((pattern, query, [finder(text) for text in texts]))

    gather()
    try:
        with running() as engine:
            mappings = {"properties": {"f": {"type": "keyword"}}}
            for pattern, query, expected in cases:
                found = engine.find([{"f": text} for text in texts], mappings, query)
                assert found == expected, (pattern, json.dumps(query))
    except EngineMissingError as error:
        without_engine(error)
    assert len(cases) > 50


@pytest.mark.parametrize("text", ["(((()){9999}){9999}){9999}", "((a{99}){99}){99}", "(a|()){9999}{9999}"])
def test_repetitions_end(text: str) -> None:
    """An expression that is written out to more than anybody can hold is refused at once, empty parts too."""
    with pytest.raises(Refusal, match="too many repetitions"):
        Automaton(parse(text))
