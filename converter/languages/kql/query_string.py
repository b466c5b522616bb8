"""Elasticsearch's ``query_string`` language, as far as Kibana's translation of a wildcard value can reach it.

Kibana escapes every special character of the value, so what is left of the
language is white space between chunks, the operators ``AND``, ``OR`` and
``NOT`` in capitals, and ``*``.  A value with a space is therefore several
conditions, any of which suffices.

Source: Lucene 9 classic query parser, "QueryParser.jj"; measured, Elasticsearch 8.19.0.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from converter.languages.elasticsearch import Refusal, Star
from converter.languages.kql.syntax import Pattern
from converter.model import node

_SPACE = re.compile("[ \t\n\r\u3000]+")


@node
class Words:
    """Chunks without a wildcard, searched as one text."""

    text: str


@node
class Prefix:
    """``text*``."""

    text: str


@node
class Wild:
    """Any other chunk with wildcards."""

    parts: tuple[str | Star, ...]


@node
class Present:
    """``*`` alone: the field has a value."""


Chunk: TypeAlias = Words | Prefix | Wild | Present


@node
class Clause:
    """A chunk and how it counts: ``should``, ``must`` or ``must_not``."""

    occur: str
    chunk: Chunk


def clauses(pattern: Pattern) -> tuple[Clause, ...]:
    """Return the clauses of a wildcard value.

    Raises:
        Refusal: when an operator lacks an operand.
    """
    tokens = _tokens(pattern)
    found: list[Clause] = []
    at = 0
    while at < len(tokens):
        join = ""
        if found and tokens[at] in ("AND", "OR"):
            join, at = str(tokens[at]), at + 1
        negated = at < len(tokens) and tokens[at] == "NOT"
        at += negated
        if at >= len(tokens) or isinstance(tokens[at], str):
            raise Refusal(f"Failed to parse query [{pattern.text}]: an operator in capitals lacks a condition")
        chunk = tokens[at]
        assert not isinstance(chunk, str)
        at += 1
        if not join and not negated:
            chunk, at = _several(chunk, tokens, at)
        if join == "AND" and found[-1].occur != "must_not":
            found[-1] = Clause("must", found[-1].chunk)
        found.append(Clause("must_not" if negated else "must" if join == "AND" else "should", chunk))
    return tuple(found)


def _several(first: Chunk, tokens: list[Chunk | str], at: int) -> tuple[Chunk, int]:
    """Return the chunk joined with the plain ones that follow, and the place behind them."""
    if not isinstance(first, Words):
        return first, at
    texts = [first.text]
    while at < len(tokens) and isinstance(following := tokens[at], Words) and not _forbids(tokens, at + 1):
        texts.append(following.text)
        at += 1
    return Words(" ".join(texts)), at


def _forbids(tokens: list[Chunk | str], at: int) -> bool:
    """Say whether the token at ``at`` keeps the one before it apart."""
    return at < len(tokens) and (tokens[at] in ("AND", "OR") or isinstance(tokens[at], Present))


def _tokens(pattern: Pattern) -> list[Chunk | str]:
    """Return the chunks between white space; operators as text."""
    groups: list[list[str | Star]] = [[]]
    for part in pattern.parts:
        if isinstance(part, Star):
            groups[-1].append(part)
            continue
        for number, text in enumerate(_SPACE.split(part)):
            if number:
                groups.append([])
            if text:
                groups[-1].append(text)
    return [_token(tuple(group)) for group in groups if group]


def _token(parts: tuple[str | Star, ...]) -> Chunk | str:
    """Return what one group of parts is."""
    match parts:
        case (str() as text,):
            return text if text in ("AND", "OR", "NOT") else Words(text)
        case (Star(),):
            return Present()
        case (str() as text, Star()):
            return Prefix(text)
        case _:
            return Wild(parts)
