"""Mutators of JSON: what a log shipper, a full disk or an attacker makes of events, mappings and field lists."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.fuzz.on_bytes import MUTATORS as ON_BYTES
from tests.fuzz.on_bytes import Mutator
from tests.fuzz.on_tree import _spots

_WRITTEN: Final = (
    *(
        b"NaN",
        b"Infinity",
        b"-0",
        b"1e999",
        b"-1e-999",
        b"1" * 5000,
        b"0.1e400",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\\u0000"',
        b'"\x00"',
    ),
    *(
        b"[]",
        b"{}",
        b"null",
        b"true",
        b'""',
        b'{"":{"":""}}',
        b'{"a":1,"a":2}',
        b'"\\u001b[31m"',
        b'"' + b"x" * 70_000 + b'"',
        b"[" * 500 + b"]" * 500,
    ),
    *(
        b"[" * 100_000,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b"'a'",
        b"01",
        b"+1",
        b"undefined",
        b"// x\n1",
        b'"a\nb"',
        b"\xff",
        b'"\xed\xa0\x80"',
    ),
)
_VALUES: Final[tuple[Any, ...]] = (
    *(
        None,
        True,
        0,
        -1,
        10**400,
        1.5,
        "",
        "*",
        "\x00",
        "\ud800",
        "\x1b[31m",
        "a\nb",
        "😀",
        [],
        {},
        [[]],
        [None],
        {"": ""},
        {"a.b": 1},
        "2026-01-01T00:00:00Z",
    ),
)


def value(chance: random.Random, data: bytes) -> bytes:
    """One value is written otherwise, as no writer would."""
    places = [index for index in range(len(data)) if data[index : index + 1] in (b":", b"[", b",")]
    if not places:
        return data + chance.choice(_WRITTEN)
    at = chance.choice(places) + 1
    end = min((index for index in (data.find(sign, at) for sign in (b",", b"}", b"]", b"\n")) if index >= 0), default=len(data))
    return data[:at] + chance.choice(_WRITTEN) + data[end:]


def tree(chance: random.Random, data: bytes) -> bytes:
    """One value of a document is another, is missing, has another type or name, or stands very often or very deep."""
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    whole = [json.loads(part) for part in (data,) if _is_json(part)]
    document = whole[0] if whole else json.loads(lines[at]) if _is_json(lines[at]) else None
    spots = _spots([document])
    if len(spots) < 2:
        return data
    holder, key = chance.choice(spots[1:])
    one = holder[key]
    match chance.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = chance.choice(_VALUES)
        case 2:
            holder[key] = chance.choice(([one], {"a": one}, [one, None, one], str(one), [[one]], {"": one}))
        case 3 if isinstance(holder, dict):
            holder[
                chance.choice(("", "a.b", "x" * 5000, str(key).upper(), f"{key}.", "\ud800", "type", "properties", "Event", "Records"))
            ] = holder.pop(key)
        case 4:
            holder[key] = [one] * chance.choice((2, 100, 5000)) if not isinstance(one, dict | list) else [one] * 20
        case _:
            for _ in range(chance.choice((5, 62, 66, 150))):
                holder[key] = {"a": holder[key]} if chance.random() < 0.5 else [holder[key]]
    new = json.dumps(document, ensure_ascii=chance.random() < 0.7).encode("utf-8", "surrogatepass")
    return new if whole else b"\n".join([*lines[:at], new, *lines[at + 1 :]])


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return len(data) < 100_000


def packed(chance: random.Random, data: bytes) -> bytes:
    """The bytes are gzip's, and damaged."""
    made = gzip.compress(data, mtime=0)
    return chance.choice(tuple(ON_BYTES[f"bytes.{name}"] for name in ("flip", "byte", "cut", "truncate", "double", "move")))(chance, made)


def doubled(chance: random.Random, data: bytes) -> bytes:
    """Documents stand one behind the other, in one line, in a list, or in one another's wrap."""
    forms: tuple[Callable[[bytes], bytes], ...] = (
        lambda one: one + one,
        lambda one: one + b" " + one,
        lambda one: b"[" + one.strip().replace(b"\n", b",") + b"]",
        lambda one: b'{"Records": [' + one.strip().replace(b"\n", b",") + b"]}",
        lambda one: b'{"event": ' + one.strip().split(b"\n")[0] + b"}",
        lambda one: b"[[" + one.strip().replace(b"\n", b",") + b"]]",
        lambda one: one.replace(b"\n", b""),
    )
    return chance.choice(forms)(data)


MUTATORS: Final[Mapping[str, Mutator]] = {
    **{f"json.{one.__name__}": one for one in (tree, value, doubled)},
    **{name: ON_BYTES[f"bytes.{name}"] for name in ()},
    **{name: one for name, one in ON_BYTES.items() if name not in ("bytes.anchor", "bytes.bomb", "bytes.space")},
}
PACKED: Final[Mapping[str, Mutator]] = {"json.packed": packed}
