"""The function that match makes of a rule's tree, against the oracle."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.ir import And, Boolean, Exists, FieldMatch, Keyword, Node, Not, Null, Number, Or, Text, TimePart, Wild, evaluate
from converter.match.predicate import View, predicate

LETTERS = st.text("abAB\u212a\u0130éÉß1. ", max_size=4)
FIELDS = st.sampled_from(["a", "b", "a.b", "A"])


@st.composite
def patterns(draw: st.DrawFn) -> Text:
    """A pattern whose literals are not empty and do not stand side by side."""
    parts: list[str | Wild] = []
    for _ in range(draw(st.integers(0, 5))):
        literal = draw(LETTERS)
        if literal and not (parts and isinstance(parts[-1], str)):
            parts.append(literal)
        else:
            parts.append(draw(st.sampled_from([Wild.MANY, Wild.MANY, Wild.ONE])))
    return Text(tuple(parts), draw(st.booleans()))


TESTS = st.one_of(
    patterns(),
    patterns(),
    patterns(),
    st.builds(Null),
    st.builds(Exists, st.booleans()),
    st.builds(Boolean, st.booleans()),
    st.builds(Number, st.integers(0, 2)),
    st.builds(TimePart, st.sampled_from(["hour", "week"]), st.sampled_from(["eq", "lt"]), st.integers(0, 9)),
)
ATOMS: st.SearchStrategy[Node] = st.one_of(
    st.builds(FieldMatch, FIELDS, TESTS), st.builds(FieldMatch, FIELDS, TESTS), st.builds(Keyword, patterns())
)
TREES: st.SearchStrategy[Node] = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, min_size=1, max_size=4).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=6).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=12,
)
SCALARS = st.one_of(LETTERS, LETTERS, st.just("2026-03-02 05:04"), st.none(), st.booleans(), st.integers(0, 2), st.just(1.5))
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(FIELDS, inner, max_size=2)), max_leaves=6
)
EVENTS = st.dictionaries(FIELDS, VALUES, max_size=4)


@settings(max_examples=1500, deadline=None)
@given(tree=TREES, events=st.lists(EVENTS, min_size=1, max_size=5))
def test_predicate_is_the_oracle(tree: Node, events: list[dict[str, Any]]) -> None:
    """On every event the function says what the oracle says."""
    check = predicate(tree)
    for event in events:
        assert check(View(event)) is evaluate(tree, event)
