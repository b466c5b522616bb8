"""Elastic's printer: what is written, what is refused, and TOML that gives every value back."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import fields
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
    Text,
    evaluate,
    parts_of,
)
from converter.model import Diagnostic, Fidelity, LogSource, Rule, Source, Status
from converter.targets import Compilation, ResolvedRule, resolve
from converter.targets.elastic import TARGET
from converter.targets.envelope import toml, toml_block, toml_long
from converter.verify.readings import Artifact, read_artifact

AUDIT = LogSource("", "kubernetes", "audit")
GUARD = 'event.dataset:"kubernetes.audit_logs"\n  and '
PRIVILEGED = "requestObject.spec.containers.securityContext.privileged"


def _rule(**own: Any) -> Rule:
    values: dict[str, Any] = {"title": "A rule", "id": "11111111-2222-3333-4444-555555555555", "detection": {}, "logsource": AUDIT} | own
    return Rule(source=Source("rule.yml", ""), **values)


def _compiled(tree: Node, rule: Rule | None = None, **options: Any) -> Compilation:
    resolved = resolve(rule or _rule(), tree, "elastic")
    assert isinstance(resolved, ResolvedRule), resolved
    return TARGET.compile(resolved, options)


def _toml(done: Compilation) -> dict[str, Any]:
    return tomllib.loads(TARGET.package([done], ["rule"], {})[0].data.decode())


def _text(field: str, pattern: str, cased: bool = False) -> FieldMatch:
    return FieldMatch(field, Text(parts_of(pattern), cased))


QUERIES = [
    (_text("verb", "CREATE"), 'kubernetes.audit.verb:"create"'),
    (_text("user.username", "Ann", True), 'kubernetes.audit.user.username:"Ann"'),
    (_text("user.username", 'a"\t\\x', True), 'kubernetes.audit.user.username:"a\\"\\t\\\\x"'),
    (_text("userAgent", "*a(b):c*", True), "kubernetes.audit.userAgent:*a\\(b\\)\\:c*"),
    (_text("userAgent", "5"), 'kubernetes.audit.userAgent:"5"'),
    (Or((_text("verb", "get"), _text("verb", "li*"))), 'kubernetes.audit.verb:("get" or li*)'),
    (Not(Or((_text("verb", "get"), _text("verb", "list")))), 'not (kubernetes.audit.verb:("get" or "list"))'),
    (Or((_text("verb", "get"), _text("kind", "E", True))), '(kubernetes.audit.verb:"get" or kubernetes.audit.kind:"E")'),
    (And((_text("verb", "get"), _text("kind", "E", True))), 'kubernetes.audit.verb:"get"\n  and kubernetes.audit.kind:"E"'),
    (_text("stage", "response*"), 'kubernetes.audit.stage:("ResponseStarted" or "ResponseComplete")'),
    (_text("stage", "*COMPLETE"), 'kubernetes.audit.stage:"ResponseComplete"'),
    (_text("stage", "response*", True), "kubernetes.audit.stage:response*"),
    (_text("verb", "a**"), "kubernetes.audit.verb:a*"),
    (_text("verb", "**"), "kubernetes.audit.verb:*"),
    (FieldMatch("responseStatus.code", Number(403)), "kubernetes.audit.responseStatus.code:403"),
    (FieldMatch("responseStatus.code", Compare("gte", 400)), "kubernetes.audit.responseStatus.code >= 400"),
    (FieldMatch("userAgent", Number(7)), 'kubernetes.audit.userAgent:"7"'),
    (FieldMatch(PRIVILEGED, Boolean(True)), f"kubernetes.audit.{PRIVILEGED}:true"),
    (FieldMatch("sourceIPs", Cidr("10.0.0.0/8")), 'source.ip:"10.0.0.0/8"'),
    (FieldMatch("userAgent", Null()), "not kubernetes.audit.userAgent:*"),
    (FieldMatch("userAgent", Exists(True)), "kubernetes.audit.userAgent:*"),
]


@pytest.mark.parametrize(("tree", "expected"), QUERIES, ids=[expected for _, expected in QUERIES])
def test_query(tree: Node, expected: str) -> None:
    """The guard stands first, literals are quoted unless they have a wildcard, mixed groups have parentheses."""
    assert _compiled(tree).parts == {"query": GUARD + expected}


REFUSED = [
    (_text("userAgent", "a?b", True), "value.single_wildcard"),
    (_text("userAgent", "*two words*", True), "white space beside a wildcard"),
    (_text("userAgent", "a" * 1025, True), "more than 1024 characters"),
    (_text("responseStatus.message", "*a*"), "value.contains"),
    (FieldMatch("userAgent", Regex("a")), "value.regex"),
    (FieldMatch("userAgent", FieldRef("user.username")), "value.fieldref"),
    (FieldMatch("userAgent", Compare("gt", 5)), "value.compare"),
    (FieldMatch("user.groups", Cidr("10.0.0.0/8")), "value.cidr"),
    (FieldMatch("responseStatus.code", Compare("gt", 1e22)), "a number beyond"),
    (FieldMatch("responseStatus.code", Compare("lt", -(2**63) - 1)), "a number beyond"),
    (Not(Keyword(Text(("a",)))), "keyword"),
]


@pytest.mark.parametrize(("tree", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_refused(tree: Node, words: str) -> None:
    """What KQL cannot say is an error that names it, and leaves no query."""
    done = _compiled(tree, language="kuery")
    assert done.status is Status.UNSUPPORTED
    assert [one.code for one in done.diagnostics] == ["T110"]
    assert words in done.diagnostics[0].message
    assert done.parts == {}


LOSSES = [
    (_text("verb", "Get"), None, ""),
    (_text("userAgent", "curl"), Fidelity.NARROWER, "T118"),
    (Not(_text("userAgent", "curl")), Fidelity.WIDER, "T119"),
    (Not(Not(_text("userAgent", "curl"))), Fidelity.NARROWER, "T118"),
    (_text("userAgent", "5.1"), None, ""),
    (_text("userAgent", "curl", True), None, ""),
    (_text("user.groups", "ops"), Fidelity.MIXED, "T119"),
    (_text("userAgent", "*"), Fidelity.NARROWER, "T119"),
    (_text("userAgent", "**"), Fidelity.NARROWER, "T119"),
    (FieldMatch("userAgent", Null()), Fidelity.WIDER, "T119"),
    (FieldMatch("userAgent", Exists(True)), Fidelity.NARROWER, "T119"),
    (Not(FieldMatch("userAgent", Exists(False))), Fidelity.NARROWER, "T119"),
]


@pytest.mark.parametrize(("tree", "direction", "code"), LOSSES)
def test_losses(tree: Node, direction: Fidelity | None, code: str) -> None:
    """A loss has the direction that the negations around it leave; a code of case is one of case."""
    losses = _compiled(tree, language="kuery").losses
    assert [one.direction for one in losses] == ([direction] if direction else [])
    if direction is not Fidelity.WIDER:
        assert [one.code for one in losses] == ([code] if code else [])


@pytest.mark.parametrize("field", ["stage", "level", "responseStatus.status"])
def test_closed_list(field: str) -> None:
    """Every part of every value of a closed list, in any case, finds what the rule finds: the claim is exact."""
    values = fields("kubernetes_audit")[field].values
    *parents, leaf = field.split(".")
    events: list[dict[str, Any]] = [{"kind": "Event", "auditID": "1", "stageTimestamp": "2026-01-01T00:00:00Z"}]
    for value in values:
        holder: dict[str, Any] = {leaf: value}
        for parent in reversed(parents):
            holder = {parent: holder}
        events.append(events[0] | holder)
    assert len(values) >= 2
    for value in values:
        for pattern in (value[:4] + "*", "*" + value[-4:], f"*{value[2:5]}*", value[:2] + "*" + value[-2:], value, "x*"):
            for spelling in (pattern, pattern.lower(), pattern.upper()):
                tree = Not(_text(field, spelling))
                done = _compiled(tree)
                assert done.status is Status.EXACT
                data = TARGET.package([done], ["rule"], {})[0].data
                found = read_artifact("elastic", Artifact("rule.toml", data, done.rule.id, "kubernetes_audit", {"rule.toml": data}), events)
                assert not isinstance(found, Diagnostic), found
                assert list(found) == [evaluate(tree, event) for event in events], spelling


CURL = {"kubernetes.audit.userAgent": {"case_insensitive": True, "value": "curl"}}
FILTERS = [
    (_text("userAgent", "curl"), False, {"term": CURL}),
    (Not(_text("userAgent", "curl")), True, {"term": CURL}),
    (_text("userAgent", "curl*"), False, {"prefix": CURL}),
    (_text("userAgent", "*a b?", True), False, {"wildcard": {"kubernetes.audit.userAgent": {"value": "*a b?"}}}),
    (
        _text("userAgent", r"*x\*\\\?*"),
        False,
        {"wildcard": {"kubernetes.audit.userAgent": {"case_insensitive": True, "value": r"*x\*\\\?*"}}},
    ),
    (
        _text("userAgent", "*Käse*"),
        False,
        {"regexp": {"kubernetes.audit.userAgent": {"flags": "NONE", "value": ".*[kK][Ää][sS][eE].*"}}},
    ),
    (
        FieldMatch("userAgent", Regex("^curl/[78]")),
        False,
        {"regexp": {"kubernetes.audit.userAgent": {"flags": "NONE", "value": r"curl\/[78].*"}}},
    ),
    (
        Or((_text("userAgent", "curl"), FieldMatch("responseStatus.code", Compare("gte", 400)))),
        False,
        {
            "bool": {
                "minimum_should_match": 1,
                "should": [{"term": CURL}, {"range": {"kubernetes.audit.responseStatus.code": {"gte": 400}}}],
            }
        },
    ),
]


@pytest.mark.parametrize(("tree", "negate", "expected"), FILTERS)
def test_filter(tree: Node, negate: bool, expected: dict[str, Any]) -> None:
    """What KQL cannot say exactly stands in a filter, a negation in its meta, and the query keeps the rest."""
    done = _compiled(And((_text("verb", "get"), tree)))
    assert (done.language, done.status) == ("kuery+filters", Status.EXACT)
    assert done.parts["query"] == GUARD + 'kubernetes.audit.verb:"get"'
    (written,) = _toml(done)["rule"]["filters"]
    assert written == done.parts["filters"][0]
    assert (written["query"], written["meta"]["negate"], written["meta"]["disabled"]) == (expected, negate, False)
    assert _toml(done)["rule"]["language"] == "kuery"


@pytest.mark.parametrize(
    ("tree", "language"),
    [
        (_text("verb", "get"), "kuery"),
        (_text("userAgent", "curl"), "kuery+filters"),
        (Or((_text("userAgent", "curl"), _text("responseStatus.message", "curl"))), "esql"),
        (And((_text("userAgent", "curl"), FieldMatch("userAgent", Null()))), "kuery+filters"),
        (FieldMatch("userAgent", Exists(True)), "kuery"),
    ],
)
def test_auto_takes_what_loses_less(tree: Node, language: str) -> None:
    """KQL alone when it is exact or filters lose as much; else filters."""
    assert _compiled(tree).language == language


NOT_IN_FILTERS = [
    (_text("responseStatus.message", "*a*"), "value.contains"),
    (_text("userAgent", "a" * 1025), "more than 1024 characters"),
    (FieldMatch("userAgent", Regex("a" * 1001)), "more than 1000 characters"),
    (FieldMatch("userAgent", Regex("(a|b.{40}c).{40}d")), "too complex"),
    (FieldMatch("userAgent", Regex("(?=a)b")), "a look ahead"),
    (FieldMatch("userAgent", Regex(r"x(\ba)+y")), "an anchor that is repeated"),
    (FieldMatch("userAgent", FieldRef("user.username")), "value.fieldref"),
    (Keyword(Text(("a",))), "keyword"),
]


@pytest.mark.parametrize(("tree", "words"), NOT_IN_FILTERS, ids=[words for _, words in NOT_IN_FILTERS])
def test_refused_in_filters(tree: Node, words: str) -> None:
    """What neither KQL nor a filter can say is an error that names it."""
    done = _compiled(tree, language="kuery+filters")
    assert [one.code for one in done.diagnostics] == ["T110"]
    assert words in done.diagnostics[0].message
    assert done.parts == {}


def test_a_rule_of_filters_alone() -> None:
    """Without a log source's guard the query of a rule that stands in filters finds everything."""
    rule = _rule(taxonomy="ecs", logsource=LogSource("", "windows", "security"))
    done = _compiled(_text("process.name", "cmd.exe"), rule)
    assert done.parts["query"] == "*:*"
    assert _toml(done)["rule"]["filters"][0]["query"] == {"term": {"process.name": {"case_insensitive": True, "value": "cmd.exe"}}}


def test_groups_in_groups_end() -> None:
    """A filter nests no deeper than its reader goes."""
    tree: Node = _text("userAgent", "cur?")
    for number in range(10):
        tree = Or((tree, And((_text("verb", "get"), _text("user.username", f"a{number}")))))
        tree = Not(tree)
    done = _compiled(tree, language="kuery+filters")
    assert [one.code for one in done.diagnostics] == ["T110"]


def test_language() -> None:
    """A pinned language that is not printed is refused by name."""
    done = _compiled(_text("verb", "get"), language="prose")
    assert [one.code for one in done.diagnostics] == ["T101"]
    assert "'prose'" in done.diagnostics[0].message


def test_header() -> None:
    """Severity and risk follow the level, tags the data source and tactic, author and licence are the rule's."""
    rule = _rule(level="high", status="stable", author="Ann; Bob, Cy", license="Elastic-2.0", date="2026-03-02", tags=("attack.execution",))
    written = _toml(_compiled(_text("verb", "get"), rule))
    got = written["rule"]
    assert (got["severity"], got["risk_score"], got["author"]) == ("high", 73, ["Ann", "Bob", "Cy"])
    assert (got["license"], got["tags"]) == ("Elastic License v2", ["Data Source: Kubernetes", "Tactic: Execution"])
    assert written["metadata"]["creation_date"] == written["metadata"]["updated_date"] == "2026/03/02"
    assert "from" not in got
    assert [one["tactic"]["id"] for one in got["threat"]] == ["TA0002"]


def test_no_foreign_tag() -> None:
    """A rule of a log source that the tables do not know is not tagged with another one's name."""
    rule = _rule(taxonomy="ecs", logsource=LogSource("", "windows", "nothing"), tags=("attack.execution",))
    done = _compiled(FieldMatch("process.name", Text(("a",), cased=True)), rule)
    assert _toml(done)["rule"]["tags"] == ["Tactic: Execution"]


NASTY = st.text(st.one_of(st.sampled_from("\"'\\\n \t\r{}%a"), st.characters(exclude_categories=["Cs"])), max_size=200)
WORDS = st.lists(st.sampled_from(["word", " ", "  ", "\n", "\\", '"""', "'''", "x" * 130, "\t"]), max_size=60).map("".join)


@settings(max_examples=300, deadline=None)
@given(value=st.one_of(NASTY, WORDS))
def test_toml_gives_back(value: str) -> None:
    """Whatever a text holds, TOML gives it back; a block ends in one more line end at most."""
    text = f"a = {toml(value)}\nb = {toml_long(value)}\nc = {toml_long([value] * 9)}\nq = {toml_block(value)}\n"
    read = tomllib.loads(text)
    assert (read["a"], read["b"], read["c"]) == (value, value, [value] * 9)
    assert read["q"] in (value, value + "\n")


def test_table_names_features() -> None:
    """Rows of the table are features of the closed list; keyword and fieldref are not among them, regex and '?' in filters alone."""
    listed = {name: set(table.features) for name, table in TARGET.capabilities({}).items()}
    assert all(one < set(FEATURES) for one in listed.values())
    assert listed["kuery"].isdisjoint({"keyword", "value.fieldref", "value.regex", "value.single_wildcard"})
    assert listed["kuery+filters"] == listed["kuery"] | {"value.regex", "value.single_wildcard"}


@pytest.mark.parametrize("language", ["auto", "kuery", "kuery+filters", "eql", "lucene"])
@pytest.mark.parametrize("network", ["::/0", "::ffff:10.0.0.0/104"])
def test_a_network_of_both_versions_is_refused(network: str, language: str) -> None:
    """The index keeps an address of version 4 as one of version 6, where the rule means none of them."""
    refused = _compiled(FieldMatch("sourceIPs", Cidr(network)), language=language)
    assert refused.status is Status.UNSUPPORTED
    assert "version 4" in refused.diagnostics[0].message
    assert _compiled(FieldMatch("sourceIPs", Cidr("2001:db8::/32")), language=language).status is Status.EXACT
