"""Damaged rule files and exports of Elastic's: ``python -m tests.fuzz.elastic_rules --count 20000``.

Mutants are made of the cases' own rules, of their bytes or of their values,
the same ones from the same number.  What must hold of each: no exception;
every error has a line and a column; what is imported can be read again, says
what the file says by another parser (``tomllib``, ``json``), is the same rule
from the other form of file, and finds the documents that the query finds by
its language's own reading.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from converter.ir import evaluate, lower
from converter.languages import eql, kql, lucene
from converter.model import Diagnostic
from converter.readers import read_rules
from converter.readers.elastic_rules import Imported, import_ndjson, import_toml
from tests.fuzz import on_bytes

FORMS: Final = ("toml", "ndjson")
SEED: Final = 7
_CASES: Final = Path(__file__).resolve().parents[1] / "readers" / "elastic_rules"
_VALUES: Final = (
    None,
    True,
    0,
    -1,
    21,
    1.5,
    "",
    " ",
    "x",
    "now-9m",
    "5m",
    [],
    ["a"],
    [1],
    [[]],
    {},
    {"field": "a"},
    [{}],
    "\u00e9\u0001\u202e",
    "a" * 3000,
)
_PIECES: Final = (
    '"',
    "(",
    ")",
    " and ",
    " or ",
    " not ",
    "*",
    "\\",
    "?",
    ":",
    " : ",
    "==",
    "{",
    "}",
    "\n",
    "/*",
    "//",
    "null",
    "21",
    "é",
    "\u0000",
    "|",
    "'",
    '"""',
    "'''",
)
_DOCUMENTS: Final[tuple[dict[str, Any], ...]] = tuple(
    {
        "lamp": {"state": state, "room": room, "watts": watts, "code": code, "path": path},
        "process": {"name": name},
        "event": {"category": kind},
    }
    for state, room, watts, code, path, name, kind in (
        ("off", "hall", "21", "abcd", "/opt/x", "lamp", "process"),
        ("OFF", None, "5", "a", "C:\\Lamps\\a", "LAMP", "process"),
        ("dark", "cellar", "60", "", "C:", "dark", "file"),
        ("on", "", "0", "ab", "", "", ""),
        ("", "x", "-1", "*", "a|b", "é", "any"),
    )
)
_INDEX: Final = {
    "properties": {
        "lamp": {"properties": {name: {"type": "keyword"} for name in ("state", "room", "watts", "code", "path", "owner", "hot")}},
        "process": {"properties": {"name": {"type": "keyword"}}},
        "event": {"properties": {"category": {"type": "keyword"}}},
        "host": {"properties": {"os": {"properties": {"type": {"type": "keyword"}}}}},
    }
}


@dataclass(slots=True)
class Seen:
    """What became of one file: the rules imported and refused in it, and what should not have happened."""

    imported: int = 0
    refused: int = 0
    asked: int = 0
    problems: list[str] = field(default_factory=list)


@cache
def _seeds() -> tuple[dict[str, Any], ...]:
    """Return the cases' rules as values, under the keys of a rule file."""
    files = (
        tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(_CASES.glob("*/input.toml")) if "refused" not in path.parent.name
    )
    return tuple({**one, "metadata": {}} for one in files)


def mutant(form: str, number: int) -> bytes:
    """Return a damaged file of a form."""
    chance = random.Random(f"{SEED} {form} {number}")
    values = json.loads(json.dumps(chance.choice(_seeds()), default=str))
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        _change(chance, values["rule"])
    data = _written(values, form)
    if chance.random() < 0.45:
        for _ in range(chance.choice((1, 1, 2))):
            data = chance.choice(list(on_bytes.MUTATORS.values()))(chance, data)
    return data


def _change(chance: random.Random, rule: dict[str, Any]) -> None:
    """Change a key, a value or the query."""
    kind = chance.random()
    key = chance.choice(sorted(rule))
    if kind < 0.45 and isinstance(rule.get("query"), str):
        query = rule["query"]
        at = chance.randrange(len(query) + 1)
        rule["query"] = query[:at] + chance.choice(("", chance.choice(_PIECES))) + query[at + chance.choice((0, 1, 4)) :]
    elif kind < 0.6:
        rule[key] = copy.deepcopy(chance.choice(_VALUES))
    elif kind < 0.7:
        del rule[key]
    elif kind < 0.8:
        rule[chance.choice(("unknown", "type", "language", "filters", "threat", "index", "x|y", "rule_id"))] = copy.deepcopy(
            chance.choice(_VALUES)
        )
    else:
        holder, place = chance.choice(list(_places(rule)))
        holder[place] = copy.deepcopy(chance.choice(_VALUES))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key, one in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        yield value, key
        if isinstance(one, dict | list):
            yield from _places(one)


def _written(values: Mapping[str, Any], form: str) -> bytes:
    if form == "ndjson":
        return (json.dumps(values["rule"], ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
    lines = ["[rule]", *(f"{_text(key)} = {_toml(one)}" for key, one in values["rule"].items() if one is not None)]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def _toml(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_text(str(key))} = {_toml(one)}" for key, one in value.items() if one is not None) + "}"
        case list():
            return "[" + ", ".join(_toml(one) for one in value if one is not None) + "]"
        case str():
            return _text(value)
    return json.dumps(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def examine(data: bytes, form: str) -> Seen:
    """Import a file, and hold what comes of it to the oracles."""
    seen = Seen()
    found = [import_toml(data, "rule.toml")] if form == "toml" else list(import_ndjson(BytesIO(data), "export.ndjson"))
    for one in found:
        if isinstance(one, Diagnostic):
            continue
        told = [place for place in one.diagnostics if place.severity.label == "error"]
        seen.problems += [f"no place: {place}" for place in told if place.span is None or min(place.span.line, place.span.column) < 1]
        if bool(one.text) == bool(told):
            seen.problems.append(f"text and errors: {one.name}")
        if not one.text:
            seen.refused += 1
            continue
        seen.imported += 1
        _same(data, form, one, seen)
    return seen


def _same(data: bytes, form: str, one: Imported, seen: Seen) -> None:
    rules, told = read_rules(one.text.encode("utf-8", "surrogatepass"), "rule.yml")
    if told or not rules:
        seen.problems.append(f"written rule is broken: {[place.render() for place in told]}")
        return
    text = (data if form == "toml" else data.split(b"\n")[one.line - 1]).decode("utf-8-sig")
    source = tomllib.loads(text.replace("\r\n", " \n"))["rule"] if form == "toml" else json.loads(text)
    document = next(iter(yaml.safe_load_all(one.text)))
    elastic = document["x-converter"]["targets"]["elastic"]
    pairs = (
        (elastic.get("name", document["title"]), source["name"]),
        (document["level"], source["severity"]),
        (elastic["risk_score"], source["risk_score"]),
    )
    seen.problems += [f"{mine!r} is not {theirs!r}" for mine, theirs in pairs if mine != theirs]
    if elastic.get("opaque") and source.get("query") is not None and elastic.get("query") != str(source["query"]).strip("\n"):
        seen.problems.append("the query was not kept")
    other = "ndjson" if form == "toml" else "toml"
    plain = json.loads(json.dumps(source, default=str))
    again = _written({"rule": plain}, other)
    back = import_toml(again, "rule.toml") if other == "toml" else next(iter(import_ndjson(BytesIO(again), "export.ndjson")))
    if _lacks_form(plain):
        pass
    elif isinstance(back, Imported) and back.text:
        mine, theirs = (next(iter(yaml.safe_load_all(text))).get("detection") for text in (one.text, back.text))
        if mine != theirs or (back.status, back.losses == ()) != (one.status, one.losses == ()):
            seen.problems.append(f"another rule from {other}: {mine} {theirs}")
    else:
        seen.problems.append(f"refused from {other}: {back.diagnostics if isinstance(back, Imported) else back}")
    _asks_the_same(rules[0], one, source, seen)


def _lacks_form(value: Any) -> bool:
    """Whether the other form cannot hold the value: TOML has no null and no character of its own for NUL's like."""
    if isinstance(value, dict):
        return any(_lacks_form(one) for one in value.values())
    if isinstance(value, list):
        return any(_lacks_form(one) for one in value)
    return value is None


def _asks_the_same(rule: Any, one: Imported, source: Mapping[str, Any], seen: Seen) -> None:
    """Hold an exact detection to what its query finds among some documents."""
    if not rule.detection or not one.exact or rule.taxonomy != "ecs" or source.get("filters") or "event_category_override" in source:
        return
    tree = lower(rule)
    if isinstance(tree, tuple):
        seen.problems.append(f"no meaning: {tree}")
        return
    found = _found(one.language, str(source["query"]))
    if found is None:
        return
    seen.asked += 1
    meant = [evaluate(tree, document) for document in _DOCUMENTS]
    if found != meant:
        seen.problems.append(f"another meaning: {source['query']!r} {found} {meant}")


def _found(language: str, text: str) -> list[bool] | None:
    """Return which documents a query finds; ``None`` where its answer is not known."""
    if language == "eql":
        query, mapping = eql.read(text), eql.compile_mapping(_INDEX)
        assert not isinstance(mapping, Diagnostic)
        if isinstance(query, Diagnostic) or not isinstance(query.body, eql.Event):
            return None
        hits = eql.run(query, _DOCUMENTS, mapping)
        return None if isinstance(hits, Diagnostic) else [any(number in hit.events for hit in hits) for number in range(len(_DOCUMENTS))]
    module = lucene if language == "lucene" else kql
    read = module.read(text)
    found = None if isinstance(read, Diagnostic) else module.run(read, _DOCUMENTS, _INDEX)
    return found if isinstance(found, list) else None


def main() -> int:
    """Return 1 when a file showed a problem of ours."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=20_000)
    options.add_argument("--start", type=int, default=0)
    options.add_argument("--form", choices=FORMS)
    given = options.parse_args()
    problems = 0
    for form in (given.form,) if given.form else FORMS:
        counts: Counter[str] = Counter()
        for number in range(given.start, given.start + given.count):
            try:
                seen = examine(mutant(form, number), form)
            except Exception as error:
                seen = Seen(problems=[f"{type(error).__name__}: {error}"])
            counts.update({"files": 1, "imported": seen.imported, "refused": seen.refused, "asked": seen.asked})
            problems += len(seen.problems)
            for problem in seen.problems[:2]:
                print(form, number, problem[:400], flush=True)
        print(form, dict(counts), flush=True)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
