"""Correlations, filters and placeholders on the way to a backend of pySigma's: the query is pySigma's own of the same documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.pack import Config, Outcome, Policy, RuleFile, compile_rule, load_bytes
from converter.targets import target

BASE = """\
title: failed
id: 00000000-0000-4000-8000-000000000001
name: failed
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: done
id: 00000000-0000-4000-8000-000000000002
name: done
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4624}, condition: selection}
---
title: all of it
id: 00000000-0000-4000-8000-000000000003
"""
CORRELATIONS = [
    "correlation: {type: event_count, rules: [failed], group-by: [User, Host], timespan: 90m, condition: {gte: 10}}",
    "correlation: {type: event_count, rules: [failed, done], timespan: 30s, condition: {lt: 3}}",
    "correlation: {type: value_count, rules: [failed], group-by: [User], timespan: 1d, condition: {field: Host, gt: 5}}",
    "correlation: {type: value_sum, rules: [failed], group-by: [User], timespan: 1h, condition: {field: Bytes, gt: 5}}",
    "correlation: {type: value_avg, rules: [failed], group-by: [User], timespan: 1h, condition: {field: Bytes, gt: 5}}",
    "correlation: {type: temporal, rules: [failed, done], group-by: [User], timespan: 5m}",
    "correlation: {type: temporal, rules: [failed, done], group-by: [ip], timespan: 5m, aliases: {ip: {failed: src, done: dst}}}",
    "correlation: {type: temporal, rules: [00000000-0000-4000-8000-000000000001, done], group-by: [User], timespan: 5m}",
]


def ours(text: str, placeholders: dict[str, tuple[str, ...]] | None = None) -> list[Outcome]:
    loaded, errors = load_bytes(text.encode(), RuleFile(Path("r.yml"), "r.yml", "r"), None, placeholders)
    assert errors == ()
    policy = Policy(Config(Path(), placeholders=placeholders or {}))
    return [compile_rule(one, target("pysigma-splunk"), {}, frozenset(), policy) for one in loaded]


@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_correlations(correlation: str) -> None:
    """A rule of the correlation has no query, and the others' are pySigma's; a type that the backend lacks is refused."""
    from sigma.backends.splunk import SplunkBackend
    from sigma.collection import SigmaCollection

    try:
        theirs = [str(one) for one in SplunkBackend().convert(SigmaCollection.from_yaml(BASE + correlation + "\n"))]
    except NotImplementedError:
        theirs = []
    found = ours(BASE + correlation + "\n")
    *parts, whole = found
    assert {one.status.value for one in parts if one.loaded.part_of} == {"disabled"}
    assert [one.loaded.part_of for one in parts] == ["all of it", "all of it" if "done" in correlation else ""]
    if theirs:
        assert [one.compilation.parts["query"] for one in found if one.compilation] == theirs
    else:
        assert (whole.status.value, [one.code for one in whole.diagnostics]) == ("unsupported", ["T503"])


def test_a_filter() -> None:
    """The query holds the filter, as pySigma's of the filtered rule."""
    from sigma.backends.splunk import SplunkBackend
    from sigma.collection import SigmaCollection

    text = BASE.rpartition("---")[0] + (
        "---\ntitle: f\nlogsource: {product: windows}\nfilter: {rules: [failed], selection: {User: adm}, condition: not selection}\n"
    )
    found = [one.compilation.parts["query"] for one in ours(text) if one.compilation]
    assert found == [str(one) for one in SplunkBackend().convert(SigmaCollection.from_yaml(text))]
    assert "adm" in found[0]


def test_placeholders() -> None:
    """The pack's values reach a backend too."""
    text = BASE.partition("---")[0].replace("EventID: 4625", "'User|expand': '%admins%'")
    assert [one.compilation.parts["query"] for one in ours(text, {"admins": ("root", "adm*")}) if one.compilation] == [
        'User IN ("root", "adm*")'
    ]
    assert [one.status.value for one in ours(text)] == ["unsupported"]
