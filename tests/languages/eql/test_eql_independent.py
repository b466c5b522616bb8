"""EQL's syntax by another reader: the ``eql`` package of PyPI (the engine's forerunner), as a separate process, never imported.

It has types and functions of its own, so that only what it calls a syntax
error, or reads, is compared.  Where the two differ, Elasticsearch's grammar
decides, and the difference is one of those listed here.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from converter.languages import eql
from converter.model import Diagnostic
from tests.languages.eql.test_eql_fuzz import by_tokens, seeds

PYTHON = Path(__file__).parents[3] / ".venv" / "eql" / "bin" / "python"
READER = """
import json, sys
import eql
from eql.parser import allow_negation, allow_runs, allow_sample, elasticsearch_syntax, ignore_missing_functions
with elasticsearch_syntax, ignore_missing_functions, allow_negation, allow_sample, allow_runs:
    for line in sys.stdin:
        try:
            eql.parse_query(json.loads(line))
            print("read")
        except Exception as error:
            print(type(error).__name__)
"""
STRICTER = {
    "Elasticsearch has no ": "the package checks no function's name, and has Endgame's joins, relations and pipes",
    "Elasticsearch does not ask for one place of a list": "array indexes are refused: EqlParser.java",
    "has no form with `~`": "the package lets `~` follow every function",
    " argument": "the package counts no arguments of functions",
    "levels stand inside each other": "our own bound",
    "the number is too large": "a number that no double holds: ExpressionBuilder.java",
    "found `any`": "any is a word of the language: EqlBase.g4",
    "found `)`": "no comma may stand before the bracket: EqlBase.g4",
    "expected a whole number, found": "head and tail need a number: EQL pipe reference",
    "expected a whole number above 0": "a time span is positive: LogicalPlanBuilder.java",
    "expected a whole number from 1 to 100": "at most 100 runs: EQL syntax reference",
    "expected `[`, found": "a sequence has two events, and by stands before with: LogicalPlanBuilder.java",
    "all events of the sequence are missing ones": "EQL syntax reference, Missing events",
    "a sample needs a join key": "EQL syntax reference, Samples",
    "expected `,` or `[`": "a join key is a field: LogicalPlanBuilder.java",
    "or the end of the query, found `!=`": "a join key is a field, which nothing is compared with: LogicalPlanBuilder.java",
    "a constant or a bracket, found `not`": "a join key is a field, which is not negated: LogicalPlanBuilder.java",
    "expected a field, found": "a join key is a field: LogicalPlanBuilder.java",
    "`with runs` stands in a sequence only": "EQL syntax reference, Samples",
    "no missing one": "until takes an event: EQL syntax reference",
    "join keys, this one": "as many keys at each event: LogicalPlanBuilder.java",
    "expected an event category": "EqlBase.g4, eventValue",
}
"""What our message holds where we refuse what the package reads, and why."""
LOOSER = {
    r'^\s*"|\[\s*"': "a category in double quotes: EQL syntax reference",
    r"``": "a backquote in a name: EQL syntax reference",
    r"`": "any character in a name in backquotes: EqlBase.g4",
    r"[\w`]\s+\.|\.\s+\w|\?\s+\w|\w\?": "spaces between the parts of a name: EqlBase.g4",
    r"@": "a name may begin with @: EqlBase.g4",
    r"/\*": "comments in each other: EqlBase.g4",
    r'(:|\b(like|regex|in)~?)\s*\(?".*[")]\s*[=!<>]': "a lookup may be an operand of a comparison: EqlBase.g4",
    r"(==|[<>]=?)[^<>=]*(:|\blike|\bregex|\bin\b)": "a lookup may be the other operand, too: EqlBase.g4",
    r"[ (]\.[0-9]|[0-9]\.([^0-9]|$)|[0-9][eE]": "a number without digits before or behind its point: EqlBase.g4",
    r"\+": "a plus before a value: EqlBase.g4",
}
"""What the query holds where we read what the package calls a syntax error, and why."""


@pytest.fixture(scope="module")
def python() -> Path:
    """The Python that has the package; without it the tests fail where engines are required, else they are skipped."""
    if not PYTHON.exists():
        reason = "the package eql was not asked: 'make test-more' installs it in .venv/eql, from the network"
        if os.environ.get("CONVERTER_REQUIRE_ENGINES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return PYTHON


def answers(python: Path, queries: Sequence[str]) -> list[str]:
    """Return what the package says of each query."""
    given = "".join(f"{json.dumps(one)}\n" for one in queries)
    done = subprocess.run([python, "-c", READER], input=given, capture_output=True, text=True, check=True, timeout=600)
    found = done.stdout.split()
    assert len(found) == len(queries), done.stderr
    return found


def unexplained(python: Path, queries: Sequence[str]) -> tuple[int, list[str]]:
    """Return how many queries both read, and the differences that no reason covers."""
    both, wrong = 0, []
    for query, theirs in zip(queries, answers(python, queries), strict=True):
        ours = eql.read(query)
        if isinstance(ours, Diagnostic):
            if theirs == "read" and not any(part in ours.message for part in STRICTER):
                wrong.append(f"only the package reads {query!r}: {ours.message}")
        elif theirs == "read":
            both += 1
        elif theirs == "EqlSyntaxError" and not any(re.search(pattern, query) for pattern in LOOSER):
            wrong.append(f"only we read {query!r}")
    return both, wrong


@pytest.mark.slow
def test_both_read_the_tables(python: Path) -> None:
    """On the queries of the tables the two readers differ for listed reasons only."""
    both, wrong = unexplained(python, seeds())
    assert both > 300
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_both_read_mutations(python: Path) -> None:
    """On 3,000 mutations of a fixed seed the two readers differ for listed reasons only."""
    rng, texts = random.Random(101), seeds()
    both, wrong = unexplained(python, [by_tokens(rng.choice(texts), rng.choice(texts), rng) for _ in range(3000)])
    assert both > 150
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.corpus
def test_both_read_published_queries(python: Path, corpora: Path) -> None:
    """Every published query is read by both."""
    queries: list[str] = []
    for path in sorted((corpora / "corpora" / "elastic").rglob("*.toml")):
        rule = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", {})
        if rule.get("language") == "eql":
            queries.append(rule["query"])
    both, wrong = unexplained(python, queries)
    assert both == len(queries) >= 850
    assert not wrong


@pytest.mark.slow
def test_the_package_is_never_imported() -> None:
    """The package is AGPL: nothing of ours imports it."""
    root = Path(__file__).parents[3]
    for folder in ("converter", "sigma", "tests"):
        for path in (root / folder).rglob("*.py"):
            assert path == Path(__file__) or not re.search(
                r"^\s*(import eql|from eql)\b", path.read_text(encoding="utf-8"), re.MULTILINE
            ), path
