"""An aggregation in a condition is answered with the correlation rule that says the same."""

from __future__ import annotations

import pytest
import yaml
from sigma.correlations import SigmaCorrelationRule

from converter.ir import lower
from converter.readers import read_rules

ID = "7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11"


def help_of(condition: str, timeframe: str = "timeframe: 5m, ") -> str:
    text = f"title: x\nid: {ID}\nlogsource: {{product: p}}\ndetection: {{s: {{a: 1}}, {timeframe}condition: '{condition}'}}\n"
    (rule,), _ = read_rules(text.encode(), "a.yml")
    told = lower(rule)
    assert isinstance(told, tuple)
    assert [one.code for one in told] == ["M007"]
    return told[0].help


CASES = [
    ("s | count() > 5", "EVENT_COUNT", [], "GT", 5, None),
    ("s | count() by User >= 10", "EVENT_COUNT", ["User"], "GTE", 10, None),
    ("s | count() by User, Computer<3", "EVENT_COUNT", ["User", "Computer"], "LT", 3, None),
    ("s | count(Target.Name) by User <= 2", "VALUE_COUNT", ["User"], "LTE", 2, "Target.Name"),
    ("s | count(Host) == 4", "VALUE_COUNT", [], "EQ", 4, "Host"),
    ("s | sum(Bytes) by src = 4", "VALUE_SUM", ["src"], "EQ", 4, "Bytes"),
    ("s | avg(Bytes) > 1", "VALUE_AVG", [], "GT", 1, "Bytes"),
]


@pytest.mark.parametrize(("condition", "kind", "groups", "operator", "count", "field"), CASES, ids=[one[0] for one in CASES])
def test_pysigma_reads_the_correlation_that_is_shown(
    condition: str, kind: str, groups: list[str], operator: str, count: int, field: str | None
) -> None:
    """Type, rule, groups, time span and condition are those of the aggregation, as pySigma reads them."""
    shown = help_of(condition)
    read = SigmaCorrelationRule.from_dict(yaml.safe_load(shown[shown.index("{") :]))
    assert not read.errors
    assert (read.type.name, [one.reference for one in read.rules], read.group_by or []) == (kind, [ID], groups)
    assert read.timespan.seconds == 300
    assert (read.condition.op.name, read.condition.count, read.condition.fieldref) == (operator, count, field)


@pytest.mark.parametrize("timeframe", ["", "timeframe: soon, ", "timeframe: 0s, ", "timeframe: 5, ", "timeframe: [5m], "])
def test_a_missing_timeframe_is_told(timeframe: str) -> None:
    """Without a time frame the author is told to choose the span; the document is still one that pySigma reads."""
    shown = help_of("s | count() > 5", timeframe)
    assert "choose the timespan" in shown
    assert SigmaCorrelationRule.from_dict(yaml.safe_load(shown[shown.index("{") :])).timespan.seconds == 3600


@pytest.mark.parametrize(
    "condition", ["s | near t", "s | max(a) > 5", "s | sum() > 5", "s | count() > x", "s | count(" + "a" * 1000 + ") > 5"]
)
def test_what_has_no_such_rule_gets_words(condition: str) -> None:
    """No document is made up for what a single correlation does not say."""
    shown = help_of(condition)
    assert "{" not in shown
    assert "correlation rule" in shown
