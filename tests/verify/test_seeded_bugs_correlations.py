"""Seeded bugs of correlations on Elastic: a file that says something else than its correlation is refuted by its streams of events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from converter.data import SHIPPED
from converter.ir import Linked
from converter.model import Evidence, Status
from converter.pack import Loaded, RuleFile, compile_rule, load_bytes
from converter.targets import target
from converter.verify import Verdict
from converter.verify.correlated import compare_correlation
from converter.verify.readings import Artifact

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
title: Shell
id: 00000000-0000-4000-8000-000000000003
name: shell
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\\\cmd.exe'}
  condition: selection
---
title: Who am I
id: 00000000-0000-4000-8000-000000000005
name: whoami
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\\\whoami.exe'}
  condition: selection
---
title: Network configuration
id: 00000000-0000-4000-8000-000000000006
name: ipconfig
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\\\ipconfig.exe', CommandLine|contains: all}
  condition: selection
---
title: Many
id: 00000000-0000-4000-8000-000000000004
name: many
correlation: {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 5m, condition: {gte: 3}}
"""
GROUPED = "group-by: [TargetUserName]\n  timespan: 10m\n"
RULES = {
    "sequence": f"type: temporal_ordered\n  rules: [failed, logon]\n  {GROUPED}",
    "two sources": "type: temporal_ordered\n  rules: [logon, shell]\n  timespan: 10m\n",
    "runs": f"type: temporal_ordered\n  rules: [many, logon]\n  {GROUPED}",
    "threshold": f"type: event_count\n  rules: [failed, logon]\n  {GROUPED}  condition: {{gte: 4}}\n",
    "cardinality": "type: value_count\n  rules: [failed]\n  group-by: [TargetDomainName]\n  timespan: 10m\n"
    "  condition: {field: TargetUserName, gte: 3}\n",
    "values of two groups": "type: value_count\n  rules: [failed]\n  group-by: [TargetDomainName, WorkstationName]\n"
    "  timespan: 1d\n  condition: {field: TargetUserName, gt: 3}\n",
    "reconnaissance": "type: temporal\n  rules: [shell, whoami, ipconfig]\n  group-by: [User, ParentProcessId]\n  timespan: 5m\n",
    "in words": "type: temporal\n  rules: [shell, whoami, logon]\n  timespan: 5m\n  condition: shell and (whoami or logon)\n",
    "sample": f"type: temporal\n  rules: [failed, logon]\n  {GROUPED}",
    "pipe": f"type: value_sum\n  rules: [failed]\n  {GROUPED}  condition: {{field: IpPort, gt: 1}}\n",
    "mixed pipe": f"type: value_avg\n  rules: [failed]\n  {GROUPED}  condition: {{field: IpPort, gt: 1}}\n",
}
USER = "winlog.event_data.TargetUserName"
Bug = tuple[str, str, Callable[[str], str]]
"""The rule, what is broken, and the broken file made of the sound one."""


def _swap(one: str, other: str) -> Callable[[str], str]:
    return lambda text: text.replace(one, other)


def _turned(text: str) -> str:
    return text.replace('"4625"', "?").replace('"4624"', '"4625"').replace("?", '"4624"')


BUGS: tuple[Bug, ...] = (
    ("sequence", "the steps turned around", _turned),
    ("sequence", "no key", _swap(f" by {USER}", "")),
    ("sequence", "another key", _swap(f" by {USER}", " by winlog.event_data.TargetDomainName")),
    ("sequence", "a shorter span", _swap("maxspan=10m", "maxspan=9m")),
    ("sequence", "a longer span", _swap("maxspan=10m", "maxspan=11m")),
    ("sequence", "in seconds", _swap("maxspan=10m", "maxspan=10s")),
    ("sequence", "no span", _swap(" with maxspan=10m", "")),
    ("sequence", "a step twice", _swap('"4625"]', '"4625"] with runs=2')),
    ("sequence", "a sample", lambda text: text.replace("sequence by", "sample by").replace(" with maxspan=10m", "")),
    ("sequence", "the timespan alone looked back", _swap("now-15m", "now-10m")),
    ("sequence", "another value", _swap('"4624"', '"4634"')),
    ("sequence", "any log source", lambda text: text.replace('data_stream.dataset == "system.security"\n     and ', "")),
    ("two sources", "one source's guard for both", _swap("endpoint.events.process", "system.security")),
    ("two sources", "the second step of any kind", _swap('process.executable : "*\\\\cmd.exe"', "true")),
    ("runs", "one fewer", _swap("runs=3", "runs=2")),
    ("runs", "one more", _swap("runs=3", "runs=4")),
    ("runs", "one timespan alone", _swap("maxspan=15m", "maxspan=9m")),
    ("runs", "no key", _swap(f" by {USER}", "")),
    ("threshold", "one more", _swap("value = 4", "value = 5")),
    ("threshold", "one fewer", _swap("value = 4", "value = 3")),
    ("threshold", "no group", _swap(f'["{USER}"]', "[]")),
    ("threshold", "another group", _swap(f'["{USER}"]', '["event.code"]')),
    ("threshold", "the timespan alone looked back", _swap("now-15m", "now-10m")),
    ("threshold", "one rule alone", _swap('\nor (data_stream.dataset:"system.security"', '\nor (data_stream.dataset:"another"')),
    ("threshold", "both rules at once", _swap("\nor (", "\nand (")),
    ("cardinality", "one more", _swap("value = 3", "value = 4")),
    ("cardinality", "one fewer", _swap("value = 3", "value = 2")),
    ("cardinality", "another field", _swap(f'field = "{USER}"', 'field = "event.code"')),
    ("cardinality", "events for values", lambda text: text.replace("value = 1", "value = 9")),
    ("values of two groups", "one group", _swap(', "source.domain"]', "]")),
    ("values of two groups", "one value more", _swap("value = 4", "value = 5")),
    ("reconnaissance", "a part of the user's name", _swap("user.domain, ", "")),
    ("reconnaissance", "any command", _swap('"""*\\\\whoami.exe"""', '"""*"""')),
    ("in words", "all of them", _swap(" OR rule_3 == 1", " AND rule_3 == 1")),
    ("in words", "any of them", _swap("(rule_1 == 1 AND ", "(rule_1 == 1 OR ")),
    ("sample", "no second step", _swap('"4624"', '"4625"')),
    ("sample", "another key", _swap(f" by {USER}", " by event.code")),
    ("sample", "the timespan alone looked back", _swap("now-15m", "now-10m")),
    ("pipe", "a larger sum", _swap("figure > 1", "figure > 100000")),
    ("pipe", "other events", _swap('"4625"', '"4624"')),
    ("pipe", "another group", _swap(f"BY {USER}", "BY event.code")),
    ("pipe", "the timespan alone looked back", _swap("now-15m", "now-10m")),
)


def _loaded(name: str) -> tuple[Loaded, Linked]:
    data = f"title: Correlation\nid: 00000000-0000-4000-8000-000000000009\ncorrelation:\n  {RULES[name]}{PARTS}"
    loaded, errors = load_bytes(data.encode(), RuleFile(Path("rules/one.yml"), "rules/one.yml", "one"))
    assert not errors
    assert loaded[0].linked is not None, loaded[0].diagnostics
    return loaded[0], loaded[0].linked


def _file(loaded: Loaded) -> tuple[Status, str]:
    elastic = target("elastic")
    found = compile_rule(loaded, elastic, {}, frozenset())
    assert found.compilation is not None
    (artifact,) = elastic.package([found.compilation], ["one"], {})
    return found.status, artifact.data.decode()


def _verdict(loaded: Loaded, linked: Linked, text: str, declared: Status) -> Verdict:
    artifact = Artifact("output/elastic/one.toml", text.encode(), loaded.rule.id, "")
    return compare_correlation(loaded, linked, artifact, "elastic", declared, SHIPPED)


@pytest.mark.parametrize("name", RULES)
def test_a_sound_file_passes(name: str) -> None:
    """The streams that the rules give by themselves let each correlation alert, through each rule that no other stands in for."""
    loaded, linked = _loaded(name)
    declared, text = _file(loaded)
    verdict = _verdict(loaded, linked, text, declared)
    assert not verdict.failed, [one.render() for one in verdict.diagnostics]
    assert (verdict.status, verdict.evidence) == (declared, Evidence.READER)
    assert verdict.measured is not None
    assert verdict.measured.atoms_covered == (1 if name == "in words" else verdict.measured.atoms)


@pytest.mark.parametrize(("name", "what", "broken"), BUGS, ids=[f"{name}-{what}" for name, what, _ in BUGS])
def test_a_seeded_bug_is_caught(name: str, what: str, broken: Callable[[str], str]) -> None:
    loaded, linked = _loaded(name)
    declared, text = _file(loaded)
    assert broken(text) != text, "the bug changes nothing"
    verdict = _verdict(loaded, linked, broken(text), declared)
    assert verdict.failed, f"{what} survives"
    (told, *_) = verdict.diagnostics
    assert told.code in ("V003", "V007", "V010", "R283", "R303")
