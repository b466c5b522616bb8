"""``converter query lucene``: documents in, the indexes of those that are found out."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from converter.cli.query import command

EVENTS = [{"process": {"name": "cmd.exe", "pid": 4}}, {"process": {"name": "sh", "args": ["-c", "id"], "pid": 5}}, {"other": 1}]


def asked(tmp_path: Path, query: str, mappings: object = None) -> tuple[int, str]:
    """Run the command on the events; return its exit code and all that it says."""
    events = tmp_path / "events.jsonl"
    events.write_text("\n".join(map(json.dumps, EVENTS)), encoding="utf-8")
    options: list[str] = []
    if mappings is not None:
        (tmp_path / "fields.json").write_text(json.dumps(mappings), encoding="utf-8")
        options = ["--fields", str(tmp_path / "fields.json")]
    done = CliRunner().invoke(command, ["lucene", query, str(events), *options])
    return done.exit_code, done.output


def test_found(tmp_path: Path) -> None:
    """Without mappings the fields get the types that an index would give them."""
    assert asked(tmp_path, 'process.name:"CMD.exe" OR process.pid:>4') == (0, "0\n1\n")
    assert asked(tmp_path, "NOT _exists_:process") == (0, "2\n")


def test_found_by_type(tmp_path: Path) -> None:
    """With mappings the types count: on a keyword case does."""
    fields = {"properties": {"process": {"properties": {"name": {"type": "keyword"}, "args": {"type": "keyword"}}}}}
    assert asked(tmp_path, 'process.name:"CMD.exe"', fields) == (0, "")
    assert asked(tmp_path, r"process.\*:/-.|cmd.*/", fields) == (0, "0\n1\n")


def test_mistake(tmp_path: Path) -> None:
    """A mistake is shown at its place, with help and the code of bad input."""
    code, told = asked(tmp_path, "process.name:a/b")
    assert code == 3
    assert "error[R290]" in told
    assert "<query>:1:15" in told
    assert "`\\/`" in told
