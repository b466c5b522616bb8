"""Elastic: the query string of a detection rule in Lucene's language, run on the documents that the integration's pipeline indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converter.languages import lucene
from converter.model import Diagnostic


def found(text: str, path: str, documents: Sequence[Mapping[str, Any]], mappings: Any) -> list[bool] | Diagnostic:  # noqa: ANN401 - JSON
    """Return for each document whether the query finds it.

    Args:
        text: the rule's query.
        path: the artifact's name, for messages.
        documents: as the index holds them.
        mappings: the index's ``mappings`` object.
    """
    query = lucene.read(text, path)
    return query if isinstance(query, Diagnostic) else lucene.run(query, documents, mappings)
