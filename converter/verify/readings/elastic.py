"""Elastic: the KQL and the filters of a detection rule's TOML, run on the documents that the integration's pipeline indexes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from converter.data import elastic_document, elastic_mappings
from converter.formats import Map, Seq, read_toml
from converter.formats import read as read_yaml
from converter.languages import kql
from converter.languages.kql import dsl
from converter.model import Diagnostic, Severity, Source
from converter.verify.own_view import is_selected, own_document, own_mappings
from converter.verify.readings.reading import Artifact, Events


def read(artifact: Artifact, events: Events, *, foreign: bool = False) -> list[bool] | Diagnostic:
    """Return for each event whether query and filters find its document; ``foreign`` documents lie in another data stream."""
    rule = rule_of(artifact)
    if isinstance(rule, Diagnostic):
        return rule
    query = kql.read(rule.query, artifact.path)
    if isinstance(query, Diagnostic):
        return query
    if artifact.view is None:
        seen, mappings = documents(events, artifact.source), elastic_mappings(artifact.source)
    else:
        if foreign and not is_selected(artifact.view):
            return [False] * len(events)  # the index alone selects the log source: documents of another one lie elsewhere
        seen = [own_document(artifact.view, event, foreign=foreign) for event in events]
        mappings = own_mappings(artifact.view)
    mappings = _elsewhere(mappings) if foreign else mappings
    found = kql.run(query, seen, mappings)
    kept = dsl.run(rule.filters, seen, mappings) if rule.filters.trees else [True] * len(seen)
    if isinstance(found, Diagnostic) or isinstance(kept, Diagnostic):
        return found if isinstance(found, Diagnostic) else kept
    return [one and other for one, other in zip(found, kept, strict=True)]


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


@dataclass(frozen=True, slots=True)
class ElasticRule:
    """What a rule's TOML asks: KQL, the filters as they were read, and the same filters as JSON for an engine."""

    query: str
    filters: dsl.Filters
    raw: tuple[Mapping[str, Any], ...] = ()

    def engine_query(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return the query that Kibana sends: what its parser made of the KQL, and beside it the filters that are not disabled."""
        clauses: dict[str, list[Any]] = {"filter": [found], "must_not": []}
        for one in self.raw:
            meta = one.get("meta", {})
            if not meta.get("disabled"):
                clauses["must_not" if meta.get("negate") else "filter"].append(one["query"])
        return {"bool": clauses}


def rule_of(artifact: Artifact) -> ElasticRule | Diagnostic:
    """Return the query and the filters of a rule's TOML, or of a line of Kibana's import file."""
    is_line = artifact.path.endswith(".ndjson")
    documents = read_yaml(artifact.data, artifact.path) if is_line else read_toml(artifact.data, artifact.path)
    if isinstance(documents, Diagnostic):
        return _wrong(artifact, f"the file is not {'JSON' if is_line else 'TOML'}: {documents.message}")
    document = documents[0] if isinstance(documents, tuple) else documents
    rule = document.value if is_line else document.value.get("rule")
    if not isinstance(rule, Map) or not isinstance(rule.get("query"), str):
        return _wrong(artifact, "the file has no rule with a query")
    if rule.get("type") != "query" or rule.get("language") != "kuery":
        return _wrong(artifact, f"the rule is of type {rule.get('type')!r} in {rule.get('language')!r}, not a query in kuery")
    if "filters" not in rule:
        return ElasticRule(rule["query"], dsl.Filters((), document.source))
    filters = rule["filters"]
    found = dsl.read_filters(filters, document.source, document.offsets)
    if isinstance(found, Diagnostic):
        return found
    return ElasticRule(rule["query"], found, tuple(filters) if isinstance(filters, Seq) else ())


def _wrong(artifact: Artifact, message: str) -> Diagnostic:
    return Diagnostic("V010", Severity.ERROR, Source(artifact.path, "").start, message, help="build it again")
