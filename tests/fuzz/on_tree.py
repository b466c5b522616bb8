"""Mutators of the parse tree: a document that is still YAML, but not the rule that it was.

A tree mutator changes the list of a file's documents in place; the file is
then written anew, in one of several styles.
"""

from __future__ import annotations

import copy
import datetime
import random
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

from tests.fuzz.on_bytes import Mutator

_SCALARS: Final[tuple[Any, ...]] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        10**30,
        2**63,
        0.0,
        -0.0,
        1.5,
        1e300,
        float("inf"),
        float("nan"),
        "",
        " ",
        "null",
        "yes",
        "0",
        "1e3",
        "-",
    ),
    *(
        "*",
        "?",
        "**",
        "\\",
        "\\*",
        "%a%",
        "a\nb",
        "a\tb",
        "\x85",
        "\u2028",
        "😀",
        "\ufeff",
        "\x7f",
        "\x1b[31m",
        "'",
        '"',
        "{{ x }}",
        "](x)",
        "<<",
        "=",
    ),
    *(
        datetime.date(2024, 1, 2),
        datetime.datetime(2024, 1, 2, 3, 4, 5),
        b"\x00\xff",
        "x" * 257,
        "../../x",
        "http://x y",
        "selection",
        "them",
    ),
)
_KEYS: Final[tuple[Any, ...]] = (
    *(
        "",
        " ",
        "|",
        "|contains",
        "f|",
        "f|all",
        "f|re",
        "f|nobody",
        "f|base64|contains",
        "f|cidr",
        "f|exists",
        "f|lt",
        "f|fieldref",
        "f|expand",
        "condition",
    ),
    *(
        "action",
        "correlation",
        "filter",
        "detection",
        "logsource",
        "timeframe",
        "x-converter",
        "rules",
        "selection",
        "a.b.c",
        "é",
        "f\nx",
        "*",
        "<<",
    ),
    *(5, None, True, 1.5, datetime.date(2024, 1, 2), "x" * 1500),
)
_ACTIONS: Final[tuple[Any, ...]] = ("global", "reset", "repeat", "repeat", "Global", "", None, 1, ["global"], {"global": 1})

Spot = tuple[Any, Any]
"""A holder and the key or index in it."""


def _spots(value: Any) -> list[Spot]:
    """Return every place below a value."""
    found, stack = [], [value]
    while stack:
        holder = stack.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            stack.append(holder[key])
    return found


def _spot(chance: random.Random, documents: list[Any]) -> Spot:
    """Return a place, more often one in a detection, a correlation or a filter."""
    inner = [
        one.get(name)
        for one in documents
        if isinstance(one, dict)
        for name in ("detection", "correlation", "filter", "x-converter", "logsource")
    ]
    within = _spots([one for one in inner if isinstance(one, dict)])
    return chance.choice(within) if within and chance.random() < 0.6 else chance.choice(_spots(documents) or [(documents, 0)])


def drop(chance: random.Random, documents: list[Any]) -> None:
    """A key or an entry is missing."""
    holder, key = _spot(chance, documents)
    del holder[key]


def retype(chance: random.Random, documents: list[Any]) -> None:
    """A value has another type: a list of it, a map with it, its only entry, its text."""
    holder, key = _spot(chance, documents)
    one = holder[key]
    forms: list[Any] = [[one], [one, one], {"a": one}, [[one]], [], {}, str(one), None, {str(one)[:30]: None}, [{"a": one}, one]]
    if isinstance(one, dict):
        forms += [
            list(one.values()),
            list(one),
            [{name: value} for name, value in one.items()],
            [[name, value] for name, value in one.items()],
        ]
    if isinstance(one, list):
        forms += [*one[:1], dict(enumerate(map(str, one))), [*one, one]]
    holder[key] = chance.choice(forms)


def scalar(chance: random.Random, documents: list[Any]) -> None:
    """A value is another one."""
    holder, key = _spot(chance, documents)
    holder[key] = chance.choice(_SCALARS)


def entry(chance: random.Random, documents: list[Any]) -> None:
    """A list or a map has one entry more."""
    holder, _ = _spot(chance, documents)
    if isinstance(holder, dict):
        holder[chance.choice(_KEYS)] = copy.deepcopy(chance.choice((*_SCALARS, chance.choice(_spots(documents))[0])))
    else:
        holder.insert(chance.randrange(len(holder) + 1), chance.choice((*_SCALARS, *_ACTIONS)))


def key(chance: random.Random, documents: list[Any]) -> None:
    """A key has another name, and its place in the map; sometimes only the case is another."""
    holders = [(holder, name) for holder, name in _spots(documents) if isinstance(holder, dict)]
    if not holders:
        return
    holder, name = chance.choice(holders)
    new = chance.choice((*_KEYS, *(str(name).upper(), str(name).title(), str(name)[:-1], f"{name}|all", f"{name}|contains", f"{name}x")))
    items = [(new if one == name else one, value) for one, value in holder.items()]
    holder.clear()
    holder.update(items)


def swap(chance: random.Random, documents: list[Any]) -> None:
    """Two values change places, at any depth; one that would hold itself stays."""
    (first, one), (second, other) = _spot(chance, documents), _spot(chance, documents)
    value, moved = first[one], second[other]
    first[one], second[other] = copy.deepcopy(moved), copy.deepcopy(value)


def copied(chance: random.Random, documents: list[Any]) -> None:
    """A value stands at another place too."""
    (source, name), (holder, place) = _spot(chance, documents), _spot(chance, documents)
    holder[place] = copy.deepcopy(source[name])


def nest(chance: random.Random, documents: list[Any]) -> None:
    """A value stands far below."""
    holder, place = _spot(chance, documents)
    for _ in range(chance.choice((2, 10, 50, 63, 70, 200))):
        holder[place] = {"a": holder[place]} if chance.random() < 0.5 else [holder[place]]


def huge(chance: random.Random, documents: list[Any]) -> None:
    """A value is very long, very large, or there are very many of it."""
    holder, place = _spot(chance, documents)
    one = holder[place]
    size = chance.choice((100, 1000, 5000))
    text = one if isinstance(one, str) and one else "ab"
    holder[place] = chance.choice(
        [
            lambda: text * size,
            lambda: [f"{text}{number}" for number in range(size)],
            lambda: {f"{text[:20]}{number}": text[:20] for number in range(size)},
            lambda: 10 ** (size % 4000 + 10),
            lambda: [{f"k{number}": [text[:20], number]} for number in range(size // 5)],
            lambda: " or ".join([text[:40]] * size),
            lambda: f"{'*a' * (size // 10)}{text[:20]}",
            lambda: [one] * (size // 20) if not isinstance(one, dict | list) else "x" * size,
            lambda: "-a " * (size // 20),
            lambda: {f"sel_{number}": {"f": number} for number in range(size // 10)},
        ]
    )()


def action(chance: random.Random, documents: list[Any]) -> None:
    """A document is an action on others, or stands twice."""
    at = chance.randrange(len(documents))
    one = documents[at]
    if isinstance(one, dict) and chance.random() < 0.7:
        documents[at] = {"action": chance.choice(_ACTIONS), **one}
    if chance.random() < 0.5:
        documents.insert(chance.randrange(len(documents) + 1), copy.deepcopy(chance.choice((one, {"action": "reset"}, {}, None, [], "x"))))


def order(chance: random.Random, documents: list[Any]) -> None:
    """The entries of a list or a map stand in another order."""
    holder, _ = _spot(chance, documents)
    if isinstance(holder, list):
        chance.shuffle(holder)
    else:
        items = list(holder.items())
        chance.shuffle(items)
        holder.clear()
        holder.update(items)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes equal values out, so that only mutators of bytes make aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def written(chance: random.Random, documents: list[Any]) -> bytes:
    """Return the documents as a file, in one of several styles."""
    found = yaml.dump_all(
        documents,
        Dumper=_Dumper,
        default_flow_style=chance.choice((False, False, None, True)),
        default_style=chance.choice((None, None, None, '"', "'")),
        allow_unicode=chance.random() < 0.8,
        width=chance.choice((80, 10**9)),
        sort_keys=False,
        explicit_start=chance.random() < 0.2,
        encoding="utf-8",
    )
    return bytes(found)


def _parsed(data: bytes) -> list[Any] | None:
    """Return a file's documents; ``None`` for what another mutator broke before, or made too deep to be asked."""
    if len(data) > 300_000 or data.count(b"[") + data.count(b"{") > 5000 or data.count(b"- ") > 50_000:
        return None
    try:
        return list(yaml.load_all(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def _on_tree(change: Callable[[random.Random, list[Any]], None]) -> Mutator:
    def mutate(chance: random.Random, data: bytes) -> bytes:
        documents = _parsed(data)
        if not documents:
            return data
        change(chance, documents)
        return written(chance, documents)

    return mutate


MUTATORS: Final[Mapping[str, Mutator]] = {
    f"tree.{one.__name__}": _on_tree(one) for one in (drop, retype, scalar, entry, key, swap, copied, nest, huge, action, order)
}
