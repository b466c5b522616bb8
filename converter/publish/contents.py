"""What goes into a bundle: artifacts, rules with their event files, licences, the manifest and the checksums."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from converter.data import SHIPPED, License, Tables, attack_version, load, spdx_version
from converter.model import Loss, Rule
from converter.pack import Loaded, Outcome, Record, digest
from converter.verify import TestResult

SCHEMA_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
NOTICE: Final = "NOTICE"
RULES: Final = "rules"
LICENSES: Final = "LICENSES"


MANIFEST_SIZE: Final = 32 << 20
"""Bytes of a manifest."""
MANIFEST_PARTS: Final = 2_000_000
"""Values of a manifest, counted by the signs that begin or follow one: what it becomes in memory is bounded too."""


def is_too_large(manifest: bytes) -> bool:
    """Whether a manifest is beyond its bounds."""
    return len(manifest) > MANIFEST_SIZE or sum(map(manifest.count, (b"{", b"[", b","))) > MANIFEST_PARTS


def json_bytes(value: object) -> bytes:
    """Return JSON as a bundle holds it: one spelling for a value, ASCII only."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


def sums_bytes(hashes: Mapping[str, str]) -> bytes:
    """Return ``SHA256SUMS`` as ``sha256sum -c`` reads it; names are printable and hold no backslash, so none is escaped."""
    names = sorted(hashes, key=lambda one: one.encode("utf-8"))
    return "".join(f"{hashes[name]}  {name}\n" for name in names).encode("utf-8")


def rule_path(loaded: Loaded) -> str:
    """Return where a rule's file lies in the bundle."""
    return f"{RULES}/{loaded.file.output}{loaded.file.path.suffix}"


def data_versions(rules: Sequence[Rule], known: Tables = SHIPPED) -> dict[str, Any]:
    """Return which facts the outputs rest on: ATT&CK's version, and a hash of the tables of each log source in the bundle.

    The hash is of what a table says, so that line ends and comments do not count; where the pack has fields of its own they count too.
    """
    found: dict[str, str] = {}
    for rule in rules:
        source = known.source_of(rule.logsource)
        if source and source.id not in found:
            says = [dict(source.sigma), dict(source.targets), _tables(source.id, sorted(source.targets))]
            own = known.own.get(source.id)
            rows = {name: [dict(one.rows), one.complete, one.base, list(one.kept)] for name, one in own.targets.items()} if own else {}
            found[source.id] = digest(json_bytes([*says, dict(own.fields), rows] if own else says))
    return {"attack": attack_version(), "fields": found, "spdx": spdx_version()}


def _tables(source: str, targets: Sequence[str]) -> list[Any]:
    """Return the field tables of a log source: its own, and each target's where it has one."""
    tables = []
    for name in (f"fields/{source}.yml", *(f"fields/{target}/{source}.yml" for target in targets)):
        try:
            tables.append(json.loads(json.dumps(load(name), default=str)))
        except FileNotFoundError:
            tables.append(None)
    return tables


def loss_entry(loss: Loss) -> dict[str, Any]:
    """Return a loss with the reason that accepts it."""
    return {
        "code": loss.code,
        "feature": loss.feature,
        "direction": loss.direction.value,
        "message": loss.message,
        "compensated_by": loss.compensated_by or None,
        "accepted": loss.accepted or None,
    }


def target_entry(outcome: Outcome, artifact: tuple[str, str] | None, record: Record | None, stale: bool) -> dict[str, Any]:
    """Return what the manifest says of a rule on a target; ``artifact`` is its path and hash, ``None`` when it is left out."""
    return {
        "status": outcome.status.value,
        "reason": outcome.reason or None,
        "language": outcome.language or None,
        "artifact": artifact[0] if artifact else None,
        "sha256": artifact[1] if artifact else None,
        "stale": stale,
        "evidence": (record.evidence if record else "declared") if artifact else None,
        "engine": record.engine if record and artifact else None,
        "engine_version": record.version if record and artifact else None,
        "events": record.events if record and artifact else None,
        "losses": [loss_entry(one) for one in outcome.losses],
        "codes": sorted({one.code for one in outcome.diagnostics}),
    }


def rule_entry(loaded: Loaded, expression: License, sha256: str, tests: Sequence[TestResult], targets: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the manifest says of a rule."""
    rule = loaded.rule
    return {
        "id": rule.id,
        "title": rule.title,
        "version": rule.converter.get("version"),
        "status": rule.status or None,
        "level": rule.level or None,
        "author": rule.author or None,
        "license": expression.text,
        "date": rule.date or None,
        "modified": rule.modified or None,
        "source": rule.converter.get("source"),
        "related": [{"id": one.id, "type": one.type} for one in rule.related],
        "path": rule_path(loaded),
        "sha256": sha256,
        "tests": {
            "passed": sum(one.passed for one in tests),
            "failed": sum(not one.passed for one in tests),
            "results": [{"name": one.name, "passed": one.passed, "message": one.message or None} for one in tests],
        },
        "targets": dict(targets),
    }


def license_texts(folder: Path, expressions: Sequence[License]) -> dict[str, bytes]:
    """Return the licences' texts that the pack has in ``LICENSES/<identifier>.txt``, by their path in the bundle."""
    from converter.pack import read_bytes

    found: dict[str, bytes] = {}
    for identifier in sorted({one for expression in expressions for one in expression.ids}):
        path = folder / LICENSES / f"{identifier}.txt"
        if path.is_symlink() or path.parent.is_symlink():
            continue
        try:
            found[f"{LICENSES}/{identifier}.txt"] = read_bytes(path)
        except OSError:
            continue
    return found


def license_entries(licensed: Sequence[tuple[Loaded, License]], texts: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Return each licence with its text's path, and the rules under it."""
    rules: dict[str, list[str]] = {}
    for loaded, expression in licensed:
        for identifier in expression.ids:
            rules.setdefault(identifier, []).append(loaded.rule.id)
    entries = []
    for identifier in sorted(rules):
        path = f"{LICENSES}/{identifier}.txt"
        entries.append(
            {
                "id": identifier,
                "text": path if path in texts else None,
                "rules": rules[identifier],
            }
        )
    return entries


def notice(licensed: Sequence[tuple[Loaded, License]], texts: Mapping[str, bytes]) -> bytes:
    """Return the text that says whose rules these are and under which licences."""
    lines = [
        "This bundle holds detection rules and what was built from them.",
        "Each rule, and every file that is built from it, is under the rule's own licence:",
    ]
    for text in sorted({expression.text for _, expression in licensed}):
        lines += ["", text]
        lines += [f"  text: {LICENSES}/{one}.txt" for one in _ids(licensed, text) if f"{LICENSES}/{one}.txt" in texts]
        for loaded, expression in licensed:
            if expression.text == text:
                lines.append(
                    f"  {loaded.rule.id}  {_line(loaded.rule.title)}" + (f", by {_line(loaded.rule.author)}" if loaded.rule.author else "")
                )
    lines += [
        "",
        "Names and identifiers of MITRE ATT&CK: (c) The MITRE Corporation. This work is reproduced and distributed with the permission",
        "of The MITRE Corporation.",
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _ids(licensed: Sequence[tuple[Loaded, License]], text: str) -> tuple[str, ...]:
    return next(expression.ids for _, expression in licensed if expression.text == text)


def _line(text: str) -> str:
    """Return a text on one line, without characters that move a terminal's cursor."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
