"""EQL's grammar and meaning, case by case: the files beside this one are the table."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.languages import eql
from converter.model import Diagnostic

HERE = Path(__file__).parent
ENGINE = Path(__file__).parents[3] / "converter" / "languages" / "eql" / "engine.yml"
TABLES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml")) if path.stem != "sigma"}


def text(value: object) -> str:
    return json.dumps(value)


def printed(tree: eql.Expression) -> str:
    """Print an expression with every bracket."""
    match tree:
        case eql.Literal(value):
            return text(value)
        case eql.Field(name, optional):
            return f"?{name}" if optional else name
        case eql.Call(name, arguments, insensitive):
            return f"{name}{'~' if insensitive else ''}({', '.join(map(printed, arguments))})"
        case eql.Negative(child):
            return f"(-{printed(child)})"
        case eql.Not(child):
            return f"(not {printed(child)})"
        case eql.Arithmetic(operator, left, right) | eql.Comparison(operator, left, right):
            return f"({printed(left)} {operator} {printed(right)})"
        case eql.Lookup(operator=operator, value=value, candidates=candidates):
            return f"({printed(value)} {operator} ({', '.join(map(printed, candidates))}))"
        case eql.And(children):
            return f"({' and '.join(map(printed, children))})"
        case eql.Or(children):
            return f"({' or '.join(map(printed, children))})"


def event(one: eql.Event) -> str:
    return f"{one.category or 'any'}: {printed(one.condition)}"


def keys(fields: tuple[eql.Field, ...]) -> str:
    return f" by {', '.join(map(printed, fields))}" if fields else ""


def step(one: eql.Step) -> str:
    return f"{'!' if one.missing else ''}[{event(one.event)}]{keys(one.by)}{f' runs {one.runs}' if one.runs > 1 else ''}"


def query(one: eql.Query) -> str:
    match one.body:
        case eql.Event():
            parts = [event(one.body)]
        case eql.Sequence(by, span, steps, until):
            parts = [f"sequence{keys(by)}{f' span {span}' if span is not None else ''}", *map(step, steps)]
            parts += [f"until {step(until)}"] if until else []
        case eql.Sample(by, steps):
            parts = [f"sample{keys(by)}", *map(step, steps)]
    return " ".join([*parts, *(f"| {pipe.name} {pipe.count}" for pipe in one.pipes)])


@pytest.mark.parametrize("case", [pytest.param(one, id=one["name"]) for one in TABLES["grammar"]["case"]])
def test_grammar(case: dict[str, Any]) -> None:
    """A query reads as the engine reads it, or stops where the engine stops, with a word on the mistake."""
    found = eql.read(case["query"])
    if "tree" in case:
        assert isinstance(found, eql.Query), found
        assert query(found) == case["tree"]
    else:
        assert isinstance(found, Diagnostic), found
        assert found.span is not None
        assert (found.code, f"{found.span.line}:{found.span.column}") == (case.get("code", "R280"), case["stops"])
        assert case["help"] in found.help


def engine_cases() -> list[Any]:
    tables = {stem: table for stem, table in TABLES.items() if "mappings" in table}
    return [pytest.param(table, case, id=f"{stem}-{case['name']}") for stem, table in tables.items() for case in table["case"]]


@pytest.mark.parametrize(("table", "case"), engine_cases())
def test_answers(table: dict[str, Any], case: dict[str, Any]) -> None:
    """A query matches the documents that the engine finds, or is refused as the engine refuses it."""
    mapping = eql.compile_mapping(json.loads(table["mappings"]))
    assert isinstance(mapping, eql.Mapping), mapping
    read = eql.read(case["query"])
    assert isinstance(read, eql.Query), read
    found = eql.run(read, [json.loads(one) for one in table["events"]], mapping)
    if "refused" in case:
        assert isinstance(found, Diagnostic), found
        assert found.code == case["refused"]
        assert found.span is not None
    else:
        assert not isinstance(found, Diagnostic), found.render()
        assert sorted(one.events[0] for one in found) == case["matching"]


@pytest.mark.parametrize("case", [pytest.param(one, id=one["call"]) for one in TABLES["functions"]["case"]])
def test_functions(case: dict[str, Any]) -> None:
    """A function gives what its reference says, and nothing else."""
    documents = [json.loads(TABLES["functions"]["document"])]
    wanted = case.get("gives", "null")
    for operator, matches in (("==", 1), ("!=", 0)):
        read = eql.read(f"any where ({case['call']}) {operator} {wanted}")
        assert isinstance(read, eql.Query), read
        found = eql.run(read, documents)
        assert not isinstance(found, Diagnostic), found.render()
        assert len(found) == matches, f"{operator} {wanted}"


def sequence_cases() -> list[Any]:
    tables = TABLES["sequences"]["table"]
    return [pytest.param(table["events"], case, id=f"{table['name']}-{case['name']}") for table in tables for case in table["case"]]


def made(line: str) -> dict[str, Any]:
    second, key, letter = line.split()
    time = f"2024-05-01T10:{int(second) // 60:02d}:{int(second) % 60:02d}Z"
    return {"@timestamp": time, "c": letter} | ({"k": key.split(",") if "," in key else key} if key != "-" else {})


@pytest.mark.parametrize(("events", "case"), sequence_cases())
def test_sequences(events: list[str], case: dict[str, Any]) -> None:
    """A sequence or sample finds the events that the engine's state machine finds."""
    read = eql.read(case["query"])
    assert isinstance(read, eql.Query), read
    found = eql.run(read, [made(one) for one in events])
    assert not isinstance(found, Diagnostic), found.render()
    assert [list(one.events) for one in found] == case["matching"]


def test_there_are_enough_cases() -> None:
    """The table has at least 150 rows that run a query on documents."""
    assert len(engine_cases()) + len(TABLES["functions"]["case"]) + len(sequence_cases()) >= 150


def names() -> dict[str, list[str]]:
    """Return the names of the cases of each table."""
    tables = {stem: [case["name"] for case in table["case"]] for stem, table in TABLES.items() if "case" in table and stem != "functions"}
    tables["functions"] = [case["call"] for case in TABLES["functions"]["case"]]
    tables["sequences"] = [f"{table['name']}-{case['name']}" for table in TABLES["sequences"]["table"] for case in table["case"]]
    return tables


def test_every_fact_has_a_case_and_a_source() -> None:
    """A fact about the engine names a case of these tables, or says that it is an assumption."""
    known = {f"{stem}/{name}" for stem, found in names().items() for name in found}
    facts = yaml.safe_load(ENGINE.read_text(encoding="utf-8"))["facts"]
    assert len(facts) > 30
    for key, fact in facts.items():
        assert fact["fact"]
        assert fact["source"]
        assert fact.get("case") in known or re.match(r"(assumption|not modelled)", fact["source"]), key


def test_names_of_cases_are_used_once() -> None:
    """Within a table a case's name is its own, so that a failure names one row."""
    for stem, found in names().items():
        assert len(found) == len(set(found)), stem


def test_every_case_names_its_source() -> None:
    """A row says where its answer comes from; the functions' rows are the reference's unless they say otherwise."""
    for stem, table in TABLES.items():
        for case in table.get("case", []):
            assert stem == "functions" or case["source"]
