"""ES|QL's grammar and meaning, case by case: the files beside this one are the table."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.languages import esql
from converter.model import Diagnostic

HERE = Path(__file__).parent
ENGINE = Path(__file__).parents[3] / "converter" / "languages" / "esql" / "engine.yml"
TABLES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml"))}


def cases(stem: str) -> list[Any]:
    return [pytest.param(one, id=one["name"]) for one in TABLES[stem]["case"]]


def printed(tree: Any, esql: Any = esql) -> str:
    """Print an expression of a package, this one or a broken copy, with every bracket that decides."""

    def show(one: Any) -> str:
        return printed(one, esql)

    match tree:
        case esql.Literal(value):
            return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
        case esql.Duration(amount, unit):
            return f"{amount} {unit}"
        case esql.Field(name):
            return name
        case esql.Call(name, arguments):
            return f"{name}({', '.join(map(show, arguments))})"
        case esql.Arithmetic(operator, left, right):
            return f"({show(left)} {operator} {show(right)})"
        case esql.Negative(child):
            return f"(0 - {show(child)})"
        case esql.Comparison(operator, left, right):
            return f"{show(left)} {operator} {show(right)}"
        case esql.Cast(child, kind):
            return f"{show(child)}::{kind}"
        case esql.Like(kind, value, patterns):
            return f"{show(value)} {kind} ({', '.join(map(show, patterns))})"
        case esql.Among(value, candidates):
            return f"{show(value)} IN ({', '.join(map(show, candidates))})"
        case esql.IsNull(value, negated):
            return f"{show(value)} IS {'NOT ' if negated else ''}NULL"
        case esql.Match(field, query):
            return f"{show(field)} : {show(query)}"
        case esql.And(children):
            return f"({' AND '.join(map(show, children))})"
        case esql.Or(children):
            return f"({' OR '.join(map(show, children))})"
        case esql.Not(child):
            return f"NOT {show(child)}"
    raise AssertionError(tree)


@pytest.mark.parametrize("case", cases("grammar"))
def test_grammar(case: dict[str, Any]) -> None:
    """A condition reads with these brackets, or stops at this place with a word on the mistake."""
    check_grammar(case, esql)


def check_grammar(case: dict[str, Any], esql: Any) -> None:
    """Assert what a case says of a package: this one, or a broken copy."""
    found = esql.read_condition(case["query"])
    if "tree" in case:
        assert not isinstance(found, Diagnostic), found.render()
        assert printed(found, esql) == case["tree"]
    else:
        assert isinstance(found, Diagnostic), found
        assert found.span is not None
        assert (found.code, f"{found.span.line}:{found.span.column}") == (case.get("code", "R300"), case["stops"]), found.render()
        assert case["help"] in found.help


def shown(value: Any) -> Any:
    return "" if value is None else list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("case", cases("commands"))
def test_commands(case: dict[str, Any]) -> None:
    """A query makes this table of the documents, or is refused at this place."""
    check_commands(case, esql)


def check_commands(case: dict[str, Any], esql: Any) -> None:
    """Assert what a case says of a package: this one, or a broken copy."""
    table = TABLES["commands"]
    query = esql.read(case["query"])
    events = [json.loads(one) for one in table["events"]]
    made = query if isinstance(query, Diagnostic) else esql.run(query, events, json.loads(table["mappings"]))
    if "refused" in case:
        assert isinstance(made, Diagnostic), made
        assert made.span is not None
        assert (made.code, f"{made.span.line}:{made.span.column}") == (case["refused"], case["at"]), made.render()
    else:
        assert not isinstance(made, Diagnostic), made.render()
        assert list(made.columns) == case["columns"]
        assert [[shown(row.values.get(name)) for name in made.columns] for row in made.rows] == case["table"]


@pytest.mark.parametrize("case", cases("conditions"))
def test_conditions(case: dict[str, Any]) -> None:
    """A condition finds these documents, or the engine refuses it at this place."""
    check_conditions(case, esql)


def check_conditions(case: dict[str, Any], esql: Any) -> None:
    """Assert what a case says of a package: this one, or a broken copy."""
    table = TABLES["conditions"]
    condition = esql.read_condition(case["query"])
    assert not isinstance(condition, Diagnostic), condition.render()
    query = esql.read(f"FROM x | WHERE\n{case['query']}")
    assert not isinstance(query, Diagnostic), query.render()
    found = esql.found(query, [json.loads(one) for one in table["events"]], json.loads(table["mappings"]))
    if "refused" in case:
        assert isinstance(found, Diagnostic), found
        assert found.span is not None
        assert (found.code, f"{found.span.line - 1}:{found.span.column}") == (case["refused"], case["at"]), found.render()
    else:
        assert not isinstance(found, Diagnostic), found.render()
        assert [at for at, one in enumerate(found) if one] == case["matching"]


def test_every_fact_has_a_case_and_a_source() -> None:
    """A fact about the engine names a case of these tables, and where it comes from; what nobody says is called an assumption."""
    known = {f"{stem}/{case['name']}" for stem, table in TABLES.items() for case in table["case"]}
    facts = yaml.safe_load(ENGINE.read_text(encoding="utf-8"))["facts"]
    assert len(facts) > 30
    for key, fact in facts.items():
        assert fact["fact"]
        assert re.match(r"(cited|rules|assumption|not modelled)", fact["source"]), key
        assert fact.get("case") in known or re.match(r"(assumption|not modelled)", fact["source"]), key


def test_names_of_cases_are_used_once() -> None:
    """Within a table a case's name is its own, so that a failure names one row."""
    for stem, table in TABLES.items():
        names = [case["name"] for case in table["case"]]
        assert len(names) == len(set(names)), stem
