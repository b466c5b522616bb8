"""Mutators of a rule's own small languages: conditions, keys with modifiers, values, regular expressions.

They find their place in the text by its form and leave everything else as it
is, so that most of what they make is read, and the stages behind the reader
meet it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Final

from tests.fuzz.on_bytes import Mutator

_KEY: Final = re.compile(r"(?m)(?:^[ -]*|[{,] ?)(?P<it>[A-Za-z_@][\w.@/-]*(?:\|[\w|]+)?)(?=: )")
_CHAIN: Final = re.compile(r"(?<=[\w)])(?P<it>\|[\w|]+)(?=: )")
_CONDITION: Final = re.compile(r"(?m)condition: *(?P<it>[^\n{}\[\],]+)")
_VALUE: Final = re.compile(r"(?m)(?:: |[-,\[] )(?P<it>'[^'\n]*'|[^\s'\"{}\[\],&*#>|%@`][^\n{}\[\],]*)")
_QUOTED: Final = re.compile(r"'(?P<it>[^'\n]*)'")
_TOKENS: Final = ("and", "or", "not", "(", ")", "1 of", "all of", "any of", "2 of", "them", "*", "sel*", "_*", "selection", "filter", "-")
_MORE_TOKENS: Final = (
    "AND",
    "|",
    "count() > 5",
    "| count(x) by y > 3",
    "condition",
    "near",
    "1",
    "of",
    "\u00a0",
    "se\u200blection",
    "1 of them",
    "é",
)
_MODIFIERS: Final = (
    *(
        "all",
        "base64",
        "base64offset",
        "cased",
        "cidr",
        "contains",
        "day",
        "dotall",
        "endswith",
        "exists",
        "expand",
        "fieldref",
        "gt",
        "gte",
    ),
    *("hour", "i", "ignorecase", "lt", "lte", "m", "minute", "month", "multiline", "neq", "re", "s", "startswith", "utf16", "utf16be"),
    *("utf16le", "week", "wide", "windash", "year"),
)
_UNKNOWN: Final = ("contain", "CONTAINS", "Re", "", "regex", "endwith", "x" * 200, "not", "\u0441ontains", "re2")
_PIECES: Final = (
    *(
        "*",
        "?",
        "\\",
        "\\*",
        "\\?",
        "\\\\",
        "**",
        "%a%",
        "%",
        "-",
        "/",
        " -x",
        "'",
        '"',
        "''",
        "$",
        "`",
        "<",
        "&",
        "é",
        "\u212a",
        "\u017f",
        "😀",
        "\u2013",
    ),
    *(
        "",
        " ",
        "a",
        "A",
        "0",
        "null",
        "true",
        "10.0.0.0/8",
        "::1/128",
        "1.2.3.4/5",
        "2024-01-02",
        "\t",
        "\u2028",
        "{{",
        "}}",
        "]]>",
        "%x",
        "$a$",
        "\x7f",
    ),
)
_REGEX: Final = (
    *(
        ".",
        ".*",
        "a+",
        "(",
        ")",
        "(?:",
        "(?i)",
        "(?=a)",
        "(?<!a)",
        "[",
        "]",
        "[^a]",
        "[[:alpha:]]",
        "\\d",
        "\\b",
        "\\1",
        "\\p{L}",
        "{2,3}",
        "{,3}",
        "|",
    ),
    *(
        "^",
        "$",
        "\\A",
        "\\Z",
        "\\Q",
        "(?P<a>b)",
        "(a+)+",
        "(a|a)*",
        "{1000}",
        "{99999999}",
        "[z-a]",
        "\\x41",
        "\\u0041",
        "(?#c)",
        "*+",
        "??",
        "\\",
    ),
)
_ALIKE: Final = {
    "a": "\u0430",
    "c": "\u0441",
    "e": "\u0435",
    "o": "\u043e",
    "i": "\u0456",
    "s": "\u017f",
    "k": "\u212a",
    "-": "\u2010",
    "|": "\u01c0",
    ":": "\ua789",
}
"""Characters that are seen as others."""


def _place(chance: random.Random, pattern: re.Pattern[str], text: str) -> tuple[int, int] | None:
    found = list(pattern.finditer(text))
    return chance.choice(found).span("it") if found else None


def _on(pattern: re.Pattern[str], change: Callable[[random.Random, str], str]) -> Mutator:
    """Return a mutator that changes one place of a form; without such a place the file stays as it is."""

    def mutate(chance: random.Random, data: bytes) -> bytes:
        text = data.decode("utf-8", "surrogateescape")
        place = _place(chance, pattern, text)
        if place is None:
            return data
        start, end = place
        return (text[:start] + change(chance, text[start:end]) + text[end:]).encode("utf-8", "surrogateescape")

    return mutate


def _condition(chance: random.Random, text: str) -> str:
    words = text.replace("(", " ( ").replace(")", " ) ").split()
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(words) + 1)
        match chance.randrange(6):
            case 0:
                words.insert(at, chance.choice(_TOKENS))
            case 1:
                words.insert(at, chance.choice(_MORE_TOKENS))
            case 2 if words:
                del words[min(at, len(words) - 1)]
            case 3 if words:
                words[min(at, len(words) - 1)] = chance.choice((*_TOKENS, *words))
            case 4 if words:
                words.insert(at, chance.choice(words))
            case _:
                words = chance.choice(
                    (["not", *words], ["(", *words, ")"], [*words, "or", "not", "(", *words, ")"], ["("] * 30 + words + [")"] * 30)
                )
    return " ".join(words)


def _key(chance: random.Random, text: str) -> str:
    field, *names = text.split("|")
    match chance.randrange(8):
        case 0:
            field = chance.choice((field.upper(), field.lower(), field.swapcase(), field.title()))
        case 1:
            field = _alike(chance, field)
        case 2:
            field = chance.choice(
                ("", ".", field + ".", "." + field, field + " x", "not", "and", "null", "1", field + "*", "x" * 300, "condition")
            )
        case 3:
            names.insert(chance.randrange(len(names) + 1), chance.choice(_UNKNOWN))
        case 4 if names:
            del names[chance.randrange(len(names))]
        case 5 if names:
            names[chance.randrange(len(names))] = chance.choice(_MODIFIERS)
        case _:
            names.insert(chance.randrange(len(names) + 1), chance.choice(_MODIFIERS))
    return "|".join((field, *names))


def _chain(chance: random.Random, text: str) -> str:
    names = text.split("|")[1:]
    match chance.randrange(3):
        case 0:
            chance.shuffle(names)
        case 1:
            names += names
        case _:
            names = [chance.choice(_MODIFIERS) for _ in range(chance.randrange(1, 4))]
    return "|" + "|".join(names)


def _pieced(pieces: tuple[str, ...]) -> Callable[[random.Random, str], str]:
    def change(chance: random.Random, text: str) -> str:
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(len(text) + 1)
            new = chance.choice(pieces)
            text = chance.choice((text[:at] + new + text[at:], text[:at] + new + text[at + 1 :], new, text + new))
        return text

    return change


def _alike(chance: random.Random, text: str) -> str:
    found = [index for index, one in enumerate(text) if one in _ALIKE]
    if not found:
        return text + "\u200b"
    at = chance.choice(found)
    return text[:at] + _ALIKE[text[at]] + text[at + 1 :]


def _unescaped(chance: random.Random, text: str) -> str:
    return chance.choice(
        (text.replace("\\\\", "\\"), text.replace("\\", "\\\\"), text.replace("\\", ""), text.replace("*", "\\*"), text.replace("\\*", "*"))
    )


def _expression(chance: random.Random, data: bytes) -> bytes:
    """A key gets ``|re`` and its value becomes an expression."""
    text = data.decode("utf-8", "surrogateescape")
    found = list(re.finditer(r"(?m)(?P<key>[A-Za-z][\w.]*)(?:\|[\w|]+)?: (?P<value>'[^'\n]*'|[\w ./-]+)(?=[\n,}])", text))
    if not found:
        return data
    one = chance.choice(found)
    flags = "".join(chance.sample(("|i", "|m", "|s"), chance.choice((0, 0, 1, 2))))
    pattern = "".join(
        chance.choice((*_REGEX, one["value"].strip("'")[:12].replace("'", ""), "ab", "\\.")) for _ in range(chance.randrange(1, 7))
    )
    return f"{text[: one.start()]}{one['key']}|re{flags}: '{pattern}'{text[one.end() :]}".encode("utf-8", "surrogateescape")


def _swap(chance: random.Random, data: bytes) -> bytes:
    """Two values change places."""
    text = data.decode("utf-8", "surrogateescape")
    found = list(_VALUE.finditer(text))
    if len(found) < 2:
        return data
    first, second = sorted(chance.sample(found, 2), key=lambda one: one.start())
    (a, b), (c, d) = first.span("it"), second.span("it")
    return (text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]).encode("utf-8", "surrogateescape")


MUTATORS: Final[Mapping[str, Mutator]] = {
    "text.condition": _on(_CONDITION, _condition),
    "text.key": _on(_KEY, _key),
    "text.chain": _on(_CHAIN, _chain),
    "text.value": _on(_VALUE, _pieced(_PIECES)),
    "text.quoted": _on(_QUOTED, _pieced(_PIECES)),
    "text.alike": _on(_VALUE, _alike),
    "text.unescape": _on(_VALUE, _unescaped),
    "text.pattern": _on(re.compile(r"\|re[\w|]*: '(?P<it>[^'\n]*)'"), _pieced(_REGEX)),
    "text.expression": _expression,
    "text.swap": _swap,
}
