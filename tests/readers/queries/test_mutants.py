"""Queries with mistakes and changed conditions: a complaint with line and column, or a rule that means the query."""

from __future__ import annotations

import os
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from converter.ir import Node
from converter.ir.detection import detection_of
from converter.languages import eql, kql, lucene
from converter.model import Diagnostic, Fidelity, Status
from converter.pack import RuleFile, compile_rule, load_bytes
from converter.readers.elastic_rules import Outcome, yaml_text
from converter.readers.queries import LANGUAGES
from converter.targets import target
from tests.readers.queries.mutants import SEEDS, examine, same, texts, trees

MANY = 20_000
WHOLE = os.environ.get("CONVERTER_WHOLE") == "1"
"""Whether the longest runs take all of their parts and seeds."""
READERS = {"kuery": kql.read, "lucene": lucene.read, "eql": eql.read}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_seeds_are_examined(language: str) -> None:
    """What the mutations begin with passes the same examination, and becomes rules."""
    found = [examine(language, text).status for text in SEEDS[language]]
    assert found.count(Outcome.CANONICAL) >= len(found) - 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_changed_queries(language: str) -> None:
    """A few hundred of a fixed seed."""
    found = Counter(examine(language, text).status for text in islice(texts(language, 7), 150))
    assert min(found[Outcome.CANONICAL], found[Outcome.REFUSED]) > 10, found


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2] if WHOLE else [1])
@pytest.mark.parametrize("language", LANGUAGES)
def test_twenty_thousand_changed_queries(language: str, seed: int) -> None:
    """20,000 in two halves of fixed seeds, none of which takes two seconds."""
    found: Counter[Outcome] = Counter()
    for text in islice(texts(language, seed), MANY // 2):
        start = time.process_time()
        found[examine(language, text).status] += 1
        assert time.process_time() - start < 2, text
    print(language, {one.value: count for one, count in found.items()})
    assert min(found.values()) > 300


def printed(language: str, node: Node) -> tuple[Status, str]:
    """Return a condition as a query of the language, as a rule of Elastic's has it; the status alone where it cannot be one."""
    section = detection_of(node)
    assert section is not None
    head = {"title": "One", "id": "00000000-0000-4000-8000-000000000009", "taxonomy": "ecs", "logsource": {"product": "x"}}
    data = yaml_text({**head, "detection": section}).encode()
    (loaded,), errors = load_bytes(data, RuleFile(Path("one.yml"), "one.yml", "one"))
    assert not errors
    outcome = compile_rule(loaded, target("elastic"), {"language": language}, frozenset(Fidelity))
    made = outcome.compilation
    return outcome.status, str(made.parts.get("query", "")) if made is not None else ""


def examine_tree(language: str, node: Node) -> Status:
    """Print a condition, read it, hold it to the oracle, and import it again."""
    status, text = printed(language, node)
    if status is not Status.EXACT:
        return status
    assert not isinstance(READERS[language](text, "q"), Diagnostic), text
    same(language, text, node, Fidelity.EXACT)
    again = examine(language, text)
    assert again.status is Outcome.CANONICAL, (text, again.diagnostics)
    return status


@pytest.mark.parametrize("language", LANGUAGES)
def test_changed_conditions(language: str) -> None:
    """A hundred conditions that are called exact are printed as a query that finds the same, and comes back as a rule that does."""
    found = Counter(examine_tree(language, node) for node in islice(trees(3), 50))
    assert found[Status.EXACT] > 10, found


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4 if WHOLE else 1))
@pytest.mark.parametrize("language", LANGUAGES)
def test_twenty_thousand_changed_conditions(language: str, part: int) -> None:
    """20,000 in four parts; one of them without CONVERTER_WHOLE=1."""
    found = Counter(examine_tree(language, node) for node in islice(trees(10 + part), MANY // 4))
    print(language, part, {one.value: count for one, count in found.items()})
    assert found[Status.EXACT] > 1_000
