"""Elastic's view of Kubernetes audit events against a recorded run of the integration's own pipeline."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from converter.data import elastic_document, elastic_mappings

pytestmark = pytest.mark.corpus

SOURCE = "kubernetes_audit"


def folder(corpora: Path) -> Path:
    return corpora / "events" / "k8s_audit" / "elastic_pipeline"


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return the leaves of a document by their paths."""
    if isinstance(value, dict) and value:
        return {key: one for name, inner in value.items() for key, one in flat(inner, f"{path}.{name}" if path else name).items()}
    return {path: value}


def documents(text: str) -> list[Any]:
    """Return the JSON values of a file that holds one after the other."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        found.append(value)
    return found


def test_the_recorded_document_is_reproduced(corpora: Path) -> None:
    """The first line of the pipeline's test log becomes its expected document; only what the agent adds differs."""
    raw = json.loads((folder(corpora) / "test-audit.log").read_text(encoding="utf-8").splitlines()[0])
    recorded = json.loads((folder(corpora) / "test-audit.first-expected.json").read_text(encoding="utf-8"))
    expected = flat(recorded["expected"][0] if "expected" in recorded else recorded)
    document = flat(elastic_document(raw, SOURCE))
    different = {path for path in expected.keys() | document.keys() if expected.get(path, ...) != document.get(path, ...)}
    assert different == {"event.original", "tags"}


def test_every_recorded_event_has_a_document(corpora: Path) -> None:
    """No event of the pipeline's logs or of the captured ones breaks the view, which leaves its input as it was."""
    paths = [*folder(corpora).glob("*.log"), *(corpora / "events/k8s_audit/captured").rglob("*.json")]
    events = [event for path in sorted(paths) for event in documents(path.read_text(encoding="utf-8"))]
    assert len(events) > 5
    for event in (one for one in events if isinstance(one, dict)):
        before = copy.deepcopy(event)
        document = elastic_document(event, SOURCE)
        assert event == before
        assert document
        assert not [path for path, value in flat(document).items() if value in (None, "", [], {})]


def test_the_mapping_covers_the_recorded_document(corpora: Path) -> None:
    """Every audit field of the recorded document is mapped, or lies below a flattened one."""
    recorded = json.loads((folder(corpora) / "test-audit.first-expected.json").read_text(encoding="utf-8"))
    document = recorded["expected"][0] if "expected" in recorded else recorded
    unmapped = []
    for path in flat(document.get("kubernetes", {}), "kubernetes"):
        level: Any = elastic_mappings(SOURCE)
        for key in path.split("."):
            level = level.get("properties", {}).get(key, {})
            if level.get("type") == "flattened" or not level:
                break
        if not level:
            unmapped.append(path)
    assert unmapped == []
