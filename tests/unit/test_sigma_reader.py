"""Canonical rules from bytes: what is read, what is refused, and where."""

from __future__ import annotations

import pytest

from converter.model import LogSource, Related, Severity
from converter.readers import read_rules

GOOD = """\
title: A rule
id: 7B4A5C0E-3A0F-4B27-9D0E-5B1D6C2F8A11
related: [{id: 14de811c-d60f-11ec-9fd7-f661ea17fbce, type: derived}]
status: test
description: what it is
references: [https://example.org/]
author: somebody
date: 2024/01/02
modified: 2024-02-03
license: MIT
taxonomy: own
tags: [attack.execution]
logsource: {category: application, product: kubernetes, service: audit}
detection:
  selection: {verb: create}
  condition: selection
falsepositives: [none known]
fields: [verb]
level: medium
x-converter: {version: 3, tests: [{name: one}, {name: two}], targets: {falco: {priority: NOTICE}}}
"""


def test_every_part_of_the_header() -> None:
    """A rule keeps every text; ids become lower case, dates ISO dates."""
    (rule,), diagnostics = read_rules(GOOD.encode(), "a.yml")
    assert diagnostics == ()
    assert (rule.title, rule.id) == ("A rule", "7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11")
    assert rule.related == (Related("14de811c-d60f-11ec-9fd7-f661ea17fbce", "derived"),)
    assert (rule.status, rule.description, rule.references, rule.author) == ("test", "what it is", ("https://example.org/",), "somebody")
    assert (rule.date, rule.modified, rule.license, rule.taxonomy) == ("2024-01-02", "2024-02-03", "MIT", "own")
    assert (rule.tags, rule.fields, rule.falsepositives, rule.level) == (("attack.execution",), ("verb",), ("none known",), "medium")
    assert rule.logsource == LogSource("application", "kubernetes", "audit")
    assert rule.detection == {"selection": {"verb": "create"}, "condition": "selection"}
    assert rule.target("falco") == {"priority": "NOTICE"}
    assert rule.target("elastic") == {}


def test_places_of_the_header() -> None:
    """A dotted path leads to its value, an unknown one to the nearest key around it."""
    (rule,), _ = read_rules(GOOD.encode(), "a.yml")
    places = {name: (rule.span(name).line, rule.span(name).column) for name in ("title", "logsource.service", "nothing.here")}
    assert places == {"title": (1, 8), "logsource.service": (13, 66), "nothing.here": (1, 1)}
    assert rule.span("x-converter.tests.1").column == 48
    assert rule.span("x-converter.targets.falco.priority") != rule.span("x-converter.targets.falco")
    assert rule.span("x-converter.targets.falco.nothing") == rule.span("x-converter.targets.falco")


def test_a_rule_without_an_id_gets_the_same_one_each_time() -> None:
    """The derived id depends on the title alone, and the author is told which it is."""
    text = "title: {}\nlogsource: {{product: x}}\ndetection: {{s: {{a: 1}}, condition: s}}\n"
    first, told = read_rules(text.format("One").encode(), "a.yml")
    again, _ = read_rules(text.format("One").encode(), "b.yml")
    other, _ = read_rules(text.format("Two").encode(), "a.yml")
    assert first[0].id == again[0].id != other[0].id
    assert [(one.code, one.severity) for one in told] == [("R014", Severity.WARNING)]
    assert first[0].id in told[0].help


HEAD = "title: x\nid: 7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11\nlogsource: {product: p}\n"
DETECTION = "detection: {s: {a: 1}, condition: s}\n"
REFUSED = [
    ("nothing", "", "R010", 1, 1),
    ("a comment", "# a rule was here\n", "R010", 1, 1),
    ("an empty document", "---\n...\n", "R011", 2, 1),
    ("a list", "- title: x\n", "R011", 1, 1),
    ("a number", "42\n", "R011", 1, 1),
    ("a text", "\n  just words\n", "R011", 2, 3),
    ("a truth value", "yes\n", "R011", 1, 1),
    ("a date", "2024-01-01\n", "R011", 1, 1),
    ("a title that is a list", "title: [x]\nlogsource: {product: p}\n" + DETECTION, "R012", 1, 8),
    ("an empty title", "title: ''\nlogsource: {product: p}\n" + DETECTION, "R012", 1, 8),
    ("an id that is none", HEAD.replace("7b4a5c0e-", "") + DETECTION, "R012", 2, 5),
    ("tags that are a text", HEAD + "tags: attack.t1\n" + DETECTION, "R012", 4, 7),
    ("a tag that is a number", HEAD + "tags: [x, 1]\n" + DETECTION, "R012", 4, 11),
    ("a log source that is a text", HEAD.replace("{product: p}", "p") + DETECTION, "R012", 3, 12),
    ("a product that is a list", HEAD.replace("product: p", "product: [p]") + DETECTION, "R012", 3, 22),
    ("a detection that is a list", HEAD + "detection: [a]\n", "R012", 4, 12),
    ("an empty level", HEAD + "level:\n" + DETECTION, "R012", 4, 7),
    ("a level that nobody knows", HEAD + "level: hgih\n" + DETECTION, "R012", 4, 8),
    ("a date that is none", HEAD + "date: yesterday\n" + DETECTION, "R012", 4, 7),
    ("no title", "logsource: {product: p}\n" + DETECTION, "R013", 1, 1),
    ("no log source", "title: x\n" + DETECTION, "R013", 1, 1),
    ("no detection", HEAD, "R013", 1, 1),
    ("an unknown key of ours", HEAD + DETECTION + "x-converter: {targts: {}}\n", "R015", 5, 15),
    ("a correlation", HEAD + "correlation: {type: event_count}\n", "R013", 4, 14),
    ("a filter", HEAD + "filter: {rules: [x]}\n", "R013", 4, 9),
    ("a global document alone", HEAD + "action: global\n", "R010", 1, 1),
    ("an unknown action", HEAD + DETECTION + "action: globl\n", "R012", 5, 9),
    ("an action that is a list", HEAD + DETECTION + "action: [global]\n", "R012", 5, 9),
]


@pytest.mark.parametrize(("text", "code", "line", "column"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_no_rule_has_a_code_and_a_place(text: str, code: str, line: int, column: int) -> None:
    """A document that is no rule gives errors, the first at the place of the fault."""
    rules, diagnostics = read_rules(text.encode(), "a.yml")
    assert rules == ()
    assert all(one.severity is Severity.ERROR and one.span for one in diagnostics)
    first = diagnostics[0]
    assert first.span is not None
    assert (first.code, first.span.line, first.span.column) == (code, line, column), first.render()


def test_a_broken_document_costs_only_itself() -> None:
    """Of three documents two are rules, and the third is told."""
    rules, diagnostics = read_rules((GOOD + "---\n- nothing\n---\n" + HEAD + DETECTION).encode(), "a.yml")
    assert [rule.title for rule in rules] == ["A rule", "x"]
    assert [(one.code, one.span and one.span.line) for one in diagnostics] == [("R011", 22)]


def test_an_opaque_rule_needs_no_detection() -> None:
    """A rule that holds a target's own query is a rule."""
    text = HEAD + "x-converter: {targets: {elastic: {kind: eql, opaque: eql, query: 'any where true'}}}\n"
    (rule,), diagnostics = read_rules(text.encode(), "a.yml")
    assert diagnostics == ()
    assert rule.detection == {}


def test_quotes_and_braces_in_texts_are_kept() -> None:
    """Quotes, newlines and template braces of a title are characters."""
    text = HEAD.replace("title: x", 'title: "a \\"b\\" \'c\' {{ d }} {% e %}\\nf"') + DETECTION
    (rule,), _ = read_rules(text.encode(), "a.yml")
    assert rule.title == "a \"b\" 'c' {{ d }} {% e %}\nf"


def test_everything_that_is_wrong_with_a_file_is_told_at_once() -> None:
    """Faults of the header and of the detection, of each document, in the order of their lines; placeholders may have values elsewhere."""
    text = (
        "title: x\nlogsource: {product: p}\nlevel: huge\ndetection:\n  s:\n    a|contain: 1\n    b|re: '('\n    c|expand: '%x%'\n"
        "  condition: s and t\n---\nlogsource: {product: p}\ndetection: {s: {a|cidr: x}, condition: 1 of u*}\n"
        "---\ntitle: y\nlogsource: {product: p}\ndetection: [a]\n"
        "---\ntitle: z\nlogsource: {product: p}\nlevel: huge\nfilter:\n  rules: any\n  s: {a|contain: 1}\n  condition: not t\n"
    )
    rules, told = read_rules(text.encode(), "a.yml")
    assert rules == ()
    found = [(one.code, one.span.line) for one in told if one.span]
    assert found == [
        ("R012", 3),
        ("M001", 6),
        ("M006", 7),
        ("M004", 9),
        ("R013", 11),
        ("M002", 12),
        ("M005", 12),
        ("R012", 16),
        ("R012", 20),
        ("M001", 23),
        ("M004", 24),
    ]
