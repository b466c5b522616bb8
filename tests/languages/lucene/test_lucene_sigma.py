"""Query strings given to Sigma: the sections of the table, the same answers on events, and the published rules."""

from __future__ import annotations

import json
import random
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from converter import ir
from converter.languages import lucene
from converter.model import Diagnostic, Fidelity
from converter.model.fidelity import joined
from tests.languages.lucene.questions import MAPPINGS, Grammar, documents

TABLE = tomllib.loads((Path(__file__).parent / "sigma.toml").read_text(encoding="utf-8"))["case"]
TYPES = {
    "n": "long",
    "d": "double",
    "b": "boolean",
    "at": "date",
    "ip": "ip",
    "t": "text",
    "flat.k": "flattened",
    "c": "constant_keyword",
    "num": "long",
    "dec": "double",
    "yes": "boolean",
    "when": "date",
    "text": "text",
    "obj.num": "long",
}


def resolve(name: str) -> lucene.SigmaField | None:
    """Return the field of a name; multi-fields, what is cut and what is not there are no fields of the rule."""
    if name in ("nope", "short", "text.raw", "obj"):
        return None
    return lucene.SigmaField(name, TYPES.get(name, "keyword"), name != "low")


def text_of(node: ir.Node) -> str:
    """Return a node as a person reads it."""
    match node:
        case ir.And(children):
            return f"({' and '.join(map(text_of, children))})"
        case ir.Or(children):
            return f"({' or '.join(map(text_of, children))})"
        case ir.Not(child):
            return f"not {text_of(child)}"
        case ir.Keyword(ir.Text(parts)):
            return f"keyword {shown(parts)}"
        case ir.FieldMatch(field, ir.Text(parts, cased)):
            return f"{field}{' cased' * cased} {shown(parts)}"
        case ir.FieldMatch(field, ir.Regex(pattern, flags)):
            return f"{field} re|{flags} {pattern}"
        case ir.FieldMatch(field, ir.Compare(order, value)):
            return f"{field} {order} {value}"
        case ir.FieldMatch(field, ir.Cidr(network)):
            return f"{field} in {network}"
        case ir.FieldMatch(field, ir.Null()):
            return f"{field} is null"
        case ir.FieldMatch(field, ir.Number(value)):
            return f"{field} = {value}"
        case ir.FieldMatch(field, ir.Boolean(value)):
            return f"{field} is {value}"
    raise AssertionError(node)


def shown(parts: ir.Parts) -> str:
    return "{" + "|".join(one if isinstance(one, str) else one.value for one in parts) + "}"


@pytest.mark.parametrize("case", [pytest.param(one, id=one["name"]) for one in TABLE])
def test_rows(case: dict[str, Any]) -> None:
    """A query becomes the condition that a person would write, with its losses by direction, or is refused by name."""
    query = lucene.read(case["query"])
    assert isinstance(query, lucene.Query), query
    said = lucene.to_sigma(query, resolve)
    if "refused" in case:
        assert isinstance(said, Diagnostic), said
        assert (said.code, said.message.partition(":")[0]) == ("R294", case["refused"])
        assert said.span is not None
        return
    assert not isinstance(said, Diagnostic), said.render()
    assert text_of(said[0]) == case["means"]
    assert [loss.direction.value for loss in said[1]] == case.get("losses", [])
    assert all(loss.code == "R295" and loss.feature in ir.FEATURES for loss in said[1])


def test_every_reason_has_a_row() -> None:
    """Each name under which a query is refused stands in the table."""
    assert {case["refused"] for case in TABLE if "refused" in case} == set(lucene.REASONS)


def compared(seed: int, count: int) -> tuple[Counter[str], list[str]]:
    """Ask the rule and the engine's reading about the same events; return how it went, and each broken promise."""
    source = random.Random(seed)
    held = documents(source, 40)
    mapping = lucene.compile_mapping(MAPPINGS)
    assert isinstance(mapping, lucene.Mapping)
    known = [one for one in lucene.index_all(held, mapping) if isinstance(one, lucene.Document)]
    grammar = Grammar(source)
    went: Counter[str] = Counter()
    wrong: list[str] = []
    for _ in range(count):
        text = grammar.query()
        query = lucene.read(text)
        if isinstance(query, Diagnostic):
            continue
        said = lucene.to_sigma(query, resolve)
        if isinstance(said, Diagnostic):
            went[said.message.partition(":")[0]] += 1
            continue
        finds = lucene.compile_query(query, mapping)
        if isinstance(finds, Diagnostic):
            # An optional clause, which the rule leaves out, may still be one that the engine refuses or that is not modelled.
            assert finds.code in ("R292", "R293")
            continue
        direction = joined(said[1])
        went[direction.value] += 1
        for document, event in zip(known, held, strict=True):
            engine, rule = finds(document), ir.evaluate(said[0], event)
            allowed = {Fidelity.EXACT: engine == rule, Fidelity.WIDER: rule or not engine, Fidelity.NARROWER: engine or not rule}
            if not allowed.get(direction, True):
                wrong.append(f"{text!r}: the engine says {engine}, the rule {rule} ({direction.value}) on {json.dumps(event)}")
                break
    return went, wrong


def test_exact_conditions_answer_alike() -> None:
    """What is called exact finds the same events; wider finds no fewer, narrower no more."""
    went, wrong = compared(7, 1500)
    assert not wrong
    assert went["exact"] >= 160
    assert went["wider"] >= 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_exact_conditions_answer_alike_at_length(seed: int) -> None:
    """The same for 100,000 queries."""
    assert compared(1000 + seed, 10_000)[1] == []


@pytest.mark.corpus
def test_published_queries_are_read_and_given_to_sigma(corpora: Path) -> None:
    """Every Lucene query of the published rules is read and becomes a condition; its one loss is the end of an expression."""
    went: Counter[str] = Counter()
    for path in sorted((corpora / "corpora" / "elastic").rglob("*.toml")):
        content = path.read_text(encoding="utf-8")
        rule = tomllib.loads(content).get("rule", {}) if "lucene" in content else {}
        if rule.get("language") != "lucene" or not isinstance(rule.get("query"), str):
            continue
        query = lucene.read(rule["query"], path.name)
        assert isinstance(query, lucene.Query), query
        said = lucene.to_sigma(query, lucene.SigmaField)
        assert not isinstance(said, Diagnostic), said.render()
        went.update(loss.feature for loss in said[1])
        went["read"] += 1
    assert went == {"read": 1, "value.regex": 1}
