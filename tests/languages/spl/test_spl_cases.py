"""Splunk's meaning, case by case: the files beside this one are the table."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.data import splunk_fields
from converter.languages.spl import DEFAULT, READINGS, Conf, Macro, Pipeline, Reading, macros_of, matches, read, read_conf, run
from converter.model import Diagnostic

HERE = Path(__file__).parent
ENGINE = Path(__file__).parents[3] / "converter" / "languages" / "spl" / "engine.yml"


def cases(*names: str) -> list[Any]:
    found = [case for name in names for case in tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))["case"]]
    return [pytest.param(case, id=case["name"]) for case in found]


def macros(case: Mapping[str, Any]) -> dict[str, Macro]:
    return {name: Macro(text) for name, text in case.get("macros", {}).items()}


def documents(case: Mapping[str, Any]) -> list[dict[str, tuple[str, ...]]]:
    return [splunk_fields(json.loads(text), raw=text, source="kubernetes", sourcetype="_json") for text in case["documents"]]


@pytest.mark.parametrize("case", cases("search", "where", "pipeline"))
def test_search_finds_the_events_of_its_case(case: dict[str, Any]) -> None:
    """A search finds exactly the events that its case names, in every reading that the case lists."""
    pipeline = read(case["query"], macros=macros(case))
    assert isinstance(pipeline, Pipeline), pipeline
    for reading in READINGS:
        turned = {name for name in Reading.__slots__ if getattr(reading, name)}
        expected = next((case["otherwise"][name] for name in turned if name in case.get("otherwise", {})), case["matching"])
        assert list(run(pipeline, documents(case), reading)) == expected, reading


@pytest.mark.parametrize("case", cases("search", "where"))
def test_one_event_is_judged_as_in_company(case: dict[str, Any]) -> None:
    """Filters judge an event alone as they judge it among others."""
    pipeline = read(case["query"], macros=macros(case))
    assert isinstance(pipeline, Pipeline)
    assert [index for index, fields in enumerate(documents(case)) if matches(pipeline, fields)] == case["matching"]


@pytest.mark.parametrize("case", cases("refused"))
def test_refused_search_is_told_with_its_place(case: dict[str, Any]) -> None:
    """A search that is not read gives one diagnostic, with code, line and column."""
    found = read(case["query"], "search.txt", macros(case))
    assert isinstance(found, Diagnostic), found
    assert found.span is not None
    assert (found.code, found.span.path, [found.span.line, found.span.column]) == (case["code"], "search.txt", case["place"])


@pytest.mark.parametrize("case", cases("conf"))
def test_configuration_file_is_read_or_told(case: dict[str, Any]) -> None:
    """A file gives its settings, or every complaint with code, line and column."""
    found = read_conf(case["text"], "a.conf")
    if "read" in case:
        assert isinstance(found, Conf), found
        assert [[stanza.name, one.key, one.value] for stanza in found.stanzas for one in stanza.settings] == case["read"]
    else:
        assert not isinstance(found, Conf)
        assert [[one.code, one.span.line, one.span.column] for one in found if one.span] == case["complaints"]


def test_macros_come_from_their_file() -> None:
    """Definitions and argument names of a macros.conf expand the calls of a search."""
    conf = read_conf(
        '[verb_is(2)]\nargs = one, other\ndefinition = verb IN ("$one$", "$other$") cost="$5"\n[all]\ndefinition = search *\n', "m"
    )
    assert isinstance(conf, Conf)
    macros = macros_of(conf)
    assert isinstance(macros, dict)
    pipeline = read('`verb_is(get, "list")` | `all`', macros=macros)
    assert isinstance(pipeline, Pipeline)
    assert run(pipeline, [splunk_fields({"verb": verb, "cost": "$5"}) for verb in ("get", "create", "LIST")]) == (0, 2)


@pytest.mark.parametrize("text", ["[a]\nargs = x\n", "[a]\ndefinition = x\niseval = 1\n"])
def test_macro_without_plain_text_is_told(text: str) -> None:
    """A macro that lacks a definition, or computes its text, is refused at its header."""
    conf = read_conf(text, "macros.conf")
    assert isinstance(conf, Conf)
    found = macros_of(conf)
    assert isinstance(found, Diagnostic)
    assert found.span is not None
    assert (found.code, found.span.line) == ("R243", 1)


def test_unexpanded_macro_is_read_but_never_run() -> None:
    """Without definitions a macro stays in the tree, and running the tree is a wrong usage."""
    pipeline = read("`kube_audit` a=1 | `a_filter`")
    assert isinstance(pipeline, Pipeline)
    with pytest.raises(ValueError, match="kube_audit"):
        matches(pipeline, {"a": ("1",)})


def test_every_fact_of_the_engine_has_a_case() -> None:
    """Each row of engine.yml names a source and a case that exists; what nothing shows is marked."""
    known = {one.values[0]["name"]: one.values[0] for one in cases("search", "where", "pipeline", "refused", "conf")}
    facts = yaml.safe_load(ENGINE.read_text(encoding="utf-8"))["facts"]
    readings = {row["reading"] for row in facts.values() if "reading" in row}
    for name, row in facts.items():
        assert row["source"], name
        assert row["case"] in known, name
        assert row.get("assumption", False) or "assumption" not in known[row["case"]].get("source", "").split(":")[0], name
        assert "reading" not in row or row["reading"] in known[row["case"]]["otherwise"], name
    assert readings == set(Reading.__slots__)
    assert READINGS[0] == DEFAULT
