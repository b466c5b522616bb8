"""EQL beside KQL: both ask the index the same queries, and KQL's reading was measured on the engine."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from converter.languages import eql, kql
from converter.model import Diagnostic

MAPPINGS = {
    "dynamic": False,
    "properties": {
        "k": {"type": "keyword"},
        "low": {"type": "keyword", "normalizer": "lowercase"},
        "short": {"type": "keyword", "ignore_above": 3},
        "n": {"type": "long"},
        "small": {"type": "short"},
        "d": {"type": "double"},
        "b": {"type": "boolean"},
        "ip": {"type": "ip"},
        "at": {"type": "date"},
    },
}
VALUES: dict[str, list[Any]] = {
    "k": ["cmd.exe", "CMD.EXE", "cmd", "", "a b", "C:\\x", "ä", "10", 10, True, "x\ny"],
    "low": ["Abc", "aBC", "x"],
    "short": ["abc", "abcd", "ab"],
    "n": [0, -1, 3, 40, "3", 3.0, 2**40],
    "small": [1, 300, -5],
    "d": [0.5, 1, 2.25, -3.5, "1.5"],
    "b": [True, False, "true", "false"],
    "ip": ["10.0.0.1", "10.255.0.1", "192.168.1.1", "::1", "2001:db8::5", "::ffff:10.0.0.1"],
    "at": ["2024-05-01T10:00:00Z", "2024-05-01T10:00:00.500Z", 1714557600000, "2024-05-01T12:00:00+02:00"],
}
WORDS = ["cmd.exe", "cmd", "Abc", "abc", "ab", "x", "", "a b", "C:\\x", "ä", "10"]
PAIRS = [
    *((f"k == {json.dumps(word, ensure_ascii=False)}", f"k:{json.dumps(word, ensure_ascii=False)}") for word in WORDS),
    *((f'low == "{word}"', f'low:"{word}"') for word in ("ABC", "x", "q")),
    *((f"{field} != null", f"{field}:*") for field in VALUES),
    *((f"{field} == null", f"not {field}:*") for field in VALUES),
    ('k != "cmd"', 'not k:"cmd"'),
    ('not k == "cmd" and n > 0', 'not k:"cmd" and n > 0'),
    ('k in ("cmd", "x", "10")', 'k:("cmd" or "x" or "10")'),
    ('k not in ("cmd", "x")', 'not k:("cmd" or "x")'),
    ('k like "cmd*"', "k:cmd*"),
    ('k like "*.exe"', "k:*.exe"),
    ('k like "c*d*e"', "k:c*d*e"),
    ('low like "aB*"', "low:aB*"),
    ('not k like "*m*"', "not k:*m*"),
    ('startsWith(k, "cmd")', "k:cmd*"),
    ('endsWith(k, ".exe")', "k:*.exe"),
    ('stringContains(k, "md")', "k:*md*"),
    *(
        (f"{field} {sign} {number}", f"{field} {sign} {number}")
        for field in ("n", "d", "small")
        for sign in ("<", "<=", ">", ">=")
        for number in (0, 1, 3)
    ),
    *((f"{field} == {number}", f"{field}:{number}") for field in ("n", "small") for number in (0, 3, -1, 300, 40)),
    ("d == 1.5", "d:1.5"),
    ("d >= 2.25", "d >= 2.25"),
    ("n in (3, 40)", "n:(3 or 40)"),
    ("b == true", "b:true"),
    ("b != true", "not b:true"),
    ('ip == "10.0.0.1"', 'ip:"10.0.0.1"'),
    ('ip == "::1"', 'ip:"::1"'),
    ('ip == "10.0.0.0/8"', 'ip:"10.0.0.0/8"'),
    ('cidrMatch(ip, "10.0.0.0/8", "2001:db8::/32")', 'ip:("10.0.0.0/8" or "2001:db8::/32")'),
    ('not cidrMatch(ip, "10.0.0.0/8")', 'not ip:"10.0.0.0/8"'),
    ('ip > "10.0.0.1"', 'ip > "10.0.0.1"'),
    ('ip <= "192.168.1.1"', 'ip <= "192.168.1.1"'),
    ('at == "2024-05-01T10:00:00.000Z"', 'at:"2024-05-01T10:00:00.000Z"'),
    ('at > "2024-05-01T10:00:00.000Z"', 'at > "2024-05-01T10:00:00.000Z"'),
    ('at <= "2024-05-01T10:00:00.499Z"', 'at <= "2024-05-01T10:00:00.499Z"'),
]


def documents() -> list[dict[str, Any]]:
    """Return documents with each value alone, in lists, null and absent."""
    rng = random.Random(8)
    found: list[dict[str, Any]] = [{}, dict.fromkeys(VALUES), {name: [] for name in VALUES}]
    found += [{name: one} for name, ones in VALUES.items() for one in ones]
    for _ in range(60):
        found.append(
            {name: rng.sample(ones, 2) if rng.random() < 0.4 else rng.choice(ones) for name, ones in VALUES.items() if rng.random() < 0.7}
        )
    return found


@pytest.mark.parametrize(("by_eql", "by_kql"), PAIRS)
def test_same_answers(by_eql: str, by_kql: str) -> None:
    """An EQL condition finds the documents that the KQL query finds that sends the same query to the index."""
    given = documents()
    mapping = eql.compile_mapping(MAPPINGS)
    assert isinstance(mapping, eql.Mapping)
    read, other = eql.read(f"any where {by_eql}"), kql.read(by_kql)
    assert isinstance(read, eql.Query)
    assert isinstance(other, kql.Query)
    found, wanted = eql.run(read, given, mapping), kql.run(other, given, MAPPINGS, "modern")
    assert not isinstance(found, Diagnostic), found.render()
    assert not isinstance(wanted, Diagnostic), wanted.render()
    differing = {match.events[0] for match in found} ^ {at for at, hit in enumerate(wanted) if hit}
    assert not [given[at] for at in sorted(differing)]
