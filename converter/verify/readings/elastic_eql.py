"""Elastic: the EQL of a detection rule, run on the documents that the integration's pipeline indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converter.languages import elasticsearch, eql
from converter.model import Diagnostic


def found(text: str, path: str, documents: Sequence[Mapping[str, Any]], mappings: Any) -> list[bool] | Diagnostic:  # noqa: ANN401 - JSON
    """Return for each document whether it is in a match of the query.

    Args:
        text: the rule's query.
        path: the artifact's name, for messages.
        documents: as the index holds them.
        mappings: the index's ``mappings`` object.
    """
    query = eql.read(text, path)
    if isinstance(query, Diagnostic):
        return query
    mapping = _grown(documents, mappings)
    if isinstance(mapping, Diagnostic):
        return mapping
    matches = eql.run(query, documents, mapping)
    if isinstance(matches, Diagnostic):
        return matches
    matching = {at for match in matches for at in match.events}
    return [at in matching for at in range(len(documents))]


def _grown(documents: Sequence[Mapping[str, Any]], mappings: Any) -> eql.Mapping | Diagnostic:  # noqa: ANN401 - JSON
    """Return the mapping that the index has once it holds the documents: dynamic mapping adds fields that they have."""
    known = elasticsearch.compile_mapping(mappings)
    if isinstance(known, Diagnostic):
        return known
    indexed = elasticsearch.index_all(documents, known)
    grown = next((one.mapping for one in indexed if isinstance(one, elasticsearch.Document)), known)
    return eql.compile_mapping(grown.raw)
