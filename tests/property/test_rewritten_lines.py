"""A test of what a target has in a line, a list or a text of several values answers there as the rule does on the event."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import Binding, Change, Field
from converter.ir import And, FieldMatch, Keyword, Node, Not, Null, Or, Regex, Test, Text, Wild, evaluate, parts_of
from converter.targets.absence import together
from converter.targets.rewritten import Rewriting


def part(name: str) -> tuple[str, Binding]:
    return name, Binding(Field(f"f ({name})", "keyword"), name)


def written(test: Test, change: Change) -> Node | None:
    rewriting = Rewriting({"f": Binding(Field("f", "keyword"), "x", change=change)})
    found = rewriting.tree(FieldMatch("f", test))
    return None if rewriting.problems else found


UNNAMED = Change("unnamed", tuple(part(str(number)) for number in range(1, 5)))
CODES = Change("codes", (part("codes"),), at="%%")
DIVIDED = Change("divided", (part("text"), part("code")), at="%|-[0-7]|[0-7]-|: |:$|^[: -]|-$|^[0-9]+$")
FIRST, SECOND = "\nContext:\n", "\nUser Data:"
BEFORE, BETWEEN = (Change("rendered", (part("text"),), frames=frames) for frames in (("", FIRST), (FIRST, SECOND)))
OPEN = Change("rendered", (part("text"),), at="state is changed from to")

texts = st.text(alphabet="abA1 \n", max_size=6)
pieces = st.lists(st.sampled_from(["*", "?", "a", "B", "ab", "1", " "]), min_size=1, max_size=4).map("".join)


@settings(max_examples=200, deadline=None)
@given(pieces, st.lists(texts, max_size=4))
def test_values_without_a_name(pattern: str, values: list[str]) -> None:
    """Any of a list's values that passes is one of the numbered fields that does."""
    test = Text(parts_of(pattern))
    new = written(test, UNNAMED)
    assert new is not None
    document = {f"f ({number})": value for number, value in enumerate(values, start=1)}
    assert evaluate(new, document) is evaluate(FieldMatch("f", test), {"f": values})


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="%14", max_size=6), st.lists(st.integers(1500, 8999), min_size=1, max_size=4))
def test_codes(asked: str, codes: list[int]) -> None:
    """A marked code is one that the list has; a test that the list cannot answer is refused."""
    test = Text((Wild.MANY, *([asked] if asked else []), Wild.MANY))
    new = written(test, CODES)
    raw = "\n\t\t\t\t".join(f"%%{code}" for code in codes)
    if new is None:
        assert not asked or "%%" in asked[2:] or not asked.removeprefix("%%").isalnum()
    else:
        assert evaluate(new, {"f (codes)": [str(code) for code in codes]}) is evaluate(FieldMatch("f", test), {"f": raw})


@settings(max_examples=300, deadline=None)
@given(pieces, texts, texts)
def test_a_value_in_a_rendered_text(pattern: str, first: str, second: str) -> None:
    """A part of a value is found between its frames and nowhere else; how the value begins or ends is not asked of the text."""
    document = {"f (text)": f"{first}{FIRST}{second}{SECOND}"}
    for change, value in ((BEFORE, first), (BETWEEN, second)):
        test = Text(parts_of(pattern))
        new = written(test, change)
        if new is not None:
            assert evaluate(new, document) is evaluate(FieldMatch("f", test), {"f": value})
        else:
            literals = [one for one in test.parts if isinstance(one, str)]
            whole = test.parts[0] is Wild.MANY and test.parts[-1] is Wild.MANY and len(test.parts) > 2
            assert not whole or not all(one.strip() for one in literals)


@pytest.mark.parametrize("asked", ["from", "State", "a"])
def test_the_text_s_own_words(asked: str) -> None:
    """What the text has of its own says nothing of the value."""
    assert written(Text((Wild.MANY, asked, Wild.MANY)), OPEN) is None
    assert written(Text((Wild.MANY, "HostName=x", Wild.MANY)), OPEN) is not None
    assert written(Regex("x"), OPEN) is None
    assert written(Null(), OPEN) is None


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="A1-: b%", min_size=1, max_size=5), st.from_regex(r"[Ab1 ]{0,6}", fullmatch=True), st.sampled_from(["AB", "B_1"]))
def test_a_divided_line(asked: str, message: str, code: str) -> None:
    """A part of the line is in one of the fields that it was divided into, or the test is refused."""
    test = Text((Wild.MANY, asked, Wild.MANY))
    new = written(test, DIVIDED)
    line = f"9004: %{code}-5-{code}: {message}"
    if new is None:
        assert re.search(DIVIDED.at, asked)
    else:
        assert evaluate(new, {"f (text)": message, "f (code)": code}) is evaluate(FieldMatch("f", test), {"f": line})


@settings(max_examples=200, deadline=None)
@given(pieces, st.dictionaries(st.sampled_from(["message", "program"]), texts))
def test_a_keyword(pattern: str, event: dict[str, str]) -> None:
    """A keyword is asked of each field of the line; of a log source that is none it stays a keyword."""
    keyword = Keyword(Text(parts_of(pattern)))
    known = {name: Binding(Field(name, "text"), name) for name in ("message", "program")}
    assert evaluate(Rewriting(known, keywords=("message", "program")).tree(keyword), event) is evaluate(keyword, event)
    assert Rewriting(known).tree(keyword) == keyword


KNOWN = {"f": Binding(Field("f", "keyword"), "f", changed=("-",))}
null, empty, dash, other = FieldMatch("f", Null()), FieldMatch("f", Text(())), FieldMatch("f", Text(("-",))), FieldMatch("f", Text(("x",)))


def seen(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event as a target has it that leaves out what is empty and what is "-"."""
    return {name: value for name, value in event.items() if value not in ("", "-", None)}


@pytest.mark.parametrize("tree", [Or((null, empty, dash)), Or((null, other, Or((empty, dash)))), Not(Or((null, Or((empty, dash)), other)))])
def test_alternatives_that_accept_every_absence(tree: Node) -> None:
    """Missing, empty and left out together are missing on the target: the answers are the same, under a name without changed values."""
    fields: dict[str, Binding] = {}
    found = together(And((tree,)), KNOWN, fields, keeps_empty=False)
    (name,) = fields
    assert (fields[name].gone, fields[name].changed) == (True, ())
    for event in ({}, {"f": None}, {"f": ""}, {"f": "-"}, {"f": "x"}, {"f": "y"}):
        document = {name: event["f"]} if seen(event) else {}
        assert evaluate(found, document) is evaluate(tree, event)


@pytest.mark.parametrize("tree", [Or((null, empty)), Or((null, dash)), Or((empty, dash)), And((null, empty, dash)), null])
def test_alternatives_that_do_not(tree: Node) -> None:
    """Where one form of absence is not accepted nothing is joined."""
    fields: dict[str, Binding] = {}
    assert together(tree, KNOWN, fields, keeps_empty=False) == tree
    assert not fields
