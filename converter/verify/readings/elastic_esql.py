"""Elastic: the ES|QL of a detection rule, run on the documents that the integration's pipeline indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converter.languages import elasticsearch, esql
from converter.model import Diagnostic


def found(text: str, path: str, documents: Sequence[Mapping[str, Any]], mappings: Any) -> list[bool] | Diagnostic:  # noqa: ANN401 - JSON
    """Return for each document whether the query's table has its row; the query says itself which indices it searches.

    A query with a column that the index does not have yet finds nothing: the
    engine refuses it until a document adds the field.

    Args:
        text: the rule's query.
        path: the artifact's name, for messages.
        documents: as the index holds them.
        mappings: the index's ``mappings`` object.
    """
    query = esql.read(text, path)
    if isinstance(query, Diagnostic):
        return query
    answers = esql.found(query, documents, mappings)
    if isinstance(answers, Diagnostic) and _is_early(query, documents, mappings):
        return [False] * len(documents)
    return answers


def _is_early(query: esql.Query, documents: Sequence[Mapping[str, Any]], mappings: Any) -> bool:  # noqa: ANN401 - JSON
    """Say whether a query names columns that none of the documents has, and each of which one could add."""
    known = elasticsearch.compile_mapping(mappings)
    if isinstance(known, Diagnostic):
        return False
    indexed = elasticsearch.index_all(documents, known)
    grown = next((one.mapping for one in indexed if isinstance(one, elasticsearch.Document)), known)
    lacking = {one.name for one in esql.filtered_by(query)} - grown.fields.keys()
    return bool(lacking) and all(_is_dynamic(one, mappings) for one in lacking)


def _is_dynamic(path: str, mappings: Mapping[str, Any]) -> bool:
    """Say whether the mapping takes a field in that it does not list."""
    node: Any = mappings
    dynamic = node.get("dynamic", True)
    for step in path.split("."):
        node = node.get("properties", {}).get(step)
        if not isinstance(node, Mapping):
            break
        dynamic = node.get("dynamic", dynamic)
    return str(dynamic).lower() == "true"
