"""Falco's printer: what is written, what is refused, and that our reading of the engine finds what the oracle finds."""

from __future__ import annotations

from functools import partial
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import falco_events, falco_values
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
    RegexProblem,
    Shape,
    Text,
    Wild,
    evaluate,
    parts_of,
    regex_finder,
)
from converter.languages import falco
from converter.model import Fidelity, LogSource, Rule, Source, Status, joined
from converter.targets import Compilation, ResolvedRule, resolve
from converter.targets.falco import TARGET, condition
from tests.property.test_regex import FLAGS, PATTERNS


def _rule(**own: Any) -> Rule:
    values: dict[str, Any] = {"title": "A rule", "id": "11111111-2222-3333-4444-555555555555", "detection": {}, "level": "medium"} | own
    return Rule(source=Source("rule.yml", ""), logsource=LogSource("", "kubernetes", "audit"), **values)


def _compiled(tree: Node, rule: Rule | None = None, **options: Any) -> Compilation:
    resolved = resolve(rule or _rule(), tree, "falco")
    assert isinstance(resolved, ResolvedRule)
    return TARGET.compile(resolved, options)


def _text(field: str, pattern: str, cased: bool = False) -> FieldMatch:
    return FieldMatch(field, Text(parts_of(pattern), cased))


PRIVILEGED = "requestObject.spec.containers.securityContext.privileged"
CONDITIONS = [
    (_text("verb", "CREATE"), 'ka.verb = "create"'),
    (_text("stage", "panic"), 'ka.stage = "Panic"'),
    (_text("user.username", "Admin"), 'tolower(ka.user.name) = "admin"'),
    (_text("user.username", "Admin", True), 'ka.user.name = "Admin"'),
    (_text("user.username", "10.1"), 'ka.user.name = "10.1"'),
    (Or((_text("verb", "get"), _text("verb", "list"))), 'ka.verb in ("get", "list")'),
    (Or((_text("verb", "get"), _text("stage", "Panic"))), 'ka.verb = "get" or ka.stage = "Panic"'),
    (
        And((_text("verb", "get"), Or((_text("stage", "Panic"), _text("verb", "list"))))),
        'ka.verb = "get" and (ka.stage = "Panic" or ka.verb = "list")',
    ),
    (Not(_text("user.username", "system:*", True)), 'not (ka.user.name startswith "system:")'),
    (_text("userAgent", "*Curl*"), 'ka.useragent icontains "Curl"'),
    (_text("userAgent", "Curl*"), 'tolower(ka.useragent) startswith "curl"'),
    (_text("userAgent", "*\\"), 'ka.useragent endswith \\'),
    (_text("userAgent", 'a"\t\\x'), 'tolower(ka.useragent) = "a\\"\\t\\\\x"'),
    (_text("requestURI", "/a*[b]*c"), 'ka.uri iglob "/a*\\\\[b\\\\]*c"'),
    (_text("requestURI", "a*c\\"), 'ka.uri iglob "a*c[\\\\\\\\]"'),
    (FieldMatch(PRIVILEGED, Boolean(True)), 'ka.req.pod.containers.privileged intersects ("true")'),
    (FieldMatch("requestObject.spec.hostPID", Boolean(False)), 'ka.req.pod.host_pid = "false"'),
    (FieldMatch("responseStatus.code", Number(403)), 'ka.response.code = "403"'),
    (FieldMatch("user.username", Null()), '(not ka.user.name exists or ka.user.name = "null")'),
    (Not(FieldMatch("user.username", Null())), "not (not ka.user.name exists)"),
    (FieldMatch("user.username", Exists(False)), "not ka.user.name exists"),
    (_text("user.username", ""), 'ka.user.name = ""'),
    (_text("user.username", "*"), "ka.user.name exists"),
    (Not(_text("user.username", "*")), 'not ((ka.user.name exists and ka.user.name != "null"))'),
    (_text("user.groups", "Dev", True), 'ka.user.groups intersects ("Dev")'),
    (_text("objectRef.apiGroup", "Apps"), 'jevt.value[/objectRef/apiGroup] = "apps"'),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "text"), CONDITIONS, ids=[text for _, text in CONDITIONS])
def test_condition_is_printed_and_read(tree: Node, text: str) -> None:
    """Each node has one printed form, which the engine's grammar reads and its field types take."""
    done = _compiled(tree)
    read = falco.read(done.parts["condition"], profile="0.38")
    assert done.parts["condition"] == text
    assert isinstance(read, falco.Condition)
    assert falco.check(read, falco.fields_of("k8s_audit")) is None


def _re(field: str, pattern: str, flags: str = "") -> FieldMatch:
    return FieldMatch(field, Regex(pattern, flags))


ANY = "(.|\\n)*"
REGEXES = [
    (_re("userAgent", "kube(ctl|let)/v1"), "0.39", f'ka.useragent regex "{ANY}kube(ctl|let)/v1{ANY}"'),
    (_re("userAgent", "^kubectl$"), "0.39", 'ka.useragent regex "kubectl\\n?"'),
    (_re("userAgent", "^kube"), "0.39", f'ka.useragent regex "kube{ANY}"'),
    (_re("userAgent", "(^|/)v1$"), "0.39", f'ka.useragent regex "(|{ANY}/)v1\\n?"'),
    (_re("userAgent", r"\d+\.\w\s[^a-c]\\"), "0.39", f'ka.useragent regex "{ANY}[0-9][.][0-9A-Z_a-z][\\t-\\r ][^a-c][\\\\\\\\]{ANY}"'),
    (_re("userAgent", r"\bv1\b"), "0.39", f'ka.useragent regex "({ANY}[^0-9A-Z_a-z])?v1([^0-9A-Z_a-z]{ANY})?"'),
    (_re("userAgent", "Kube[a-z]", "i"), "0.39", f'tolower(ka.useragent) regex "{ANY}kube[a-z]{ANY}"'),
    (_re("userAgent", "(?i:K)u"), "0.39", f'ka.useragent regex "{ANY}[Kk]u{ANY}"'),
    (_re("userAgent", "^a$", "m"), "0.39", f'ka.useragent regex "{ANY}^a${ANY}"'),
    (Not(_re("userAgent", "l+$")), "0.39", f'not ((ka.useragent regex "{ANY}l\\n?" and ka.useragent != "null"))'),
    (_re("user.groups", "^sys[^x]"), "0.44", f'join("\\n", ka.user.groups) regex "({ANY}\\n)?sys[^x]{ANY}"'),
    (FieldMatch("userAgent", Cidr("10.32.0.0/11")), "0.39", None),
    (FieldMatch("userAgent", FieldRef("user.username", Shape.CONTAINS)), "0.38", "tolower(ka.useragent) contains tolower(ka.user.name)"),
]


@pytest.mark.parametrize(("tree", "engine", "text"), REGEXES, ids=[f"{index}-{engine}" for index, (_, engine, _) in enumerate(REGEXES)])
def test_expression_is_printed_and_read(tree: Node, engine: str, text: str | None) -> None:
    """Expressions, networks and references have one printed form, which RE2 in POSIX syntax takes."""
    done = _compiled(tree, engine=engine)
    read = falco.read(done.parts["condition"], profile=engine)
    assert text is None or done.parts["condition"] == text
    assert isinstance(read, falco.Condition)
    assert falco.check(read, falco.fields_of("k8s_audit")) is None


@pytest.mark.parametrize("network", ["10.0.0.0/8", "172.16.0.0/12", "192.0.2.128/25", "203.0.113.7/32", "0.0.0.0/0", "10.9.8.0/22"])
def test_a_network_holds_its_addresses(network: str) -> None:
    """Addresses at and beyond both ends of a network are in it or not, as Python's own arithmetic has it."""
    inside = IPv4Network(network)
    condition_text = _compiled(FieldMatch("userAgent", Cidr(network)), engine="0.39").parts["condition"]
    read = falco.read(condition_text, profile="0.39")
    assert isinstance(read, falco.Condition)
    first, last = int(inside.network_address), int(inside.broadcast_address)
    numbers = {
        max(min(one, 2**32 - 1), 0) for edge in (first, last) for one in (edge - 256, edge - 1, edge, edge + 1, edge + 256, edge + 99)
    }
    for number in numbers:
        address = IPv4Address(number)
        lookup = {"ka.useragent": str(address)}
        assert falco.matches(read, lambda field, _argument, known=lookup: known.get(field)) == (address in inside), address
    for text in ("10.0.0", "10.0.0.256", "10.0.0.01", "a10.0.0.1", "10.0.0.1 ", "1000.0.0.1"):
        assert not falco.matches(read, lambda field, _argument, known=text: known), text


REFUSED = [
    (_text("user.groups", "Dev"), {}, "T302"),
    (FieldMatch("responseStatus.code", Compare("gte", 400)), {}, "T302"),
    (FieldMatch("responseStatus.code", Compare("gte", -1)), {"engine": "0.44"}, "T309"),
    (FieldMatch("user.username", Compare("gte", 1)), {"engine": "0.44"}, "T301"),
    (_text("user.groups", "a*b"), {"engine": "0.44"}, "T301"),
    (Keyword(Text(("x",))), {}, "T301"),
    (_re("verb", "x"), {}, "T302"),
    (_re("user.groups", "x"), {"engine": "0.39"}, "T302"),
    (_re("verb", "a(?!b)"), {"engine": "0.39"}, "T301"),
    (_re("verb", r"a\b[ab]?c"), {"engine": "0.39"}, "T301"),
    (_re("verb", r"[ab.]\b.*"), {"engine": "0.39"}, "T301"),
    (_re("verb", "x(a$|b)*c"), {"engine": "0.39"}, "T301"),
    (_re("verb", "[a-z]{3}" * 40), {"engine": "0.39"}, "T303"),
    (FieldMatch("userAgent", Cidr("2001:db8::/32")), {"engine": "0.39"}, "T301"),
    (FieldMatch("user.groups", FieldRef("verb")), {"engine": "0.44"}, "T301"),
    (_text("userAgent", "x" * 256), {}, "T303"),
    (_text("userAgent", "é" * 128), {}, "T303"),
    (_text("userAgent", "a\0b"), {}, "T304"),
    (_text("userAgent", "C:\\a b\\"), {}, "T305"),
    (_text("verb", "get"), {"engine": "0.12"}, "T308"),
]


@pytest.mark.parametrize(("tree", "options", "code"), REFUSED, ids=[f"{code}-{index}" for index, (_, _, code) in enumerate(REFUSED)])
def test_refused_by_name(tree: Node, options: dict[str, Any], code: str) -> None:
    """What Falco cannot say is refused with its code, and every refused atom is told."""
    done = _compiled(And((tree, tree)), **options)
    assert done.status is Status.UNSUPPORTED
    assert {one.code for one in done.diagnostics} == {code}


def test_deep_condition_is_refused() -> None:
    """A condition that nests deeper than the engine reads is refused, however deep; one below the bound is read."""
    tree: Node = _text("verb", "get")
    for _ in range(180):
        tree = Not(tree)
    read = falco.read(_compiled(tree).parts["condition"], profile="0.38")
    assert isinstance(read, falco.Condition)
    for _ in range(20_000):
        tree = Not(tree)
    assert [one.code for one in _compiled(tree).diagnostics] == ["T306"]


OUTPUTS = [
    ("100% of it", "T307"),
    ("%ka.nothing", "T307"),
    ("ends in %", "T307"),
    ("%jevt.value", "T307"),
    ("%nope(ka.verb)", "T307"),
    ("user=%ka.user.name ns=%20ka.target.namespace %tolower(ka.verb) %ka.uri.param[command] %evt.time", ""),
]


@pytest.mark.parametrize(("output", "code"), OUTPUTS)
def test_output_fields(output: str, code: str) -> None:
    """An output holds known fields only, and no literal percent sign; the engine's reader agrees."""
    rule = _rule(converter={"targets": {"falco": {"output": output}}})
    done = _compiled(_text("verb", "get"), rule)
    assert [one.code for one in done.diagnostics] == ([code] if code else [])
    assert code or isinstance(falco.read_output(output, profile="0.38"), tuple)


def test_file_is_read_back() -> None:
    """Hostile titles and values stay in their places; a repeated title gets the id, and needs decide the plugins."""
    rules = [
        _rule(
            title='A "quoted": {{ title }}\n# x', description="Line\n- rule: x", tags=("attack.execution", "attack.t1609"), status="test"
        ),
        _rule(title='A "quoted": {{ title }}\n# x', id="99999999-2222-3333-4444-555555555555", level="critical"),
    ]
    done = [_compiled(_text("userAgent", "{{ x }}: # \x01\x85"), rules[0]), _compiled(_text("objectRef.apiVersion", "v1"), rules[1])]
    files = [falco.read_rules(one.data, one.path, profile="0.38") for one in TARGET.package(done, ["a/b", "a/c"], {})]
    assert isinstance(files[0], falco.RulesFile)
    assert isinstance(files[1], falco.RulesFile)
    first, second = files[0].rules[0], files[1].rules[0]
    assert [plugin.name for plugin in files[0].plugins] == ["k8saudit"]
    assert [plugin.name for plugin in files[1].plugins] == ["k8saudit", "json"]
    assert first.name != second.name
    assert first.name.endswith("(11111111)")
    assert first.tags == ("maturity_incubating", "mitre_execution", "T1609", "k8s")
    assert second.priority.upper() == "CRITICAL"
    assert not falco.check_rule(first, falco.fields_of("k8s_audit"))


NAMES = ("user.username", "verb", "userAgent", "user.groups", "responseStatus.code", "objectRef.name")
WORDS = st.sampled_from(["", "a", "A", "null", "nu", "ab", "é", "É", "a\nb", "5", "50", "\\", "a\\"])
VALUES = st.one_of(st.none(), WORDS, st.builds("{}{}".format, WORDS, WORDS))
EXPRESSIONS = st.sampled_from(["^a", "b$", "(^|n)u", r"\bab?\b", r"^\W", "(?i)A[b-n]", "é", "[^a]", "n.l", r"^$", "^(a|b)+$", r"\\$"])
PARTS = st.lists(st.one_of(WORDS.filter(bool), st.sampled_from(list(Wild))), max_size=3)


@st.composite
def _atoms(draw: st.DrawFn) -> Node:
    field = draw(st.sampled_from(NAMES))
    if field == "responseStatus.code":
        number = st.integers(0, 120)
        compare = st.builds(Compare, st.sampled_from(["lt", "lte", "gt", "gte"]), number)
        return FieldMatch(field, draw(st.one_of(st.builds(Number, number), compare, st.just(Null()))))
    parts: list[str | Wild] = []
    for part in draw(PARTS):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    text = Text(tuple(parts), draw(st.booleans()))
    regex = st.builds(Regex, st.one_of(EXPRESSIONS, PATTERNS), FLAGS).filter(
        lambda one: not isinstance(regex_finder(one.pattern, one.flags), RegexProblem)
    )
    tests = [st.just(text), st.just(Null()), st.builds(Exists, st.booleans()), regex]
    if field != "user.groups":
        tests.append(st.builds(FieldRef, st.sampled_from(["user.username", "userAgent"]), st.sampled_from(list(Shape)[:4])))
    return FieldMatch(field, draw(st.one_of(tests)))


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))


TREES = st.recursive(_atoms(), _joined, max_leaves=5)


@st.composite
def _events(draw: st.DrawFn) -> dict[str, Any]:
    event: dict[str, Any] = {"kind": "Event", "auditID": "1", "stageTimestamp": "2026-01-01T00:00:00Z", "user": {}, "objectRef": {}}
    for holder, key, values in (
        (event, "verb", VALUES.map(lambda value: value.lower() if value else value)),
        (event, "userAgent", VALUES),
        (event["user"], "username", VALUES),
        (event["user"], "groups", st.lists(VALUES, max_size=3)),
        (event["objectRef"], "name", VALUES),
    ):
        if draw(st.booleans()):
            holder[key] = draw(values)
    if draw(st.booleans()):
        event["responseStatus"] = {"code": draw(st.one_of(st.integers(0, 120), st.none()))}
    return event


@settings(max_examples=250, deadline=None)
@given(TREES, st.lists(_events(), min_size=1, max_size=6), st.sampled_from(["0.38", "0.39", "0.44"]))
def test_declared_direction_holds(tree: Node, events: list[dict[str, Any]], engine: str) -> None:
    """Exact means equal, wider never misses, narrower never adds: by our reading of the engine on the plugins' values."""
    done = _compiled(tree, engine=engine)
    if done.status is Status.UNSUPPORTED:
        return
    read = falco.read(done.parts["condition"], profile=engine)
    assert isinstance(read, falco.Condition), read
    direction = joined(done.losses)
    for event in events:
        (seen,) = falco_events(event)
        fires, means = falco.matches(read, partial(falco_values, seen)), evaluate(tree, event)
        assert fires == means or direction is Fidelity.MIXED or direction is (Fidelity.WIDER if fires else Fidelity.NARROWER)


def test_table_speaks_of_known_features() -> None:
    """The table lists features of the closed list only, each with its reason, case and source."""
    features = TARGET.capabilities({})["falco"].features
    assert set(features) <= set(FEATURES)
    assert all({"why", "case", "source"} <= set(entry) for entry in features.values())


BUGS = [
    ("_and", lambda printer, children, negated: condition.printed(printer, children[0], negated)),
    ("_not", lambda text: text),
    ("_lowered", lambda text: text),
    ("_quoted", lambda text: text),
    ("_equality", lambda one, values: f"{one.operand} = {values[0]}"),
]


@pytest.mark.parametrize(("name", "bug"), BUGS, ids=[name for name, _ in BUGS])
def test_seeded_bug_changes_what_is_printed(name: str, bug: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each printer function stands at a place that tests can break."""
    tree = And((Or((_text("verb", "get"), _text("verb", "list"))), Not(_text("user.username", "Ad"))))
    sound = _compiled(tree).parts["condition"]
    monkeypatch.setattr(condition, name, bug)
    assert _compiled(tree).parts["condition"] != sound
