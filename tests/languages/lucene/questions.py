"""Query strings by a grammar, documents with values that they ask for, and an engine that is asked many at once."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from converter.verify.engines import running

MAPPINGS: dict[str, Any] = {
    "dynamic": False,
    "properties": {
        "kw": {"type": "keyword"},
        "low": {"type": "keyword", "normalizer": "lowercase"},
        "short": {"type": "keyword", "ignore_above": 5},
        "text": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "wild": {"type": "wildcard"},
        "num": {"type": "long"},
        "dec": {"type": "double"},
        "yes": {"type": "boolean"},
        "when": {"type": "date"},
        "ip": {"type": "ip"},
        "obj": {"properties": {"one": {"type": "keyword"}, "two": {"type": "keyword"}, "num": {"type": "long"}}},
    },
}
TEXTS = [
    *("foo", "Foo", "FOO", "bar", "foo bar", "Foo Bar", "a*b", "axb", "a?b", "C:\\Win\\cmd.exe", "c:\\win", "", " ", "one two three"),
    *(
        "three two one",
        "foo-bar baz",
        "don't",
        "x/y",
        "10.1.2.3",
        "true",
        "42",
        "AND",
        "a.b",
        "émile",
        "ÉMILE",
        "a\nb",
        "-x",
        "(y)",
        "f",
        "fo",
    ),
    *("fooo", "ofo", "barfoo", "quux", "TO", "!!", '"q"', "foo:bar", "{z}", "~t", "a\\*b", "zzz yyy xxx www", "bar foo"),
]
STRINGS = ["kw", "low", "short", "text", "text.raw", "wild", "obj.one", "obj.two"]
NUMBERS = ["5", "7", "-3", "42", "0", "5.5", "1e1", "007", "9223372036854775808", "abc"]
ADDRESSES = ["10.1.2.3", "10.0.0.0\\/8", '"10.0.0.0/8"', "\\:\\:1", "192.168.0.1", "10.*", "x", '"2001:db8::/32"']
DATES = ["2024-01-02", "2024-01", "2024", "2024-01-02T03\\:04\\:05Z", "1704164645000", "2024-01-02\\|\\|\\/M", "abc"]
EXPRESSIONS = [
    *("fo.", "f.*", ".*o", ".*", "foo|bar", "[f-h]oo", "[^f].*", "fo{1,2}", "(fo)+o?", "a\\*b", "a\\?b", "a.b", "f@", '"foo".*', "foo.bar"),
    *("(foo|ba.)( .*)?", "f.*&.*o", "x\\/y", "[aA][xX]b", ".", "", "^foo$", "c:\\\\win", ".*\\\\cmd\\.exe", "é.*", ".{3}", "(f|b).*&.{3}"),
]
ATOMS = [
    *(
        "f",
        "o",
        "b",
        "a",
        "r",
        "x",
        " ",
        ".",
        ".*",
        "[a-f]",
        "[^o]",
        "@",
        '"o"',
        '"a.b"',
        "^",
        "$",
        "\\.",
        "\\*",
        "()",
        "[a&]",
        '[f"]',
        "[@]",
        "[\\]b]",
    ),
]
SPECIAL = '+-=&|><!(){}[]^"~*?:\\/'


def documents(source: random.Random, count: int) -> list[dict[str, Any]]:
    """Return documents; a field has no value, one or several."""

    def some(values: Sequence[Any]) -> Any:
        if source.random() < 0.2:
            return [source.choice(values) for _ in range(source.randint(0, 3))]
        return source.choice(values)

    kinds: dict[str, Sequence[Any]] = {
        **dict.fromkeys(("kw", "low", "short", "text", "wild"), TEXTS),
        "num": [5, 7, -3, 42, 0, 10, 100],
        "dec": [5.5, 5, 0.0, -0.25, 42, 1e10],
        "yes": [True, False, "true"],
        "when": ["2024-01-02", "2024-01-02T03:04:05Z", "2023-12-31", 1704164645000],
        "ip": ["10.1.2.3", "192.168.0.1", "::1", "2001:db8::7"],
    }
    found: list[dict[str, Any]] = []
    for _ in range(count):
        one: dict[str, Any] = {name: some(values) for name, values in kinds.items() if source.random() < 0.5}
        if source.random() < 0.4:
            one["obj"] = {name: some(TEXTS) for name in ("one", "two") if source.random() < 0.7}
            if source.random() < 0.5:
                one["obj"]["num"] = source.choice([5, 42])
        found.append(one)
    return found


class Grammar:
    """Writes query strings; state is the source of chance."""

    def __init__(self, source: random.Random) -> None:
        self.source = source

    def query(self, depth: int = 0) -> str:
        """Return clauses side by side."""
        parts = [self.clause(depth)]
        for _ in range(self.source.choice((0, 0, 1, 1, 2, 3))):
            join = self.source.choice(
                (" ", " ", " AND ", " OR ", " && ", " || ", " AND NOT ", " OR NOT ", " NOT ", " -", " +", " AND -", " !")
            )
            parts.append(join + self.clause(depth))
        head = self.source.choice(("", "", "", "", "NOT ", "-", "+", "!"))
        return head + "".join(parts)

    def clause(self, depth: int) -> str:
        """Return one clause."""
        kind = self.source.random()
        if depth < 2 and kind < 0.2:
            return f"({self.query(depth + 1)}){self.tail(0.1)}"
        if depth < 2 and kind < 0.3:
            name = self.source.choice(STRINGS)
            values = " ".join(self.value(name) for _ in range(self.source.randint(1, 3)))
            joined = f"{self.value(name)} {self.source.choice(('OR', 'AND', 'AND NOT', '||'))} {self.value(name)}"
            return f"{name}:({self.source.choice((values, joined))})"
        if kind < 0.36:
            return self.source.choice(("*:*", "*", "_exists_:kw", "_exists_:obj", "_exists_:nope", "nope:x", "kw:*", "obj:*", "obj.\\*:*"))
        if kind < 0.44:
            return self.value(self.source.choice(STRINGS))
        name = self.source.choice((*STRINGS, *STRINGS, "num", "dec", "yes", "when", "ip", "obj.\\*", "\\*", "te\\*"))
        return f"{name}:{self.value(name)}"

    def value(self, name: str) -> str:
        """Return a value for a field."""
        choose = self.source.choice
        if name in ("num", "dec"):
            return self.bounded(NUMBERS)
        if name == "yes":
            return choose(("true", "false", '"true"', "[false TO true]", "yes", ">false", "t*"))
        if name == "when":
            return self.bounded(DATES)
        if name == "ip":
            return self.bounded(ADDRESSES)
        text = choose(TEXTS)
        match self.source.randrange(11):
            case 0 | 1:
                return self.word(text) + self.tail(0.1)
            case 2 | 3:
                return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' + choose(("", "", "", "~1", "~2", "^2"))
            case 4:
                return self.word(text[: self.source.randint(1, 4)]) + "*"
            case 5:
                return "*" + self.word(text[self.source.randint(0, 3) :]) + choose(("", "*", "?"))
            case 6:
                at = self.source.randint(0, len(text))
                return f"{self.word(text[:at])}{choose('*?')}{self.word(text[at + 1 :])}"
            case 7:
                return f"/{choose((choose(EXPRESSIONS), self.expression()))}/"
            case 8:
                return self.word(text.split(" ")[0]) + choose(("~", "~1", "~2", "~0"))
            case 9:
                return self.range([self.bound(choose(TEXTS)) for _ in range(2)])
        return choose((">", ">=", "<", "<=")) + self.word(text)

    def expression(self, depth: int = 0) -> str:
        """Return a regular expression."""
        if depth > 3 or self.source.random() < 0.3:
            return self.source.choice(ATOMS)
        left, right = self.expression(depth + 1), self.expression(depth + 1)
        sign = self.source.choice(("*", "+", "?", "{1}", "{2,}", "{0,2}"))
        return self.source.choice(
            (left + right, left + right, f"({left}){sign}", f"({left}|{right})", f"{left}|{right}", f"{left}&{right}")
        )

    def bounded(self, values: Sequence[str]) -> str:
        """Return a value or a range of values."""
        pair = [self.source.choice([one.replace("\\", "") for one in values]) for _ in range(2)]
        return self.source.choice(
            (self.source.choice(values), self.range(pair), self.source.choice((">", ">=", "<", "<=")) + self.source.choice(values))
        )

    def range(self, pair: Sequence[str]) -> str:
        """Return a range; a bound may be open."""
        low, high = ("*" if self.source.random() < 0.2 else one for one in pair)
        return f"{self.source.choice('[{')}{low} TO {high}{self.source.choice(']}')}"

    def bound(self, text: str) -> str:
        """Return a bound of a range; in quotes only where it has a space, because this engine takes the quotes of others for text."""
        if " " in text.strip() and '"' not in text:
            return f'"{text}"'
        return "".join(char for char in text if char not in ' ]}"\\') or "x"

    def word(self, text: str) -> str:
        """Return a bare word, most often with its special characters escaped."""
        if self.source.random() < 0.05:
            return text or "x"
        escaped = "".join(f"\\{char}" if char in SPECIAL or char.isspace() else char for char in text)
        return escaped or "x"

    def tail(self, chance: float) -> str:
        """Return a boost, now and then."""
        return self.source.choice(("^2", "^0.5")) if self.source.random() < chance else ""


class Index:
    """An index that holds documents; state is the engine it stands in."""

    def __init__(self, engine: Any, name: str, count: int) -> None:
        self.engine, self.name, self.count = engine, name, count

    def ask(self, queries: Sequence[str]) -> Iterator[list[int] | str]:
        """Yield for each query the documents that the engine finds, or its words of refusal."""
        for start in range(0, len(queries), 200):
            lines = []
            for query in queries[start : start + 200]:
                body = {"query": {"query_string": {"query": query, "analyze_wildcard": True}}, "size": self.count, "_source": False}
                lines += ["{}", json.dumps(body)]
            for answer in self.engine._call("POST", f"/{self.name}/_msearch", "\n".join(lines) + "\n")["responses"]:
                yield json.dumps(answer["error"]) if "error" in answer else sorted(int(hit["_id"]) for hit in answer["hits"]["hits"])


def filled(engine: Any, name: str, mappings: dict[str, Any], held: Sequence[dict[str, Any]]) -> Index:
    """Return an index of a running engine with these documents."""
    created = engine._call("PUT", f"/{name}", {"mappings": mappings})
    assert "error" not in created, created
    lines: list[str] = []
    for number, document in enumerate(held):
        lines += (json.dumps({"index": {"_index": name, "_id": str(number)}}), json.dumps(document))
    loaded = engine._call("POST", "/_bulk?refresh=true", "\n".join(lines) + "\n")
    assert not loaded["errors"], [one for one in loaded["items"] if "error" in one["index"]][:3]
    return Index(engine, name, len(held))


@contextmanager
def indexed(mappings: dict[str, Any], held: Sequence[dict[str, Any]]) -> Iterator[Index]:
    """Start an engine with these documents."""
    with running() as engine:
        yield filled(engine, "asked", mappings, held)
