"""Query strings: what is written for each test, and what is refused by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from typed_fields import BINDINGS, resolved

from converter.data import Binding, Field
from converter.ir import And, Compare, Exists, FieldMatch, FieldRef, Keyword, Node, Not, Null, Number, Or, Regex, Text, parts_of
from converter.model import Fidelity
from converter.targets import target
from converter.targets.contract import Inexpressible
from converter.targets.elastic.query_string import losses, query

TABLE = target("elastic").capabilities({})["lucene"]


def _text(field: str, text: str, *, cased: bool = False) -> FieldMatch:
    return FieldMatch(field, Text(parts_of(text), cased))


WRITTEN: list[tuple[Node, str]] = [
    (_text("kw", 'a"b\\\\', cased=True), r'a.kw:"a\"b\\"'),
    (_text("kw", "a b*", cased=True), r"a.kw:a\ b*"),
    (_text("kw", "Ab"), "a.kw:/[aA][bB]/"),
    (_text("kw", r"*a\*?", cased=True), r"a.kw:*a\*?"),
    (_text("kw", "C:\\Ä\\\\"), r"a.kw:/[cC]:\\[Ää][\\]/"),
    (_text("wild", "x/y*", cased=True), r"a\/b.wild\ card:x\/y*"),
    (_text("low", "Ab?"), "low.caseless:ab?"),
    (_text("level", "high"), 'level:"High"'),
    (_text("kw", "*"), "_exists_:a.kw"),
    (FieldMatch("wild", Null()), r"NOT _exists_:a\/b.wild\ card"),
    (FieldMatch("n", Number(-5)), 'n:"-5"'),
    (FieldMatch("n", Compare("gte", -5)), r"n:>=\-5"),
    (FieldMatch("kw", Number(7)), 'a.kw:"7"'),
    (_text("ip", "2001:DB8:0::1"), 'ip:"2001:db8::1"'),
    (_text("b", "TRUE"), "b:true"),
    (FieldMatch("kw", Regex("^a/b$")), "a.kw:/a\\/b\n?/"),
    (Or((_text("kw", "1"), _text("kw", "2*"), FieldMatch("kw", Number(3)))), 'a.kw:("1" OR 2* OR "3")'),
    (Or((_text("kw", "1"), Not(_text("low", "2")))), '(a.kw:"1" OR (NOT low:"2"))'),
    (And((Not(_text("kw", "1")), Not(Or((_text("kw", "2"), _text("low", "3")))))), 'NOT a.kw:"1"\n  AND NOT (a.kw:"2" OR low:"3")'),
    (Not(Not(_text("kw", "1"))), 'NOT (NOT a.kw:"1")'),
]


@pytest.mark.parametrize(("tree", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_written(tree: Node, text: str) -> None:
    """Signs are escaped, whole values quoted, groups in brackets, negations among alternatives in their own."""
    assert query(resolved(tree, {}), tree) == text


def test_a_guard_comes_first() -> None:
    """The log source's own fields stand before the rule's, of several values any."""
    tree = _text("kw", "1")
    assert query(resolved(tree, {"x": "y", "z": ["1", "2"]}), tree) == 'x:"y"\n  AND z:("1" OR "2")\n  AND a.kw:"1"'


def _deep(levels: int) -> Node:
    tree: Node = _text("kw", "1")
    for number in range(levels):
        tree = Or((And((tree, _text("low", str(number)))), _text("kw", "2")))
    return tree


REFUSED: list[tuple[Node, str]] = [
    (_text("words", "a b*"), "'value.startswith'"),
    (_text("words", "--"), "'value.equals'"),
    (_text("flat", "*a"), "'value.endswith' on a field of type flattened"),
    (FieldMatch("flat", Regex("a")), "'value.regex'"),
    (_text("const", "a*b"), "'value.wildcard'"),
    (_text("const", "a\\*b"), "'value.equals'"),
    (_text("ip", "10.0.0"), "'value.equals'"),
    (_text("n", "05"), "'value.equals'"),
    (_text("b", "yes"), "'value.equals'"),
    (_text("n", ""), "'value.empty'"),
    (FieldMatch("kw", Compare("lt", 5)), "'value.compare'"),
    (FieldMatch("n", Compare("lt", 2**63)), "a number beyond"),
    (_text("kw", "a" * 1025, cased=True), "more than 1024 characters"),
    (_text("kw", "*a" + "?" * 40, cased=True), "too complex"),
    (FieldMatch("kw", Regex("a" * 1001)), "more than 1000 characters"),
    (FieldMatch("kw", Regex("(a|b.{40}c).{40}d")), "too complex"),
    (FieldMatch("kw", Regex("(?=a)b")), "a look ahead"),
    (FieldMatch("kw", FieldRef("low")), "'value.fieldref'"),
    (Keyword(Text(("a",))), "'keyword'"),
    (Or(tuple(_text("kw", str(number)) for number in range(1025))), "more than 1024 values"),
    (_deep(31), "groups in groups"),
]


def _said(tree: Node) -> str:
    rule = resolved(tree, {})
    losses(tree, rule, TABLE)
    return query(rule, tree)


@pytest.mark.parametrize(("tree", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_refused(tree: Node, words: str) -> None:
    """What the language cannot say is refused by name, never left to an engine that might forgive."""
    with pytest.raises(Inexpressible) as told:
        _said(tree)
    assert told.value.diagnostic.code == "T110"
    assert words in told.value.diagnostic.message


def test_limits_are_reached() -> None:
    """1,024 values and 30 groups in groups are still written."""
    for tree in (Or(tuple(_text("kw", str(number)) for number in range(1024))), _deep(14)):
        assert query(resolved(tree, {}), tree)


def test_a_star_in_a_name_is_refused() -> None:
    """It would mean every field that fits."""
    rule = replace(resolved(_text("kw", "1"), {}), fields={"kw": Binding(Field("kw", "keyword"), "a.*")})
    with pytest.raises(Inexpressible, match="a star in its name"):
        query(rule, _text("kw", "1"))


LOST: list[tuple[Node, dict[str, Any], list[tuple[str, Fidelity]]]] = [
    (_text("kw", "ab" * 130), {}, [("T118", Fidelity.NARROWER)]),
    (Not(_text("kw", "ab" * 130)), {}, [("T118", Fidelity.WIDER)]),
    (_text("flat", "a"), {}, [("T118", Fidelity.NARROWER)]),
    (_text("flat", "1"), {}, []),
    (_text("const", "const"), {}, [("T118", Fidelity.NARROWER)]),
    (_text("words", "a b"), {}, [("T119", Fidelity.MIXED)]),
    (_text("words", "*ab*"), {}, [("T119", Fidelity.NARROWER)]),
    (_text("ip", "10.0.0.1"), {}, [("T119", Fidelity.WIDER)]),
    (FieldMatch("kw", Null()), {}, []),
    (FieldMatch("kw", Null()), {"x": "y"}, [("T119", Fidelity.WIDER)]),
    (FieldMatch("flat", Exists(True)), {"x": "y"}, [("T119", Fidelity.NARROWER)]),
]


@pytest.mark.parametrize(("tree", "guard", "lost"), LOST)
def test_lost(tree: Node, guard: dict[str, Any], lost: list[tuple[str, Fidelity]]) -> None:
    """Case is T118, all else T119; a negation turns the direction; what the pipeline drops counts where the log source has one."""
    assert [(one.code, one.direction) for one in losses(tree, resolved(tree, guard), TABLE)] == lost


def test_every_type_is_asked() -> None:
    """The fields of these tests have every type that the table names."""
    types = {binding.type for binding in BINDINGS.values()}
    columns = {column for feature in TABLE.features.values() for column in feature}
    assert types & columns >= {"text", "ip", "long", "boolean", "flattened", "constant_keyword", "keyword"}
