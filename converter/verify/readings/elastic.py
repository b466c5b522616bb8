"""Elastic: the query and the filters of a detection rule's TOML, run on the documents that the integration's pipeline indexes."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from converter.data import elastic_document, elastic_mappings
from converter.formats import Map, Seq, read_toml
from converter.formats import read as read_yaml
from converter.languages import kql
from converter.languages.kql import dsl
from converter.model import Diagnostic, Severity, Source, node
from converter.verify.own_view import is_selected, own_document, own_mappings
from converter.verify.readings.reading import Artifact, Events

Answers: TypeAlias = list[bool] | Diagnostic
"""For each document whether a query finds it, or why the query cannot be asked."""
Reading: TypeAlias = Callable[[str, str, Sequence[Mapping[str, Any]], Any], Answers]
"""Run a query, which stands in the file of this path, on documents of an index with these mappings."""


def _kuery(text: str, path: str, seen: Sequence[Mapping[str, Any]], mappings: Any) -> Answers:  # noqa: ANN401 - JSON
    query = kql.read(text, path)
    return query if isinstance(query, Diagnostic) else kql.run(query, seen, mappings)


def _in_module(name: str) -> Reading:
    """Return the reading that a module beside this one has; its language is imported when a query is asked."""

    def asked(text: str, path: str, seen: Sequence[Mapping[str, Any]], mappings: Any) -> Answers:  # noqa: ANN401 - JSON
        answers: Answers = importlib.import_module(f"converter.verify.readings.{name}").found(text, path, seen, mappings)
        return answers

    return asked


READINGS: Final[Mapping[str, Reading]] = {
    "kuery": _kuery,
    "eql": _in_module("elastic_eql"),
    "lucene": _in_module("elastic_lucene"),
    "esql": _in_module("elastic_esql"),
}
"""The languages of queries, as Kibana names them."""
UNPROVEN: Final = ("esql",)
"""Languages of which we have the documentation alone: no engine, no other reading. What our reading finds refutes, but proves nothing."""
_TYPES: Final = ("query", "eql", "esql", "new_terms", "threat_match", "saved_query", "threshold")
"""Types of rules that have a query."""


def read(artifact: Artifact, events: Events, *, foreign: bool = False) -> Answers:
    """Return for each event whether query and filters find its document; ``foreign`` documents lie in another data stream."""
    rule = rule_of(artifact)
    if isinstance(rule, Diagnostic):
        return rule
    if artifact.view is None:
        seen, mappings = documents(events, artifact.source), elastic_mappings(artifact.source)
    else:
        if foreign and not is_selected(artifact.view):
            return [False] * len(events)  # the index alone selects the log source: documents of another one lie elsewhere
        seen = [own_document(artifact.view, event, foreign=foreign) for event in events]
        mappings = own_mappings(artifact.view)
    mappings = _elsewhere(mappings) if foreign else mappings
    found = READINGS[rule.language](rule.query, artifact.path, seen, mappings)
    kept = dsl.run(rule.filters, seen, mappings) if rule.filters.trees else [True] * len(seen)
    if isinstance(found, Diagnostic) or isinstance(kept, Diagnostic):
        return found if isinstance(found, Diagnostic) else kept
    return [one and other for one, other in zip(found, kept, strict=True)]


def is_unproven(artifact: Artifact) -> bool:
    """Say whether a rule's language is one of ``UNPROVEN``."""
    rule = rule_of(artifact)
    return isinstance(rule, ElasticRule) and rule.language in UNPROVEN


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


@node
class ElasticRule:
    """What a rule's TOML asks: its query, the language of it, the filters as they were read, and the same filters as JSON."""

    language: str
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
    language = rule.get("language")
    if rule.get("type") not in _TYPES or not isinstance(language, str) or language not in READINGS:
        return _wrong(artifact, f"the rule is of type {rule.get('type')!r} in {language!r}, which is not read")
    if "filters" not in rule:
        return ElasticRule(language, rule["query"], dsl.Filters((), document.source))
    filters = rule["filters"]
    found = dsl.read_filters(filters, document.source, document.offsets)
    if isinstance(found, Diagnostic):
        return found
    return ElasticRule(language, rule["query"], found, tuple(filters) if isinstance(filters, Seq) else ())


def _wrong(artifact: Artifact, message: str) -> Diagnostic:
    return Diagnostic("V010", Severity.ERROR, Source(artifact.path, "").start, message, help="build it again")
