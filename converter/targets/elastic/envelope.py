"""The metadata of an Elastic detection rule, from the canonical rule's header."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from converter.data import Technique, Threat, tactic, threats
from converter.targets.contract import Compilation
from converter.targets.elastic.layout import filter_tables

RISK: Final = {"informational": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}
"""Sigma's level to Elastic's usual risk score (its own rules pair low 21, medium 47, high 73, critical 99)."""
SEVERITY: Final = {"informational": "low", "": "low"}
_TYPES: Final = {"kuery": "query", "lucene": "query"}
"""The type of a rule by its query's language; of the others it has the language's name."""
LICENSES: Final = {"Elastic-2.0": "Elastic License v2"}
"""SPDX to the words that Elastic's rules use; others stay as they are."""


def envelope(compilation: Compilation) -> dict[str, Any]:
    """Return the values of ``templates/elastic/rule.toml.j2``."""
    rule, options = compilation.rule, compilation.options
    resolved = compilation.resolved
    assert resolved is not None, "a compilation with parts has its resolved rule"
    needs = resolved.source.targets["elastic"]
    level = rule.level or "medium"
    fields: dict[str, Any] = {
        "author": list(options.get("author", ())) or authors(rule.author),
        "description": rule.description.strip() or rule.title,
        "false_positives": list(rule.falsepositives),
        "from": options.get("from", ""),
        "index": list(options.get("index", needs.get("index", ()))),
        "interval": options.get("interval", ""),
        "language": _language(compilation),
        "license": options.get("license", "") or LICENSES.get(rule.license, rule.license),
        "max_signals": options.get("max_signals", ""),
        "name": options.get("name", "") or rule.title,
        "note": _note(compilation),
        "references": list(rule.references),
        "risk_score": options.get("risk_score", RISK.get(level, 47)),
        "rule_id": options.get("rule_id", "") or rule.id,
        "setup": options.get("setup", ""),
        "severity": options.get("severity", "") or SEVERITY.get(level, level),
        "tags": list(options.get("tags", ())) or _tags(rule.tags, needs.get("integration", ())),
        "timestamp_override": options.get("timestamp_override", ""),
        "type": _TYPES.get(_language(compilation), compilation.language),
        "version": rule.converter.get("version", ""),
    }
    metadata = {
        "creation_date": rule.date.replace("-", "/"),
        "integration": list(needs.get("integration", ())),
        "maturity": "production" if rule.status in ("stable", "test") else "development",
        "updated_date": (rule.modified or rule.date).replace("-", "/"),
    }
    return {
        "metadata": {key: value for key, value in metadata.items() if value},
        "fields": {key: value for key, value in fields.items() if value not in ("", [])},
        "query": compilation.parts["query"],
        "filters": [filter_tables(one) for one in json.loads(compilation.parts.get("filters", "[]"))],
        "threats": _given(options["threat"]) if options.get("threat") else [_threat(one) for one in threats(rule.tags)],
    }


def _language(compilation: Compilation) -> str:
    """Return the language as Kibana names it: filters stand beside a query in KQL."""
    return compilation.language.removesuffix("+filters")


def authors(text: str) -> list[str]:
    """Return the authors of Sigma's one line, which separates them by commas or semicolons."""
    return [one.strip() for one in re.split("[,;]", text) if one.strip()] or ["unknown"]


def _tags(tags: tuple[str, ...], integrations: Sequence[str]) -> list[str]:
    """Return Elastic's tags for data sources and ATT&CK tactics, when the rule names no tags of its own."""
    sources = [f"Data Source: {one.replace('_', ' ').title()}" for one in integrations]
    found = [f"Tactic: {one.name}" for tag in tags if tag.startswith("attack.") and (one := tactic(tag))]
    return list(dict.fromkeys([*sources, *found]))


def _note(compilation: Compilation) -> str:
    """Return the rule's guide, where it came from, and the losses that somebody accepted, with their reasons."""
    parts = [str(compilation.options.get("note", "")).strip()]
    source = compilation.rule.converter.get("source", "")
    if source:
        parts.append(f"Adapted from {source}")
    accepted = {loss.code: loss for loss in compilation.losses if loss.accepted}
    if accepted:
        parts.append(
            "\n".join(
                [
                    "Accepted losses of this translation:",
                    *(f"- {code} {one.direction.value}: {one.message} ({one.accepted})" for code, one in accepted.items()),
                ]
            )
        )
    return "\n\n".join(part for part in parts if part)


def _threat(threat: Threat) -> dict[str, Any]:
    subs = threat.subtechniques or {}
    return {
        "tactic": {"id": threat.tactic.id, "name": threat.tactic.name, "reference": threat.tactic.url},
        "techniques": [
            {**_technique(one), "subtechniques": [_technique(sub) for sub in subs.get(one.id, ())]} for one in threat.techniques
        ],
    }


def _given(threat: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - the rule's own list, in Elastic's form
    """Return a threat block that the rule gives verbatim; an entry without the form of one is left to the schema."""
    return [
        {
            "tactic": _named(one.get("tactic", {})),
            "techniques": [
                {**_named(technique), "subtechniques": [_named(sub) for sub in technique.get("subtechnique", ())]}
                for technique in one.get("technique", ())
            ],
        }
        for one in threat
    ]


def _named(entry: Any) -> dict[str, str]:  # noqa: ANN401 - a map of texts
    return {key: str(entry.get(key, "")) for key in ("id", "name", "reference")}


def _technique(one: Technique) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "reference": one.url}
