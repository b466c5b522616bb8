"""KQL's grammar and meaning, case by case: the files beside this one are the table."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.languages import kql
from converter.model import Diagnostic

HERE = Path(__file__).parent
ENGINE = Path(__file__).parents[3] / "converter" / "languages" / "kql" / "engine.yml"
TABLES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml"))}


def word(value: kql.Word) -> str:
    """Print a value so that its kind shows."""
    if isinstance(value, kql.Pattern):
        return "{" + "|".join("*" if isinstance(part, kql.Star) else part for part in value.parts) + "}"
    quote = '"' if value.quoted else "`" if isinstance(value.value, str) else ""
    return f"{quote}{value.text}{quote}"


def name(value: kql.Word) -> str:
    return value.text if isinstance(value, kql.Literal) else word(value)


def printed(tree: kql.Tree) -> str:
    """Print a tree with every bracket."""
    match tree:
        case kql.MatchAll():
            return "all"
        case kql.And(children):
            return f"({' and '.join(map(printed, children))})"
        case kql.Or(children):
            return f"({' or '.join(map(printed, children))})"
        case kql.Not(child):
            return f"(not {printed(child)})"
        case kql.Nested(path, query):
            return f"{name(path)}:{{{printed(query)}}}"
        case kql.Range(field, operator, value):
            return f"{name(field)} {operator} {word(value)}"
        case kql.Is(field, value):
            return word(value) if field is None else f"{name(field)}:{word(value)}"


@pytest.mark.parametrize("case", [pytest.param(one, id=one["name"]) for one in TABLES["grammar"]["case"]])
def test_grammar(case: dict[str, Any]) -> None:
    """A query reads as Kibana reads it, or stops where Kibana stops, with a word on the mistake."""
    found = kql.read(case["query"])
    if "tree" in case:
        assert isinstance(found, kql.Query), found
        assert printed(found.tree) == case["tree"]
    else:
        assert isinstance(found, Diagnostic)
        assert found.span is not None
        assert (found.code, f"{found.span.line}:{found.span.column}") == ("R200", case["stops"])
        assert case["help"] in found.help


def engine_cases() -> list[Any]:
    tables = {stem: table for stem, table in TABLES.items() if "mappings" in table}
    return [pytest.param(table, case, id=f"{stem}-{case['name']}") for stem, table in tables.items() for case in table["case"]]


@pytest.mark.parametrize(("table", "case"), engine_cases())
def test_answers(table: dict[str, Any], case: dict[str, Any]) -> None:
    """A query matches the documents that the engine finds, or is refused as the engine refuses it."""
    mapping = kql.compile_mapping(json.loads(table["mappings"]))
    assert isinstance(mapping, kql.Mapping), mapping
    documents = kql.index_all([json.loads(event) for event in table["events"]], mapping)
    known = next(one.mapping for one in documents if isinstance(one, kql.Document))
    query = kql.read(case["query"])
    answer = query if isinstance(query, Diagnostic) else kql.compile_query(query, known, case.get("kibana", table.get("kibana", "legacy")))
    if "refused" in case:
        assert isinstance(answer, Diagnostic)
        assert answer.code == case["refused"]
    else:
        assert not isinstance(answer, Diagnostic), answer.render()
        assert [at for at, one in enumerate(documents) if isinstance(one, kql.Document) and answer(one)] == case["matching"]


@pytest.mark.parametrize("stem", [stem for stem, table in TABLES.items() if "events" in table])
def test_refused_documents(stem: str) -> None:
    """The engine refuses exactly the documents that the table says, and no other is lost."""
    table = TABLES[stem]
    mapping = kql.compile_mapping(json.loads(table["mappings"]))
    assert isinstance(mapping, kql.Mapping), mapping
    documents = kql.index_all([json.loads(event) for event in table["events"]], mapping)
    refused = [at for at, one in enumerate(documents) if isinstance(one, Diagnostic)]
    assert refused == table.get("refused_events", [])
    assert all(one.code == "R203" for one in documents if isinstance(one, Diagnostic))


def test_every_fact_has_a_case_and_a_source() -> None:
    """A fact about the engine names a case of these tables, or says that it is an assumption."""
    known = {f"{stem}/{case['name']}" for stem, table in TABLES.items() for case in table["case"]}
    facts = yaml.safe_load(ENGINE.read_text(encoding="utf-8"))["facts"]
    assert len(facts) > 30
    for key, fact in facts.items():
        assert fact["fact"]
        assert fact["source"]
        assert fact.get("case") in known or re.match(r"(assumption|not modelled)", fact["source"]), key


def test_names_of_cases_are_used_once() -> None:
    """Within a table a case's name is its own, so that a failure names one row."""
    for stem, table in TABLES.items():
        names = [case["name"] for case in table["case"]]
        assert len(names) == len(set(names)), stem
