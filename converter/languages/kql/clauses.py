"""Run the clauses of a wildcard value on the fields that they are about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from converter.languages.elasticsearch import (
    TOKENIZED,
    Document,
    FieldType,
    Predicate,
    Refusal,
    always,
    begins,
    compares,
    exists,
    folded,
    matches,
    resembles,
)
from converter.languages.kql.query_string import Chunk, Clause, Prefix, Present, Wild, Words
from converter.model import node


def never_matching(document: Document) -> bool:
    """Match nothing, where the engine finds that out only on the shard."""
    return False


def query_string(found: Iterable[Clause], kinds: list[FieldType], lenient: bool, *, free: bool = False) -> Predicate:
    """Compile the clauses of a wildcard value on these fields; ``free`` for free text."""
    must: list[Predicate] = []
    should: list[Predicate] = []
    must_not: list[Predicate] = []
    for clause in found:
        if free and isinstance(clause.chunk, Present):
            tests: list[Predicate] = [always]
        else:
            tests = [
                test for kind in kinds if (test := _on(kind, _comparison(clause.chunk) if free else clause.chunk, lenient)) is not None
            ]
        if tests or not kinds:
            {"must": must, "should": should, "must_not": must_not}[clause.occur].append(any_of(tests))
    if must:
        return lambda document: all(test(document) for test in must) and not any(test(document) for test in must_not)
    if should:
        return lambda document: any(test(document) for test in should) and not any(test(document) for test in must_not)
    if must_not:
        return lambda document: not any(test(document) for test in must_not)
    return never_matching


def any_of(tests: list[Predicate]) -> Predicate:
    """Match what any test matches."""
    if len(tests) == 1:
        return tests[0]
    return (lambda document: any(test(document) for test in tests)) if tests else never_matching


@node
class _Bound:
    """A chunk of free text that the engine takes for a comparison, ``<x`` and the like."""

    order: str
    text: str


def _comparison(chunk: Chunk) -> Chunk | _Bound:
    """Return what a chunk of free text is: one that begins with a sign of order compares."""
    if not isinstance(chunk, Words) or chunk.text[0] not in "<>" or len(chunk.text) < 2:
        return chunk
    order, at = ("gt" if chunk.text[0] == ">" else "lt"), 1
    if len(chunk.text) > 2 and chunk.text[1] == "=":
        order, at = f"{order}e", 2
    return _Bound(order, chunk.text[at:])


def _on(kind: FieldType, chunk: Chunk | _Bound, lenient: bool) -> Predicate | None:
    """Return the test of one chunk on one field; ``None`` for a text without words."""
    try:
        match chunk:
            case Words(text):
                return matches(kind, text)
            case Prefix(text):
                return begins(kind, text)
            case Wild(parts):
                return resembles(kind, parts)
            case Present():
                return exists(kind)
            case _Bound(order, text):
                return compares(kind, order, folded(text) if kind.type in TOKENIZED else text)
        assert_never(chunk)
    except Refusal:
        if lenient:
            return never_matching
        raise
