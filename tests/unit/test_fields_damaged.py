"""Damaged answers and fields files: cut, retyped, deepened, enlarged; each is read, or told with a place, in bounded time."""

from __future__ import annotations

import copy
import json
import random
import time
from typing import Any

import yaml

from converter.data import OwnSource, Tables
from converter.model import Diagnostic
from converter.readers.fields import System, join, read_elastic, read_falco, read_fields, read_splunk, write_fields
from tests.unit.test_field_imports import FALCO, FORMS, PROPS, RESULTS, SHOP

SEED = 20261124
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**400,
    1.5,
    "",
    "x",
    "\x00",
    "\ud800",
    "a" * 5000,
    [],
    {},
    [[]],
    {"type": "keyword"},
    {"properties": {}},
]
FILE = {
    "logsource": {"product": "shop", "service": "orders"},
    "fields": {"a": {"type": "long", "values": ["x"], "many": True}},
    "targets": {
        "elastic": {
            "index": ["a-*"],
            "guard": {"b": ["c", "d"]},
            "complete": True,
            "fields": {"a": {"path": "x.a", "type": "long", "caseless": "x.a.l"}},
        },
        "splunk": {"sourcetype": ["s"], "definition": "sourcetype=s", "output": {"u": "v"}, "fields": {"a": {"path": "a{}"}}},
        "falco": {"event_source": "okta", "plugins": [{"name": "okta", "version": "0.1.0"}], "fields": {"a": {"path": "okta.a"}}},
    },
}


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [place]
    if isinstance(value, dict):
        found += [one for key in value for one in _places(value[key], (*place, key))]
    elif isinstance(value, list):
        found += [one for index in range(len(value)) for one in _places(value[index], (*place, index))]
    return found


def _changed(value: Any, chance: random.Random) -> Any:
    """Return a document with one or two of its values replaced, removed, renamed, or put into many others."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 2)):
        place = chance.choice(_places(value))
        if not place:
            continue
        holder = value
        for step in place[:-1]:
            holder = holder[step]
        kind = chance.randrange(4)
        if kind == 0:
            holder[place[-1]] = copy.deepcopy(chance.choice(VALUES))
        elif kind == 1:
            del holder[place[-1]]
        elif kind == 2 and isinstance(holder, dict):
            holder[chance.choice(["", "x\ny", "*", "type", "properties", "\u202e", "a" * 1000])] = holder.pop(place[-1])
        else:
            inner = holder[place[-1]]
            for _ in range(chance.choice([1, 3, 60, 900])):
                inner = {"properties": {"deep": inner}}
            holder[place[-1]] = inner
    return value


def _cut(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] if chance.random() < 0.5 else data[:at] + bytes([chance.randrange(256)]) + data[at + chance.randrange(3) :]


def _answers() -> list[tuple[Any, str, Any]]:
    made: list[tuple[Any, str, Any]] = [(read_elastic, "a.json", value) for value in FORMS.values()]
    made += [(read_splunk, "a.json", RESULTS), (read_splunk, "a.json", {"results": RESULTS})]
    return made + [(read_falco, "a.json", json.loads(text)) for text in FALCO.values() if text[:1] in b"[{"]


def test_a_damaged_answer_is_read_or_told() -> None:
    """What is read is written as a file that the pack's reader takes; all else is a diagnostic with a place and help."""
    chance, answers, begun = random.Random(SEED), _answers(), time.monotonic()
    counts = {"read": 0, "told": 0}
    for number in range(1500):
        reader, name, value = answers[number % len(answers)]
        if number % 3:
            try:
                data = json.dumps(_changed(value, chance)).encode("utf-8", "replace")
            except (RecursionError, ValueError):
                continue
        else:
            data = _cut(json.dumps(value).encode(), chance)
        found = reader(data, name)
        if isinstance(found, Diagnostic):
            assert found.span is not None
            assert found.help
            assert found.code == "P050"
            counts["told"] += 1
            continue
        assert isinstance(found, System)
        assert all(one.span is not None for one in found.warnings)
        joined = join(found, SHOP)
        read = read_fields(write_fields(found, joined, SHOP, "a.json"), "fields/a.yml")
        assert all(isinstance(one, OwnSource) for one in read), (data, read)
        counts["read"] += 1
    for number in range(300):
        found = read_splunk(_cut(PROPS.encode(), chance), "props.conf")
        assert isinstance(found, System | Diagnostic), number
    assert min(counts.values()) > 200, counts
    assert time.monotonic() - begun < 20


def test_a_damaged_file_of_fields_is_read_or_told() -> None:
    """Each finding has a place; what is taken makes tables that answer for every row."""
    chance, begun, taken = random.Random(SEED), time.monotonic(), 0
    plain = yaml.safe_dump(FILE, sort_keys=False)
    for number in range(600):
        try:
            text = json.dumps(_changed(FILE, chance)) if number % 3 else plain
        except RecursionError:
            continue
        data = text.encode("utf-8", "surrogatepass") if number % 3 else _cut(text.encode(), chance)
        found = read_fields(data, "fields/a.yml")
        for one in found:
            if isinstance(one, Diagnostic):
                assert one.span is not None
                assert one.code[0] in "PR"
                continue
            taken += 1
            tables = Tables((one,))
            source = tables.source_of(one.logsource)
            assert source is not None
            for target, own in one.targets.items():
                assert set(own.rows) <= set(tables.bindings(target, source.id))
                assert source.targets[target] is not None
    assert taken > 30
    assert time.monotonic() - begun < 20


def test_a_huge_answer_takes_no_time_to_refuse() -> None:
    """Fields beyond the bound are told, not read for minutes."""
    begun = time.monotonic()
    many = json.dumps({"properties": {f"f{number}": {"type": "keyword"} for number in range(60_000)}}).encode()
    assert isinstance(read_elastic(many, "a.json"), Diagnostic)
    assert isinstance(read_falco(b"a.b\n" * 60_000, "list"), Diagnostic)
    deep: Any = {"type": "keyword"}
    for _ in range(90):
        deep = {"properties": {"a": deep}}
    assert isinstance(read_elastic(json.dumps(deep).encode(), "a.json"), Diagnostic)
    assert time.monotonic() - begun < 10
