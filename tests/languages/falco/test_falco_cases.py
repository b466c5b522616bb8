"""Falco's meaning, case by case: the files beside this one are the table."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.data import falco_events, falco_fields, falco_values
from converter.languages.falco import (
    PROFILES,
    Condition,
    FalcoRule,
    RulesFile,
    check,
    check_rule,
    fields_of,
    matches,
    read,
    read_rules,
)
from converter.languages.falco.references import substituted
from converter.model import Diagnostic, Source

HERE = Path(__file__).parent
PACKAGE = Path(__file__).parents[3] / "converter" / "languages" / "falco"
FIELDS = fields_of("k8s_audit")


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in table(name)["case"]]


def is_matched(condition: Condition, event: Mapping[str, Any]) -> bool:
    return matches(condition, lambda field, argument: falco_values(event, field, argument))


def unfolded(text: str) -> str:
    """``{x*3}`` in a case stands for three x."""
    return re.sub(r"\{(.)\*(\d+)\}", lambda found: found[1] * int(found[2]), text)


def complaint(text: str, profile: str) -> Diagnostic | None:
    condition = read(text, "condition.txt", profile=profile)
    return condition if isinstance(condition, Diagnostic) else check(condition, FIELDS)


def summary(rule: FalcoRule) -> str:
    return f"{rule.name}: {' '.join((rule.priority, rule.source, 'enabled' if rule.enabled else 'disabled', *rule.tags))}"


def places(diagnostics: tuple[Diagnostic, ...]) -> list[list[Any]]:
    return [[one.code, one.span.line, one.span.column] for one in diagnostics if one.span is not None]


@pytest.mark.parametrize("case", cases("conditions"))
def test_condition_matches_the_events_of_its_case(case: dict[str, Any]) -> None:
    """A condition matches exactly the events that its case names."""
    events = [json.loads(text) for text in table("conditions")["events"]]
    condition = read(case["condition"])
    assert isinstance(condition, Condition), condition
    assert check(condition, FIELDS) is None
    assert [index for index, event in enumerate(events) if is_matched(condition, event)] == case["matching"]


@pytest.mark.parametrize("case", cases("refused"))
def test_refused_condition_is_told_with_its_place(case: dict[str, Any]) -> None:
    """What an engine refuses gives one diagnostic, with code, line and column."""
    found = complaint(unfolded(case["condition"]), case.get("profile", PROFILES[-1]))
    assert found is not None
    assert found.span is not None
    assert (found.code, found.span.path, [found.span.line, found.span.column]) == (case["code"], "condition.txt", case["place"])
    assert found.help


@pytest.mark.parametrize("case", [case for case in cases("refused") if "profile" in case.values[0]])
def test_construct_is_read_from_its_profile_on(case: dict[str, Any]) -> None:
    """What is refused for an old engine is read for the next profile."""
    later = PROFILES[PROFILES.index(case["profile"]) + 1]
    assert isinstance(read(case["condition"], profile=later), Condition)


@pytest.mark.parametrize(("text", "code"), [("{(*190}ka.verb = a{)*190}", ""), ("ka.verb = {b*255}", ""), ("ka.verb = {b*256}", "R223")])
def test_limits_stand_where_the_engine_has_them(text: str, code: str) -> None:
    """What is just within a limit is read."""
    found = complaint(unfolded(text), PROFILES[-1])
    assert (found.code if found else "") == code


@pytest.mark.parametrize("case", cases("lists"))
def test_lists_are_substituted_in_the_text(case: dict[str, Any]) -> None:
    """A list's name is replaced wherever it stands between delimiters."""
    assert substituted(case["text"], case["lists"], Source("x", "").start) == case["becomes"]


@pytest.mark.parametrize("case", cases("view"))
def test_view_gives_the_plugins_values(case: dict[str, Any]) -> None:
    """Every ka.* field has the value that the k8saudit library extracts, or none where it has none."""
    (event,) = falco_events(json.loads(case["event"]))
    found: dict[str, Any] = {}
    for name in (name for name in FIELDS if name.startswith("ka.")):
        asked = {name: (name, None)} | {key: (name, key[len(name) + 1 : -1]) for key in all_arguments(name)}
        for key, (field, argument) in asked.items():
            value = None if argument is None and FIELDS[field].required else falco_values(event, field, argument)
            if value is not None:
                found[key] = list(value) if isinstance(value, tuple) else value
    assert found == case["values"]


def all_arguments(field: str) -> set[str]:
    """The argued forms of a field that any case lists: a case that leaves one out says it has no value."""
    return {key for case in table("view")["case"] for key in case["values"] if key.startswith(f"{field}[")}


@pytest.mark.parametrize(
    ("document", "kept"),
    [
        ({"kind": "Event", "stageTimestamp": "2026-01-01T00:00:00.123456789+02:00"}, 1),
        ({"kind": "Event"}, 0),
        ({"kind": "Event", "stageTimestamp": "2026-02-30T00:00:00Z"}, 0),
        ({"kind": "Event", "stageTimestamp": "2026-01-01 00:00:00Z"}, 0),
        ({"kind": "Pod", "stageTimestamp": "2026-01-01T00:00:00Z"}, 0),
        ({"kind": "EventList", "items": [{"stageTimestamp": "2026-01-01T00:00:00Z"}, {}, 5]}, 1),
        ({"kind": "EventList"}, 0),
        ([{"kind": "Event", "stageTimestamp": "2026-01-01T00:00:00Z"}, {"kind": "EventList", "items": []}], 1),
        ([{"kind": "Event", "stageTimestamp": "2026-01-01T00:00:00Z"}, 5], 0),
        ({"kind": "Event", "stageTimestamp": "2026-01-01T00:00:00Z", "verb": "x" * 262_144}, 0),
        ("text", 0),
    ],
)
def test_document_is_unwrapped_as_the_plugin_does(document: object, kept: int) -> None:
    """Lists of events become events, and what is no dated event is dropped."""
    assert len(falco_events(document)) == kept


def test_too_deep_document_is_dropped() -> None:
    """The plugin's parser stops at 300 levels."""
    event: dict[str, Any] = {"kind": "Event", "stageTimestamp": "2026-01-01T00:00:00Z"}
    nested: dict[int, object] = {}
    for levels in (298, 299):
        value: object = 1
        for _ in range(levels):
            value = [value]
        nested[levels] = {**event, "x": value}
    assert [len(falco_events(one)) for one in nested.values()] == [1, 0]


def test_view_has_only_fields_of_the_source() -> None:
    """Each field of the view is one that a rule may name, and only the engine's own have no entry."""
    missing = set(FIELDS) - falco_fields()
    assert not falco_fields() - set(FIELDS)
    assert {name.partition(".")[0] for name in missing} == {"evt"}


def test_raw_time_is_in_nanoseconds() -> None:
    """jevt.rawtime is the stage's time since 1970."""
    assert falco_values({"stageTimestamp": "1970-01-01T01:00:00.5+01:00"}, "jevt.rawtime") == "500000000"


@pytest.mark.parametrize("case", cases("rules"))
def test_rules_file_of_its_case(case: dict[str, Any]) -> None:
    """A rules file is read whole, or each complaint is told with its place."""
    found = read_rules(case["text"].encode(), "rules.yaml")
    if "told" in case:
        assert isinstance(found, tuple), found
        assert places(found) == case["told"]
        return
    assert isinstance(found, RulesFile), found
    plugins = [f"{one.name} {one.version}" for one in found.plugins]
    assert {"engine": found.engine_version, "plugins": plugins, "rules": [summary(one) for one in found.rules]} == case["read"]
    assert places(found.warnings) == case.get("warned", [])
    (rule,) = found.rules
    assert not check_rule(rule, FIELDS)
    for wanted in (True, False):
        for text in case["matching" if wanted else "other"]:
            assert is_matched(rule.condition, json.loads(text)) is wanted, text


def test_rule_is_checked_with_places_in_the_file() -> None:
    """An unknown field in a condition or an output is told where it stands in the file."""
    text = "- {rule: r, desc: d., condition: ka.no = a, output: by %ka.user.nam, priority: INFO, source: k8s_audit}\n"
    found = read_rules(text.encode(), "rules.yaml")
    assert isinstance(found, RulesFile)
    assert places(check_rule(found.rules[0], FIELDS)) == [["R225", 1, text.index("ka.no") + 1], ["R225", 1, text.index("ka.user") + 1]]


def test_macro_that_multiplies_is_bounded() -> None:
    """Macros that double thirty times are refused, not unfolded."""
    entries = ["- {macro: m0, condition: ka.verb = a}"]
    entries += [f"- {{macro: m{n}, condition: m{n - 1} or m{n - 1}}}" for n in range(1, 31)]
    found = read_rules("\n".join(entries).encode(), "rules.yaml")
    assert isinstance(found, tuple)
    assert {one.code for one in found} == {"R222"}


def test_lists_that_multiply_are_bounded() -> None:
    """Lists that double thirty times are refused, not expanded."""
    entries = ["- {list: l0, items: [a, b]}"]
    entries += [f"- {{list: l{n}, items: [l{n - 1}, l{n - 1}]}}" for n in range(1, 31)]
    found = read_rules("\n".join(entries).encode(), "rules.yaml")
    assert isinstance(found, tuple)
    assert {one.code for one in found} == {"R229"}


def test_regex_without_the_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where google-re2 is missing, regex is refused rather than guessed."""

    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("converter.languages.falco.regex.import_module", absent)
    condition = read('ka.verb regex "never compiled before [abc]"')
    assert isinstance(condition, Condition)
    found = check(condition, FIELDS)
    assert found is not None
    assert (found.code, "google-re2" in found.help) == ("R227", True)


def test_every_fact_has_its_case() -> None:
    """Each row of engine.yml names a case of this folder and a source."""
    engine = yaml.safe_load((PACKAGE / "engine.yml").read_text(encoding="utf-8"))
    known = {case["name"] for name in ("conditions", "refused", "lists", "rules", "view") for case in table(name)["case"]}
    rows = {**engine["facts"], **engine["since"]}
    assert {row["case"] for row in rows.values()} <= known
    assert all(row["source"] for row in rows.values())
    assert {row["profile"] for row in engine["since"].values()} <= set(PROFILES)
