"""The schema checker against the ``jsonschema`` package: the same answers on good and broken rules."""

from __future__ import annotations

import copy
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from converter.formats import read
from converter.readers.schema import _Check, check, schema

ROOT = Path(__file__).resolve().parents[2]
RULES = sorted((ROOT / "rules").rglob("*.yml"))
SEED: dict[str, Any] = json.loads(
    json.dumps(yaml.safe_load((ROOT / "rules/kubernetes/audit/user_exec_into_pod.yml").read_text(encoding="utf-8")), default=str)
)
VALIDATOR = jsonschema.Draft202012Validator(dict(schema("rule")))
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    101,
    1.5,
    "",
    "x",
    "x" * 300,
    [],
    ["x"],
    [1],
    [None],
    {},
    {"x": 1},
    {"code": "T001", "reason": "r"},
    "2024-01-01x",
    "high",
]
PLACES: list[list[str | int]] = [
    *([key] for key in ("title", "id", "status", "date", "level", "tags", "logsource", "detection", "related", "x-converter", "fields")),
    ["logsource", "product"],
    ["related", 0, "type"],
    ["x-converter", "version"],
    ["x-converter", "unknown"],
    ["x-converter", "targets", "elastic", "risk_score"],
    ["x-converter", "targets", "elastic", "language"],
    ["x-converter", "targets", "elastic", "accept"],
    ["x-converter", "targets", "splunk", "cron"],
    ["x-converter", "targets", "falco", "priority"],
    ["x-converter", "targets", "python"],
    ["x-converter", "targets", "qradar"],
    ["x-converter", "targets", "pysigma-loki"],
    ["x-converter", "targets", "pysigma-"],
    ["x-converter", "suppress"],
    ["x-converter", "tests", 0, "name"],
    ["x-converter", "tests", 0, "match"],
    ["x-converter", "tests", 0, "event"],
]


def findings(value: dict[str, Any]) -> list[str]:
    """Return our codes for a document, written as JSON so that every value keeps its type."""
    documents = read(json.dumps(value).encode("utf-8"), "a.yml")
    assert isinstance(documents, tuple), documents.render()
    document = documents[0]
    found = check(document.value, "rule", document.source, document.offsets)
    assert all(one.span is not None and one.span.path == "a.yml" for one in found)
    walked = _Check(schema("rule"), document.source).value(document.value, schema("rule"), document.offsets, "")
    assert found == tuple(walked), "the quick answer passes what the walk has something to say of"
    return [one.code for one in found]


def agree(value: dict[str, Any]) -> bool:
    """Assert that both checkers give the same answer; return it."""
    ours, theirs = findings(value), [error.message for error in VALIDATOR.iter_errors(value)]
    assert bool(ours) == bool(theirs), (ours, theirs)
    return not ours


@cache
def rules() -> list[dict[str, Any]]:
    """Return our rules as JSON, to be copied before they are changed."""
    return [json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str)) for path in RULES]


def test_the_schema_is_a_schema_of_the_keywords_that_we_know() -> None:
    """The shipped schema is valid, and uses no keyword that the checker would pass over."""
    jsonschema.Draft202012Validator.check_schema(dict(schema("rule")))
    known = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "required", "properties", "additionalProperties", "items"}
    known |= {"patternProperties", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum"}
    stack: list[Any] = [schema("rule")]
    while stack:
        one = stack.pop()
        assert set(one) <= known
        assert one.get("additionalProperties", False) is False
        stack += [child for part in ("properties", "patternProperties", "$defs") for child in one.get(part, {}).values()]
        stack += [one["items"]] if "items" in one else []


def test_our_rules_are_valid() -> None:
    """Both checkers accept every rule of this project."""
    assert RULES
    assert all(agree(rule) for rule in rules())


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_every_value_at_a_place(place: list[str | int]) -> None:
    """Whatever stands at a key, both checkers agree; some of the values are refused, at least."""
    answers = []
    for value in VALUES:
        rule: Any = copy.deepcopy(SEED)
        rule["related"] = [{"id": "x", "type": "derived"}]
        holder = rule
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = value
        answers.append(agree(rule))
    assert False in answers


def test_a_missing_key() -> None:
    """The title is required, by both; the reader asks for the others, which depend on the kind of document."""
    for key in SEED:
        rule = {name: value for name, value in SEED.items() if name != key}
        assert agree(rule) is (key != "title")


def mutated(value: Any, chance: random.Random) -> Any:
    """Return a document with one place of its tree changed."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        changed = dict(value)
        match chance.randrange(5):
            case 0:
                del changed[key]
            case 1:
                changed[key + "_"] = changed.pop(key)
            case _:
                changed[key] = mutated(value[key], chance)
        return changed
    if isinstance(value, list) and value and chance.random() < 0.8:
        index = chance.randrange(len(value))
        return [*value[:index], mutated(value[index], chance), *value[index + 1 :]]
    return chance.choice(VALUES)


def test_mutated_rules() -> None:
    """On 300 rules with one or more changed places both checkers agree, and each answer occurs."""
    chance = random.Random(4)
    good = rules()
    answers = []
    for _ in range(300):
        value = chance.choice(good)
        for _ in range(chance.randrange(1, 4)):
            value = mutated(value, chance)
        if isinstance(value, dict):
            answers.append(agree(value))
    assert answers.count(True) > 50
    assert answers.count(False) > 50


def test_a_close_name_is_suggested() -> None:
    """An unknown key and a wrong value name what was probably meant, at the place of key or value."""
    data = b"title: x\nlogsource: {product: x}\nlevel: hihg\nx-converter: {tragets: {}}\n"
    documents = read(data, "a.yml")
    assert isinstance(documents, tuple)
    found = check(documents[0].value, "rule", documents[0].source, documents[0].offsets)
    told = [(one.code, one.span and (one.span.line, one.span.column), one.help) for one in found]
    assert told == [("R012", (3, 8), "did you mean 'high'?"), ("R015", (4, 15), "did you mean 'targets'?")]


def test_a_whole_number_is_written_as_one() -> None:
    """Where JSON Schema takes 1.0 for an integer, YAML does not: it would be printed with its point."""
    rule = {**SEED, "x-converter": {"version": 1.0}}
    assert findings(rule) == ["R012"]
    assert not list(VALIDATOR.iter_errors(rule))
