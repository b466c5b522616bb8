"""The grammar and the meaning of query strings, case by case: the files beside this one are the table."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from converter.languages import lucene
from converter.model import Diagnostic
from converter.verify.engines import EngineMissingError, osmem_version, running
from tests.languages.lucene.questions import filled

HERE = Path(__file__).parent
ENGINE = Path(__file__).parents[3] / "converter" / "languages" / "lucene" / "engine.yml"
TABLES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml"))}
ANSWERS = [stem for stem, table in TABLES.items() if "mappings" in table]


def printed(body: Any) -> str:
    """Print a tree with every bracket; the field's name stands before its values."""
    if isinstance(body, lucene.MatchAll):
        return "everything"
    if isinstance(body, lucene.Group):
        parts = [f"{one.joined} {one.sign}{printed(one.body)}".lstrip() for one in body.clauses]
        return f"[{', '.join(parts)}]"
    name = "" if body.field is None else f"{body.field}="
    match body:
        case lucene.Words(_, text):
            return f"{name}{text!r}"
        case lucene.Phrase(_, text, slop):
            return f"{name}phrase {text!r}{f' within {slop}' if slop else ''}"
        case lucene.Prefix(_, text):
            return f"{name}prefix {text!r}"
        case lucene.Pattern(_, raw):
            return f"{name}pattern {raw!r}"
        case lucene.Expression(_, raw):
            return f"{name}expression {raw!r}"
        case lucene.Fuzzy(_, text, distance):
            return f"{name}fuzzy {text!r} {distance or 'auto'}"
        case lucene.Range(_, low, high, includes_low, includes_high):
            return f"{name}range {'[' if includes_low else '{'}{low!r} {high!r}{']' if includes_high else '}'}"
    raise AssertionError(body)


@pytest.mark.parametrize("case", [pytest.param(one, id=one["name"]) for one in TABLES["grammar"]["case"]])
def test_grammar(case: dict[str, Any]) -> None:
    """A query reads as Lucene reads it, or stops where Lucene stops, with a word on the mistake."""
    found = lucene.read(case["query"])
    if "tree" in case:
        assert isinstance(found, lucene.Query), found
        assert printed(found.tree) == case["tree"]
    else:
        assert isinstance(found, Diagnostic)
        assert found.span is not None
        assert (found.code, f"{found.span.line}:{found.span.column}") == ("R290", case["stops"])
        assert case["help"] in found.help


@pytest.mark.parametrize(
    ("table", "case"), [pytest.param(TABLES[stem], case, id=f"{stem}-{case['name']}") for stem in ANSWERS for case in TABLES[stem]["case"]]
)
def test_answers(table: dict[str, Any], case: dict[str, Any]) -> None:
    """A query matches the documents that the engine finds, or there is no answer, with the reason's code."""
    query = lucene.read(case["query"])
    found = query if isinstance(query, Diagnostic) else lucene.run(query, map(json.loads, table["events"]), json.loads(table["mappings"]))
    if "refused" in case:
        assert isinstance(found, Diagnostic), found
        assert found.code == case["refused"]
    else:
        assert not isinstance(found, Diagnostic), found.render()
        assert [at for at, one in enumerate(found) if one] == case["matching"]


@pytest.mark.engine
def test_answers_in_the_engine(without_engine: Callable[[EngineMissingError], NoReturn]) -> None:
    """The tables' answers are the engine's, but for the rows that say why not; it refuses what a table says it refuses."""
    try:
        osmem_version()
    except EngineMissingError as error:
        without_engine(error)
    wrong: list[str] = []
    asked = 0
    with running() as engine:
        for stem in ANSWERS:
            if stem == "special":
                continue
            table = TABLES[stem]
            cases = [case for case in table["case"] if "engine" not in case and case.get("refused") != "R293"]
            index = filled(engine, stem, json.loads(table["mappings"]), [json.loads(event) for event in table["events"]])
            for case, answer in zip(cases, index.ask([case["query"] for case in cases]), strict=True):
                asked += 1
                if ("refused" in case) != isinstance(answer, str) or ("matching" in case and answer != case["matching"]):
                    wrong.append(f"{stem}/{case['name']}: {case.get('matching', 'refused')}, but the engine: {answer}")
    assert not wrong
    assert asked >= 200


def test_every_fact_has_a_case_and_a_source() -> None:
    """A fact about the engine names a case of these tables, or says that it is an assumption."""
    known = {f"{stem}/{case['name']}" for stem, table in TABLES.items() for case in table["case"]}
    facts = yaml.safe_load(ENGINE.read_text(encoding="utf-8"))["facts"]
    assert len(facts) > 30
    for key, fact in facts.items():
        assert fact["fact"]
        assert fact["source"]
        assert fact.get("case") in known or re.match(r"(assumption|not modelled)", fact["source"]), key


def test_rows_that_the_engine_answers_otherwise_are_facts() -> None:
    """A row on which the tests' engine is not asked is a case of a fact, so that the difference is written down with its source."""
    facts = yaml.safe_load(ENGINE.read_text(encoding="utf-8"))["facts"]
    named = {fact.get("case") for fact in facts.values()}
    apart = {f"{stem}/{case['name']}" for stem, table in TABLES.items() for case in table["case"] if "engine" in case}
    assert apart <= named


def test_names_of_cases_are_used_once() -> None:
    """Within a table a case's name is its own, so that a failure names one row."""
    for stem, table in TABLES.items():
        names = [case["name"] for case in table["case"]]
        assert len(names) == len(set(names)), stem


def test_bounds() -> None:
    """Depth and length have bounds, and a query at the bound is still read."""
    deep = lucene.read("(" * 100 + "a" + ")" * 100)
    assert isinstance(deep, lucene.Query)
    for text in ("(" * 101 + "a" + ")" * 101, "a" * 400_001):
        found = lucene.read(text)
        assert isinstance(found, Diagnostic)
        assert found.code == "R291"
    wide = lucene.read(" OR ".join(f"k:v{number}" for number in range(5000)))
    assert isinstance(wide, lucene.Query)
