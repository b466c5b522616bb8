"""Random correlations on Elastic: each is refused by name, or its file answers its streams of events as it is declared to."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from converter.data import SHIPPED
from converter.model import Fidelity, Severity
from converter.pack import RuleFile, compile_rule, load_bytes
from converter.targets import target
from converter.verify.correlated import compare_correlation
from converter.verify.readings import Artifact

ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
RULES = {
    "w1": ("{product: windows, service: security}", "{EventID: 4625}"),
    "w2": ("{product: windows, service: security}", "{EventID: 4624, LogonType: [3, 10]}"),
    "w3": ("{product: windows, service: security}", "{EventID: [4624, 4625, 4648]}"),
    "p1": ("{product: windows, category: process_creation}", "{Image|endswith: '\\cmd.exe'}"),
    "p2": ("{product: windows, category: process_creation}", "{CommandLine|contains: ' /add', User|contains: adm}"),
    "c1": ("{product: aws, service: cloudtrail}", "{eventName: ConsoleLogin, errorMessage|contains: Failed}"),
    "c2": ("{product: aws, service: cloudtrail}", "{eventName|startswith: Create}"),
    "k1": ("{product: kubernetes, service: audit}", "{verb: create, objectRef.resource: pods}"),
    "k2": ("{product: kubernetes, service: audit}", "{verb: [get, list], objectRef.resource: secrets}"),
    "l1": ("{product: linux, category: process_creation}", "{Image|endswith: /curl}"),
}
FIELDS = {
    "w": ("TargetUserName", "IpAddress", "WorkstationName", "IpPort", "SubjectUserName", "Computer"),
    "p": ("User", "Image", "ParentImage", "ProcessId", "CommandLine", "Computer", "Hashes"),
    "c": ("sourceIPAddress", "userIdentity.arn", "awsRegion", "userAgent"),
    "k": ("user.username", "sourceIPs", "objectRef.namespace", "user.groups"),
    "l": ("User", "Image", "ProcessId"),
}
TYPES = ("event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile", "value_median")
CRITERIA = ("gte: 2", "gt: 2", "gte: 3", "eq: 2", "gt: 1, lte: 4", "lt: 3", "neq: 2", "gte: 2.5")


def written(chance: random.Random) -> str:
    """Return the YAML of a correlation, of rules of one log source or of two, and of the rules."""
    family = chance.choice("wpckl")
    same = [name for name in RULES if name[0] == family]
    names = chance.sample(list(RULES), 2) if chance.random() < 0.25 else chance.sample(same, min(len(same), chance.choice([1, 2, 2, 3])))
    kind, aliases, condition = chance.choice(TYPES), "", ""
    groups = chance.sample(FIELDS[names[0][0]], chance.choice([0, 1, 1, 2]))
    if len({name[0] for name in names}) > 1:
        groups = ["who"]
        aliases = f"  aliases: {{who: {{{', '.join(f'{name}: {chance.choice(FIELDS[name[0]])}' for name in names)}}}}}\n"
    criterion = chance.choice(CRITERIA)
    if kind == "event_count":
        condition = f"  condition: {{{criterion}}}\n"
    elif kind.startswith("value"):
        percentile = "percentile: 75, " if kind == "value_percentile" and chance.random() < 0.7 else ""
        condition = f"  condition: {{field: {chance.choice(FIELDS[names[0][0]])}, {percentile}{criterion}}}\n"
    elif kind == "temporal":
        condition = (
            f"  condition: {chance.choice(['{gte: 1}', ' and '.join(names), ' or '.join(names), f'not {names[0]} or {names[-1]}'])}\n"
        )
    text = f"title: C\nid: 10000000-0000-4000-8000-000000000099\ncorrelation:\n  type: {kind}\n  rules: [{', '.join(names)}]\n"
    text += f"  group-by: [{', '.join(groups)}]\n{aliases}  timespan: {chance.choice(['30s', '5m', '1h', '1d', '1M'])}\n{condition}"
    for number, name in enumerate(names):
        source, selection = RULES[name]
        text += f"---\ntitle: {name}\nid: 10000000-0000-4000-8000-00000000000{number}\nname: {name}\nlogsource: {source}\n"
        text += f"detection:\n  selection: {selection}\n  condition: selection\n"
    return text


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_correlation_is_refused_or_answers_as_declared(seed: int) -> None:
    chance = random.Random(seed)
    elastic = target("elastic")
    built = 0
    for _ in range(40):
        text = written(chance)
        loaded, errors = load_bytes(text.encode(), RuleFile(Path("rules/one.yml"), "rules/one.yml", "one"))
        assert not errors, text
        one = loaded[0]
        if one.linked is None:
            continue
        options = {"language": chance.choice(["eql", "esql", "kuery", "lucene", "kuery+filters"])} if chance.random() < 0.3 else {}
        outcome = compile_rule(one, elastic, options, ALL)
        if outcome.compilation is None or not outcome.compilation.parts:
            assert any(told.severity is Severity.ERROR and told.help for told in outcome.diagnostics), text
            continue
        (made,) = elastic.package([outcome.compilation], ["one"], {})
        artifact = Artifact("output/elastic/one.toml", made.data, one.rule.id, "")
        verdict = compare_correlation(one, one.linked, artifact, "elastic", outcome.status, SHIPPED)
        assert not verdict.failed, f"{text}\n{made.data.decode()}\n{[told.render() for told in verdict.diagnostics]}"
        built += 1
    assert built > 10
