"""EQL: what is printed is read back as meant, and departs from its rule only in the direction that was declared."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import Binding, Field, fields, source_of
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    Node,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Text,
    Wild,
    evaluate,
    unevaluable,
)
from converter.languages import eql as language
from converter.model import Diagnostic, Fidelity, LogSource, Rule, Source, Status, joined
from converter.targets import Detection, ResolvedRule, resolve, target
from converter.targets.contract import Inexpressible
from converter.targets.elastic import eql
from converter.targets.elastic.eql import words
from converter.verify.readings import Artifact, read_artifact
from converter.verify.readings.elastic_eql import found
from tests.hostile_texts import TEXTS as HOSTILE

ELASTIC = target("elastic")
WORDS = st.sampled_from(
    [
        "",
        "a",
        "A",
        "ab",
        "a b",
        " ",
        "*",
        "?",
        "5",
        "\\",
        "C:\\",
        '"',
        '"""',
        "not",
        "`",
        "k",
        "\u212a",
        "ä",
        "Ä",
        "ß",
        "x\ny",
        "\u202e",
        "{",
    ]
)
VALUES = st.one_of(st.none(), WORDS, st.builds("{}{}".format, WORDS, WORDS))
SEVERAL = st.one_of(VALUES, st.lists(VALUES, max_size=3))
PARTS = st.lists(st.one_of(WORDS.filter(bool), st.sampled_from(list(Wild))), max_size=4)
PIECES = ["a", "B", "ä", r"\\", ".", r"\d", r"\s", "[^a]", "(a|b)", "x*", "a+", "^", "$", r"\b", "-", "{", "5?", '"', "@"]
PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
NUMBERS = st.one_of(st.integers(-3, 9), st.just(2**63), st.sampled_from([1.5, -0.5, 1e20]))
PRIVILEGED = "requestObject.spec.containers.securityContext.privileged"
LEVELS = fields("windows_process_creation")["IntegrityLevel"].values
NETWORKS = st.sampled_from(["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "::/0"])
ADDRESSES = st.sampled_from(["10.1.2.3", "192.0.2.7", "2001:db8::1", "::ffff:10.0.0.1", "203.0.113.9"])

PROCESSES: dict[str, st.SearchStrategy[Any]] = {
    "Image": VALUES,
    "CommandLine": VALUES | VALUES.map(lambda value: f"{value}{'y' * 1100}"),
    "CurrentDirectory": VALUES,
    "OriginalFileName": VALUES,
    "ProcessId": st.integers(0, 9),
    "IntegrityLevel": st.sampled_from(LEVELS or ("High",)),
}
AUDIT: dict[str, st.SearchStrategy[Any]] = {
    "verb": st.sampled_from(["get", "create", "list"]),
    "user.username": VALUES,
    "userAgent": VALUES,
    "sourceIPs": st.lists(ADDRESSES, max_size=2),
    "responseStatus.code": st.integers(0, 9),
    "annotations.authorization.k8s.io/decision": st.sampled_from(["allow", "forbid"]),
    PRIVILEGED: st.booleans(),
}
CHANNEL: dict[str, st.SearchStrategy[Any]] = {"jobTitle": VALUES, "processPath": VALUES, "EventID": st.sampled_from([5, "5", 16403])}
"""Fields that the index has only once an event had them."""
SOURCES = (
    (LogSource("process_creation", "windows", ""), PROCESSES),
    (LogSource("", "kubernetes", "audit"), AUDIT),
    (LogSource("", "windows", "bits-client"), CHANNEL),
)


def _text(draw: st.DrawFn) -> Text:
    parts: list[str | Wild] = []
    for part in draw(PARTS):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return Text(tuple(parts), draw(st.booleans()))


@st.composite
def _atoms(draw: st.DrawFn, names: tuple[str, ...]) -> Node:
    field = draw(st.sampled_from(names))
    present = st.one_of(st.just(Null()), st.builds(Exists, st.booleans()))
    compare = st.builds(Compare, st.sampled_from(["lt", "lte", "gt", "gte"]), NUMBERS)
    match field:
        case "ProcessId" | "responseStatus.code" | "EventID":
            texts = st.sampled_from(["0", "5", "-1", "05", "x"]).map(lambda value: Text((value,)))
            return FieldMatch(field, draw(st.one_of(st.builds(Number, NUMBERS), compare, present, texts)))
        case "sourceIPs":
            return FieldMatch(field, draw(st.one_of(st.builds(Cidr, NETWORKS), present)))
        case "IntegrityLevel" | "verb" | "annotations.authorization.k8s.io/decision" if draw(st.booleans()):
            value = draw(PROCESSES["IntegrityLevel"] if field == "IntegrityLevel" else AUDIT[field])
            return FieldMatch(field, Text((value,), draw(st.booleans())))
        case _ if field == PRIVILEGED:
            return FieldMatch(field, draw(st.one_of(st.builds(Boolean, st.booleans()), present)))
        case _:
            regex = st.builds(Regex, PATTERNS, st.sampled_from(["", "i", "m"]))
            return FieldMatch(
                field, draw(st.one_of(st.just(_text(draw)), st.just(_text(draw)), regex, present, st.builds(Boolean, st.booleans())))
            )


def _several(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, some), st.builds(Or, some))


@st.composite
def _asked(draw: st.DrawFn) -> tuple[LogSource, Node, list[dict[str, Any]]]:
    log_source, values = draw(st.sampled_from(SOURCES))
    tree = draw(st.recursive(_atoms(tuple(values)), _several, max_leaves=6))
    events = draw(st.lists(st.fixed_dictionaries({}, optional=values), min_size=1, max_size=5))
    return log_source, tree, [_nested(event) for event in events]


def _nested(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event whose dotted names are levels; an annotation's own name keeps its dots."""
    found: dict[str, Any] = {}
    for name, value in event.items():
        *heads, last = [name.partition(".")[0], name.partition(".")[2]] if name.startswith("annotations") else name.split(".")
        node = found
        for head in heads:
            node = node.setdefault(head, {})
        node[last] = value
    return found


def _rule(log_source: LogSource) -> Rule:
    return Rule(Source("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", log_source, {}, level="low")


@settings(max_examples=100, deadline=None)
@given(asked=_asked())
def test_declared_direction_holds(asked: tuple[LogSource, Node, list[dict[str, Any]]]) -> None:
    """Exact means equal, wider never misses, narrower never adds; whatever is printed is read and run."""
    log_source, tree, events = asked
    rule = _rule(log_source)
    resolved = resolve(rule, tree, "elastic")
    if not isinstance(resolved, ResolvedRule) or unevaluable(tree, rule.source):
        return
    done = ELASTIC.compile(resolved, {"language": "eql"})
    if done.status is Status.UNSUPPORTED:
        return
    data = ELASTIC.package([done], ["rule"], {})[0].data
    answers = read_artifact("elastic", Artifact("rule.toml", data, rule.id, resolved.source.id), events)
    assert not isinstance(answers, Diagnostic), (answers.render(), data.decode())
    direction = joined(done.losses)
    for event, fires in zip(events, answers, strict=True):
        means = evaluate(tree, event)
        allowed = direction in (Fidelity.MIXED, Fidelity.UNKNOWN) or direction is (Fidelity.WIDER if fires else Fidelity.NARROWER)
        assert fires == means or allowed, (direction, done.parts["query"], event)


@settings(max_examples=80, deadline=None)
@given(
    tree=st.recursive(_atoms(("CommandLine", "ProcessId", "Image")), _several, max_leaves=6),
    values=st.dictionaries(st.sampled_from(["CommandLine", "ProcessId", "Image"]), st.sampled_from(["a", "A b", "5"]), max_size=3),
    mapped=st.booleans(),
)
def test_a_field_that_the_index_may_lack(tree: Node, values: dict[str, Any], mapped: bool) -> None:
    """With `?` a query runs and means its rule whether the index has the field or not, under `not` too."""
    source = source_of(LogSource("process_creation", "windows", ""))
    assert source is not None
    table = {name: Binding(Field(name, "keyword"), f"x.{name}", typed=False) for name in ("CommandLine", "ProcessId", "Image")}
    resolved = ResolvedRule(_rule(source.logsource), Detection(tree), source, {}, table)
    event = values if mapped else {}
    if unevaluable(tree, resolved.rule.source):
        return
    try:
        lost, text = eql.losses(tree, resolved), eql.query(resolved, tree)
    except Inexpressible:
        return
    mappings = {"dynamic": False, "properties": {"x": {"properties": {name: {"type": "keyword"} for name in values if mapped}}}}
    answers = found(text, "query", [{"x": event}], mappings)
    assert not isinstance(answers, Diagnostic), (answers.render(), text)
    assert answers == [evaluate(tree, event)] or lost, (text, event)


@settings(max_examples=200, deadline=None)
@given(value=st.one_of(st.text(st.characters(exclude_categories=["Cs"])), WORDS, st.sampled_from(HOSTILE)), path=st.text(min_size=1))
def test_nothing_breaks_out(value: str, path: str) -> None:
    """A text is read back as itself, quoted either way, and so is a field's name."""
    for written in (words.text(value), words.raw(value)):
        query = language.read(
            f"any where {words.name(path)} == {written} and {words.name(path, optional=True)} in {words.listed([written] * 3)}"
        )
        assert isinstance(query, language.Query), query
        both = query.body.condition if isinstance(query.body, language.Event) else None
        assert isinstance(both, language.And)
        equal, listed = both.children
        assert isinstance(equal, language.Comparison)
        assert isinstance(listed, language.Lookup)
        left, right, inside = equal.left, equal.right, listed.value
        assert isinstance(left, language.Field)
        assert isinstance(right, language.Literal)
        assert isinstance(inside, language.Field)
        assert (left.name, left.optional, right.value, inside.name, inside.optional) == (path, False, value, path, True)
        assert [one.value for one in listed.candidates if isinstance(one, language.Literal)] == [value] * 3
