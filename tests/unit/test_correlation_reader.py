"""What a correlation or filter document says, and where it is wrong."""

from __future__ import annotations

import pytest

from converter.model import Correlation, Criterion, Diagnostic, Filter, Rule
from converter.readers import read_rules

HEAD = "title: x\nid: 0e95725d-7320-415d-80f7-004da920fc11\n"


def read(section: str) -> tuple[tuple[Rule, ...], tuple[Diagnostic, ...]]:
    return read_rules((HEAD + section).encode(), "r.yml")


def correlation(section: str) -> Correlation:
    rules, diagnostics = read("correlation:\n" + "".join(f"  {line}\n" for line in section.split("\n")))
    assert diagnostics == ()
    assert rules[0].correlation is not None
    return rules[0].correlation


def test_an_event_count() -> None:
    """Every key of the section is read, the timespan in seconds."""
    found = correlation("type: event_count\nrules: [a, b]\ngroup-by: [u, h]\ntimespan: 90m\ncondition: {gt: 100, lte: 200}\ngenerate: true")
    assert [one.text for one in found.rules] == ["a", "b"]
    assert (found.type, found.timespan, found.group_by, found.generate) == ("event_count", 5400, ("u", "h"), True)
    assert found.criteria == (Criterion("gt", 100), Criterion("lte", 200))


@pytest.mark.parametrize(
    ("written", "seconds"), [("1s", 1), ("5m", 300), ("2h", 7200), ("1d", 86400), ("1w", 604800), ("1M", 2629746), ("1y", 31556952)]
)
def test_timespans(written: str, seconds: int) -> None:
    """Units are those of pySigma; M is a month."""
    assert correlation(f"type: temporal\nrules: [a, b]\ntimespan: {written}").timespan == seconds


def test_one_rule_needs_no_list() -> None:
    """A single rule or group may be a text, as pySigma reads it."""
    found = correlation("type: event_count\nrules: a\ngroup-by: u\ntimespan: 1m\ncondition: {gte: 2}")
    assert ([one.text for one in found.rules], found.group_by) == (["a"], ("u",))


def test_fields_and_percentile() -> None:
    """Several fields are counted together; a percentile is a number."""
    assert correlation("type: value_count\nrules: [a]\ntimespan: 1m\ncondition: {field: [f, g], gte: 2}").fields == ("f", "g")
    assert correlation("type: value_percentile\nrules: [a]\ntimespan: 1m\ncondition: {field: f, percentile: 95, gt: 2.5}").percentile == 95


def test_a_condition_in_words_names_its_rules() -> None:
    """Without a list of rules, the condition's words are it."""
    found = correlation("type: temporal\ntimespan: 1m\ncondition: b and not (a or c)")
    assert ([one.text for one in found.rules], found.expression) == (["b", "a", "c"], "b and not (a or c)")


def test_aliases() -> None:
    """An alias has a field for each rule."""
    found = correlation("type: temporal\nrules: [a, b]\ngroup-by: [ip]\ntimespan: 1m\naliases:\n  ip: {a: src, b: dst}")
    assert found.aliases == {"ip": {"a": "src", "b": "dst"}}


def test_a_filter() -> None:
    """A filter's selections and condition are a detection; its rules are references with a place."""
    rules, diagnostics = read("logsource: {product: p}\nfilter:\n  rules: [a, B]\n  one: {f: 1}\n  condition: not one\n")
    assert diagnostics == ()
    found = rules[0].filter
    assert isinstance(found, Filter)
    assert [one.text for one in found.rules] == ["a", "B"]
    assert rules[0].source.span(found.rules[1].offsets).column == 14
    assert list(rules[0].detection) == ["one", "condition"]


@pytest.mark.parametrize("rules", ["any", "[]"])
def test_a_filter_of_any_rule(rules: str) -> None:
    """'any' and the empty list are all rules of the log source, as in pySigma."""
    found, _ = read(f"logsource: {{product: p}}\nfilter:\n  rules: {rules}\n  one: {{f: 1}}\n  condition: one\n")
    assert found[0].filter is not None
    assert found[0].filter.rules == ()


WRONG = [
    ("no map", "correlation: 5", "R012", 3, 14),
    ("no type", "correlation: {rules: [a], timespan: 1m, condition: {gte: 1}}", "R013", 3, 14),
    ("an unknown type", "correlation: {type: event_cout, rules: [a], timespan: 1m, condition: {gte: 1}}", "R012", 3, 21),
    ("no rules", "correlation: {type: event_count, timespan: 1m, condition: {gte: 1}}", "R013", 3, 14),
    ("no timespan", "correlation: {type: event_count, rules: [a], condition: {gte: 1}}", "R013", 3, 14),
    ("a timespan of none", "correlation: {type: event_count, rules: [a], timespan: 0m, condition: {gte: 1}}", "R012", 3, 56),
    ("a timespan in two units", "correlation: {type: event_count, rules: [a], timespan: 1h30m, condition: {gte: 1}}", "R012", 3, 56),
    ("a timespan that is a number", "correlation: {type: event_count, rules: [a], timespan: 60, condition: {gte: 1}}", "R012", 3, 56),
    ("no condition", "correlation: {type: event_count, rules: [a], timespan: 1m}", "R013", 3, 14),
    ("no comparison", "correlation: {type: value_count, rules: [a], timespan: 1m, condition: {field: f}}", "R013", 3, 71),
    ("no field", "correlation: {type: value_sum, rules: [a], timespan: 1m, condition: {gte: 1}}", "R013", 3, 69),
    (
        "a field that nobody counts",
        "correlation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: 1, field: f}}",
        "R012",
        3,
        87,
    ),
    ("two fields to add", "correlation: {type: value_sum, rules: [a], timespan: 1m, condition: {gte: 1, field: [f, g]}}", "R012", 3, 85),
    ("a text to compare with", "correlation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: many}}", "R012", 3, 77),
    ("words for a count", "correlation: {type: event_count, rules: [a], timespan: 1m, condition: a and b}", "R012", 3, 71),
    ("words for an order", "correlation: {type: temporal_ordered, rules: [a], timespan: 1m, condition: a and b}", "R012", 3, 76),
    ("broken words", "correlation: {type: temporal, rules: [a], timespan: 1m, condition: a and}", "R012", 3, 68),
    ("a selector", "correlation: {type: temporal, rules: [a], timespan: 1m, condition: 1 of a*}", "R012", 3, 68),
    ("an unknown key", "correlation: {type: temporal, rules: [a, b], timespan: 1m, groupby: [u]}", "R015", 3, 60),
    ("a rule twice", "correlation: {type: temporal, rules: [a, a], timespan: 1m}", "R012", 3, 42),
    ("a rule that is a number", "correlation: {type: temporal, rules: [1, a], timespan: 1m}", "R012", 3, 39),
    ("an alias that is a text", "correlation: {type: temporal, rules: [a, b], timespan: 1m, aliases: {ip: src}}", "R012", 3, 74),
    ("generate in words", "correlation: {type: temporal, rules: [a, b], timespan: 1m, generate: both}", "R012", 3, 70),
    (
        "a percentile of 200",
        "correlation: {type: value_percentile, rules: [a], timespan: 1m, condition: {field: f, percentile: 200, gt: 1}}",
        "R012",
        3,
        99,
    ),
    (
        "a detection besides",
        "correlation: {type: temporal, rules: [a, b], timespan: 1m}\ndetection: {s: {a: b}, condition: s}",
        "R012",
        4,
        1,
    ),
    ("a filter of no rules", "logsource: {product: p}\nfilter: {s: {a: b}, condition: s}", "R013", 4, 9),
    ("a filter without condition", "logsource: {product: p}\nfilter: {rules: [a], s: {a: b}}", "R013", 4, 9),
    ("a filter with two conditions", "logsource: {product: p}\nfilter: {rules: [a], s: {a: b}, condition: [s, s]}", "R012", 4, 44),
    ("a filter without log source", "filter: {rules: [a], s: {a: b}, condition: s}", "R013", 1, 1),
]


@pytest.mark.parametrize(("name", "section", "code", "line", "column"), WRONG, ids=[one[0] for one in WRONG])
def test_what_is_wrong_and_where(name: str, section: str, code: str, line: int, column: int) -> None:
    """Each mistake costs the document, is told once, and at its place."""
    rules, diagnostics = read(section)
    assert rules == ()
    assert [(one.code, one.span and (one.span.line, one.span.column)) for one in diagnostics] == [(code, (line, column))]


def test_all_mistakes_of_a_document_are_told_at_once() -> None:
    """Three mistakes are three diagnostics."""
    _, diagnostics = read("correlation: {type: count, rules: [], timespan: soon}\nlevel: hgih\n")
    assert sorted((one.code, one.span.line) for one in diagnostics if one.span) == [("R012", 3), ("R012", 3), ("R012", 3), ("R012", 4)]
