"""Detection sections written from nodes mean those nodes."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.formats import read_text
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Shape,
    Text,
    TimePart,
    Wild,
    lower,
)
from converter.ir.detection import detection_of
from converter.ir.time_part import UNITS
from converter.model import LogSource, Rule, Source

_LITERALS = st.one_of(
    st.sampled_from(["a", "5", "true", "null", "\\", "a\\", "*", "a?b", "\\*", "é", "A b", "%x%", "'", '"', "#", ": ", "- a"]),
    st.text("ab\\*?", min_size=1, max_size=4),
)
_NUMBERS = st.one_of(st.integers(-9, 9), st.sampled_from([0.5, 10.0, 1e30, -2.25]))


@st.composite
def _texts(draw: st.DrawFn) -> Text:
    parts: list[str | Wild] = []
    for wild, text in draw(st.lists(st.tuples(st.sampled_from([None, Wild.MANY, Wild.ONE]), st.one_of(st.none(), _LITERALS)), max_size=3)):
        if wild is not None and not (parts and parts[-1] is wild is Wild.MANY):
            parts.append(wild)
        if text is not None and not (parts and isinstance(parts[-1], str)):
            parts.append(text)
    return Text(tuple(parts), draw(st.booleans()))


_TESTS = st.one_of(
    _texts(),
    _NUMBERS.map(Number),
    st.booleans().map(Boolean),
    st.just(Null()),
    st.booleans().map(Exists),
    st.builds(Compare, st.sampled_from(["lt", "lte", "gt", "gte"]), _NUMBERS),
    st.builds(TimePart, st.sampled_from(UNITS), st.sampled_from(["eq", "lt", "lte", "gt", "gte"]), st.integers(0, 60)),
    st.sampled_from(["10.0.0.0/8", "::1/128"]).map(Cidr),
    st.builds(Regex, st.sampled_from(["a.*b", "^x\\d$", "a|b"]), st.sampled_from(["", "i", "im"])),
    st.builds(FieldRef, st.sampled_from(["f", "g.h"]), st.sampled_from([Shape.EQUALS, Shape.CONTAINS, Shape.STARTSWITH, Shape.ENDSWITH])),
)
_ATOMS = st.one_of(
    st.builds(FieldMatch, st.sampled_from(["f", "g.h", "a b", "not", "k8s.io/x"]), _TESTS),
    st.builds(Keyword, st.one_of(_texts().filter(lambda text: bool(text.parts)), st.sampled_from([Number(5)]))),
)
_TREES = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda one: And(tuple(one))),
        st.lists(inner, min_size=1, max_size=4).map(lambda one: Or(tuple(one))),
        inner.map(Not),
    ),
    max_leaves=12,
)


def _meaning(tree: Node) -> object:
    """A tree's shape without order, repetition, double negation, places and spelling."""
    match tree:
        case FieldMatch(field, test):
            return (field, _test(test))
        case Keyword(test):
            return (None, _test(test))
        case Not(child):
            inner = _meaning(child)
            return inner[1] if isinstance(inner, tuple) and inner[0] == "not" else ("not", inner)
        case And(children) | Or(children):
            word = "and" if isinstance(tree, And) else "or"
            spread: set[object] = set()
            for one in map(_meaning, children):
                spread |= one[1] if isinstance(one, tuple) and one[0] == word else {one}
            return next(iter(spread)) if len(spread) == 1 else (word, frozenset(spread))


def _test(test: object) -> str:
    match test:
        case Text(parts, cased):
            return repr(Text(parts, cased and test.shape is not Shape.PRESENT))
        case Number(value) | Compare(_, value):
            return f"{type(test).__name__} {getattr(test, 'operator', '')} {float(value)}"
    return repr(test)


def _lowered(detection: dict[str, object]) -> Node:
    source = Source("rule.yml", yaml.safe_dump({"detection": detection}, sort_keys=False, allow_unicode=True))
    documents = read_text(source)
    assert isinstance(documents, tuple), documents
    tree = lower(Rule(source, "t", "", LogSource(), documents[0].value["detection"]))
    assert not isinstance(tree, tuple), ([one.render() for one in tree], source.text)
    return tree


@settings(max_examples=400, deadline=None)
@given(_TREES)
def test_written_detections_mean_their_tree(tree: Node) -> None:
    """Reading the section gives back the tree."""
    detection = detection_of(tree)

    assert detection is not None
    assert list(detection)[-1] == "condition"
    assert _meaning(_lowered(detection)) == _meaning(tree)


def test_detections_read_as_people_write_them() -> None:
    """A conjunction is one map; equal fields are a list; what is excluded is called filter."""
    verb = Or((FieldMatch("verb", Text(("create",))), FieldMatch("verb", Text(("get",)))))
    groups = And((FieldMatch("groups", Text(("a",), cased=True)), FieldMatch("groups", Text(("b",), cased=True))))
    user = FieldMatch("user", Text(("system:", Wild.MANY)))

    detection = detection_of(And((verb, groups, FieldMatch("code", Number(101)), Not(user))))

    assert detection == {
        "selection": {"verb": ["create", "get"], "groups|cased|all": ["a", "b"], "code": 101},
        "filter": {"user|startswith": "system:"},
        "condition": "selection and not filter",
    }


@pytest.mark.parametrize("field", ["", "a|b", "a|contains"])
def test_unwritable_fields_are_refused(field: str) -> None:
    """Sigma has no escape for a bar in a field's name."""
    assert detection_of(Not(FieldMatch(field, Text(("x",))))) is None


def test_deep_trees_are_refused() -> None:
    """Depth is bounded, whatever the recursion limit."""
    tree: Node = FieldMatch("f", Text(("x",)))
    for level in range(50_000):
        tree = Not(And((tree, FieldMatch("g", Number(level)))))

    assert detection_of(tree) is None
