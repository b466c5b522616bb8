"""Laws of the Splunk reader: what is printed reads back, and no text makes it raise."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from converter.languages.spl import Conf, Macro, Pipeline, read, read_conf, run
from converter.languages.spl import syntax as tree
from converter.languages.spl.pattern import compiled, is_found
from converter.model import Diagnostic

NAMES = st.text(st.sampled_from("abcXYZ019_./-{}:@ é"), min_size=1, max_size=8).filter(lambda one: one.strip() != "")
VALUES = st.text(st.sampled_from("abAB01*\"\\ |()[]=<>,!'$%#\n\té"), max_size=8)
OPERATORS = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))
TIMES = frozenset(("earliest", "latest"))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def patterns() -> st.SearchStrategy[Any]:
    return st.builds(tree.Pattern, VALUES)


def comparisons() -> st.SearchStrategy[Any]:
    plain = st.builds(tree.Pattern, VALUES.map(lambda one: one.replace("*", "")))
    equal = st.builds(tree.Comparison, NAMES, st.sampled_from(("=", "!=")), st.builds(tree.Pattern, VALUES, st.booleans()))
    return equal | st.builds(tree.Comparison, NAMES, OPERATORS, plain)


SEARCHES = st.recursive(
    comparisons()
    | st.builds(tree.OneOf, NAMES, st.lists(patterns(), min_size=1, max_size=3).map(tuple))
    | st.builds(tree.Term, patterns()),
    lambda child: (
        st.builds(tree.SearchAnd, st.lists(child, min_size=2, max_size=3).map(tuple))
        | st.builds(tree.SearchOr, st.lists(child, min_size=2, max_size=3).map(tuple))
        | st.builds(tree.SearchNot, child)
    ),
    max_leaves=8,
)
VALUES_OF_WHERE = (
    st.builds(tree.Field, NAMES) | st.builds(tree.Text, VALUES) | st.builds(tree.Number, st.integers(-99, 99).map(str) | st.just("1.50"))
)
TESTS = (
    st.builds(tree.Relation, VALUES_OF_WHERE, OPERATORS, VALUES_OF_WHERE)
    | st.builds(tree.Call, st.sampled_from(("isnull", "isnotnull")), VALUES_OF_WHERE.map(lambda one: (one,)))
    | st.builds(
        lambda one, text: tree.Call("match", (one, tree.Text(text))), VALUES_OF_WHERE, st.sampled_from((r"^a\d+$", r"\\x", "(?i)b|c"))
    )
    | st.builds(lambda one, two: tree.Call("in", (one, two)), VALUES_OF_WHERE, VALUES_OF_WHERE)
)
CONDITIONS = st.recursive(
    TESTS,
    lambda child: (
        st.builds(tree.WhereAnd, st.lists(child, min_size=2, max_size=3).map(tuple))
        | st.builds(tree.WhereOr, st.lists(child, min_size=2, max_size=3).map(tuple))
        | st.builds(tree.WhereNot, child)
        | st.builds(lambda one: tree.Call("coalesce", (one, tree.Call("false", ()))), child)
    ),
    max_leaves=8,
)
SEVERAL = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
COMMANDS = (
    st.builds(tree.Where, CONDITIONS)
    | st.builds(tree.Search, SEARCHES)
    | st.builds(tree.Regex, NAMES, st.sampled_from(("^a", r"\d|\\")), st.booleans())
    | st.builds(tree.Rename, st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=3).map(tuple))
    | st.builds(tree.FillNull, VALUES, SEVERAL)
    | st.builds(tree.Eval, st.lists(st.tuples(NAMES, VALUES_OF_WHERE), min_size=1, max_size=2).map(tuple))
    | st.builds(tree.Table, SEVERAL)
    | st.builds(tree.Fields, SEVERAL, st.booleans())
    | st.builds(
        tree.Stats, st.lists(st.builds(tree.Aggregate, st.sampled_from(("min", "values")), NAMES, NAMES), min_size=1).map(tuple), SEVERAL
    )
)


def search_text(one: Any) -> str:
    match one:
        case tree.SearchAnd(children):
            return "(" + " ".join(map(search_text, children)) + ")"
        case tree.SearchOr(children):
            return "(" + " OR ".join(map(search_text, children)) + ")"
        case tree.SearchNot(child):
            return f"NOT {search_text(child)}"
        case tree.Comparison(field, operator, value):
            return f"{quoted(field)}{operator}{pattern_text(value)}"
        case tree.OneOf(field, values):
            return f"{quoted(field)} IN ({', '.join(map(pattern_text, values))})"
        case tree.Term(value):
            return pattern_text(value)
    raise AssertionError(one)


def pattern_text(value: Any) -> str:
    return f"CASE({quoted(value.text)})" if value.cased else quoted(value.text)


def where_text(one: Any) -> str:
    match one:
        case tree.WhereAnd(children):
            return "(" + " AND ".join(map(where_text, children)) + ")"
        case tree.WhereOr(children):
            return "(" + " OR ".join(map(where_text, children)) + ")"
        case tree.WhereNot(child):
            return f"NOT {where_text(child)}"
        case tree.Relation(left, operator, right):
            return f"({where_text(left)} {operator} {where_text(right)})"
        case tree.Call(function, arguments):
            return f"{function}({', '.join(map(where_text, arguments))})"
        case tree.Field(name):
            return f"'{name}'"
        case tree.Number(text):
            return text
        case tree.Text(text):
            return quoted(text)
    raise AssertionError(one)


def command_text(one: Any) -> str:
    match one:
        case tree.Search(expression):
            return f"search {search_text(expression)}"
        case tree.Where(expression):
            return f"where {where_text(expression)}"
        case tree.Regex(field, pattern, negated):
            return f"regex {quoted(field)}{'!=' if negated else '='}{quoted(pattern)}"
        case tree.Rename(pairs):
            return "rename " + ", ".join(f"{quoted(old)} AS {quoted(new)}" for old, new in pairs)
        case tree.FillNull(value, names):
            return f"fillnull value={quoted(value)} {' '.join(map(quoted, names))}"
        case tree.Eval(assignments):
            return "eval " + ", ".join(f"'{name}'={where_text(value)}" for name, value in assignments)
        case tree.Table(names):
            return f"table {', '.join(map(quoted, names))}"
        case tree.Fields(names, keep):
            return f"fields {'' if keep else '- '}{' '.join(map(quoted, names))}"
        case tree.Stats(aggregates, by):
            made = " ".join(f"{each.function}({quoted(each.field)}) AS {quoted(each.name)}" for each in aggregates)
            return f"stats {made} by {' '.join(map(quoted, by))}"
    raise AssertionError(one)


def bare(one: Any) -> Any:
    """Return a tree without its offsets."""
    if isinstance(one, tuple):
        return tuple(map(bare, one))
    if not dataclasses.is_dataclass(one) or isinstance(one, type):
        return one
    return type(one)(**{each.name: 0 if each.name == "offsets" else bare(getattr(one, each.name)) for each in dataclasses.fields(one)})


@settings(max_examples=150, deadline=None)
@given(SEARCHES, st.lists(COMMANDS, max_size=3))
def test_printed_pipeline_reads_back(first: Any, rest: list[Any]) -> None:
    """Text printed from a tree reads as that tree, whatever its names and values hold."""
    text = " | ".join([search_text(first), *map(command_text, rest)])
    found = read(text)
    assert isinstance(found, Pipeline), found.render()
    assert bare(found.commands) == bare((tree.Search(first), *rest))


@settings(max_examples=150, deadline=None)
@given(SEARCHES, st.lists(COMMANDS, max_size=3), st.integers(0, 400), st.integers(0, 12), st.text("\"\\`|()[]*=',NOTAND é\x00", max_size=4))
def test_mutated_text_never_raises(first: Any, rest: list[Any], place: int, gone: int, put: str) -> None:
    """Text with a piece cut out or put in is a pipeline or one diagnostic with a place inside the text."""
    text = " | ".join([search_text(first), *map(command_text, rest)])
    place = place % (len(text) + 1)
    found = read(text[:place] + put + text[place + gone :], macros={"N": Macro('a="b"')})
    if isinstance(found, Diagnostic):
        assert re.fullmatch(r"R24[0-7]", found.code)
        assert found.span is not None
        return
    run(found, [{"a": ("b", "c"), "_raw": ("a b",)}, {}])


@settings(max_examples=200, deadline=None)
@given(st.text('[]=#;\\ab\n \r\t"', max_size=60))
@example("\\")
@example("[a]\nb = \\\n\\\n")
def test_any_configuration_text_is_read_or_told(text: str) -> None:
    """A configuration text is settings that stand in it, or complaints with their places."""
    found = read_conf(text, "x.conf")
    if not isinstance(found, Conf):
        assert found
        assert all(one.code in ("R248", "R249") and one.span for one in found)
        return
    for stanza in found.stanzas:
        for one in stanza.settings:
            start = one.key_offsets >> 24
            assert text[start : start + len(one.key)] == one.key
            assert text[one.value_offsets >> 24 :].startswith(one.value.split("\n")[0].rstrip())


@settings(max_examples=300, deadline=None)
@given(st.text(r"ab01_ .^$|?*+(){}[]-\dwsiA", max_size=10), st.text("abAB01 _\n-", max_size=8))
def test_patterns_agree_with_python_where_both_read_them(pattern: str, text: str) -> None:
    """A pattern that both this engine and Python's read is found in the same texts."""
    program = compiled(pattern)
    if isinstance(program, str) or r"\A" in pattern or "{," in pattern or "-" in pattern or "[[" in pattern:
        return
    try:
        theirs = re.compile(pattern, re.ASCII)
    except (re.error, OverflowError):
        return
    assert is_found(program, text) is bool(theirs.search(text))


def test_deep_nesting_is_told() -> None:
    """Twenty thousand brackets, negations, calls or macros give a diagnostic, in both languages."""
    deep = 20_000
    macros = {f"m{one}": Macro(f"`m{one + 1}``m{one + 1}`") for one in range(18)} | {"m18": Macro("")}
    for text in (
        "(" * deep, "NOT " * deep + "a=1", "* | where " + "(" * deep, "* | where " + "NOT " * deep + "a=1", "* | where " + "lower(" * deep,
        "* | eval a=" + "coalesce(" * deep, '* | where match(a, "' + "(" * deep + '")', "| " * deep, "`m0`", "a=1 " * 60_000,
        '* | where match(a, "' + "((((a{900}){900}){900}){900})" + '")', '* | where match(a, "' + "(((){900}){900}){900}" + '(")',
    ):  # fmt: skip
        found = read(text, macros=macros)
        assert isinstance(found, Diagnostic), text[:40]


def test_hostile_pattern_takes_linear_time() -> None:
    """Nested repetition of what may match in many ways is run on all paths at once."""
    found = read('* | where match(f, "^(a|a)*(a*)*(.*a){9}b$")')
    assert isinstance(found, Pipeline)
    assert run(found, [{"f": ("a" * 3_000,)}, {"f": ("a" * 3_000 + "b",)}]) == (1,)


def test_complaints_about_a_file_are_bounded() -> None:
    """A file of one header a hundred thousand times is told of a few times only."""
    found = read_conf("[a]\n" * 100_000, "x.conf")
    assert not isinstance(found, Conf)
    assert len(found) == 50
