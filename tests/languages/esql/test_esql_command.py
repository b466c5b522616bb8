"""``converter query esql``: documents in, the indexes of those whose rows are in the table out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from converter.cli.query import command

EVENTS = [{"user": {"name": "Ann"}, "n": 1}, {"user": {"name": ["ann", "bob"]}, "n": 2}, {"n": 3}]


@pytest.fixture
def events(tmp_path: Path) -> str:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in EVENTS), encoding="utf-8")
    return str(path)


def asked(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(command, ["esql", *words])
    return done.exit_code, done.stdout, done.stderr


def test_documents(events: str) -> None:
    """An index stands on a line; a column of several values is null, a missing one is not let through by NOT."""
    assert asked('FROM x | WHERE TO_LOWER(user.name) == "ann"', events) == (0, "0\n", "")
    assert asked('FROM x | WHERE MV_CONTAINS(user.name, "bob")', events) == (0, "1\n", "")
    assert asked('FROM x | WHERE NOT user.name == "bob"', events) == (0, "0\n", "")


def test_sorted_and_limited(events: str) -> None:
    """What the table leaves out is not found."""
    assert asked("FROM x | SORT n DESC | LIMIT 1 | KEEP n", events) == (0, "2\n", "")


def test_mappings(events: str, tmp_path: Path) -> None:
    """With the index's mappings a column has its type, and one that the index lacks is refused at its place."""
    fields = tmp_path / "mappings.json"
    fields.write_text('{"mappings": {"dynamic": false, "properties": {"n": {"type": "keyword"}}}}', encoding="utf-8")
    assert asked('FROM x | WHERE n == "2"', events, "--fields", str(fields)) == (0, "1\n", "")
    code, out, err = asked("FROM x\n| WHERE user.name IS NULL", events, "--fields", str(fields))
    assert (code, out) == (3, "")
    assert "R303" in err
    assert "<query>:2:9" in err


def test_what_is_no_document(events: str) -> None:
    """A table of groups names no document, and a query that cannot be read ends with its place."""
    code, out, err = asked("FROM x | STATS c = COUNT(*) BY n", events)
    assert (code, out) == (3, "")
    assert "R304" in err
    code, out, err = asked("FROM x | WHERE n = 1", events)
    assert "<query>:1:18" in err
    assert "==" in err
