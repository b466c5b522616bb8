"""Elastic: the KQL of a detection rule's TOML, run on the documents that the integration's pipeline indexes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from converter.data import elastic_document, elastic_mappings
from converter.languages import kql
from converter.model import Diagnostic, Severity, Source
from converter.verify.readings.reading import Artifact, Events


def read(artifact: Artifact, events: Events, *, foreign: bool = False) -> list[bool] | Diagnostic:
    """Return for each event whether the query finds its document; ``foreign`` documents lie in another data stream."""
    text = query_of(artifact)
    if isinstance(text, Diagnostic):
        return text
    query = kql.read(text, artifact.path)
    if isinstance(query, Diagnostic):
        return query
    mappings = elastic_mappings(artifact.source)
    return kql.run(query, documents(events, artifact.source), _elsewhere(mappings) if foreign else mappings)


def _elsewhere(mappings: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the mappings of a data stream with other constants: the same documents, from another log source."""
    if not isinstance(mappings, Mapping):
        return mappings
    if mappings.get("type") == "constant_keyword":
        return {**mappings, "value": "another.dataset"}
    return {key: _elsewhere(value) for key, value in mappings.items()}


def documents(events: Events, source: str) -> list[dict[str, Any]]:
    """Return what the pipeline makes of raw events."""
    return [elastic_document(event, source) for event in events]


def query_of(artifact: Artifact) -> str | Diagnostic:
    """Return the KQL text of a rule's TOML."""
    try:
        loaded = tomllib.loads(artifact.data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return _wrong(artifact, f"the file is not TOML: {error}")
    rule = loaded.get("rule")
    if not isinstance(rule, Mapping) or not isinstance(rule.get("query"), str):
        return _wrong(artifact, "the file has no rule with a query")
    if rule.get("type") != "query" or rule.get("language") != "kuery":
        return _wrong(artifact, f"the rule is of type {rule.get('type')!r} in {rule.get('language')!r}, not a query in kuery")
    if rule.get("filters"):
        return _wrong(artifact, "the rule has filters, which are not read yet")
    query: str = rule["query"]
    return query


def _wrong(artifact: Artifact, message: str) -> Diagnostic:
    return Diagnostic("V010", Severity.ERROR, Source(artifact.path, "").start, message, help="build it again")
