"""Broken ES|QL: whatever stands in a query, it is read or there is a diagnostic at a place inside it, and nothing is thrown."""

from __future__ import annotations

import json
import random
import re
import time
from pathlib import Path

import pytest

from converter.languages import esql
from converter.model import Diagnostic
from tests.languages.esql.test_esql_cases import TABLES

TOKEN = re.compile(r'"""|"(?:[^"\\]|\\.)*"|[A-Za-z_@]+|[0-9]+|==|!=|<=|>=|::|/\*|\*/|//|.', re.DOTALL)
EVENTS = [json.loads(one) for one in TABLES["conditions"]["events"][:3]]
MAPPINGS = {"dynamic": True, **json.loads(TABLES["conditions"]["mappings"])}
MAPPINGS["properties"] |= json.loads(TABLES["commands"]["mappings"])["properties"]
ODD = ["\\", '"', '"""', "`", "'", "/*", "*/", "\x00", "\ud800", "é", "(" * 70, "NOT " * 70, "-" * 70, "1" * 420, "9e999", "|", "|" * 600,
       "?", "[", "{", "::", "1 + " * 70, "CASE(", "IN (", "null", "true", "FROM", "BY", "*", "%{", "a.", "::ip", "5 weeks",
       "OR a == 1 " * 500]  # fmt: skip
SEEDS = [
    *(case["query"] for case in TABLES["commands"]["case"]),
    *(f"FROM x | WHERE {case['query']} | KEEP s" for stem in ("conditions", "grammar") for case in TABLES[stem]["case"]),
]


def mutant(rng: random.Random, number: int) -> str:
    """Return a query with some bytes, or some tokens, changed."""
    text = rng.choice(SEEDS)
    if number % 2:
        data = bytearray(text.encode("utf-8"))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data) + 1)
            data[at : at + rng.choice((0, 1, 5))] = bytes([rng.randrange(256)] * rng.choice((0, 1, 1)))
        return data.decode("utf-8", rng.choice(("replace", "surrogateescape")))
    tokens, others = TOKEN.findall(text), TOKEN.findall(rng.choice(SEEDS)) or [" "]
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(tokens) + 1)
        new = rng.choice([[rng.choice(others)], [], [rng.choice(ODD)], others[rng.randrange(len(others)) :][:6]])
        tokens[at : at + rng.choice((0, 1, 3))] = new
    return "".join(tokens)


def examine(text: str) -> bool:
    """Read a query, and run it where it can be read; return whether it was run."""
    found = esql.read(text)
    answer = found if isinstance(found, Diagnostic) else esql.run(found, EVENTS, MAPPINGS)
    if not isinstance(answer, Diagnostic):
        return True
    assert answer.span is not None
    assert answer.code in ("R300", "R301", "R302", "R303", "R304")
    assert 1 <= answer.span.line <= text.count("\n") + 1
    assert 1 <= answer.span.column <= max(map(len, text.split("\n"))) + 1
    assert answer.message
    answer.render().encode("utf-8", "surrogatepass")
    return False


def test_seeds_are_examined() -> None:
    """What the mutations begin with passes the same examination, and most of it is run."""
    assert sum(map(examine, SEEDS)) > len(SEEDS) / 2


def test_mutations() -> None:
    """1,000 mutations of a fixed seed."""
    rng = random.Random(300)
    assert sum(examine(mutant(rng, number)) for number in range(1_000)) > 20


@pytest.mark.slow
def test_twenty_thousand_mutations() -> None:
    """20,000 mutations of a fixed seed, half of bytes and half of tokens; none takes two seconds."""
    rng, run = random.Random(301), 0
    for number in range(20_000):
        text = mutant(rng, number)
        begin = time.monotonic()
        run += examine(text)
        assert time.monotonic() - begin < 2, text
    assert run > 500


@pytest.mark.parametrize(
    "text", ["(" * 5000, "NOT " * 5000, "-" * 5000, "a == 1 OR " * 5_000, "1+" * 50_000, "[" * 5000, "a::b" + "::b" * 5000, "/*" * 5000]
)
def test_long_texts(text: str) -> None:
    """What is longer or deeper than is read is told, in a second."""
    begin = time.monotonic()
    found = esql.read(f"FROM x | WHERE {text}")
    assert isinstance(found, Diagnostic)
    assert time.monotonic() - begin < 3


def test_no_corpus_is_needed() -> None:
    """The seeds are the tables beside this file."""
    assert len(SEEDS) > 120
    assert Path(__file__).parent.joinpath("grammar.toml").exists()
