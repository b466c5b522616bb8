"""``converter import`` of Elastic's rule files and exports: what is written, told and reported, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CONVERTER = Path(sys.executable).with_name("converter")
CASES = Path(__file__).resolve().parents[1] / "readers" / "elastic_rules"
ROW = {"source", "line", "name", "kind", "language", "status", "reason", "exact", "rule", "losses", "diagnostics"}


def _import(folder: Path, form: str, *sources: Path) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
    arguments = ["import", form, *map(str, sources), "-o", "rules", "--report", "report.json"]
    done = subprocess.run([str(CONVERTER), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    report = folder / "report.json"
    return done, json.loads(report.read_text(encoding="utf-8"))["results"] if report.exists() else []


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("kuery__data_set", 0),
        ("threshold__count", 1),
        ("esql__kept", 1),
        ("refused__query_block", 3),
    ],
)
def test_exit_codes(tmp_path: Path, case: str, code: int) -> None:
    """0 for a rule that means its query, 1 where something is lost or opaque, 3 where nothing could be read."""
    done, (row,) = _import(tmp_path, "elastic-toml", CASES / case / "input.toml")

    assert done.returncode == code, done.stderr
    assert row.keys() >= ROW
    assert (row["rule"] is None) == (code == 3)
    assert row["rule"] is None or (tmp_path / row["rule"]).is_file()


def test_a_folder_of_files_is_walked(tmp_path: Path) -> None:
    """Each file gives a row; equal names get numbers, and what is refused keeps nothing else from being written."""
    done, rows = _import(tmp_path, "elastic-toml", CASES)

    assert done.returncode == 1
    assert len(rows) == len(list(CASES.glob("*/input.toml")))
    written = [row["rule"] for row in rows if row["rule"]]
    assert len(written) == len(set(written)) == sum(row["status"] != "refused" for row in rows)
    assert all((tmp_path / one).is_file() for one in written)
    assert {row["kind"] for row in rows} >= {"query", "eql", "sequence", "sample", "threshold", "new_terms", "threat_match", "esql"}
    assert "opaque: " in done.stderr


def test_a_broken_line_costs_that_line(tmp_path: Path) -> None:
    """Of an export's lines the broken ones are refused with line and column, and those that are no rules are told."""
    done, rows = _import(tmp_path, "elastic-ndjson", CASES / "export__lines" / "input.ndjson")

    assert done.returncode == 1
    assert [(row["line"], row["status"]) for row in rows] == [
        (1, "canonical"),
        (2, "refused"),
        (3, "refused"),
        (5, "canonical"),
        (6, "canonical"),
        (10, "refused"),
    ]
    for row in rows:
        assert all(one["line"] == row["line"] and one["column"] >= 1 for one in row["diagnostics"])
    assert done.stderr.count("R128") == 4


def test_missing_and_empty_sources_are_told(tmp_path: Path) -> None:
    """What cannot be opened, or has no rule, is exit 3."""
    (tmp_path / "empty.ndjson").write_bytes(b"\n\n")
    done, rows = _import(tmp_path, "elastic-ndjson", Path("none.ndjson"), Path("empty.ndjson"))
    assert done.returncode == 3
    assert [row["status"] for row in rows] == ["refused", "refused"]


def test_long_lines_are_passed_over(tmp_path: Path) -> None:
    """A line beyond the bound is told and not held; the lines around it are read."""
    line = (CASES / "export__lines" / "input.ndjson").read_bytes().split(b"\n")[0]
    (tmp_path / "export.ndjson").write_bytes(line + b"\n" + b"x" * 3_000_000 + b"\n" + line.replace(b"0b7f4f0e", b"0b7f4f0f"))

    done, rows = _import(tmp_path, "elastic-ndjson", Path("export.ndjson"))

    assert done.returncode == 1
    assert [(row["line"], row["status"]) for row in rows] == [(1, "canonical"), (2, "refused"), (3, "canonical")]
    assert rows[1]["diagnostics"][0]["code"] == "R002"
    assert rows[1]["diagnostics"][0]["line"] == 2
