"""Laws of Falco's reader: printing and reading again gives the tree, and no text makes it raise."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.languages.falco import Condition, check, fields_of, matches, read, read_rules
from converter.languages.falco.syntax import And, Call, Compare, Exists, Field, Macro, Node, Not, Operand, Or, Value, Values
from converter.model import Diagnostic

NAMES = ("ka.verb", "ka.uri", "ka.user.name", "jevt.value")
TEXTS = ("=", "==", "!=", "glob", "iglob", "contains", "icontains", "startswith", "endswith", "regex")
ALPHABET = "ab \\\"'()[],=\n\t/*Ü%"

field = st.builds(Field, st.sampled_from(NAMES), st.one_of(st.none(), st.text("ab/~1", min_size=1, max_size=4)))
call = st.recursive(
    st.builds(lambda name, inner: Call(name, (inner,)), st.sampled_from(["tolower", "toupper", "b64", "basename", "len"]), field),
    lambda inner: st.one_of(
        st.builds(lambda one: Call("tolower", (one,)), inner),
        st.builds(lambda one, two: Call("concat", (one, two)), inner, st.builds(Value, st.text(ALPHABET, max_size=4), st.just(True))),
    ),
    max_leaves=3,
)
operand: st.SearchStrategy[Operand] = st.one_of(field, call)
quoted = st.builds(Value, st.text(ALPHABET, max_size=6).filter(lambda text: not text.endswith("\\")), st.just(True))
bare = st.builds(
    Value, st.text("abZ9/*\\-_.", min_size=1, max_size=6).filter(lambda text: text not in ("oneof", "anyof", "allof")), st.just(False)
)
number = st.builds(Value, st.sampled_from(["1", "-2", "0x1f", "3.5", "1e+5"]), st.just(False))
values = st.builds(Values, st.lists(st.one_of(quoted, bare), max_size=3).map(tuple))
check_node = st.one_of(
    st.builds(Exists, operand),
    st.builds(Compare, operand, st.sampled_from(TEXTS), st.one_of(quoted, bare, operand)),
    st.builds(Compare, operand, st.sampled_from(TEXTS), values, st.sampled_from(["oneof", "anyof", "allof"])),
    st.builds(Compare, operand, st.sampled_from(["<", "<=", ">", ">="]), st.one_of(number, operand)),
    st.builds(Compare, operand, st.sampled_from(["in", "intersects", "pmatch"]), st.one_of(values, operand)),
    st.builds(Macro, st.sampled_from(["known", "notable", "order_1", "android"])),
)
tree: st.SearchStrategy[Node] = st.recursive(
    check_node,
    lambda child: st.one_of(
        st.builds(Not, child.filter(lambda one: not isinstance(one, Not))),
        st.builds(And, st.lists(child, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(child, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def printed(node: Node) -> str:
    match node:
        case And(children):
            return "(" + " and ".join(map(printed, children)) + ")"
        case Or(children):
            return "(" + " or ".join(map(printed, children)) + ")"
        case Not(child):
            return f"not {printed(child)}"
        case Exists(left):
            return f"{side(left)} exists"
        case Macro(name):
            return name
        case Compare(left, operator, right, modifier):
            return f"{side(left)} {operator} {modifier} {right_side(right)}"


def side(one: Any) -> str:
    match one:
        case Field(name, argument):
            return name if argument is None else f"{name}[{argument}]"
        case Value(text):
            return '"' + "".join({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}.get(c, c) for c in text) + '"' if one.quoted else text
        case Values(items):
            return "(" + ", ".join(map(side, items)) + ")"
        case Call(name, arguments):
            return f"{name}(" + ", ".join(map(side, arguments)) + ")"
    raise AssertionError(one)


def right_side(one: Any) -> str:
    return f"val({side(one)})" if isinstance(one, Field) else side(one)


def plain(value: Any) -> Any:
    """A tree without its positions."""
    if is_dataclass(value):
        return (type(value).__name__, *(plain(getattr(value, one.name)) for one in fields(value) if one.name != "offsets"))
    return tuple(map(plain, value)) if isinstance(value, tuple) else value


def ends_in_backslash(node: Any) -> bool:
    """Quoted constants of transformers may end in a backslash, which no engine can read."""
    if isinstance(node, Value):
        return node.quoted and node.text.endswith("\\")
    if is_dataclass(node):
        return any(ends_in_backslash(getattr(node, one.name)) for one in fields(node))
    return isinstance(node, tuple) and any(map(ends_in_backslash, node))


@settings(max_examples=300, deadline=None)
@given(tree)
def test_printed_tree_reads_as_itself(node: Node) -> None:
    """A tree that is printed and read again is the same tree."""
    found = read(printed(node))
    if ends_in_backslash(node):
        assert isinstance(found, Diagnostic | Condition)
        return
    assert isinstance(found, Condition), found.render()
    assert plain(found.root) == plain(node)


@settings(max_examples=300, deadline=None)
@given(tree, st.data())
def test_cut_or_changed_text_never_raises(node: Node, data: st.DataObject) -> None:
    """A damaged condition is read or refused with a place inside the text, and evaluates when it passes the check."""
    text = printed(node)
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.text(ALPHABET + "no\0adrt", max_size=3)) + text[at + data.draw(st.integers(0, 3)) :]
    found = read(text, profile=data.draw(st.sampled_from(["0.38", "0.39", "0.44", "dev"])))
    if isinstance(found, Diagnostic):
        assert found.span is not None
        assert 1 <= found.span.line <= text.count("\n") + 1
    elif check(found, fields_of("k8s_audit")) is None:
        assert matches(found, lambda name, _: "list" if "jevt" in name else None) in (True, False)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=200), st.text("- rule:macolist{}[],&*\n'\"%ka.verb=", max_size=120)))
def test_any_file_is_read_or_told(text: str) -> None:
    """No text makes the reader of rules files raise."""
    found = read_rules(text.encode("utf-8", "surrogatepass"), "rules.yaml")
    assert not isinstance(found, tuple) or all(isinstance(one, Diagnostic) for one in found)


def test_deep_nesting_is_read_or_refused() -> None:
    """Up to the engine's limit conditions are read and run; far beyond it they are refused, never with a crash."""
    outcomes = {}
    for word, count in (("(", 190), ("not(", 200), ("ka.verb = a or(", 400), ("ka.verb = a and(", 300), ("not ", 20_000), ("(", 100_000)):
        closing = ")" * count if word.endswith("(") else ""
        found = read(word * count + "ka.verb = b" + closing)
        outcomes[word, count] = isinstance(found, Condition)
        if isinstance(found, Condition):
            assert check(found, fields_of("k8s_audit")) is None
            assert matches(found, lambda *_: "b") in (True, False)
    assert outcomes == {
        ("(", 190): True,
        ("not(", 200): True,
        ("ka.verb = a or(", 400): True,
        ("ka.verb = a and(", 300): True,
        ("not ", 20_000): True,
        ("(", 100_000): False,
    }


def test_long_chains_are_read() -> None:
    """A flat chain costs no depth."""
    found = read(" or ".join(["ka.verb = a"] * 20_000))
    assert isinstance(found, Condition)
    assert found.checks == 20_000


def test_nested_transformers_are_bounded() -> None:
    """Transformers inside each other are refused beyond this reader's limit."""
    found = read("tolower(" * 5_000 + "ka.verb" + ")" * 5_000 + " = a")
    assert isinstance(found, Diagnostic)
    assert found.code == "R222"
