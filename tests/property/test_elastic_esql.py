"""ES|QL: what is printed, read again and run, is the rule, or departs from it in the direction that was declared."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import Binding, Field, Source
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
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
    evaluate,
    unevaluable,
)
from converter.languages import esql
from converter.model import Diagnostic, Fidelity, LogSource, Rule, joined
from converter.model import Source as RuleText
from converter.targets import ResolvedRule
from converter.targets.contract import Detection, Inexpressible, tables
from converter.targets.elastic import esql as printer

FIELDS = {
    "s": ("keyword", False),
    "in.t": ("keyword", False),
    "w": ("wildcard", False),
    "text": ("text", False),
    "`odd/name`.x-y": ("keyword", False),
    "l": ("keyword", True),
    "n": ("long", False),
    "d": ("double", False),
    "m": ("long", True),
    "b": ("boolean", False),
    "bs": ("boolean", True),
    "ip": ("ip", False),
    "at": ("date", False),
}
STRINGS = ("s", "in.t", "w", "text", "`odd/name`.x-y", "l")
WORDS = st.sampled_from(
    [
        "",
        "a",
        "A",
        "ab",
        "bA",
        "a b",
        "*",
        "?",
        "5",
        "\\",
        "C:\\",
        '"',
        '"""',
        "null",
        "true",
        "ä",
        "Ä",
        "ß",
        "Σ",
        "σ",
        "x\ny",
        "\n",
        "\t",
        "`",
        ".",
        "_",
    ]
)
VALUES = st.one_of(WORDS, st.builds("{}{}".format, WORDS, WORDS))
PIECES = [
    "a",
    "B",
    "ä",
    r"\\",
    ".",
    r"\d",
    r"\s",
    "[^a]",
    "(a|b)",
    "x*",
    "a+",
    "^",
    "$",
    r"\b",
    "-",
    "{",
    "5?",
    '"',
    "&",
    "~",
    "<",
    "#",
    "@",
]
PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
RULE = Rule(RuleText("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", LogSource("", "", ""), {}, taxonomy="ecs")


def _mappings() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (kind, _) in FIELDS.items():
        inside = found
        *outer, last = name.split(".")
        for one in outer:
            inside = inside.setdefault(one, {"properties": {}})["properties"]
        inside[last] = {"type": kind}
    return {"properties": found, "dynamic": "strict"}


@st.composite
def _texts(draw: st.DrawFn) -> Text:
    parts: list[str | Wild] = []
    for part in draw(st.lists(st.one_of(WORDS.filter(bool), st.sampled_from(list(Wild))), max_size=4)):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return Text(tuple(parts), draw(st.booleans()))


@st.composite
def _atoms(draw: st.DrawFn) -> Node:
    field = draw(st.sampled_from((*STRINGS, *STRINGS, *FIELDS)))
    compare = st.builds(Compare, st.sampled_from(["lt", "lte", "gt", "gte"]), st.integers(-3, 9))
    number = st.builds(Number, st.integers(-3, 9))
    emptiness = st.just(Null()) | st.builds(Exists, st.booleans())
    reference = st.builds(
        FieldRef,
        st.sampled_from(["s", "in.t", "text", "n", "b", "l"]),
        st.sampled_from([Shape.EQUALS, Shape.CONTAINS, Shape.STARTSWITH, Shape.ENDSWITH]),
    )
    regex = st.builds(Regex, PATTERNS, st.sampled_from(["", "i", "m"]))
    tests: dict[str, st.SearchStrategy[Any]] = {
        "long": number | compare | emptiness | reference,
        "double": number | compare | st.builds(Compare, st.just("lt"), st.floats(-9, 9)) | emptiness,
        "boolean": st.builds(Boolean, st.booleans()) | emptiness | reference,
        "ip": st.builds(Cidr, st.sampled_from(["10.0.0.0/8", "10.0.0.1/32", "2001:db8::/32"])) | emptiness,
        "date": st.builds(TimePart, st.sampled_from(["hour", "week", "year"]), st.sampled_from(["eq", "gt"]), st.integers(0, 23)),
    }
    strings = st.one_of(_texts(), _texts(), _texts(), number, st.builds(Boolean, st.booleans()), regex, emptiness, reference)
    return FieldMatch(field, draw(tests.get(FIELDS[field][0], strings)))


def _several(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, some), st.builds(Or, some))


TREES = st.recursive(_atoms(), _several, max_leaves=6)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "long": st.integers(-3, 9),
    "double": st.integers(-3, 9) | st.floats(-9, 9),
    "boolean": st.booleans(),
    "ip": st.sampled_from(["10.0.0.1", "10.255.0.0", "11.0.0.0", "2001:db8::1", "::1"]),
    "date": st.sampled_from(["2026-05-04T10:30:00Z", "2026-05-04T23:30:00+02:00", "2025-01-01T00:00:00Z"]),
}


def _values(name: str) -> st.SearchStrategy[Any]:
    kind, many = FIELDS[name]
    one = KINDS.get(kind, VALUES)
    return st.none() | one | st.lists(one, min_size=1, max_size=3) if many else st.none() | one


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in flat.items():
        inside = found
        *outer, last = name.split(".")
        for one in outer:
            inside = inside.setdefault(one, {})
        inside[last] = value
    return found


EVENTS = st.fixed_dictionaries({}, optional={name: _values(name) for name in FIELDS}).map(_nested)
LOG = Source("", "", {}, {"elastic": {"index": ["logs-*"]}})
BINDINGS = {name: Binding(Field(name, kind), name, kind, many) for name, (kind, many) in FIELDS.items()}


@settings(max_examples=150, deadline=None)
@given(tree=TREES, events=st.lists(EVENTS, min_size=1, max_size=6))
def test_declared_direction_holds(tree: Node, events: list[dict[str, Any]]) -> None:
    """Exact means equal, wider never misses, narrower never adds; and an output is always read and accepted."""
    if unevaluable(tree, RULE.source):
        return
    resolved = ResolvedRule(RULE, Detection(tree), LOG, {}, BINDINGS)
    try:
        text, lost = printer.query(resolved, tree, tables("elastic")["esql"])
    except Inexpressible as refused:
        assert refused.diagnostic.code == "T110"
        return
    query = esql.read(text)
    assert not isinstance(query, Diagnostic), (text, query.render())
    answers = esql.found(query, events, _mappings())
    assert not isinstance(answers, Diagnostic), (text, answers.render())
    direction = joined(lost)
    for event, fires in zip(events, answers, strict=True):
        means = evaluate(tree, event)
        allowed = direction in (Fidelity.MIXED, Fidelity.UNKNOWN) or direction is (Fidelity.WIDER if fires else Fidelity.NARROWER)
        assert fires == means or allowed, (direction, text, event)


@settings(max_examples=100, deadline=None)
@given(
    value=st.text(st.sampled_from("aA\"\\\n\r\t`*?'é ."), max_size=8), name=st.text(st.sampled_from('aZ_09`/-@ "é'), min_size=1, max_size=6)
)
def test_words_read_back(value: str, name: str) -> None:
    """A text and a name are read as what was written, whatever they hold."""
    found = esql.read_condition(f"{printer.name(name)} == {printer.text(value)}")
    assert isinstance(found, esql.Comparison), found
    assert isinstance(found.left, esql.Field)
    assert isinstance(found.right, esql.Literal)
    assert (found.left.name, found.right.value) == (name, value)
