"""``converter query eql``: the indexes of what a query finds, one match a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from converter.cli.query import command

EVENTS = [
    {"@timestamp": "2024-05-01T10:00:00Z", "user": {"name": "a"}, "n": 1},
    {"@timestamp": "2024-05-01T10:00:07Z", "user": {"name": "a"}, "n": 2},
    {"@timestamp": "2024-05-01T10:00:05Z", "user": {"name": "b"}, "n": 2},
    {"@timestamp": "2024-05-01T10:00:09Z", "user": {"name": "b"}, "n": "x"},
]


@pytest.fixture
def events(tmp_path: Path) -> str:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in EVENTS), encoding="utf-8")
    return str(path)


def asked(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(command, ["eql", *words])
    return done.exit_code, done.stdout, done.stderr


def test_single_events(events: str) -> None:
    """An event's index stands on a line, in the order of time."""
    assert asked('any where user.name : ("A", "B") and n == 2', events) == (0, "2\n1\n", "")


def test_sequences(events: str) -> None:
    """The indexes of a sequence's events stand on one line."""
    assert asked("sequence by user.name with maxspan=7s [any where n == 1] [any where n == 2]", events) == (0, "0 1\n", "")


def test_mappings(events: str, tmp_path: Path) -> None:
    """With the index's mappings a field has its type, and one that is not mapped is refused at its place."""
    fields = tmp_path / "mappings.json"
    fields.write_text('{"mappings": {"properties": {"n": {"type": "long"}, "@timestamp": {"type": "date"}}}}', encoding="utf-8")
    assert asked("any where n > 1", events, "--fields", str(fields)) == (0, "2\n1\n", "")
    code, out, err = asked("any where n > 1 and\n user.name == null", events, "--fields", str(fields))
    assert (code, out) == (3, "")
    assert "R283" in err
    assert "<query>:2:2" in err


def test_mistakes(events: str) -> None:
    """A query that cannot be read ends with its place and what to write."""
    code, out, err = asked("any where n = 1", events)
    assert (code, out) == (3, "")
    assert "<query>:1:13" in err
    assert "==" in err


def test_other_fields(tmp_path: Path) -> None:
    """A rule may name other fields for the category, the time and the order of events of one time."""
    path = tmp_path / "events.jsonl"
    rows = [
        {"kind": "net", "when": 5000, "seq": 2, "k": 1},
        {"kind": "proc", "when": 5000, "seq": 1, "k": 1},
        {"kind": "proc", "when": 4000, "k": 1},
    ]
    path.write_text("".join(f"{json.dumps(one)}\n" for one in rows), encoding="utf-8")
    names = ["-O", "category=kind", "-O", "timestamp=when", "-O", "tiebreaker=seq"]
    assert asked("proc where true", str(path), *names) == (0, "2\n1\n", "")
    assert asked("sequence by k [proc where true] [net where true]", str(path), *names) == (0, "1 0\n", "")
    assert asked("sequence by k [proc where true] [net where true]", str(path), *names[:4]) == (0, "2 0\n", "")
