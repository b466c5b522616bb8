"""Splunk's printer: the two stages, what is refused, and stanzas and macros that belong together."""

from __future__ import annotations

from typing import Any

import pytest

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
    Shape,
    Text,
    evaluate,
    parts_of,
)
from converter.languages import spl
from converter.model import Diagnostic, Fidelity, LogSource, Rule, Source, Status
from converter.targets import Compilation, ResolvedRule, resolve
from converter.targets.splunk import TARGET
from converter.verify.readings import Artifact, read_artifact

ID = "11111111-2222-3333-4444-555555555555"
PRIVILEGED = "requestObject.spec.containers.securityContext.privileged"


AUDIT = LogSource("", "kubernetes", "audit")


def _compiled(
    tree: Node, *, title: str = "A rule", id_: str = ID, level: str = "medium", logsource: LogSource = AUDIT, **options: Any
) -> Compilation:
    rule = Rule(Source("rule.yml", ""), title, id_, logsource, {}, level=level)
    resolved = resolve(rule, tree, "splunk")
    assert isinstance(resolved, ResolvedRule), resolved
    return TARGET.compile(resolved, options)


def _stanza(done: Compilation) -> spl.Stanza:
    conf = spl.read_conf(TARGET.package([done], ["rule"], {})[0].data.decode(), "rule.conf")
    assert isinstance(conf, spl.Conf), conf
    assert len(conf.stanzas) == 1
    return conf.stanzas[0]


def _text(field: str, pattern: str, cased: bool = False) -> FieldMatch:
    return FieldMatch(field, Text(parts_of(pattern), cased))


STAGES = [
    (_text("verb", "Get"), 'verb="Get"', ""),
    (_text("user.username", "a\\\\b\"c"), '"user.username"="a\\\\b\\"c"', ""),
    (_text("userAgent", "*curl*"), 'userAgent="*curl*"', ""),
    (_text("verb", "get", True), 'verb="get"', 'verb == "get"'),
    (_text("userAgent", "10.0.0.0/8"), 'userAgent="10.0.0.0/8"', 'match(userAgent, "(?i)^10[.]0[.]0[.]0/8\\z")'),
    (_text("userAgent", "a?c*"), 'userAgent="a*c*"', 'match(userAgent, "(?is)^a.c")'),
    (_text("userAgent", "a`b*"), 'userAgent="a*b*"', 'match(userAgent, "(?i)^a[\\x60]b")'),
    (_text("user.groups", "a*b?*", True), '"user.groups{}"="a*b*"', "mvfind('user.groups{}', \"(?s)^a.*b.\") >= 0"),
    (Not(_text("verb", "get")), 'NOT (verb="get")', ""),
    (_text("userAgent", "*Ä–ß*"), 'userAgent="*–*"', 'match(userAgent, "(?i)(?-i:Ä|ä)–(?-i:ß|ẞ)")'),
    (_text("userAgent", "* –x*"), 'userAgent="* –x*"', ""),
    (Not(_text("userAgent", "a?*")), "", 'NOT coalesce(match(userAgent, "(?is)^a."), false())'),
    (Or((_text("verb", "get"), _text("verb", "list"))), '(verb="get" OR verb="list")', ""),
    (And((_text("verb", "get"), FieldMatch("responseStatus.code", Compare("gt", 1e22)))), 'verb="get"',
     "tonumber('responseStatus.code') > 10000000000000000000000"),
    (FieldMatch("responseStatus.code", Compare("lte", 1e-7)), "", "tonumber('responseStatus.code') <= 0.0000001"),
    (FieldMatch("sourceIPs", Cidr("10.0.0.0/8")), '"sourceIPs{}"="10.0.0.0/8"', ""),
    (Or((FieldMatch("sourceIPs", Cidr("10.0.0.0/8")), _text("verb", "g?t"))), '("sourceIPs{}"="10.0.0.0/8" OR verb="g*t")',
     '(mvcount(mvfilter(cidrmatch("10.0.0.0/8", \'sourceIPs{}\'))) > 0 OR match(verb, "(?is)^g.t\\z"))'),
    (FieldMatch("sourceIPs", Compare("gt", 5)), "", "mvcount(mvfilter(tonumber('sourceIPs{}') > 5)) > 0"),
    (FieldMatch(PRIVILEGED, Boolean(True)), '"requestObject.spec.containers{}.securityContext.privileged"="true"', ""),
    (FieldMatch("userAgent", FieldRef("user.username")), "", "lower(userAgent) == lower('user.username')"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "base", "where"), STAGES, ids=[f"{base} | {where}" for _, base, where in STAGES])
def test_stages(tree: Node, base: str, where: str) -> None:
    """The base says what it can say exactly; a conjunct that it only approximates is said again in ``where``."""
    done = _compiled(tree)
    assert done.parts == {"base": base, "where": where}
    assert all(one.compensated_by == "where" for one in done.losses if one.code == "T220")
    assert any(one.code == "T220" for one in done.losses) is bool(where)


DECODED = 'replace(replace(replace(CommandLine, "&lt;", "<"), "&gt;", ">"), "&amp;", "&")'
XML_STAGES = [
    (_text("Image", "*\\\\cmd.exe"), 'Image="*\\\\cmd.exe"', ""),
    (_text("CommandLine", "*\\\\temp\\\\*"), 'CommandLine="*\\\\temp\\\\*"', ""),
    (_text("CommandLine", "*a & b*"), 'CommandLine="*a &* b*"', f'match({DECODED}, "(?i)a & b")'),
    (Not(_text("CommandLine", "*>*")), "", f'NOT coalesce(match({DECODED}, "(?i)>"), false())'),
    (_text("CommandLine", "*amp*"), 'CommandLine="*amp*"', f'match({DECODED}, "(?i)amp")'),
    (_text("CommandLine", "*;"), 'CommandLine="*;"', f'match({DECODED}, "(?i);\\z")'),
    (_text("CommandLine", "amp*"), 'CommandLine="amp*"', ""),
    (_text("CommandLine", "*tmp*"), 'CommandLine="*tmp*"', ""),
    (_text("CommandLine", "a?c"), 'CommandLine="a*c"', f'match({DECODED}, "(?is)^a.c\\z")'),
    (_text("CommandLine", "x", True), 'CommandLine="x"', 'CommandLine == "x"'),
    (_text("CommandLine", ""), "", "isnull(CommandLine)"),
    (Or((FieldMatch("CommandLine", Null()), _text("CommandLine", ""))), "", "(isnull(CommandLine))"),
    (FieldMatch("EventID", Number(1)), 'EventCode="1"', 'EventCode == "1"'),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "base", "where"), XML_STAGES, ids=[f"{base} | {where}" for _, base, where in XML_STAGES])
def test_stages_on_xml(tree: Node, base: str, where: str) -> None:
    """A text that entities may mislead is resolved before it is compared; the base finds it with and without them."""
    done = _compiled(tree, logsource=LogSource("process_creation", "windows", ""))
    assert (done.parts["base"], done.parts["where"]) == (base, where)
    assert "`sysmon` EventCode=1" in _stanza(done).get("search")


NULL, EMPTY = FieldMatch("CommandLine", Null()), _text("CommandLine", "")
XML_LOSSES = [
    (NULL, [Fidelity.WIDER]),
    (EMPTY, [Fidelity.WIDER]),
    (Not(NULL), [Fidelity.NARROWER]),
    (_text("CommandLine", "*"), [Fidelity.NARROWER]),
    (_text("CommandLine", "nul*"), []),
    (Or((NULL, EMPTY)), []),
    (Or((NULL, Or((EMPTY, _text("CommandLine", "-"))))), []),
    (Not(Or((NULL, EMPTY))), []),
    (And((Not(NULL), Not(EMPTY))), []),
    (And((NULL, EMPTY)), [Fidelity.WIDER, Fidelity.WIDER]),
    (Or((NULL, _text("Image", ""))), [Fidelity.WIDER, Fidelity.WIDER]),
    (Or((Not(NULL), Not(EMPTY))), [Fidelity.NARROWER, Fidelity.NARROWER]),
]


@pytest.mark.parametrize(("tree", "expected"), XML_LOSSES)
def test_losses_on_xml(tree: Node, expected: list[Fidelity]) -> None:
    """An empty text and none are one to XML: each test takes the other along, but for those that ask for both."""
    done = _compiled(tree, logsource=LogSource("process_creation", "windows", ""))
    assert [one.direction for one in done.losses if not one.compensated_by] == expected


REFUSED = [
    (Keyword(Text(("a",))), "a value without a field"),
    (FieldMatch("userAgent", FieldRef("user.groups")), "a field that is a list"),
    (FieldMatch("userAgent", FieldRef("user.username", Shape.CONTAINS)), "a part of another field"),
]


@pytest.mark.parametrize(("tree", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_refused(tree: Node, words: str) -> None:
    """What SPL cannot say is an error that names it, and leaves no search."""
    done = _compiled(tree)
    assert done.status is Status.UNSUPPORTED
    assert [one.code for one in done.diagnostics] == ["T210"]
    assert words in done.diagnostics[0].message
    assert done.parts == {}


LOSSES = [
    (_text("userAgent", "*"), [("T219", Fidelity.NARROWER)]),
    (Not(_text("userAgent", "*")), [("T219", Fidelity.WIDER)]),
    (FieldMatch("userAgent", Null()), [("T219", Fidelity.WIDER)]),
    (FieldMatch("userAgent", Exists(True)), [("T219", Fidelity.NARROWER)]),
    (_text("userAgent", "nu*"), [("T222", Fidelity.WIDER)]),
    (Not(_text("userAgent", "NULL")), [("T222", Fidelity.NARROWER)]),
    (_text("userAgent", "NULL", True), []),
    (FieldMatch("responseStatus.code", Number(403)), []),
]


@pytest.mark.parametrize(("tree", "expected"), LOSSES)
def test_losses(tree: Node, expected: list[tuple[str, Fidelity]]) -> None:
    """JSON null read as a text and letters beyond ASCII are told, with the direction that negations leave."""
    found = [(one.code, one.direction) for one in _compiled(tree).losses if not one.compensated_by]
    assert found == expected


def test_tail_drops_no_event() -> None:
    """An event without any of the fields that an alert shows is still found, and so is one with two addresses."""
    tree = Not(_text("user.username", "ann"))
    events: list[dict[str, Any]] = [
        {"verb": "get"},
        {"verb": "get", "user": {"username": "Ann"}, "sourceIPs": ["192.0.2.1", "192.0.2.2"]},
        {"verb": "get", "user": {"username": "bob"}, "sourceIPs": ["192.0.2.1", "192.0.2.2"], "userAgent": ""},
        {"verb": "get", "user": {"username": None}, "sourceIPs": []},
    ]
    done = _compiled(tree)
    files = {one.path: one.data for one in TARGET.package([done], ["rule"], {})}
    found = read_artifact("splunk", Artifact("rule.conf", files["rule.conf"], ID, "kubernetes_audit", files), events)
    assert not isinstance(found, Diagnostic), found
    assert list(found) == [evaluate(tree, event) for event in events] == [True, False, True, True]


def test_names() -> None:
    """A stanza's name holds the title's first 40 characters and the id's first 8, so equal titles stay apart."""
    title = "Kubernetes secrets of every namespace read by one person"
    first, second = (_stanza(_compiled(_text("verb", "get"), title=title, id_=id_)) for id_ in (ID, "2" + ID[1:]))
    assert first.name == f"{title[:40].strip()} - 11111111"
    assert first.name != second.name


def test_stanza() -> None:
    """Schedule, severity and throttle come from the rule; no key of Enterprise Security is written."""
    plain = _stanza(_compiled(_text("verb", "get"), level="critical"))
    keys = {one.key for one in plain.settings}
    assert (plain.get("disabled"), plain.get("alert.severity"), plain.get("cron_schedule")) == ("1", "5", "*/5 * * * *")
    assert (plain.get("dispatch.earliest_time"), plain.get("dispatch.latest_time")) == ("-10m@m", "-5m@m")
    assert not any(key.startswith(("action.", "alert.suppress")) for key in keys)
    given = _stanza(_compiled(_text("verb", "get"), cron="0 * * * *", suppress={"fields": ["user", "object"], "period": "1h"}))
    assert (given.get("alert.suppress"), given.get("alert.suppress.fields"), given.get("alert.suppress.period")) == (
        "1",
        "user,object",
        "1h",
    )
    assert given.get("cron_schedule") == "0 * * * *"


def test_macros() -> None:
    """macros.conf defines the source macro and each rule's filter once, by name; each search ends in its own filter."""
    done = [_compiled(_text("verb", "get"), title=title, id_=id_) for title, id_ in (("B!", ID), ("A é", "2" + ID[1:]))]
    files = {one.path: one.data.decode() for one in TARGET.package(done, ["b", "a"], {})}
    conf = spl.read_conf(files["macros.conf"], "macros.conf")
    assert isinstance(conf, spl.Conf), conf
    names = [one.name for one in conf.stanzas]
    assert names == ["a_21111111_filter", "b_11111111_filter", "kube_audit"]
    assert [one.get("definition") for one in conf.stanzas] == ["search *", "search *", 'source="kubernetes"']
    assert files["b.conf"].count("| `b_11111111_filter`") == files["a.conf"].count("| `a_21111111_filter`") == 1


def test_table_names_features() -> None:
    """Rows of the table are features of the closed list; keywords and regular expressions are not among them."""
    listed = set(TARGET.capabilities({})["spl"].features)
    assert listed < set(FEATURES)
    assert listed.isdisjoint({"keyword"})
