"""Query strings by a grammar in an engine: our reading finds the same documents and refuses the same texts at the same place."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from typing import NoReturn

import pytest

from converter.languages import lucene
from converter.model import Diagnostic
from converter.verify.engines import EngineMissingError, osmem_version
from tests.languages.lucene.questions import MAPPINGS, Grammar, documents, indexed

pytestmark = pytest.mark.engine
_PLACE = re.compile(r"line \d+, column (\d+)")


@pytest.fixture(autouse=True)
def engine(without_engine: Callable[[EngineMissingError], NoReturn]) -> None:
    """The search engine; absent it is skipped, or fails where engines are required."""
    try:
        osmem_version()
    except EngineMissingError as error:
        without_engine(error)


def compared(seed: int, count: int) -> tuple[Counter[str], list[str]]:
    """Ask both for the answers to ``count`` queries; return how they went, and each disagreement."""
    source = random.Random(seed)
    held = documents(source, 60)
    grammar = Grammar(source)
    queries = [grammar.query() for _ in range(count)]
    mapping = lucene.compile_mapping(MAPPINGS)
    assert isinstance(mapping, lucene.Mapping)
    known = [one for one in lucene.index_all(held, mapping) if isinstance(one, lucene.Document)]
    assert len(known) == len(held)
    went: Counter[str] = Counter()
    wrong: list[str] = []
    with indexed(MAPPINGS, held) as index:
        for query, theirs in zip(queries, index.ask(queries), strict=True):
            read = lucene.read(query)
            ours = read if isinstance(read, Diagnostic) else lucene.compile_query(read, mapping)
            if isinstance(ours, Diagnostic):
                went["not modelled" if ours.code == "R293" else "refused"] += 1
                if ours.code != "R293" and not (isinstance(theirs, str) and _same_place(query, ours, theirs)):
                    wrong.append(f"{query!r}: {ours.message}, but the engine: {theirs}")
                continue
            found = [at for at, one in enumerate(known) if ours(one)]
            went["some" if found and len(found) < len(known) else "all or none"] += 1
            if found != theirs:
                wrong.append(f"{query!r}: {found}, but the engine: {theirs}")
    return went, wrong


def _same_place(query: str, ours: Diagnostic, theirs: str) -> bool:
    """Say whether both stop at the same token; the engine counts characters from 0 and tells no place for a broken token."""
    place = _PLACE.search(theirs)
    if place is None or "Lexical" in theirs:
        return True
    assert ours.span is not None
    start = sum(len(line) for line in query.split("\n")[: ours.span.line - 1]) + ours.span.line - 1 + ours.span.column - 1
    return start == int(place[1])


def test_the_engine_agrees() -> None:
    """No query of the grammar finds other documents in the engine, or is refused at another place."""
    went, wrong = compared(20261124, 2000)
    assert not wrong
    assert went["some"] >= 850
    assert went["refused"] >= 35
    assert went["not modelled"] <= 45


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_the_engine_agrees_at_length(seed: int) -> None:
    """The same for fifty thousand queries over ten sets of documents."""
    went, wrong = compared(seed, 5000)
    assert not wrong
    assert went["some"] >= 2000
