"""Correlations behind user pipelines: the fields that pySigma gives them, where their rules' events have those, else why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.collection import SigmaCollection
from sigma.processing.pipeline import ProcessingPipeline

from converter.model import Status
from converter.pack import Config, Outcome, Policy, RuleFile, compile_rule, load_bytes
from converter.targets import Correlation, Pipeline, target
from converter.targets.pysigma.pipeline import read_pipeline

RULES = """\
title: failed
id: 00000000-0000-4000-8000-000000000001
name: failed
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: logon
id: 00000000-0000-4000-8000-000000000002
name: logon
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4624}, condition: selection}
---
title: root
id: 00000000-0000-4000-8000-000000000004
name: root
logsource: {product: linux, category: process_creation}
detection: {selection: {User: root}, condition: selection}
---
title: all of it
id: 00000000-0000-4000-8000-000000000003
license: Apache-2.0
level: low
"""
COUNT = {"type": "event_count", "rules": ["failed"], "group-by": ["TargetUserName"], "timespan": "10m", "condition": {"gte": 4}}
VALUES = {**COUNT, "type": "value_count", "condition": {"gte": 4, "field": "WorkstationName"}}
ORDERED = {"type": "temporal_ordered", "rules": ["failed", "logon"], "group-by": ["TargetUserName"], "timespan": "10m"}
ALIASES = {**ORDERED, "group-by": ["who"], "aliases": {"who": {"failed": "TargetUserName", "logon": "SubjectUserName"}}}
NAMES = {"EventID": "event.code", "TargetUserName": "user.target.name", "WorkstationName": "source.domain", "SubjectUserName": "user.name"}
WINDOWS = {"rule_conditions": [{"type": "logsource", "product": "windows"}]}
MAPPED = {"type": "field_name_mapping", "mapping": NAMES, **WINDOWS}


def pipeline_of(*items: dict[str, Any]) -> Pipeline:
    made = read_pipeline(yaml.safe_dump({"transformations": list(items)}, sort_keys=False).encode(), "pipeline.yml", ["own"])
    assert isinstance(made, Pipeline), made
    return made


def built(correlation: dict[str, Any], *items: dict[str, Any], head: str = "") -> Outcome:
    text = RULES + head + yaml.safe_dump({"correlation": correlation})
    loaded, errors = load_bytes(text.encode(), RuleFile(Path("r.yml"), "r.yml", "r"))
    assert errors == ()
    pipelines = [pipeline_of(*items)] if items else []
    (one,) = [one for one in loaded if one.linked is not None]
    return compile_rule(one, target("elastic"), {}, frozenset(), Policy(Config(Path()), pipelines=pipelines))


def data(outcome: Outcome) -> bytes:
    assert outcome.compilation, [one.render() for one in outcome.diagnostics]
    return target("elastic").package([outcome.compilation], ["r"], {})[0].data


def theirs(correlation: dict[str, Any], *items: dict[str, Any]) -> list[str]:
    """Return what pySigma itself makes of the fields to group by, aliases resolved, and of the condition's."""
    rules = SigmaCollection.from_yaml(RULES + yaml.safe_dump({"correlation": correlation}))
    for one in rules.rules:
        ProcessingPipeline.from_dict({"transformations": list(items)}).apply(one)
    (found,) = [one for one in rules.rules if str(one.title) == "all of it"]
    aliases = {one.alias: list(one.mapping.values()) for one in found.aliases}
    fieldref = getattr(found.condition, "fieldref", None)
    return [*(path for name in found.group_by for path in aliases.get(name, [name])), *([fieldref] if fieldref else [])]


def ours(outcome: Outcome) -> list[str]:
    """Return the paths that a correlation's names have in the events of its rules, in their order."""
    assert outcome.compilation
    assert outcome.compilation.resolved
    meaning = outcome.compilation.resolved.meaning
    assert isinstance(meaning, Correlation)
    named = [bindings for one in meaning.inputs.values() for bindings in one.named.values()]
    return list(dict.fromkeys(one.path for bindings in named for one in bindings))


ID = {"type": "field_name_mapping", "mapping": {"EventID": "event.code", "User": "user.name"}}
OWN_INDEX = {"type": "add_condition", "conditions": {"event.module": "security"}}
PREFIX = {"type": "field_name_prefix_mapping", "mapping": {"Target": "winlog.event_data.Target"}}
SUFFIX = {"type": "field_name_suffix", "suffix": ".x", "field_name_conditions": [{"type": "include_fields", "fields": ["TargetUserName"]}]}
TWICE = {"type": "field_name_mapping", "mapping": {"user.target.name": "user.name"}}
NOT_LINUX = {**MAPPED, "rule_conditions": [{"type": "logsource", "product": "linux"}], "rule_cond_not": True}
SEVERAL = {"type": "field_name_mapping", "mapping": {"TargetUserName": ["user.target.name", "user.name"]}}
MORE = {"type": "add_field", "field": ["TargetUserName", "x"]}


@pytest.mark.parametrize("items", [(MAPPED,), (PREFIX, ID), (SUFFIX, MAPPED), (MAPPED, TWICE), (NOT_LINUX,), (SEVERAL, ID), (MORE, MAPPED)])
@pytest.mark.parametrize("correlation", [COUNT, VALUES, ORDERED, ALIASES])
def test_fields_are_those_of_pysigma(correlation: dict[str, Any], items: tuple[dict[str, Any], ...]) -> None:
    """Fields to group by, of aliases and of the condition have the names that pySigma gives them, in the rules' own events, too."""
    if correlation is ALIASES and SEVERAL in items:
        pytest.skip("pySigma refuses several names for an alias; asked below")
    outcome = built(correlation, *items, OWN_INDEX)
    assert outcome.compilation, [one.render() for one in outcome.diagnostics]
    assert outcome.status is not Status.UNSUPPORTED
    assert ours(outcome) == list(dict.fromkeys(theirs(correlation, *items, OWN_INDEX)))


@pytest.mark.parametrize("correlation", [COUNT, VALUES, ORDERED, ALIASES])
def test_a_pipeline_writes_what_a_person_would(correlation: dict[str, Any]) -> None:
    """The file is that of the same rules in Elastic's own names, but for what says that they are a pipeline's."""
    plain = yaml.safe_dump({"correlation": correlation})
    for name, path in NAMES.items():
        plain = plain.replace(name, path)
    text = RULES.replace("EventID: ", "event.module: security, event.code: ").replace(
        "logsource: {product: windows", "taxonomy: ecs\nlogsource: {product: windows"
    )
    loaded, errors = load_bytes((text + plain).encode(), RuleFile(Path("r.yml"), "r.yml", "r"))
    assert errors == ()
    (own,) = [one for one in loaded if one.linked is not None]
    by_hand = compile_rule(own, target("elastic"), {}, frozenset())
    piped = built(correlation, MAPPED, OWN_INDEX)
    assert piped.compilation
    assert by_hand.compilation
    assert (piped.status, piped.compilation.parts) == (by_hand.status, by_hand.compilation.parts)
    settings = ("kind", "threshold", "from", "interval", "event_category_override")
    assert [piped.compilation.options.get(key) for key in settings] == [by_hand.compilation.options.get(key) for key in settings]


TWO = {**COUNT, "rules": ["failed", "root"], "group-by": ["User"]}
LINUX_ONLY = {
    "type": "field_name_mapping",
    "mapping": {"User": "user.name"},
    "rule_conditions": [{"type": "logsource", "product": "linux"}],
}
REFUSED: list[tuple[str, dict[str, Any], tuple[dict[str, Any], ...], str, str]] = [
    (
        "a field of one rule's log source",
        TWO,
        (LINUX_ONLY, {"type": "field_name_mapping", "mapping": {"EventID": "event.code"}}, OWN_INDEX),
        "T508",
        "'user.name' for the correlation, and 'User' for the rule 'failed'",
    ),
    ("several names for an alias", ALIASES, (SEVERAL, ID), "T508", "'TargetUserName' 'user.target.name' and 'user.name'"),
    (
        "several names for what is counted",
        {**VALUES, "condition": {"gte": 4, "field": "TargetUserName"}, "group-by": ["EventID"]},
        (SEVERAL, ID),
        "T508",
        "'TargetUserName' 'user.target.name' and 'user.name'",
    ),
    ("no name at all", COUNT, ({"type": "field_name_mapping", "mapping": {"TargetUserName": []}}, ID), "T508", "drops the field"),
    (
        "an alias's own name",
        {**ALIASES, "type": "value_count", "group-by": ["EventID"], "condition": {"gte": 2, "field": "who"}},
        (MAPPED, {"type": "field_name_mapping", "mapping": {"who": "user.name"}}),
        "T508",
        "the name of an alias",
    ),
    (
        "a pipeline that refuses correlations",
        COUNT,
        (MAPPED, {"type": "rule_failure", "message": "no correlations", "rule_conditions": [{"type": "is_sigma_correlation_rule"}]}),
        "T505",
        "no correlations",
    ),
    ("a name that stays the raw event's", COUNT, ({"type": "field_name_mapping", "mapping": {"EventID": "event.code"}},), "T001", "leaves"),
]


@pytest.mark.parametrize(("correlation", "items", "code", "words"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_what_cannot_be_kept_is_refused(correlation: dict[str, Any], items: tuple[dict[str, Any], ...], code: str, words: str) -> None:
    """A field that is another one in the events of a rule, or several, or none, is told by name."""
    outcome = built(correlation, *items)
    assert (outcome.status, outcome.allowed) == (Status.UNSUPPORTED, False)
    assert code in [one.code for one in outcome.diagnostics]
    assert any(words in one.message for one in outcome.diagnostics), [one.message for one in outcome.diagnostics]


def test_a_correlation_of_correlations() -> None:
    """Each level's fields are mapped; what is below reads the field of its own events."""
    inner = "title: many\nid: 00000000-0000-4000-8000-000000000005\nname: many\n" + yaml.safe_dump({"correlation": COUNT})
    text = RULES.removesuffix(RULES.partition("title: all of it")[2]).removesuffix("title: all of it") + inner + "---\n"
    outer = {**ORDERED, "rules": ["many", "logon"]}
    text += "title: all of it\nid: 00000000-0000-4000-8000-000000000003\n" + yaml.safe_dump({"correlation": outer})
    loaded, errors = load_bytes(text.encode(), RuleFile(Path("r.yml"), "r.yml", "r"))
    assert errors == ()
    (one,) = [one for one in loaded if one.linked is not None and one.rule.title == "all of it"]
    policy = Policy(Config(Path()), pipelines=[pipeline_of(MAPPED)])
    outcome = compile_rule(one, target("elastic"), {}, frozenset(), policy)
    assert outcome.compilation, [each.render() for each in outcome.diagnostics]
    assert ours(outcome) == ["user.target.name"]
    assert b"sequence by user.target.name" in data(outcome)


def test_a_type_that_nobody_gave_is_told() -> None:
    """A field that no table has, to group by or to test, makes what is found unknown (T507)."""
    strange = {"type": "field_name_mapping", "mapping": {"EventID": "my.id", "TargetUserName": "my.user"}}
    outcome = built(COUNT, strange, {"type": "add_condition", "conditions": {"event.module": "security"}})
    assert outcome.status is Status.UNKNOWN
    assert {one.message.split("'")[1] for one in outcome.losses if one.code == "T507"} == {"my.id", "TargetUserName"}
    assert any("('my.user')" in one.message for one in outcome.losses)


def test_a_front_end_of_pysigma_is_told_where_correlations_are() -> None:
    """Our backends refuse a correlation by what its target is: one that has them through the converter's own commands, or none."""
    from sigma.exceptions import SigmaFeatureNotSupportedByBackendError

    from sigma.backends.falco import FalcoBackend
    from sigma.backends.kuery import KueryBackend

    rules = SigmaCollection.from_yaml(RULES + yaml.safe_dump({"correlation": COUNT}))
    (one,) = [one for one in rules.rules if str(one.title) == "all of it"]
    for backend, words in ((KueryBackend, "'converter convert FILE -t elastic' writes it"), (FalcoBackend, "not supported by falco yet")):
        with pytest.raises(SigmaFeatureNotSupportedByBackendError, match=words):
            backend().convert_correlation_rule(one)
