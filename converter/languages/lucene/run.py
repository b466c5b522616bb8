"""Run a query over documents, as an index of them answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from converter.languages.elasticsearch import Document, Mapping, compile_mapping, index_all
from converter.languages.lucene.evaluate import compile_query
from converter.languages.lucene.syntax import Query
from converter.model import Diagnostic


def run(query: Query, documents: Iterable[object], mappings: Any) -> list[bool] | Diagnostic:  # noqa: ANN401 - JSON
    """Return for each document whether the query finds it; one that the engine does not take is not found.

    Args:
        query: a query that was read.
        documents: as the engine sees them.
        mappings: the index's ``mappings`` object, as JSON reads it; dynamic
            mapping adds to it, document by document.

    Returns:
        A diagnostic when the mappings are not read (R204), the engine refuses
        the query (R292) or its answer is not modelled (R293).
    """
    mapping = compile_mapping(mappings)
    if not isinstance(mapping, Mapping):
        return mapping
    indexed = index_all(documents, mapping)
    final = next((one.mapping for one in indexed if isinstance(one, Document)), mapping)
    finds = compile_query(query, final)
    if isinstance(finds, Diagnostic):
        return finds
    return [isinstance(one, Document) and finds(one) for one in indexed]
