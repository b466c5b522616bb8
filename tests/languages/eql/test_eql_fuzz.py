"""Broken EQL: whatever stands in a query, it is read or there is a diagnostic at a place inside it, and nothing is thrown."""

from __future__ import annotations

import random
import re
import time
import tomllib
from itertools import count
from pathlib import Path

import pytest

from converter.languages import eql
from converter.model import Diagnostic

HERE = Path(__file__).parent
TOKEN = re.compile(r'"""|"(?:[^"\\]|\\.)*"|[A-Za-z_@.]+~?|[0-9]+|==|!=|<=|>=|!\[|/\*|\*/|//|.', re.DOTALL)
EVENTS = [
    {"@timestamp": "2024-05-01T10:00:00Z", "a": "x", "f": ["cmd.exe", "y"], "n": 3, "k": "u", "event": {"category": "process"}},
    {"@timestamp": "2024-05-01T10:00:01Z", "a": "b", "f": "C:\\x", "n": [1, 40], "k": "u", "c": "A"},
    {"@timestamp": "2024-05-01T10:00:02Z", "a": None, "ip": "10.0.0.1", "b": True, "k": "u", "c": "B"},
]
ODD = [
    "\\",
    '"',
    '"""',
    "`",
    "'",
    "/*",
    "*/",
    "\x00",
    "\ud800",
    "é",
    "\u202e",
    "(" * 70,
    "not " * 70,
    "1" * 420,
    "9e999",
    "-" * 70,
    "~",
    "?",
    "[",
    "![",
    "|",
]


def seeds() -> list[str]:
    """Return the queries of the tables."""
    tables = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml"))}
    found = [case["query"] for stem, table in tables.items() for case in table.get("case", []) if stem != "functions"]
    found += [f"any where {case['call']} == 1" for case in tables["functions"]["case"]]
    return found + [case["query"] for table in tables["sequences"]["table"] for case in table["case"]]


def by_bytes(text: str, rng: random.Random) -> str:
    data = bytearray(text.encode("utf-8"))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(3):
            case 0:
                data[at:at] = bytes([rng.randrange(256)])
            case 1:
                del data[at : at + rng.randint(1, 6)]
            case _:
                data[at : at + 1] = bytes([rng.randrange(256)])
    return data.decode("utf-8", rng.choice(("replace", "surrogateescape")))


def by_tokens(text: str, other: str, rng: random.Random) -> str:
    tokens, others = TOKEN.findall(text), TOKEN.findall(other) or [" "]
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(tokens) + 1)
        match rng.randrange(5):
            case 0:
                tokens[at:at] = [rng.choice(others)]
            case 1:
                del tokens[at : at + rng.randint(1, 4)]
            case 2:
                tokens[at : at + 1] = [rng.choice(others)]
            case 3:
                tokens[at:at] = [rng.choice(ODD)]
            case _:
                start = rng.randrange(len(others))
                tokens[at : at + 2] = others[start : start + 6]
    return "".join(tokens)


def examine(text: str) -> bool:
    """Read a query, and where it can be read run it and give it to Sigma; return whether it was read."""
    found = eql.read(text)
    if isinstance(found, Diagnostic):
        placed(found, text)
        return False
    answer = eql.run(found, EVENTS)
    if isinstance(answer, Diagnostic):
        placed(answer, text)
    said = eql.to_sigma(found, eql.SigmaField) if isinstance(found.body, eql.Event) else eql.plan(found, eql.SigmaField)
    if isinstance(said, Diagnostic):
        placed(said, text)
    return True


def placed(problem: Diagnostic, text: str) -> None:
    assert problem.span is not None
    assert 1 <= problem.span.line <= text.count("\n") + 1
    assert 1 <= problem.span.column <= max(map(len, text.split("\n"))) + 1
    assert problem.message
    problem.render().encode("utf-8", "surrogatepass")


def mutants(rng: random.Random, number: int) -> str:
    texts = seeds_once
    text, other = rng.choice(texts), rng.choice(texts)
    return by_bytes(text, rng) if number % 2 else by_tokens(text, other, rng)


seeds_once = seeds()


def test_seeds_are_examined() -> None:
    """What the mutations begin with passes the same examination, and most of it is read."""
    assert sum(map(examine, seeds_once)) > len(seeds_once) / 2


def test_mutations_for_three_seconds() -> None:
    """As many mutations as fit into three seconds, of a fixed seed."""
    rng, end = random.Random(280), time.monotonic() + 3
    for number in count():
        if time.monotonic() > end:
            break
        examine(mutants(rng, number))
    assert number > 300


@pytest.mark.slow
def test_twenty_thousand_mutations() -> None:
    """20,000 mutations of a fixed seed, half of bytes and half of tokens; none takes two seconds."""
    rng, read = random.Random(280), 0
    for number in range(20_000):
        text = mutants(rng, number)
        start = time.process_time()
        read += examine(text)
        assert time.process_time() - start < 2, text
    assert 1_000 < read < 19_000
