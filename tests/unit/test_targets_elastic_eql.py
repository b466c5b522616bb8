"""EQL's printer: what is written, what is merged, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from converter.data import Binding, Field
from converter.ir import (
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
    TimePart,
    parts_of,
)
from converter.languages import eql as language
from converter.model import LogSource, Rule, Source
from converter.targets import Detection, ResolvedRule, resolve
from converter.targets.contract import Inexpressible
from converter.targets.elastic import eql

AUDIT = LogSource("", "kubernetes", "audit")
AUDITED = 'any where event.dataset == "kubernetes.audit_logs"\n  and '
PRIVILEGED = "requestObject.spec.containers.securityContext.privileged"
DECISION = "annotations.authorization.k8s.io/decision"


def _text(field: str, pattern: str, cased: bool = False) -> FieldMatch:
    return FieldMatch(field, Text(parts_of(pattern), cased))


def _resolved(tree: Node, log_source: LogSource = AUDIT, **own: Any) -> ResolvedRule:
    rule = Rule(Source("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", log_source, {}, **own)
    resolved = resolve(rule, tree, "elastic")
    assert isinstance(resolved, ResolvedRule), resolved
    return resolved


def _printed(tree: Node) -> str:
    resolved = _resolved(tree)
    eql.losses(tree, resolved)
    return eql.query(resolved, tree)


USER, AGENT, VERB, CODE = (f"kubernetes.audit.{one}" for one in ("user.username", "userAgent", "verb", "responseStatus.code"))
QUERIES = [
    (_text("user.username", "Ann"), f'{USER} : "Ann"'),
    (_text("user.username", "Ann", True), f'{USER} == "Ann"'),
    (_text("user.username", "5"), f'{USER} == "5"'),
    (_text("user.username", ""), f'{USER} == ""'),
    (_text("user.username", "a*b?c"), f'{USER} : "a*b?c"'),
    (_text("user.username", "a**b", True), f'{USER} like "a*b"'),
    (_text("user.username", r"a\*b"), f'{USER} in~ ("a*b")'),
    (_text("user.username", r"a\?b", True), f'{USER} == "a?b"'),
    (_text("user.username", r"a\?b*"), f'startsWith~({USER}, "a?b")'),
    (_text("user.username", r"a\?b*", True), f'startsWith({USER}, "a?b")'),
    (_text("user.username", r"*a\?b*"), f'{USER} regex~ """.*a\\?b.*"""'),
    (_text("user.username", r"*a\?b", True), f'{USER} regex """.*a\\?b"""'),
    (_text("user.username", "a\x01"), f'{USER} in~ ("a\\u{{0001}}")'),
    (_text("user.username", "a\x01*", True), f'startsWith({USER}, "a\\u{{0001}}")'),
    (_text("user.username", "Ärger"), f'{USER} regex "[Ää][rR][gG][eE][rR]"'),
    (_text("user.username", "*ä*", True), f'{USER} like "*ä*"'),
    (_text("user.username", "*"), f"{USER} != null"),
    (_text("user.username", 'a"\t\\x\u202e', True), f'{USER} == "a\\"\\t\\\\x\\u{{202e}}"'),
    (_text("verb", "CREATE"), f'{VERB} == "create"'),
    (_text("stage", "response*"), 'kubernetes.audit.stage : "response*"'),
    (FieldMatch("userAgent", FieldRef("user.username", Shape.STARTSWITH)), f"startsWith~({AGENT}, {USER})"),
    (FieldMatch("userAgent", FieldRef("user.username", Shape.ENDSWITH)), f"endsWith~({AGENT}, {USER})"),
    (_text(DECISION, "allow"), '`kubernetes.audit.annotations.authorization_k8s_io/decision` == "allow"'),
    (FieldMatch("responseStatus.code", Number(403)), f"{CODE} == 403"),
    (FieldMatch("responseStatus.code", Number(-1)), f"{CODE} == -1"),
    (FieldMatch("responseStatus.code", Compare("gte", 400)), f"{CODE} >= 400"),
    (FieldMatch("user.username", Number(1000)), f'{USER} == "1000"'),
    (FieldMatch(PRIVILEGED, Boolean(True)), "kubernetes.audit.requestObject.spec.containers.securityContext.privileged == true"),
    (FieldMatch("userAgent", Boolean(False)), f'{AGENT} == "false"'),
    (_text("responseStatus.code", "403"), f"{CODE} == 403"),
    (FieldMatch("userAgent", Null()), f"{AGENT} == null"),
    (Not(FieldMatch("userAgent", Null())), f"{AGENT} != null"),
    (FieldMatch("userAgent", Exists(True)), f"{AGENT} != null"),
    (Not(FieldMatch("userAgent", Exists(True))), f"{AGENT} == null"),
    (FieldMatch("sourceIPs", Cidr("10.0.0.0/8")), 'cidrMatch(source.ip, "10.0.0.0/8")'),
    (FieldMatch("userAgent", Regex("^a\\d", "")), f'{AGENT} regex "a[0-9].*"'),
    (FieldMatch("userAgent", Regex("a.b", "i")), f'{AGENT} regex~ ".*a[^\\n]b.*"'),
    (Not(_text("user.username", "Ann")), f'not {USER} : "Ann"'),
    (Not(Not(_text("user.username", "Ann"))), f'{USER} : "Ann"'),
    (And((_text("verb", "get"), _text("user.username", "Ann"))), f'{VERB} == "get"\n  and {USER} : "Ann"'),
    (Or((And((_text("verb", "a*"), _text("kind", "b"))), _text("verb", "c"))),
     f'({VERB} == "c" or ({VERB} : "a*" and kubernetes.audit.kind : "b"))'),
    (Or((And((_text("verb", "get"), _text("user.username", "Ann"))), _text("verb", "list"))),
     f'(\n    {VERB} == "list"\n    or ({VERB} == "get" and {USER} : "Ann")\n  )'),
    (Not(And((_text("verb", "get"), _text("user.username", "Ann")))), f'not ({VERB} == "get" and {USER} : "Ann")'),
]  # fmt: skip
LISTS = [
    ([_text("verb", "get"), _text("verb", "list")], f'{VERB} in ("get", "list")'),
    ([_text("user.username", "a*"), _text("user.username", "5"), _text("user.username", "b")], f'{USER} : ("a*", "5", "b")'),
    ([_text("user.username", "a", True), _text("user.username", "b", True)], f'{USER} in ("a", "b")'),
    ([_text("user.username", "a", True), _text("user.username", "b")], f'({USER} == "a" or {USER} : "b")'),
    ([_text("user.username", r"a\*"), _text("user.username", r"b\*")], f'{USER} in~ ("a*", "b*")'),
    ([_text("user.username", "a"), _text("user.username", "a")], f'{USER} : "a"'),
    ([FieldMatch("responseStatus.code", Number(one)) for one in (401, 403)], f"{CODE} in (401, 403)"),
    ([FieldMatch("sourceIPs", Cidr(one)) for one in ("10.0.0.0/8", "::1/128")], 'cidrMatch(source.ip, "10.0.0.0/8", "::1/128")'),
    ([FieldMatch("userAgent", Regex(one)) for one in "ab"], f'{AGENT} regex (".*a.*", ".*b.*")'),
    ([FieldMatch("userAgent", Null()), FieldMatch("userAgent", Regex("a"))], f'({AGENT} == null or {AGENT} regex ".*a.*")'),
]
REFUSED = [
    (Keyword(Text(("a",))), "'keyword'"),
    (FieldMatch("userAgent", FieldRef("user.username", Shape.EQUALS)), "'value.fieldref'"),
    (FieldMatch("userAgent", FieldRef("user.username", Shape.CONTAINS)), "'value.fieldref'"),
    (FieldMatch("userAgent", FieldRef("sourceIPs", Shape.STARTSWITH)), "'value.fieldref'"),
    (FieldMatch("stageTimestamp", TimePart("hour", "gt", 3)), "'value.time_part'"),
    (_text("responseStatus.message", "*a*"), "'value.contains' on a text field"),
    (FieldMatch("responseStatus.message", Exists(False)), "'kubernetes.audit.responseStatus.message', a field of type text"),
    (FieldMatch("responseStatus.code", Number(2**63)), "beyond those that the field holds"),
    (FieldMatch("responseStatus.code", Compare("lt", 2**63)), "beyond those that the field holds"),
    (FieldMatch("sourceIPs", Cidr("::/0")), "addresses of version 4"),
    (_text("responseStatus.code", "ALLOW"), "the text 'ALLOW' on a field of numbers"),
    (_text("responseStatus.code", "0403"), "the text '0403' on a field of numbers"),
    (_text("responseStatus.code", "4*"), "'value.startswith' on a long field"),
    (_text("userAgent", "a" * 1025), "more than 1024 characters"),
    (_text("userAgent", "*" + "\\?" * 600), "more than 1000 characters"),
    (FieldMatch("userAgent", Regex("(a|b)(?=c)")), "look ahead"),
    (FieldMatch("userAgent", Regex("(.*a){40}.{20}")), "too complex"),
    (Or(tuple(_text("userAgent", f"a{one}*") for one in range(1025))), "more than 1024 queries"),
]


@pytest.mark.parametrize(("tree", "expected"), QUERIES, ids=[one for _, one in QUERIES])
def test_query(tree: Node, expected: str) -> None:
    """A test is asked by the operator that means it, behind the log source's own condition."""
    assert _printed(tree) == AUDITED + expected
    assert isinstance(language.read(AUDITED + expected), language.Query)


@pytest.mark.parametrize(("children", "expected"), LISTS, ids=[one for _, one in LISTS])
def test_list(children: list[Node], expected: str) -> None:
    """Tests of one field of which any will do stand in one list, those that mean something else apart."""
    assert _printed(Or(tuple(children))) == AUDITED + expected


@pytest.mark.parametrize(("tree", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_refused(tree: Node, words: str) -> None:
    """What EQL cannot say is an error that names it and what to do."""
    with pytest.raises(Inexpressible) as refused:
        _printed(tree)
    told = refused.value.diagnostic
    assert told.code == "T110"
    assert words in told.message
    assert told.message.startswith("EQL cannot")
    assert told.help


def test_many_values_of_one_list() -> None:
    """Values of `in` are one query, so that thousands stand in a rule; long lists go over several lines."""
    text = _printed(Or(tuple(_text("userAgent", f"agent {one}", True) for one in range(3000))))
    assert isinstance(language.read(text), language.Query)
    assert max(map(len, text.splitlines())) <= 110


def test_a_field_that_the_index_may_lack() -> None:
    """It has a question mark; under `not` it is asked for first, as null is neither true nor false."""
    tree = And((_text("jobTitle", "a*"), Not(Or((_text("jobTitle", "ab"), _text("EventID", "5"))))))
    resolved = _resolved(tree, LogSource("", "windows", "bits-client"))
    assert eql.query(resolved, tree).splitlines()[-2:] == [
        '  and ?winlog.event_data.jobTitle : "a*"',
        '  and not ((?winlog.event_data.jobTitle != null and ?winlog.event_data.jobTitle : "ab") or event.code == "5")',
    ]
    negated = Not(FieldMatch("jobTitle", Null()))
    assert eql.query(_resolved(negated, LogSource("", "windows", "bits-client")), negated).endswith("?winlog.event_data.jobTitle != null")


def test_event_query() -> None:
    """One step of a sequence has its own brackets, and its losses."""
    tree = And((_text("verb", "get"), FieldMatch("userAgent", Null())))
    text, lost = eql.event_query(_resolved(tree), tree)
    assert text == f'[any where event.dataset == "kubernetes.audit_logs"\n     and {VERB} == "get"\n     and {AGENT} == null]'
    assert [one.feature for one in lost] == ["value.null"]
    assert isinstance(language.read(f"sequence by user.name with maxspan=1m\n  {text}\n  {text}"), language.Query)


def test_without_a_guard() -> None:
    """A rule in the documents' own names has its detection alone."""
    tree = Or((_text("process.name", "cmd.exe"), _text("process.pid", "5", True)))
    table = {name: Binding(Field(name, "keyword"), name) for name in ("process.name", "process.pid")}
    known = _resolved(_text("verb", "get"))
    resolved = ResolvedRule(known.rule, Detection(tree), known.source, {}, table)
    assert eql.query(resolved, tree) == 'any where process.name : "cmd.exe"\n  or process.pid == "5"'


def test_groups_in_groups_end() -> None:
    """A query nests no deeper than its readers go."""
    tree: Node = _text("userAgent", "a*")
    for number in range(40):
        tree = Or((_text("verb", "get"), And((_text("user.username", f"a{number}"), tree))))
    with pytest.raises(Inexpressible, match="groups in groups"):
        _printed(tree)
    deep: Node = _text("userAgent", "a*")
    for number in range(20):
        deep = Not(And((_text("user.username", f"a{number}"), deep)))
    assert isinstance(language.read(_printed(deep)), language.Query)


@pytest.mark.parametrize("name", ["a b", "a-b.c", "k8s.io/x", "event.sequence", "any", "1a", "a..b", "ä", "a`b", ""])
def test_names_in_backquotes(name: str) -> None:
    """A name that is no plain one is quoted as a whole."""
    from converter.targets.elastic.eql.words import name as written

    assert written(name) == "`" + name.replace("`", "``") + "`"
