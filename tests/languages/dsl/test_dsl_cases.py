"""The query DSL of filters, case by case: the files beside this one are the table, and a search engine agrees."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from converter.formats import Seq, read_text, read_toml
from converter.languages.kql import dsl
from converter.model import Diagnostic, Source
from converter.verify import EngineMissingError

HERE = Path(__file__).parent
ENGINE = Path(__file__).parents[3] / "converter" / "languages" / "kql" / "dsl" / "engine.yml"
TABLES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml"))}


def cases() -> list[Any]:
    return [pytest.param(table, case, id=f"{stem}-{case['name']}") for stem, table in TABLES.items() for case in table["case"]]


def answer(query: str, documents: list[Any], mappings: Any) -> list[bool] | Diagnostic:
    document = read_text(Source("query", query))
    assert not isinstance(document, Diagnostic), document
    found = dsl.read_query(document[0].value, document[0].source, document[0].offsets)
    return found if isinstance(found, Diagnostic) else dsl.run(found, documents, mappings)


@pytest.mark.parametrize(("table", "case"), cases())
def test_answers(table: dict[str, Any], case: dict[str, Any]) -> None:
    """A query finds the documents that the engine finds; what is not known is refused at its place."""
    found = answer(case["query"], [json.loads(one) for one in table["events"]], json.loads(table["mappings"]))
    if "refused" in case:
        assert isinstance(found, Diagnostic)
        assert (found.code, found.span is not None) == (case["refused"], True)
    else:
        assert isinstance(found, list), found
        assert [at for at, one in enumerate(found) if one] == case["matching"]


@pytest.mark.engine
@pytest.mark.parametrize("stem", list(TABLES))
def test_an_engine_agrees(stem: str, without_engine: Callable[[EngineMissingError], NoReturn]) -> None:
    """A search engine gives the same answers, but where the table names its difference."""
    from converter.verify.engines import running

    table = TABLES[stem]
    mappings = json.loads(table["mappings"])
    mappings["properties"].pop("fl", None)
    documents = [{key: value for key, value in json.loads(one).items() if key != "fl"} for one in table["events"]]
    try:
        with running() as engine:
            for case in table["case"]:
                if "matching" in case and "not_in" not in case:
                    found = engine.find(documents, mappings, json.loads(case["query"]))
                    assert [at for at, one in enumerate(found) if one is True] == case["matching"], case["name"]
    except EngineMissingError as error:
        without_engine(error)


FILTERS = """[[filters]]
{meta}
[filters.query.term.kw]
value = "a"
"""


@pytest.mark.parametrize(
    ("meta", "matching"),
    [
        ("", [0, 1]),
        ("[filters.meta]\nnegate = false\ndisabled = false\ntype = 'custom'", [0, 1]),
        ("[filters.meta]\nnegate = true", [2, 3]),
        ("[filters.meta]\nnegate = true\ndisabled = true", [0, 1, 2, 3]),
    ],
)
def test_meta(meta: str, matching: list[int]) -> None:
    """A filter's meta negates it or leaves it out, as Kibana does before it asks the engine."""
    document = read_toml(FILTERS.format(meta=meta).encode(), "rule.toml")
    assert not isinstance(document, Diagnostic)
    filters = dsl.read_filters(document.value["filters"], document.source)
    assert isinstance(filters, dsl.Filters), filters
    table = TABLES["groups"]
    found = dsl.run(filters, [json.loads(one) for one in table["events"]], json.loads(table["mappings"]))
    assert isinstance(found, list)
    assert [at for at, one in enumerate(found) if one] == matching


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("[[filters]]\nx = 1\n[filters.query.match_all]\n", (2, 1), "'x' in a filter"),
        ("[[filters]]\n[filters.meta]\nnegate = 1\n[filters.query.match_all]\n", (3, 10), "negate is neither true nor false"),
        ("[[filters]]\n[filters.meta]\nnegate = true\n", (1, 3), "a filter without a query"),
        ("[[filters]]\n[filters.query.script]\nsource = 'x'\n", (2, 16), "the query 'script'"),
        ("[[filters]]\n[filters.query.term.kw]\nvalue = ['a']\n", (2, 21), "term without a value"),
    ],
)
def test_mistakes_have_a_place(text: str, place: tuple[int, int], words: str) -> None:
    """What is not read is named where it stands in the file."""
    document = read_toml(text.encode(), "rule.toml")
    assert not isinstance(document, Diagnostic)
    found = dsl.read_filters(document.value["filters"], document.source)
    assert isinstance(found, Diagnostic)
    assert found.span is not None
    assert words in found.message
    assert (found.span.line, found.span.column) == place


def test_nothing_but_a_list_of_filters() -> None:
    """A list of anything else is refused, and so are queries in queries beyond the engine's bound."""
    numbers = Seq([1])
    numbers.offsets = [0]
    assert isinstance(dsl.read_filters(numbers, Source("", "")), Diagnostic)
    assert isinstance(dsl.read_filters({}, Source("", "")), Diagnostic)
    deep = '{"bool":{"must":' * 30 + '{"match_all":{}}' + "}}" * 30
    found = answer(deep, [], {})
    assert isinstance(found, Diagnostic)
    assert found.code == "R201"


def test_every_fact_has_a_case_and_a_source() -> None:
    """A fact about the engine names a case of these tables, or says that it is an assumption."""
    known = {f"{stem}/{case['name']}" for stem, table in TABLES.items() for case in table["case"]}
    facts = yaml.safe_load(ENGINE.read_text(encoding="utf-8"))["facts"]
    assert len(facts) >= 15
    for key, fact in facts.items():
        assert fact["fact"]
        assert fact["source"]
        assert fact.get("case") in known or re.match(r"(assumption|not modelled)", fact["source"]), key
