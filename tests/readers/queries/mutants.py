"""Changed queries, and what has to hold of each: a place for every complaint, and no meaning but the query's own."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

from converter.data import ecs_types
from converter.ir import And, FieldMatch, Node, Not, Or, Parts, Text, Wild, evaluate, lower
from converter.languages import eql, kql, lucene
from converter.model import Diagnostic, Fidelity, joined
from converter.readers import read_rules
from converter.readers.elastic_rules import Imported, Outcome
from converter.readers.queries import import_query, mapped_types
from tests.readers.queries.test_import_query import CASES, MAPPINGS, WINDOWS

TOKEN = re.compile(r'"""|"(?:[^"\\]|\\.)*"|[A-Za-z_@.]+~?|[0-9]+|==|!=|<=|>=|!\[|/\*|\*/|//|.', re.DOTALL)
ODD = (
    "\\",
    '"',
    '"""',
    "`",
    "'",
    "/*",
    "\x00",
    "\ud800",
    "é",
    "K",
    "\u202e",
    "(" * 30,
    "not " * 30,
    "1" * 400,
    "9e999",
    "~",
    "?",
    "[",
    "![",
    "|",
    "*",
)
SEEDS: Mapping[str, tuple[str, ...]] = {
    "kuery": (
        *(text for language, text in CASES if language == "kuery"),
        r'process.path:"c:\\windows" and (process.name:\*star or process.name:"*star")',
        "process.pid > 4 and process.pid <= 80 or event.category:(process and not network)",
        'process.args:(whoami* or "/C" and *all) and not source.ip:192.0.2.1',
        'process.name:c"m"d or process.name: cmd exe or "curl"',
    ),
    "lucene": (
        *(text for language, text in CASES if language == "lucene"),
        r"process.path:c\:\\windows OR process.name:\*star -process.name:cmd?exe",
        "(process.name:cmd curl) AND +process.pid:[4 TO 80} && !source.ip:[10.0.0.0 TO 10.255.255.255]",
        'process.args:(whoami* OR "/C") AND NOT event.category:network',
        "process.name:/cmd(\\.exe)?/ || process.name:c~",
    ),
    "eql": (
        *(text for language, text in CASES if language == "eql"),
        r'process where process.name like~ ("cmd*", "c?rl") and not process.path : "c:\\*"',
        'any where process.pid in (4, 5) or startsWith~(process.name, "CM") /* a */ and source.ip == "10.1.2.3"',
        'any where process.name regex "cm.*" and ?process.missing == null and process.pid >= 5 // end',
        "sequence by process.name with maxspan=1m\n [process where process.pid == 4]\n [network where true] with runs=2\n| head 3",
        'any where endsWith(process.name, ".exe") and length(process.name) == 7 or process.args : """a"b"""',
    ),
}
NAMES = ("cmd.exe", "CMD.EXE", "cmd", "curl", "*star", "xstar", "", None, ["curl", "cmd.exe"])
DOCUMENTS: tuple[dict[str, Any], ...] = tuple(
    {
        **({"event": {"category": category}} if category else {}),
        "process": {
            **({"name": name} if name is not None else {}),
            **({"pid": (4, 5, 80)[at % 3]} if at % 4 else {}),
            "args": ["cmd.exe", "/C", "whoami /all"][: at % 4],
            "path": ("c:\\windows", "other")[at % 2],
        },
        **({"source": {"ip": ("10.1.2.3", "192.0.2.1")[at % 2]}} if at % 3 else {}),
    }
    for at, (name, category) in enumerate((name, category) for name in NAMES for category in ("process", "network", None))
)
TYPES = mapped_types(MAPPINGS)
EQL_MAPPING = eql.compile_mapping(MAPPINGS)
ORDER = {Fidelity.EXACT: (True, True), Fidelity.WIDER: (True, False), Fidelity.NARROWER: (False, True)}
"""Whether what the engine finds the rule finds too, and the other way round."""


def by_bytes(text: str, rng: random.Random) -> str:
    """Return a text with some bytes put in, taken out or changed."""
    data = bytearray(text.encode("utf-8"))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(3)
        data[at : at + (0, rng.randint(1, 5), 1)[kind]] = (
            b"" if kind == 1 else bytes([rng.randrange(128) if rng.random() < 0.8 else rng.randrange(256)])
        )
    return data.decode("utf-8", "replace")


def by_tokens(text: str, other: str, rng: random.Random) -> str:
    """Return a text with words of another, or odd ones, in place of some of its own."""
    tokens, others = TOKEN.findall(text), TOKEN.findall(other)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at, start = rng.randrange(len(tokens) + 1), rng.randrange(len(others))
        kind = rng.randrange(5)
        tokens[at : at + (0, rng.randint(1, 4), 1, 0, 2)[kind]] = (
            [others[start]],
            [],
            [others[start]],
            [rng.choice(ODD)],
            others[start : start + 6],
        )[kind]
    return "".join(tokens)


def _kind(token: str) -> str:
    return (
        "text"
        if token[:1] == '"'
        else "word"
        if token[:1].isalpha()
        else "number"
        if token[:1].isdigit()
        else token
        if token.isspace()
        else "sign"
    )


def by_kind(text: str, other: str, rng: random.Random) -> str:
    """Return a text with words, texts, numbers or signs of another in place of its own of the same kind."""
    tokens, others = TOKEN.findall(text), TOKEN.findall(other)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(tokens))
        tokens[at] = rng.choice([one for one in others if _kind(one) == _kind(tokens[at])] or [tokens[at]])
    return "".join(tokens)


def texts(language: str, seed: int) -> Iterator[str]:
    """Yield changed queries without end: by bytes, by words, by words of the same kind."""
    rng, seeds = random.Random(seed), SEEDS[language]
    while True:
        yield by_kind(rng.choice(seeds), rng.choice(seeds), rng)
        yield by_bytes(rng.choice(seeds), rng)
        yield by_tokens(rng.choice(seeds), rng.choice(seeds), rng)


def examine(language: str, text: str) -> Imported:
    """Import a query and hold all that is said of it; return what became of it."""
    assert not isinstance(TYPES, Diagnostic)
    result = import_query(language, text, "q.txt", WINDOWS, TYPES)
    lines = text.split("\n")
    for one in (*result.diagnostics, *result.losses):
        assert one.span is not None, (text, one)
        assert one.span.path == "q.txt"
        assert 1 <= one.span.line <= len(lines), (text, one)
        assert 1 <= one.span.column <= max(map(len, lines)) + 1, (text, one)
        assert one.message
    assert (result.status is Outcome.REFUSED) == (result.text == "")
    if result.status is Outcome.REFUSED:
        assert result.diagnostics
        return result
    rules, problems = read_rules(result.text.encode("utf-8", "replace"), "rule.yml")
    assert not problems, (text, problems[0].render())
    if result.status is Outcome.CANONICAL and not rules[0].correlation:
        node = lower(rules[0])
        assert not isinstance(node, tuple), (text, node[0].render())
        same(language, text, node, joined(result.losses))
    return result


def same(language: str, text: str, node: Node, fidelity: Fidelity) -> None:
    """Hold a condition to its query on all documents, in the directions that its losses leave."""
    found = answers(language, text)
    if found is None or fidelity not in ORDER:
        return
    for document, engine in zip(DOCUMENTS, found, strict=True):
        rule = evaluate(node, document)
        all_of_engine, all_of_rule = ORDER[fidelity]
        assert rule or not (engine and all_of_engine), (language, text, document, fidelity)
        assert engine or not (rule and all_of_rule), (language, text, document, fidelity)


def answers(language: str, text: str) -> list[bool] | None:
    """Return which documents the engine finds by our reading of it; ``None`` where it refuses the query, or the answer is not known."""
    if language == "eql":
        query = eql.read(text, "q")
        assert isinstance(query, eql.Query)
        assert not isinstance(EQL_MAPPING, Diagnostic)
        matches = eql.run(query, DOCUMENTS, EQL_MAPPING)
        if isinstance(matches, Diagnostic) or query.pipes:
            return None
        hits = {one.events[0] for one in matches}
        return [index in hits for index in range(len(DOCUMENTS))]
    found = (
        kql.run(kql.read(text, "q"), DOCUMENTS, MAPPINGS)  # type: ignore[arg-type]
        if language == "kuery"
        else lucene.run(lucene.read(text, "q"), DOCUMENTS, MAPPINGS)  # type: ignore[arg-type]
    )
    return None if isinstance(found, Diagnostic) else found


FIELDS = ("process.name", "process.args", "event.category")
TEXTS = ("cmd", "cmd.exe", "*star", "a b", 'q"uote', "back\\slash", "wh", "(x)", "and", "é", "K", "\n", "%", "/C")


def atom(rng: random.Random) -> Node:
    """Return a test of a text."""
    literal = rng.choice(TEXTS)
    parts: Parts = rng.choice(
        ((literal,), (literal, Wild.MANY), (Wild.MANY, literal), (Wild.MANY, literal, Wild.MANY), (literal, Wild.ONE), (Wild.MANY,))
    )
    return FieldMatch(rng.choice(FIELDS), Text(parts, rng.random() < 0.7 and parts != (Wild.MANY,)))


def changed(node: Node, rng: random.Random) -> Node:
    """Return a tree with one part changed, negated, doubled, left out or joined with another."""
    if isinstance(node, And | Or) and rng.random() < 0.7:
        at = rng.randrange(len(node.children))
        children = list(node.children)
        match rng.randrange(4):
            case 0 if len(children) > 2:
                del children[at]
            case 1:
                children.insert(at, atom(rng))
            case 2:
                children[at] = Not(children[at])
            case _:
                children[at] = changed(children[at], rng)
        return type(node)(tuple(children)) if rng.random() < 0.8 else (Or if isinstance(node, And) else And)(tuple(children))
    if isinstance(node, Not) and rng.random() < 0.7:
        return changed(node.child, rng) if rng.random() < 0.3 else Not(changed(node.child, rng))
    match rng.randrange(4):
        case 0:
            return Not(node)
        case 1:
            return rng.choice((And, Or))((node, atom(rng)))
        case _:
            return atom(rng)


def trees(seed: int) -> Iterator[Node]:
    """Yield changed conditions without end, none of many parts."""
    rng = random.Random(seed)
    node = atom(rng)
    while True:
        node = changed(node, rng)
        yield node
        if rng.random() < 0.15:
            node = atom(rng)


assert "process.name" in ecs_types(), "the printer knows the fields' types from the schema"
