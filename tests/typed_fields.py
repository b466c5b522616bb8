"""Made-up rules over fields of every type that Elasticsearch gives ours, and events for them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from converter.data import Binding, Field, source_of
from converter.ir import And, Boolean, Cidr, Compare, Exists, FieldMatch, Node, Not, Null, Number, Or, Regex, Text, Wild
from converter.model import LogSource, Rule, Source
from converter.targets.contract import Detection, ResolvedRule

RULE = Rule(Source("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", LogSource("", "kubernetes", "audit"), {}, level="low")
SOURCE = source_of(RULE.logsource)
assert SOURCE is not None

LEVELS = ("High", "Low", "System")
BINDINGS = {
    "kw": Binding(Field("kw", "keyword"), "a.kw"),
    "wild": Binding(Field("wild", "keyword"), "a/b.wild card", "wildcard"),
    "low": Binding(Field("low", "keyword"), "low", caseless="low.caseless"),
    "level": Binding(Field("level", "keyword", values=LEVELS), "level"),
    "flat": Binding(Field("flat", "keyword"), "flat.v", "flattened"),
    "words": Binding(Field("words", "text"), "words", "text"),
    "n": Binding(Field("n", "long"), "n", "long"),
    "b": Binding(Field("b", "boolean"), "b", "boolean"),
    "ip": Binding(Field("ip", "ip"), "ip", "ip"),
    "const": Binding(Field("const", "keyword"), "const", "constant_keyword"),
}
MAPPINGS: dict[str, Any] = {
    "dynamic": False,
    "properties": {
        "a": {"properties": {"kw": {"type": "keyword"}}},
        "a/b": {"properties": {"wild card": {"type": "wildcard"}}},
        "low": {"type": "keyword", "fields": {"caseless": {"type": "keyword", "normalizer": "lowercase"}}},
        "level": {"type": "keyword"},
        "flat": {"type": "flattened"},
        "words": {"type": "text"},
        "n": {"type": "long"},
        "b": {"type": "boolean"},
        "ip": {"type": "ip"},
        "const": {"type": "constant_keyword", "value": "Const"},
        "event": {"properties": {"dataset": {"type": "keyword"}}},
    },
}
"""The index; its fields stand where the bindings say."""

_WORDS = r"""a A ab aB * ? 5 \ C:\ " not AND a:b (a) ä Ä ß - + { / a/b >5 <=a && || ! ^2 ~ @ # . u0041 _exists_"""
WORDS = st.sampled_from([*_WORDS.split(" "), "", " ", "a b", "x\ny", "[a TO b]", "\u3000", "\t", "x" * 260])
VALUES = st.one_of(st.none(), WORDS, st.builds("{}{}".format, WORDS, WORDS))
PARTS = st.lists(st.one_of(WORDS.filter(bool), st.sampled_from(list(Wild))), max_size=4)
_PIECES = r"""a B ä \\ . \d \s [^a] (a|b) x* a+ ^ $ \b - { 5? / " @ # ~ &"""
PATTERNS = st.lists(st.sampled_from(_PIECES.split(" ")), min_size=1, max_size=4).map("".join)
ADDRESSES = ["10.0.0.1", "10.255.0.1", "192.0.2.7", "2001:db8::1", "fe80::1"]
NETWORKS = ["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0"]


@st.composite
def _texts(draw: st.DrawFn) -> Text:
    parts: list[str | Wild] = []
    for part in draw(PARTS):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return Text(tuple(parts), draw(st.booleans()))


NUMBERS = st.builds(Number, st.integers(-9, 9))
ORDERS = st.sampled_from(["lt", "lte", "gt", "gte"])
REGEXES = st.builds(Regex, PATTERNS, st.sampled_from(["", "i", "m"]))
KNOWN = st.sampled_from([*LEVELS, "Const", "const"]).map(lambda word: Text((word,)))
TESTS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("kw", "wild", "low"), st.one_of(_texts(), _texts(), REGEXES, NUMBERS, st.just(Boolean(True)))),
    **dict.fromkeys(("flat", "words"), st.one_of(_texts(), NUMBERS)),
    **dict.fromkeys(("level", "const"), st.one_of(_texts(), KNOWN, REGEXES)),
    "n": st.one_of(NUMBERS, st.builds(Compare, ORDERS, st.integers(-9, 9) | st.just(2.5)), st.just(Text(("5",)))),
    "b": st.one_of(st.builds(Boolean, st.booleans()), st.sampled_from([Text(("TRUE",)), Text(("false",), True)])),
    "ip": st.one_of(st.builds(Cidr, st.sampled_from(NETWORKS)), st.sampled_from(ADDRESSES).map(lambda one: Text((one,)))),
}


@st.composite
def _atoms(draw: st.DrawFn) -> Node:
    field = draw(st.sampled_from(list(BINDINGS)))
    return FieldMatch(field, draw(st.one_of(TESTS[field], TESTS[field], st.just(Null()), st.builds(Exists, st.booleans()))))


def _several(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, some), st.builds(Or, some))


TREES = st.recursive(_atoms(), _several, max_leaves=6)


def _held(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, max_size=2)


EVENTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("kw", "wild", "low", "flat", "words"), _held(VALUES)),
        "level": _held(st.sampled_from(LEVELS)),
        "n": _held(st.integers(-9, 9)),
        "b": _held(st.booleans()),
        "ip": _held(st.sampled_from(ADDRESSES)),
    },
)


def resolved(tree: Node, guard: dict[str, Any]) -> ResolvedRule:
    """Return a rule over the typed fields."""
    assert SOURCE is not None
    return ResolvedRule(RULE, Detection(tree), SOURCE, guard, BINDINGS)


def document(event: dict[str, Any]) -> dict[str, Any]:
    """Return what the index is given of an event: its values at the bindings' paths."""
    made: dict[str, Any] = {"event": {"dataset": "kubernetes.audit_logs"}}
    for name, value in event.items():
        if name == "const":
            continue
        *parents, leaf = BINDINGS[name].path.split(".")
        inner = made
        for one in parents:
            inner = inner.setdefault(one, {})
        inner[leaf] = value
    return made


def told(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event that the oracle is asked about: a constant field's value is everywhere."""
    return {**event, "const": "Const"}
