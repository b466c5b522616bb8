"""JSON reports, in the form that scripts rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from converter.model import Diagnostic, Loss
from converter.pack import Report, write_bytes


def version() -> str:
    """Return the installed version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("sigma-converter")
    except PackageNotFoundError:
        return "0"


def envelope(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a report around its results."""
    return {"schema_version": 1, "tool": {"name": "converter", "version": version()}, "results": results}


def write_report(path: str, results: list[dict[str, Any]]) -> None:
    """Write a report; raise ``OutputError`` when the file cannot be written."""
    import json

    write_bytes(Path(path), (json.dumps(envelope(results), indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"))


def diagnostic_json(one: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic for a report."""
    place = (
        {"path": one.span.path, "line": one.span.line, "column": one.span.column}
        if one.span
        else {"path": None, "line": None, "column": None}
    )
    return {"code": one.code, "severity": one.severity.label, **place, "message": one.message, "help": one.help}


def loss_json(one: Loss) -> dict[str, Any]:
    """Return a loss for a report."""
    return {
        "code": one.code,
        "feature": one.feature,
        "direction": one.direction.value,
        "message": one.message,
        "line": one.span.line if one.span else None,
        "column": one.span.column if one.span else None,
        "compensated_by": one.compensated_by or None,
        "accepted": one.accepted or None,
    }


def build_report(done: Report) -> list[dict[str, Any]]:
    """Return one result per rule and target, and one per file that gave no rule."""
    results: list[dict[str, Any]] = [
        {
            "rule": row.outcome.loaded.rule.id,
            "path": row.outcome.loaded.file.name,
            "target": row.outcome.target,
            "status": row.outcome.status.value,
            "evidence": row.evidence.value,
            "language": row.outcome.language,
            "artifact": row.artifact or None,
            "stale": row.stale,
            "losses": [loss_json(one) for one in row.outcome.losses],
            "diagnostics": [diagnostic_json(one) for one in row.outcome.diagnostics],
        }
        for row in done.rows
    ]
    for unread in done.pack.unread:
        results.append(
            {
                "rule": None,
                "path": unread.file.name,
                "target": None,
                "status": "error",
                "evidence": "declared",
                "language": "",
                "artifact": None,
            }
            | {"stale": False, "losses": [], "diagnostics": [diagnostic_json(one) for one in unread.diagnostics]}
        )
    return results
