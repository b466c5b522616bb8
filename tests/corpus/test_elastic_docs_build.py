"""Pages of Elastic's documentation, imported and built again: the rule that upstream has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.model import Fidelity
from converter.pack import Request, build
from converter.readers.elastic_docs import import_file
from converter.targets import target

pytestmark = pytest.mark.corpus
KEYS = ("index", "language", "license", "name", "query", "references", "risk_score", "severity", "tags", "threat", "type")
DIFFERENCES: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent.parent / "readers" / "elastic_docs" / "corpus_differences.yml").read_text(encoding="utf-8")
)


def _same(key: str, built: dict[str, Any], upstream: dict[str, Any]) -> bool:
    if key == "query" and built["language"] in ("kuery", "eql"):
        return True  # translated: tests/engines, test_elastic_import and the languages' own laws hold its meaning
    mine, theirs = built.get(key), upstream.get(key)
    return " ".join(mine.split()) == " ".join(theirs.split()) if isinstance(mine, str) and isinstance(theirs, str) else mine == theirs


def test_pages_come_back(corpora: Path, tmp_path: Path) -> None:
    """Each page that shows all that its kind needs is built; what it shows is what upstream says, known edits aside."""
    folder = corpora / "corpora" / "elastic_docs"
    (tmp_path / "rules").mkdir()
    for path in sorted(folder.glob("*.md")):
        (tmp_path / "rules" / f"{path.stem}.yml").write_text(import_file(path).text, encoding="utf-8")
    report = build(Request([tmp_path / "rules"], [target("elastic")], tmp_path / "output", {}, frozenset(Fidelity)))
    built = {Path(row.artifact).stem: row for row in report.rows if row.artifact}
    refused = {one.code for row in report.rows if row.is_refused for one in row.outcome.diagnostics}
    assert len(built) >= len(report.rows) // 2
    assert refused <= {"T102"}
    for stem, row in built.items():
        mine = tomllib.loads(Path(row.artifact).read_text(encoding="utf-8"))["rule"]
        theirs = tomllib.loads((folder / f"{stem}.toml").read_text(encoding="utf-8"))["rule"]
        known = DIFFERENCES.get(re.sub(r"^prebuilt-rule(-\d+){3}-", "", stem), {})
        different = [key for key in KEYS if key in mine and not _same(key, mine, theirs)]
        assert set(different) <= set(known), (stem, different)
