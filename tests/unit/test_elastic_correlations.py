"""Correlations on Elastic: which kind of rule each becomes, what it loses, and what is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from converter.model import Fidelity, Severity, Status
from converter.pack import Outcome, RuleFile, compile_rule, load_bytes
from converter.targets import target

PARTS = """
---
title: Failed logon
id: 00000000-0000-4000-8000-000000000001
name: failed
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4625}
  condition: selection
---
title: Logon
id: 00000000-0000-4000-8000-000000000002
name: logon
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4624}
  condition: selection
---
title: Any logon
id: 00000000-0000-4000-8000-000000000003
name: either
logsource: {product: windows, service: security}
detection:
  selection: {EventID: [4624, 4625]}
  condition: selection
---
title: Shell
id: 00000000-0000-4000-8000-000000000004
name: shell
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\\\cmd.exe'}
  condition: selection
---
title: Many
id: 00000000-0000-4000-8000-000000000005
name: many
correlation: {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 5m, condition: {gt: 2}}
---
title: Hosts
id: 00000000-0000-4000-8000-000000000006
name: hosts
correlation: {type: value_count, rules: [failed], group-by: [TargetUserName], timespan: 5m, condition: {field: WorkstationName, gte: 2}}
"""


def outcome(correlation: str, on: str = "elastic", beside: str = "", **options: Any) -> Outcome:
    """Return what becomes of a correlation: the keys of its section one a line, and what stands beside it."""
    lines = "\n  ".join(correlation.strip().splitlines())
    data = f"title: Correlation\nid: 00000000-0000-4000-8000-000000000009\ncorrelation:\n  {lines}\n{beside}{PARTS}"
    loaded, errors = load_bytes(data.encode(), RuleFile(Path("rules/one.yml"), "rules/one.yml", "one"))
    assert not errors
    assert loaded[0].linked is not None, [one.message for one in loaded[0].diagnostics]
    return compile_rule(loaded[0], target(on), options, frozenset())


def made(correlation: str, **options: Any) -> tuple[str, dict[str, Any], list[tuple[str, Fidelity]]]:
    """Return the query, the keys beside it, and the losses."""
    found = outcome(correlation, **options)
    assert found.compilation is not None, [one.message for one in found.diagnostics]
    assert found.compilation.parts, [one.message for one in found.diagnostics]
    return found.compilation.parts["query"], dict(found.compilation.options), [(one.code, one.direction) for one in found.losses]


def refusal(correlation: str, **options: Any) -> str:
    """Return why a correlation is refused: one error."""
    found = outcome(correlation, **options)
    (told,) = [one for one in found.diagnostics if one.severity is Severity.ERROR]
    assert (found.status, found.allowed) == (Status.UNSUPPORTED, False)
    assert told.span is not None
    assert told.help
    return f"{told.code} {told.message}"


COUNT = "type: event_count\nrules: [failed]\ngroup-by: [TargetUserName]\ntimespan: 1h\n"


def test_a_count_is_a_threshold() -> None:
    query, keys, losses = made(COUNT + "condition: {gte: 10}")
    assert query == 'data_stream.dataset:"system.security"\n  and winlog.channel:"Security"\n  and event.code:"4625"'
    assert keys["kind"] == "threshold"
    assert keys["threshold"] == {"field": ["winlog.event_data.TargetUserName"], "value": 10}
    assert (keys["from"], keys["interval"]) == ("now-65m", "5m")
    assert losses == [("T131", Fidelity.WIDER)]


@pytest.mark.parametrize(
    ("condition", "least", "bounded"),
    [("{gt: 10}", 11, False), ("{gte: 2.5}", 3, False), ("{gt: 2.5}", 3, False), ("{eq: 4}", 4, True), ("{gt: 1, lte: 9}", 2, True)],
)
def test_a_threshold_is_the_least_number_that_meets_the_condition(condition: str, least: int, bounded: bool) -> None:
    """An upper bound is left out, which is told."""
    _, keys, losses = made(COUNT + f"condition: {condition}")
    assert keys["threshold"]["value"] == least
    assert (("T132", Fidelity.WIDER) in losses) is bounded


def test_distinct_values_are_a_cardinality() -> None:
    _, keys, _ = made(
        "type: value_count\nrules: [failed]\ngroup-by: [TargetDomainName]\ntimespan: 1d\ncondition: {field: TargetUserName, gte: 5}"
    )
    field = "winlog.event_data.TargetUserName"
    assert keys["threshold"] == {
        "field": ["winlog.event_data.TargetDomainName"],
        "value": 1,
        "cardinality": [{"field": field, "value": 5}],
    }
    assert keys["from"] == "now-1445m"


def test_a_count_of_several_rules_is_one_query_over_the_indexes_of_all() -> None:
    """Without a group all events are one."""
    found = outcome("type: event_count\nrules: [failed, shell]\ntimespan: 1h\ncondition: {gte: 10}")
    assert found.compilation is not None
    assert found.compilation.parts["query"].count("\nor (") == 1
    assert found.compilation.options["threshold"]["field"] == []
    assert found.compilation.resolved is not None
    needs = found.compilation.resolved.source.targets["elastic"]
    assert needs["index"] == ["logs-system.security*", "logs-endpoint.events.process-*"]
    assert needs["integration"] == ["system", "endpoint"]


def test_rules_in_an_order_are_a_sequence() -> None:
    query, keys, losses = made(
        "type: temporal_ordered\nrules: [failed, logon]\ngroup-by: [TargetUserName, TargetDomainName]\ntimespan: 10m"
    )
    assert query == (
        "sequence by winlog.event_data.TargetUserName, winlog.event_data.TargetDomainName with maxspan=10m\n"
        '  [any where data_stream.dataset == "system.security"\n     and winlog.channel == "Security"\n     and event.code == "4625"]\n'
        '  [any where data_stream.dataset == "system.security"\n     and winlog.channel == "Security"\n     and event.code == "4624"]'
    )
    assert (keys["kind"], keys["from"]) == ("eql", "now-15m")
    assert losses == []


def test_an_alias_is_a_key_of_each_step() -> None:
    """The two rules have the same values in different fields; the value that one keeps in two parts has two keys."""
    text = "type: temporal_ordered\nrules: [failed, logon]\ngroup-by: [user]\ntimespan: 90s\n"
    query, _, _ = made(text + "aliases: {user: {failed: TargetUserName, logon: SubjectUserName}}")
    head, *_ = query.splitlines()
    assert head == "sequence with maxspan=90s"
    assert '"4625"] by winlog.event_data.TargetUserName\n' in query
    assert query.endswith('"4624"] by winlog.event_data.SubjectUserName')


def test_a_value_that_is_kept_in_parts_is_grouped_by_all_of_them() -> None:
    """Elastic Defend has domain and name of a user apart."""
    _, keys, _ = made("type: event_count\nrules: [shell]\ngroup-by: [User]\ntimespan: 1h\ncondition: {gte: 10}")
    assert keys["threshold"]["field"] == ["user.domain", "user.name"]


def test_a_count_in_a_sequence_is_runs() -> None:
    """The counted events and the last one have both timespans together."""
    query, keys, losses = made("type: temporal_ordered\nrules: [many, logon]\ngroup-by: [TargetUserName]\ntimespan: 10m")
    assert "with maxspan=15m" in query
    assert '"4625"] with runs=3\n' in query
    assert keys["from"] == "now-20m"
    assert losses == [("T131", Fidelity.WIDER)]


def test_rules_in_any_order_are_a_sample_where_no_event_matches_two() -> None:
    text = "type: temporal\nrules: [{}, logon]\ngroup-by: [TargetUserName]\ntimespan: 10m"
    query, keys, losses = made(text.format("failed"))
    assert query.startswith("sample by winlog.event_data.TargetUserName\n")
    assert (keys["kind"], losses) == ("eql", [("T131", Fidelity.WIDER)])
    query, keys, losses = made(text.format("either"))
    assert keys["kind"] == "esql"
    assert query.endswith("| WHERE rule_1 == 1 AND rule_2 == 1")
    assert losses == [("T131", Fidelity.WIDER)]


def test_a_sum_is_a_pipe() -> None:
    """What is negative is left out: the sum is no smaller than in any window."""
    query, keys, losses = made(
        "type: value_sum\nrules: [failed]\ngroup-by: [TargetUserName]\ntimespan: 1h\ncondition: {field: IpPort, gt: 100}"
    )
    assert query == (
        "FROM logs-system.security*\n"
        '| WHERE data_stream.dataset == "system.security"\n  AND winlog.channel == "Security"\n  AND event.code == "4625"\n'
        "| WHERE winlog.event_data.TargetUserName IS NOT NULL\n"
        "| EVAL amount = CASE(source.port > 0, source.port, 0)\n"
        "| STATS figure = SUM(amount) BY winlog.event_data.TargetUserName\n"
        "| WHERE figure > 100"
    )
    assert (keys["kind"], losses) == ("esql", [("T131", Fidelity.WIDER)])


@pytest.mark.parametrize(
    ("kind", "condition", "asked"),
    [
        ("value_avg", "{field: IpPort, gt: 0.5}", "AVG(source.port)"),
        ("value_median", "{field: IpPort, gt: 5}", "MEDIAN(source.port)"),
        ("value_percentile", "{field: IpPort, percentile: 90, gt: 5}", "PERCENTILE(source.port, 90)"),
        ("value_sum", "{field: IpPort, lt: 5}", "SUM(source.port)"),
        ("event_count", "{lt: 5}", "COUNT(*)"),
    ],
)
def test_a_figure_that_a_longer_time_can_turn_both_ways_is_mixed(kind: str, condition: str, asked: str) -> None:
    """It is built only when somebody accepts that."""
    text = f"type: {kind}\nrules: [failed]\ngroup-by: [TargetUserName]\ntimespan: 1h\ncondition: {condition}"
    query, _, losses = made(text)
    assert f"figure = {asked} BY" in query
    assert losses == [("T131", Fidelity.MIXED)]
    assert not outcome(text).allowed


def test_words_with_not_are_mixed() -> None:
    query, _, losses = made("type: temporal\nrules: [failed, logon, shell]\ntimespan: 1h\ncondition: failed and not logon or shell")
    assert query.endswith("| WHERE ((rule_1 == 1 AND NOT (rule_2 == 1)) OR rule_3 == 1)")
    assert losses == [("T131", Fidelity.MIXED)]


def test_the_interval_is_part_of_the_look_back() -> None:
    assert made(COUNT + "condition: {gte: 10}", interval="15m")[1]["from"] == "now-75m"


def test_a_look_back_that_is_too_short_misses_events() -> None:
    _, keys, losses = made(COUNT + "condition: {gte: 10}", **{"from": "now-60m"})
    assert keys["from"] == "now-60m"
    assert losses == [("T131", Fidelity.WIDER), ("T131", Fidelity.NARROWER)]
    assert made(COUNT + "condition: {gte: 10}", **{"from": "now-2h"})[2] == [("T131", Fidelity.WIDER)]


def test_a_short_look_back_of_the_rules_own_is_accepted_beside_it() -> None:
    """As rules are that were imported with one."""
    accept = "accept: [{code: T131, reason: as it was}]"
    beside = f"x-converter:\n  targets: {{elastic: {{from: now-9m, {accept}}}}}"
    found = outcome("type: temporal_ordered\nrules: [failed, logon]\ngroup-by: [TargetUserName]\ntimespan: 5m", beside=beside)
    assert (found.status, found.allowed, [one.accepted for one in found.losses]) == (Status.NARROWER, True, ["as it was"])


def test_addresses_that_have_several_spellings_are_told() -> None:
    text = "type: temporal_ordered\nrules: [failed, logon]\ngroup-by: [IpAddress]\ntimespan: 10m"
    query, _, losses = made(text)
    assert query.startswith("sequence by source.ip with")
    assert losses == [("T133", Fidelity.WIDER)]


def test_groups_without_a_value_are_noted() -> None:
    """The pipeline drops empty texts; Elastic Defend keeps them."""
    notes = [one.code for one in outcome(COUNT + "condition: {gte: 10}").diagnostics]
    kept = outcome("type: event_count\nrules: [shell]\ngroup-by: [ParentProcessId]\ntimespan: 1h\ncondition: {gte: 10}")
    assert (notes, kept.diagnostics) == (["T134"], ())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("type: temporal_ordered\nrules: [hosts, logon]\ngroup-by: [TargetUserName]\ntimespan: 10m", "T130 a step of a sequence cannot be"),
        (
            "type: temporal_ordered\nrules: [many, logon]\ngroup-by: [TargetDomainName]\ntimespan: 10m",
            "T130 a step of a sequence is grouped",
        ),
        (
            "type: event_count\nrules: [many]\ngroup-by: [TargetUserName]\ntimespan: 10m\ncondition: {gte: 2}",
            "T130 a threshold rule counts events",
        ),
        (
            "type: value_percentile\nrules: [failed]\ngroup-by: [TargetUserName]\ntimespan: 1h\ncondition: {field: IpPort, lte: 1}",
            "T130 a pipe of ES|QL cannot say how rare",
        ),
        (
            "type: temporal_ordered\nrules: [logon, shell]\ngroup-by: [u]\ntimespan: 1h\n"
            "aliases: {u: {logon: TargetUserName, shell: User}}",
            "T130 the rules have the values to group by whole in one field and in parts",
        ),
        (
            "type: temporal_ordered\nrules: [failed, logon]\ngroup-by: [u]\ntimespan: 1h\n"
            "aliases: {u: {failed: TargetUserName, logon: IpPort}}",
            "T130 the rules have values to group by in fields of different types",
        ),
        ("type: event_count\nrules: [failed]\ngroup-by: [Nothing]\ntimespan: 1h\ncondition: {gte: 2}", "T001 the field 'Nothing'"),
        (
            "type: event_count\nrules: [shell]\ngroup-by: [Hashes]\ntimespan: 1h\ncondition: {gte: 2}",
            "T005 elastic writes the values of the field",
        ),
    ],
)
def test_what_no_rule_of_elastics_says_is_refused_by_name(text: str, why: str) -> None:
    assert refusal(text).startswith(why)


def test_a_language_that_is_asked_for_is_the_only_one() -> None:
    assert made(COUNT + "condition: {gte: 10}", language="esql")[1]["kind"] == "esql"
    query, keys, losses = made(COUNT + "condition: {gte: 10}", language="eql")
    assert query.startswith("sequence by winlog.event_data.TargetUserName with maxspan=1h\n")
    assert query.endswith(" with runs=10")
    assert (keys["kind"], losses) == ("eql", [])
    assert refusal(COUNT + "condition: {gte: 1}", language="eql").startswith("T130 a sequence has two events")
    assert refusal(COUNT + "condition: {gte: 101}", language="eql").startswith("T130 EQL takes at most 100")
    text = "type: value_sum\nrules: [failed]\ntimespan: 1h\ncondition: {field: IpPort, gt: 1}"
    assert refusal(text, language="eql").startswith("T130 no rule of Elastic's in eql")


def test_filters_of_the_rules_own_narrow_it() -> None:
    """They stand beside the query of any form but ES|QL, which has none."""
    own = [{"meta": {"disabled": False, "negate": True}, "query": {"match_phrase": {"host.name": "test"}}}]
    assert made(COUNT + "condition: {gte: 10}", filters=own)[2] == [("T131", Fidelity.WIDER), ("T108", Fidelity.NARROWER)]
    assert refusal("type: temporal\nrules: [failed, logon]\ntimespan: 10m", filters=own).startswith("T130 a sample needs")


def test_an_old_stack_has_fewer_forms() -> None:
    """Neither samples nor ES|QL; thresholds and sequences are older."""
    text = "type: temporal\nrules: [failed, logon]\ngroup-by: [TargetUserName]\ntimespan: 10m"
    assert refusal(text, stack="8.4").startswith("T106 ")
    assert made(text, stack="8.17")[1]["kind"] == "eql"
    assert made(COUNT + "condition: {gte: 10}", stack="8.4")[1]["kind"] == "threshold"


@pytest.mark.parametrize("on", ["splunk", "falco", "python"])
def test_other_targets_have_no_way_yet(on: str) -> None:
    (told,) = outcome(COUNT + "condition: {gte: 10}", on).diagnostics
    assert told.code == "T006"
