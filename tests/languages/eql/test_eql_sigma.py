"""EQL given to Sigma: the sections of the table, and the same answers on events."""

from __future__ import annotations

import json
import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converter import ir
from converter.languages import eql
from converter.model import Diagnostic, Fidelity
from converter.model.fidelity import joined

TABLE = tomllib.loads((Path(__file__).parent / "sigma.toml").read_text(encoding="utf-8"))["case"]
TYPES = {"n": "long", "port": "long", "b": "boolean", "ip": "ip", "at": "date", "d": "double"}


def resolve(name: str) -> eql.SigmaField | None:
    return None if name.startswith("none.") else eql.SigmaField(name, TYPES.get(name, "keyword"))


@pytest.mark.parametrize("case", [pytest.param(one, id=one["name"]) for one in TABLE])
def test_sections(case: dict[str, Any]) -> None:
    """A query becomes the section that a person would write, with its losses by direction, or is refused by name."""
    read = eql.read(case["query"])
    if isinstance(read, Diagnostic):
        assert case["refused"] == "expression"
        return
    said = eql.to_sigma(read, resolve)
    if "refused" in case:
        assert isinstance(said, Diagnostic), said
        assert (said.code, said.message.partition(":")[0]) == ("R286", case["refused"])
        assert said.span is not None
        return
    assert not isinstance(said, Diagnostic), said.render()
    assert ir.detection_of(said[0]) == json.loads(case["section"])
    assert [loss.direction.value for loss in said[1]] == case.get("losses", [])
    assert all(loss.code == "R287" and loss.feature in ir.FEATURES for loss in said[1])


def fits(value: object, kind: str) -> bool:
    """Say whether an index takes the value for a field of this type."""
    if kind == "ip":
        return isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+){3}|[0-9a-f:]*::[0-9a-f:]*", value) is not None
    return (kind in ("long", "double"), kind == "boolean") == (type(value) is int, type(value) is bool)


def wanted(atom: ir.FieldMatch, rng: random.Random) -> list[Any]:
    """Return values for the field of an atom, those that it asks for first."""
    match atom.test:
        case ir.Text(parts):
            text = "".join(one if isinstance(one, str) else rng.choice(("", "q", "Zz")) if one is ir.Wild.MANY else "k" for one in parts)
            found: list[Any] = [text, text.upper(), text.lower(), f"{text}x", f"x{text}"]
        case ir.Number(number):
            found = [int(number), int(number) + 1]
        case ir.Compare(operator, number):
            found = [int(number) + (operator in ("gt", "gte")) - (operator in ("lt", "lte")), int(number)]
        case ir.Boolean(truth):
            found = [truth, not truth]
        case ir.Cidr(network):
            found = [network.partition("/")[0], "203.0.113.9"]
        case ir.Regex(pattern, flags):
            found = [*ir.regex_samples(pattern, flags)[:3], "zz"]
        case ir.FieldRef():
            found = ["10.0.0.12"] if TYPES.get(atom.field) == "ip" else ["ab", "a", "Ba"]
        case _:
            found = []
    return [one for one in found if fits(one, TYPES.get(atom.field, "keyword"))] or [
        "203.0.113.9" if TYPES.get(atom.field) == "ip" else "x"
    ]


def fill(node: ir.Node, aim: bool, event: dict[str, Any], rng: random.Random) -> None:
    """Put values into the event that make the condition what is aimed at, as far as fields do not contradict each other."""
    match node:
        case ir.And(children) | ir.Or(children):
            for child in children if isinstance(node, ir.And) is aim else (rng.choice(children),):
                fill(child, aim, event, rng)
        case ir.Not(child):
            fill(child, not aim, event, rng)
        case ir.FieldMatch(field, test):
            if isinstance(test, ir.FieldRef):
                event[test.field] = rng.choice(("a", "b", "B", "10.0.0.1"))
            if aim and not isinstance(test, ir.Null):
                event[field] = wanted(node, rng)[0]
            elif not aim and isinstance(test, ir.Null):
                event[field] = "203.0.113.9" if TYPES.get(field) == "ip" else "x"


def made(node: ir.Node, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Yield events that the condition is made for, and near misses: a value changed, in a list, null or taken away."""
    matches = [atom for atom in ir.atoms(node) if isinstance(atom, ir.FieldMatch)]
    for aim in (True, True, True, False):
        event: dict[str, Any] = {}
        fill(node, aim, event, rng)
        yield event
        for _ in range(6):
            atom = rng.choice(matches)
            value = rng.choice(wanted(atom, rng))
            change = rng.choice((value, value, [value, *([event[atom.field]] if isinstance(event.get(atom.field), str) else [])], None, []))
            yield {**event, atom.field: change} if rng.random() < 0.8 else {name: one for name, one in event.items() if name != atom.field}


def mapping(node: ir.Node) -> eql.Mapping:
    names = {atom.field for atom in ir.atoms(node) if isinstance(atom, ir.FieldMatch)} | {
        atom.test.field for atom in ir.atoms(node) if isinstance(atom, ir.FieldMatch) and isinstance(atom.test, ir.FieldRef)
    }
    return eql.Mapping({name: eql.FieldType(name, TYPES.get(name, "keyword")) for name in names}, open=True)


def disagreements(query: eql.Query, node: ir.Node, fidelity: Fidelity, rng: random.Random) -> tuple[int, list[str]]:
    """Return how many events matched, and those on which Sigma and EQL differ beyond what the losses say."""
    events = list(made(node, rng))
    found = eql.run(query, events, mapping(node))
    assert not isinstance(found, Diagnostic), found.render()
    hits = {match.events[0] for match in found}
    allowed = {Fidelity.EXACT: (), Fidelity.WIDER: (False,), Fidelity.NARROWER: (True,)}.get(fidelity, (True, False))
    wrong: list[str] = []
    for at, event in enumerate(events):
        by_engine, by_rule = at in hits, ir.evaluate(node, event)
        if by_engine != by_rule and by_engine not in allowed:
            wrong.append(f"{query.source.text}: {event}: EQL {by_engine}, Sigma {by_rule}")
    return len(hits), wrong


@pytest.mark.parametrize(
    "case", [pytest.param(one, id=one["name"]) for one in TABLE if "section" in one and "unknown" not in one.get("losses", [])]
)
def test_same_answers(case: dict[str, Any]) -> None:
    """What is called exact answers as the query does on every event that was tried; a loss has its direction."""
    read = eql.read(case["query"])
    assert isinstance(read, eql.Query)
    said = eql.to_sigma(read, resolve)
    assert not isinstance(said, Diagnostic)
    _, wrong = disagreements(read, said[0], joined(said[1]), random.Random(case["name"]))
    assert not wrong, "\n".join(wrong[:5])
