"""Laws of the KQL reader."""

from __future__ import annotations

import string
from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from converter.languages import kql
from converter.model import Diagnostic, unpack

ORDERS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
SPECIAL = '\\():<>"*{}'
PLAIN = string.ascii_letters + string.digits + " .,;/-_@?[]'|&!~^+=éßЖ日😀" + SPECIAL + "\t\n"


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def unquoted(text: str) -> str:
    """Escape an unquoted text: specials, keywords by a code for their first letter, white space by its letter."""
    out = []
    for at, char in enumerate(text):
        if char in SPECIAL:
            out.append(f"\\{char}")
        elif text[at : at + 4].lower() == "not " or (text[at : at + 1] in "oOaA" and at and text[at - 1] == " "):
            out.append(f"\\u{ord(char):04x}")
        else:
            out.append({"\t": "\\t", "\n": "\\n"}.get(char, char))
    return "".join(out)


def word(value: kql.Word) -> str:
    if isinstance(value, kql.Pattern):
        return "".join("*" if isinstance(part, kql.Star) else unquoted(part) for part in value.parts)
    if value.quoted:
        return quoted(value.text)
    return value.text if not isinstance(value.value, str) else unquoted(value.text)


def printed(tree: kql.Tree) -> str:
    match tree:
        case kql.MatchAll():
            return ""
        case kql.And(children):
            return " and ".join(f"({printed(child)})" for child in children)
        case kql.Or(children):
            return " OR ".join(f"({printed(child)})" for child in children)
        case kql.Not(child):
            return f"not ({printed(child)})"
        case kql.Nested(path, query):
            return f"{word(path)}:{{ {printed(query)} }}"
        case kql.Range(field, operator, value):
            return f"{word(field)} {ORDERS[operator]} {word(value)}"
        case kql.Is(field, value):
            return word(value) if field is None else f"{word(field)}: {word(value)}"


def bare(tree: Any) -> Any:
    """Return the tree without offsets."""
    if isinstance(tree, tuple):
        return tuple(map(bare, tree))
    if not is_dataclass(tree) or isinstance(tree, type):
        return tree
    return replace(tree, **{one.name: 0 if one.name == "offsets" else bare(getattr(tree, one.name)) for one in fields(tree)})


def spaced(text: str) -> bool:
    """Whether white space stands at an end, where an unquoted text loses it."""
    return text != text.strip()


texts = st.text(st.sampled_from(PLAIN), max_size=12)
quoted_words = st.builds(kql.Literal, texts, st.just(True))
plain_words = texts.filter(lambda text: text and not spaced(text) and text not in ("true", "false", "null")).map(
    lambda text: kql.Literal(text)
)
constants = st.sampled_from([kql.Literal(True), kql.Literal(False), kql.Literal(None)])
patterns = (
    st.lists(st.text(st.sampled_from(PLAIN.replace(" ", "")), min_size=1, max_size=5), min_size=1, max_size=3)
    .map(lambda found: kql.Pattern(tuple(part for text in found for part in (text, kql.Star.STAR))))
    .filter(lambda found: not spaced(found.text))
)
names = quoted_words | plain_words | patterns
values = names | constants | st.just(kql.Pattern((kql.Star.STAR,)))
leaves = (
    st.builds(kql.Is, names, values)
    | st.builds(kql.Is, st.none(), values)
    | st.builds(kql.Range, names, st.sampled_from(["lt", "lte", "gt", "gte"]), values)
)
trees: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: (
        st.builds(kql.And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(kql.Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(kql.Not, inner)
        | st.builds(kql.Nested, names, inner)
    ),
    max_leaves=8,
)


@given(trees)
def test_printed_trees_read_back(tree: kql.Tree) -> None:
    """What is printed with every escape reads as the same tree."""
    found = kql.read(printed(tree))
    assert isinstance(found, kql.Query), (printed(tree), found)
    assert bare(found.tree) == tree


@given(trees, st.data())
def test_changed_queries_read_or_say_where_not(tree: kql.Tree, data: st.DataObject) -> None:
    """A query with a character changed, put in or taken out is read, or stops at a place inside it."""
    text = printed(tree)
    at = data.draw(st.integers(0, len(text)))
    put = data.draw(st.sampled_from(["", *SPECIAL, " ", "not ", " and ", "\u00a0", "\0", "\\u00", "\ud800"]))
    text = text[:at] + put + text[at + data.draw(st.integers(0, 2)) :]
    found = kql.read(text)
    if isinstance(found, Diagnostic):
        assert found.code in ("R200", "R201")
        assert found.span is not None
        lines = text.split("\n")
        assert 1 <= found.span.line <= len(lines)
        assert 1 <= found.span.column <= len(lines[found.span.line - 1]) + 1
        assert found.render()


@given(st.text(max_size=40))
@example("\\")
@example('"')
@example("a:\\u")
@example("{")
def test_any_text_reads_or_says_why(text: str) -> None:
    """No text raises."""
    found = kql.read(text)
    assert isinstance(found, kql.Query | Diagnostic)


@given(trees)
def test_every_part_points_into_the_text(tree: kql.Tree) -> None:
    """The offsets of a field, a value and a condition are theirs in the text."""
    text = printed(tree)
    found = kql.read(text)
    assert isinstance(found, kql.Query)
    stack: list[Any] = [found.tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif is_dataclass(node):
            start, end = unpack(node.offsets)  # type: ignore[attr-defined]
            assert 0 <= start < end <= len(text)
            if isinstance(node, kql.Literal) and node.quoted:
                assert text[start] == text[end - 1] == '"'
            stack.extend(getattr(node, one.name) for one in fields(node))


def test_deep_nesting_is_told() -> None:
    """Twenty thousand brackets are a diagnostic, of any kind."""
    for text in ("(" * 20_000, "a:(" + "(" * 20_000, "a:{" * 20_000, "not (" * 20_000, "(" * 20_000 + "a" + ")" * 20_000):
        found = kql.read(text)
        assert isinstance(found, Diagnostic)
        assert found.code == "R201"
    assert isinstance(kql.read("(" * 100 + "a" + ")" * 100), kql.Query)


def test_long_queries_are_told() -> None:
    """A million characters are the end; a long flat query is read."""
    found = kql.read("a" * 1_000_001)
    assert isinstance(found, Diagnostic)
    assert found.code == "R201"
    assert isinstance(kql.read(" or ".join(f'field:"value {number}"' for number in range(20_000))), kql.Query)
