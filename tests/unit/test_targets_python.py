"""The Python printer: what a module looks like, and that every module means what the oracle says and is admitted."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.ir import (
    FEATURES,
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
    Wild,
    evaluate,
    parts_of,
)
from converter.languages import python
from converter.model import LogSource, Rule, Source, Status
from converter.targets import Compilation, ResolvedRule, resolve
from converter.targets.python import TARGET, expression
from converter.targets.python.snippet import needed

SNIPPETS = Path(expression.__file__).parent / "snippets"


def _rule(**own: Any) -> Rule:
    values: dict[str, Any] = {"title": "A rule", "id": "11111111-2222-3333-4444-555555555555", "detection": {}, "level": "medium"} | own
    return Rule(source=Source("rule.yml", ""), logsource=LogSource("", "kubernetes", "audit"), **values)


def _compiled(tree: Node, rule: Rule | None = None) -> Compilation:
    resolved = resolve(rule or _rule(), tree, "python")
    assert isinstance(resolved, ResolvedRule)
    return TARGET.compile(resolved, {})


def _module(tree: Node, rule: Rule | None = None) -> bytes:
    return TARGET.package([_compiled(tree, rule)], ["a/b"], {})[0].data


def _match(module: bytes, event: dict[str, Any]) -> bool:
    space: dict[str, Any] = {}
    exec(compile(module.decode(), "rule.py", "exec", dont_inherit=True), space)
    answer: bool = space["match"](event)
    return answer


def _text(field: str, pattern: str, cased: bool = False) -> FieldMatch:
    return FieldMatch(field, Text(parts_of(pattern), cased))


EXPRESSIONS = [
    (_text("verb", "Create"), 'equals(event, "verb", "Create")'),
    (_text("verb", "Create", True), 'equals(event, "verb", "Create", cased=True)'),
    (_text("verb", "*"), 'has_value(event, "verb")'),
    (_text("verb", "a*b?"), 'like(event, "verb", "a", ANY, "b", ONE)'),
    (_text("verb", 'a"\\n\0\u202e'), 'equals(event, "verb", "a\\"\\\\n\\u0000\\u202e")'),
    (FieldMatch("verb", Exists(False)), 'not exists(event, "verb")'),
    (FieldMatch("responseStatus.code", Compare("gte", 400)), 'at_least(event, "responseStatus.code", 400)'),
    (Not(_text("verb", "a")), 'not equals(event, "verb", "a")'),
    (
        And((_text("verb", "a"), Or((_text("verb", "b*"), FieldMatch("verb", Null()))))),
        'equals(event, "verb", "a")\n'
        '        and (\n            startswith(event, "verb", "b")\n            or is_null(event, "verb")\n        )',
    ),
    (Keyword(Text(("x", Wild.MANY, "y"))), 'anywhere(event, "x", ANY, "y")'),
    (FieldMatch("verb", Regex("^g[ef]t.*", "i")), 'finds(event, "verb", "(?a)^(?i:g)[EFef](?i:t)")'),
    (FieldMatch("verb", Regex(r"\d\.\u2028")), 'finds(event, "verb", r"(?a)\\d\\.\\u2028")'),
    (Keyword(Regex('a"\\.b')), 'found_anywhere(event, "a\\"\\\\.b")'),
]


@pytest.mark.parametrize(
    ("tree", "text"), EXPRESSIONS, ids=[text.partition("(")[0] + str(index) for index, (_, text) in enumerate(EXPRESSIONS)]
)
def test_expression(tree: Node, text: str) -> None:
    """Each node has one printed form, one conjunct a line."""
    assert _compiled(tree).parts["expression"] == text


REFUSED = [
    (FieldMatch("verb", Regex("x(?!y)")), "T401"),
    (FieldMatch("verb", Regex("^(a+)+$")), "T401"),
    (Keyword(Regex("(x)\\1")), "T401"),
    (FieldMatch("responseStatus.code", Number(float("inf"))), "T403"),
    (FieldMatch("sourceIPs", Cidr("10.0.0.1/8")), "T404"),
]


@pytest.mark.parametrize(("tree", "code"), REFUSED)
def test_refused_by_name(tree: Node, code: str) -> None:
    """What cannot be written is refused with its code, each atom told."""
    done = _compiled(Or((tree, tree)))
    assert done.status is Status.UNSUPPORTED
    assert {one.code for one in done.diagnostics} == {code}


def test_deep_condition_is_refused() -> None:
    """However deep a condition nests, Python's parser is never asked for more than it reads."""
    leaf = _text("verb", "get")
    tree: Node = leaf
    for level in range(88):
        tree = And((leaf, tree)) if level % 2 else Or((leaf, tree))
    assert _match(_module(tree), {"verb": "get"})
    assert isinstance(python.read(_module(tree), "m.py"), python.Module)
    for _ in range(20_000):
        tree = Not(tree)
    assert [one.code for one in _compiled(tree).diagnostics] == ["T402"]


def test_hostile_metadata_stays_text() -> None:
    """No title or description ends its literal."""
    text = 'x""" \\""" {{ title }} \\\n"""\nimport os\n\x00\u2028"'
    rule = _rule(title='"' + text, description=text + "\\", author=text, references=(text,), tags=("a'\\",), converter={"source": text})
    data = _module(_text("verb", "get"), rule)
    tree = ast.parse(data.decode())
    assert isinstance(python.read(data, "m.py"), python.Module)
    metadata = ast.literal_eval(next(one.value for one in tree.body if isinstance(one, ast.Assign)))
    assert (metadata["title"], metadata["author"], metadata["references"], metadata["source"]) == ('"' + text, text, (text,), text)
    assert (ast.get_docstring(tree) or "").startswith('"x"""')


def test_every_snippet_is_admitted() -> None:
    """A module with all functions passes the reader that stands before every run."""
    names = sorted(path.stem for path in SNIPPETS.glob("*.py") if path.stem != "__init__")
    snippets = needed(names)
    imports = "".join(f"import {name}\n" for one in snippets for name in one.imports)
    body = "\n\n\n".join(one.text for one in snippets)
    module = f"from __future__ import annotations\n{imports}\ndef match(event: dict[str, object]) -> bool:\n    return True\n\n\n{body}\n"
    assert isinstance(python.read(module.encode(), "all.py"), python.Module)
    assert {one.name for one in snippets} == set(names)


WORDS = st.sampled_from(
    ["", "a", "A", "aB", "é", "É", "K", "k", "ß", "ſ", "null", "true", "5", "5.0", "-1e1", "10.1.2.3", "::ffff:10.0.0.1", "a\n"]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 6), st.sampled_from([5.0, 0.5]), WORDS)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["verb", "name"]), inner, max_size=2))
)
FIELDS = st.sampled_from(["verb", "objectRef.name", "user.groups", "annotations.authorization.k8s.io/decision", "responseStatus.code"])
NUMBERS = st.one_of(st.integers(-2, 6), st.sampled_from([5.0, 0.5]))


@st.composite
def _texts(draw: st.DrawFn) -> Text:
    parts: list[str | Wild] = []
    for part in draw(st.lists(st.one_of(WORDS.filter(bool), st.sampled_from(list(Wild))), max_size=4)):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return Text(tuple(parts), draw(st.booleans()))


TESTS = st.one_of(
    _texts(),
    st.builds(Number, NUMBERS),
    st.builds(Boolean, st.booleans()),
    st.just(Null()),
    st.builds(Exists, st.booleans()),
    st.builds(Compare, st.sampled_from(["lt", "lte", "gt", "gte"]), NUMBERS),
    st.builds(Cidr, st.sampled_from(["10.0.0.0/8", "::/0", "::ffff:0:0/96"])),
    st.builds(FieldRef, FIELDS, st.sampled_from([Shape.EQUALS, Shape.CONTAINS, Shape.STARTSWITH, Shape.ENDSWITH])),
)
REGEXES = st.builds(
    Regex, st.sampled_from(["^a", "[^k]$", "k|é", r"^-?\d+(\.\d)?$", r"\bB", "(?i)ß|s", "l+$", "."]), st.sampled_from(["", "i", "ms"])
)
ATOMS = st.one_of(
    st.builds(FieldMatch, FIELDS, st.one_of(TESTS, REGEXES)), st.builds(Keyword, st.one_of(_texts(), st.builds(Number, NUMBERS), REGEXES))
)


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))


KEYS = st.sampled_from(
    ["verb", "objectRef", "objectRef.name", "user", "annotations", "annotations.authorization.k8s.io/decision", "responseStatus"]
)
INNER = st.dictionaries(st.sampled_from(["name", "groups", "authorization.k8s.io/decision", "authorization", "code"]), VALUES, max_size=3)
EVENTS = st.dictionaries(KEYS, st.one_of(VALUES, INNER, st.lists(INNER, max_size=2)), max_size=5)


@settings(max_examples=300, deadline=None)
@given(st.recursive(ATOMS, _joined, max_leaves=5), st.lists(EVENTS, min_size=1, max_size=5))
def test_module_means_the_rule(tree: Node, events: list[dict[str, Any]]) -> None:
    """On any event a module answers as the oracle does, and the reader admits it."""
    module = _module(tree)
    assert isinstance(python.read(module, "m.py"), python.Module)
    assert [_match(module, event) for event in events] == [evaluate(tree, event) for event in events]


def test_table_speaks_of_known_features() -> None:
    """The table lists features of the closed list only, each with its reason, case and source."""
    features = TARGET.capabilities({})["python"].features
    assert set(features) <= set(FEATURES)
    assert all({"why", "case", "source"} <= set(entry) for entry in features.values())


BUGS = [
    ("_and", lambda operands, level: operands[0]),
    ("_or", lambda operands, level: " and ".join(operands)),
    ("_not", lambda operand: operand),
    ("_quoted", lambda text: f'"{text}"'),
    ("_cased", lambda cased: ()),
    ("_part", lambda part: "ANY"),
    ("_raw", lambda text: '"x"'),
]


@pytest.mark.parametrize(("name", "bug"), BUGS, ids=[name for name, _ in BUGS])
def test_seeded_bug_changes_what_is_printed(name: str, bug: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each printer function stands at a place that tests can break."""
    tree = And(
        (Or((_text("verb", 'g"et'), _text("verb", "l?s*t"))), Not(_text("user.username", "Ad", True)), FieldMatch("verb", Regex("y")))
    )
    sound = _compiled(tree).parts["expression"]
    monkeypatch.setattr(expression, name, bug)
    assert _compiled(tree).parts["expression"] != sound
