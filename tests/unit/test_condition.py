"""Condition expressions: their trees, their places, and what is refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.formats import read
from converter.ir import lower
from converter.ir.condition import (
    DEPTH,
    Condition,
    ConditionError,
    Junction,
    Name,
    Negation,
    Selector,
    parse_condition,
    places_in,
    selected,
)
from converter.model import unpack
from converter.readers import read_rules


def shown(tree: Condition) -> str:
    """Return a tree fully parenthesised."""
    match tree:
        case Name(name):
            return name
        case Selector(every, pattern):
            return f"<{'all' if every else '1'} {pattern}>"
        case Negation(operand):
            return f"!{shown(operand)}"
        case Junction(word, operands):
            return "(" + f" {word} ".join(map(shown, operands)) + ")"


TREES = [
    ("a", "a"),
    ("  a  ", "a"),
    ("a and b and c", "(a and b and c)"),
    ("a or b and c", "(a or (b and c))"),
    ("a and b or c", "((a and b) or c)"),
    ("not a and b", "(!a and b)"),
    ("not (a and b)", "!(a and b)"),
    ("not not a", "!!a"),
    ("(((a)))", "a"),
    ("(a or b)and(c or d)", "((a or b) and (c or d))"),
    ("1 of a_*", "<1 a_*>"),
    ("any of them", "<1 them>"),
    ("all of *_x and not 1 of y*", "(<all *_x> and !<1 y*>)"),
    ("a\n  or\tb", "(a or b)"),
    ("sel-1.x_2 or 1", "(sel-1.x_2 or 1)"),
    ("all", "all"),
    ("them", "them"),
]


@pytest.mark.parametrize(("text", "tree"), TREES, ids=[one[0] for one in TREES])
def test_trees(text: str, tree: str) -> None:
    """Operators bind as Sigma says, whatever the white space."""
    assert shown(parse_condition(text)) == tree


REFUSED = [
    ("", 0, 1, "detection name is expected instead of the end"),
    ("a and", 5, 6, "instead of the end"),
    ("and a", 0, 3, "instead of 'and'"),
    ("a or or b", 5, 7, "instead of 'or'"),
    ("a b", 2, 3, "'b' is not expected"),
    ("a AND b", 2, 5, "'AND' is not expected"),
    ("NOT a", 4, 5, "'a' is not expected"),
    ("(a or b", 0, 1, "not closed"),
    ("a or b)", 6, 7, "')' is not expected"),
    ("()", 1, 2, "instead of ')'"),
    ("2 of x*", 0, 1, "'2 of' is not part of Sigma"),
    ("1 of", 4, 5, "name pattern"),
    ("1 of (a)", 5, 6, "name pattern"),
    ("1 of a b", 7, 8, "'b' is not expected"),
    ("of x", 0, 2, "instead of 'of'"),
    ("a*", 0, 2, "'a*' is not a detection name"),
    ("a$b", 0, 3, "'a$b' is not a detection name"),
    ("a | count() > 5", 2, 15, "aggregations"),
    ("{{ a }}", 0, 2, "'{{' is not a detection name"),
]


@pytest.mark.parametrize(("text", "start", "end", "message"), REFUSED, ids=[one[0] or "empty" for one in REFUSED])
def test_what_is_refused_has_its_place(text: str, start: int, end: int, message: str) -> None:
    """The error stands on the word that does not fit."""
    with pytest.raises(ConditionError) as refusal:
        parse_condition(text)
    error = refusal.value
    assert message in error.message
    assert (error.start, error.end) == (start, end)


@pytest.mark.parametrize("text", ["not " * 20_000 + "a", "(" * 20_000 + "a", "(" * 20_000 + "a" + ")" * 20_000, "not (" * 20_000])
def test_depth_is_bounded(text: str) -> None:
    """Nesting without end is an error, at once."""
    began = time.process_time()
    with pytest.raises(ConditionError, match="nested"):
        parse_condition(text)
    assert time.process_time() - began < 2


def test_depth_is_counted_exactly() -> None:
    """The last level that is allowed is read; side by side nothing counts."""
    assert parse_condition("not " * DEPTH + "a")
    assert parse_condition(" and ".join(["(not a)"] * 1000))
    with pytest.raises(ConditionError):
        parse_condition("not " * (DEPTH + 1) + "a")


def test_long_conditions_take_linear_time() -> None:
    """Fifty thousand operands are read within seconds."""
    began = time.process_time()
    tree = parse_condition(" or ".join(["a"] * 50_000))
    assert isinstance(tree, Junction)
    assert len(tree.operands) == 50_000
    assert time.process_time() - began < 5


def test_patterns_select_names() -> None:
    """``*`` is any characters, ``them`` all but names with ``_`` in front, which a pattern must ask for."""
    names = ("selection", "sel_a", "sel_b", "_hidden", "filter.x")
    assert selected("them", names) == ("selection", "sel_a", "sel_b", "filter.x")
    assert selected("sel_*", names) == ("sel_a", "sel_b")
    assert selected("*", names) == ("selection", "sel_a", "sel_b", "filter.x")
    assert selected("_*", names) == ("_hidden",)
    assert selected("*_a", names) == ("sel_a",)
    assert selected("filter.x", names) == ("filter.x",)


def test_patterns_of_many_stars_take_linear_time() -> None:
    """A pattern cannot make the search explode."""
    began = time.process_time()
    assert selected("*a" * 12 + "*b", ("a" * 60,)) == ()
    assert time.process_time() - began < 5


TREE = st.recursive(
    st.sampled_from(["a", "b", "c"]),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda all_: " and ".join(f"({one})" for one in all_)),
        st.lists(inner, min_size=2, max_size=3).map(lambda all_: " or ".join(f"({one})" for one in all_)),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TREE, st.dictionaries(st.sampled_from("abc"), st.booleans()))
def test_a_condition_means_what_python_says(text: str, given_values: dict[str, bool]) -> None:
    """Sigma's operators have Python's precedence and meaning."""
    values = {name: given_values.get(name, False) for name in "abc"}

    def value(tree: Condition) -> bool:
        match tree:
            case Name(name):
                return values[name]
            case Negation(operand):
                return not value(operand)
            case Junction(word, operands):
                return (all if word == "and" else any)(map(value, operands))
        raise AssertionError(tree)

    assert value(parse_condition(text)) is bool(eval(text, {}, dict(values)))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("aob()|* \n_1$not"), max_size=30) | st.text(max_size=20))
def test_any_text_gives_a_tree_or_a_place_inside_it(text: str) -> None:
    """No text raises anything else, and the place lies in the text (or just behind it)."""
    found: Condition | ConditionError
    try:
        found = parse_condition(text)
    except ConditionError as error:
        found = error
    assert 0 <= found.start < found.end <= len(text) + 1


HEAD = "title: x\nid: 7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11\nlogsource: {product: p}\ndetection:\n"
PLACES = [
    ("condition: s and t", 6, 20, "M004"),
    ("condition: s and 1 of t*", 6, 20, "M005"),
    ("condition: (s", 6, 14, "M003"),
    ("condition: 's and t'", 6, 21, "M004"),
    ("condition: [s, s and t]", 6, 24, "M004"),
    ('condition: "s and t"', 6, 21, "M004"),
    ('condition: "s and\\x20t"', 6, 14, "M004"),
    ("condition: >-\n    s and\n    t", 8, 5, "M004"),
    ("condition: |\n    s\n    and (t\n    or s)", 8, 10, "M004"),
    ("condition: s\n    and\n      t", 8, 7, "M004"),
    ("condition: 's and\n\n    not 1 of t*'", 8, 9, "M005"),
    ("condition: >-\n    s and\n    (s", 8, 5, "M003"),
    ("condition: >-\n    s and", 7, 10, "M003"),
    ("condition: s | count() > 1", 6, 16, "M007"),
    ("condition: ''", 6, 14, "M003"),
    ("condition: 5", 6, 14, "M003"),
    ("condition: []", 6, 14, "M003"),
    ("condition: [5]", 6, 15, "M003"),
    ("condition: [[s]]", 6, 15, "M003"),
    ("condition: {s: 1}", 6, 14, "M003"),
]


@pytest.mark.parametrize(("text", "line", "column", "code"), PLACES, ids=[one[0] for one in PLACES])
def test_places_in_the_file(text: str, line: int, column: int, code: str) -> None:
    """A word of a condition has its own line and column, quoted and folded too; one with escapes is a place as a whole."""
    (rule,), _ = read_rules((HEAD + f"  s: {{a: 1}}\n  {text}\n").encode(), "a.yml")
    found = lower(rule)
    assert isinstance(found, tuple)
    span = found[0].span
    assert span is not None
    assert (found[0].code, span.line, span.column) == (code, line, column), found[0].render()


def test_a_close_name_is_suggested() -> None:
    """An undefined name is told with the defined one that looks like it."""
    text = "title: x\nlogsource: {product: p}\ndetection: {selection: {a: 1}, condition: selektion}\n"
    (rule,), _ = read_rules(text.encode(), "a.yml")
    found = lower(rule)
    assert isinstance(found, tuple)
    assert [(one.code, one.help) for one in found] == [("M004", "did you mean 'selection'?")]


def test_selectors_cannot_multiply_without_end() -> None:
    """A condition that repeats all detections again and again is refused, at once."""
    names = "".join(f"  s{number}: {{a: 1}}\n" for number in range(2000))
    text = HEAD + names + "  condition: " + " and ".join(["1 of them"] * 2000) + "\n"
    (rule,), _ = read_rules(text.encode(), "a.yml")
    began = time.process_time()
    found = lower(rule)
    assert isinstance(found, tuple)
    assert [one.code for one in found] == ["M003"]
    assert "tests" in found[0].message
    assert time.process_time() - began < 5


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(["s", "not", "(", ")", "and", "or", "1 of t*", "x_y"]), min_size=1, max_size=9),
    st.sampled_from(["'", '"', ">-", "|", ">", ""]),
    st.lists(st.sampled_from([" ", "\n    ", "  ", "\n\n    "]), min_size=9, max_size=9),
)
def test_each_word_is_found_in_the_file(words: list[str], style: str, blanks: list[str]) -> None:
    """However a condition is written, the place of its character is where the file has this character."""
    body = "".join(word + blank for word, blank in zip(words, blanks, strict=False)).rstrip()
    written = {"'": f"'{body}'", '"': f'"{body}"', "": body}.get(style, f"{style}\n    {body}")
    document = f"condition: {written}\n"
    (found,) = read(document.encode(), "a.yml")
    text, place = found.value["condition"], found.value.offsets[1]
    start, end = unpack(place)
    spots = places_in(document[start:end], text)
    assert spots is not None
    assert len(spots) == len(text) + 1
    assert all(document[start + spot] == one for one, spot in zip(text, spots, strict=False) if not one.isspace())


WINDOWS = [
    ("timeframe: 5m\n  condition: s", 6, 14, "timespan: 5m"),
    ("timeframe: soon\n  condition: 1 of them", 6, 14, "timespan: 1h"),
    ("timeframe: 5\n  condition: s", 6, 14, "timespan: 1h"),
]


@pytest.mark.parametrize(("text", "line", "column", "told"), WINDOWS, ids=[one[0] for one in WINDOWS])
def test_a_window_without_an_aggregation_is_told(text: str, line: int, column: int, told: str) -> None:
    """Sigma 1's timeframe is no detection: it is told at its value, with the correlation's timespan."""
    (rule,), _ = read_rules((HEAD + f"  s: {{a: 1}}\n  {text}\n").encode(), "a.yml")
    found = lower(rule)
    assert isinstance(found, tuple)
    assert [(one.code, one.span.line, one.span.column) for one in found if one.span] == [("M007", line, column)]
    assert told in found[0].help


def test_a_window_is_told_once_with_its_aggregation() -> None:
    """Where the condition counts, the aggregation alone is told; a condition cannot name the window."""
    (rule,), _ = read_rules((HEAD + "  s: {a: 1}\n  timeframe: 5m\n  condition: s | count() > 5\n").encode(), "a.yml")
    found = lower(rule)
    assert isinstance(found, tuple)
    assert [one.code for one in found] == ["M007"]
    (rule,), _ = read_rules((HEAD + "  s: {a: 1}\n  timeframe: 5m\n  condition: s and timeframe\n").encode(), "a.yml")
    found = lower(rule)
    assert isinstance(found, tuple)
    assert [one.code for one in found] == ["M007", "M004"]


def test_a_detection_may_be_called_timeframe() -> None:
    """A map under this name is a detection like any other."""
    (rule,), _ = read_rules((HEAD + "  timeframe: {a: 1}\n  condition: timeframe\n").encode(), "a.yml")
    assert not isinstance(lower(rule), tuple)
