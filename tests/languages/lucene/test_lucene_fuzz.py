"""Query strings with mistakes: never an exception, always a place, and nothing read that the engine refuses."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import NoReturn

import pytest

from converter.languages import lucene
from converter.model import Diagnostic
from converter.verify.engines import EngineMissingError, osmem_version
from tests.languages.lucene.questions import MAPPINGS, Grammar, documents, indexed

PIECES = [
    *('"', "\\", "(", ")", "[", "]", "{", "}", "/", ":", "^", "~", "*", "?", "+", "-", "!", "&&", "||", " AND ", " OR ", " NOT ", " TO "),
    *(" ", "\n", "\t", "\u3000", "\u00a0", "\0", "\ud83d", "é", "1", "a", "<", ">=", "\\u00", "\\u0041", "_exists_:", "kw:", "text:"),
    *("~1", "^2", "[a TO b]", "//", "(", "((", "@", "#", "&", "|", ".", "'", ",", "=", "\r", "\x7f"),
]
KNOWN = re.compile(r'[\[{]\s*"[^" ]*"|TO\s*"[^" ]*"|/[^/]*~|\d(?:\\?\|)+')
"""What the tests' engine is known to read otherwise (``engine.yml``).

Quoted bounds without a space, a complement, and a date with nothing behind its bars.
"""


def mutant(source: random.Random, text: str) -> str:
    """Return the text with one to four changes."""
    for _ in range(source.choice((1, 1, 1, 2, 3, 4))):
        at = source.randint(0, len(text))
        end = min(len(text), at + source.choice((1, 1, 2, 5)))
        match source.randrange(6):
            case 0:
                text = text[:at] + text[end:]
            case 1 | 2:
                text = text[:at] + source.choice(PIECES) + text[at:]
            case 3:
                text = text[:at] + source.choice(PIECES) + text[end:]
            case 4:
                text = text[:at] + text[at:end] * 2 + text[end:]
            case _:
                text = text[:at]
    return text


def checked(seed: int, count: int, seconds: float = 1e9) -> Counter[str]:
    """Read, run and give to Sigma mutants of queries; return how often what came out."""
    source = random.Random(seed)
    grammar = Grammar(source)
    mapping = lucene.compile_mapping(MAPPINGS)
    assert isinstance(mapping, lucene.Mapping)
    known = [one for one in lucene.index_all(documents(source, 5), mapping) if isinstance(one, lucene.Document)]
    went: Counter[str] = Counter()
    end = time.monotonic() + seconds
    for _ in range(count):
        if time.monotonic() > end:
            break
        text = mutant(source, grammar.query())
        query = lucene.read(text, "rule.toml")
        went["all"] += 1
        if isinstance(query, Diagnostic):
            assert query.code == "R290", query
            assert query.span is not None
            assert query.message
            assert query.help
            lines = text.split("\n")
            assert 1 <= query.span.line <= len(lines)
            assert 1 <= query.span.column <= len(lines[query.span.line - 1]) + 1
            went["refused"] += 1
            continue
        finds = lucene.compile_query(query, mapping)
        if isinstance(finds, Diagnostic):
            assert finds.code in ("R292", "R293")
            assert finds.span is not None
            went["unanswered"] += 1
        else:
            went["found"] += sum(map(finds, known))
        said = lucene.to_sigma(query, lucene.SigmaField)
        if isinstance(said, Diagnostic):
            assert said.code == "R294"
            assert said.message.partition(":")[0] in lucene.REASONS
    return went


def test_mutants() -> None:
    """For three seconds: a mistake is a diagnostic with a place and help, and no text ends in an exception."""
    went = checked(1, 20_000, 3)
    assert went["refused"] >= 50
    assert went["found"] >= 50


@pytest.mark.slow
def test_mutants_at_length() -> None:
    """The same for 20,000 mutants."""
    went = checked(2, 20_000)
    assert went["all"] == 20_000
    assert went["refused"] >= 5_000


def told_apart(seed: int, count: int) -> tuple[Counter[str], list[str]]:
    """Ask the engine about mutants; return how it went, and the texts that one of us reads and the other refuses, or reads otherwise."""
    source = random.Random(seed)
    held = documents(source, 40)
    grammar = Grammar(source)
    texts = [mutant(source, grammar.query()).encode("utf-8", "replace").decode() for _ in range(count)]
    texts = [text for text in texts if text.strip()]
    mapping = lucene.compile_mapping(MAPPINGS)
    assert isinstance(mapping, lucene.Mapping)
    known = [one for one in lucene.index_all(held, mapping) if isinstance(one, lucene.Document)]
    went: Counter[str] = Counter()
    wrong: list[str] = []
    with indexed(MAPPINGS, held) as index:
        for text, theirs in zip(texts, index.ask(texts), strict=True):
            query = lucene.read(text)
            finds = query if isinstance(query, Diagnostic) else lucene.compile_query(query, mapping)
            if isinstance(finds, Diagnostic):
                went[finds.code] += 1
                if finds.code == "R290" and not isinstance(theirs, str):
                    wrong.append(f"{text!r}: {finds.message}, but the engine: {theirs}")
                continue
            went["read"] += 1
            found = [at for at, one in enumerate(known) if finds(one)]
            if found != theirs and not KNOWN.search(text):
                wrong.append(f"{text!r}: {found}, but the engine: {json.dumps(theirs)}")
    return went, wrong


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_mutants_in_the_engine(seed: int, without_engine: Callable[[EngineMissingError], NoReturn]) -> None:
    """What is read is answered as the engine answers, and what is refused the engine refuses: 20,000 mutants."""
    try:
        osmem_version()
    except EngineMissingError as error:
        without_engine(error)
    went, wrong = told_apart(100 + seed, 4000)
    assert not wrong
    assert went["read"] >= 1000
    assert went["R290"] >= 1000
