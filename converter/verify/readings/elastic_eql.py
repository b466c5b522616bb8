"""Elastic: the EQL of a detection rule, run on the documents that the integration's pipeline indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from converter.languages import elasticsearch, eql
from converter.model import Diagnostic, Severity

Answers: TypeAlias = list[bool] | Diagnostic
Documents: TypeAlias = Sequence[Mapping[str, Any]]


def found(text: str, path: str, documents: Documents, mappings: Any) -> Answers:  # noqa: ANN401 - JSON
    """Return for each document whether it is in a match of the query.

    An index has a dynamic field only once it was given one.  A query of
    single events must answer a document alike before and after that, or it
    is no answer (V010).

    Args:
        text: the rule's query.
        path: the artifact's name, for messages.
        documents: as the index holds them.
        mappings: the index's ``mappings`` object.
    """
    query = eql.read(text, path)
    if isinstance(query, Diagnostic):
        return query
    known = elasticsearch.compile_mapping(mappings)
    if isinstance(known, Diagnostic):
        return known
    indexed = elasticsearch.index_all(documents, known)
    grown = next((one.mapping for one in indexed if isinstance(one, elasticsearch.Document)), known)
    mapping = eql.compile_mapping(grown.raw)
    if isinstance(mapping, Diagnostic):
        return mapping
    answers = _matching(query, documents, mapping)
    if isinstance(answers, Diagnostic) or not isinstance(query.body, eql.Event):
        return answers
    added = {field.name for field in eql.fields_of(query.body.condition)} & mapping.fields.keys() - known.fields.keys()
    for names, members in _by_fields(indexed, added).items():
        less = replace(mapping, fields={name: kind for name, kind in mapping.fields.items() if name not in added - names})
        again = _matching(query, [documents[at] for at in members], less)
        if isinstance(again, Diagnostic):
            return again
        if again != [answers[at] for at in members]:
            return _unsteady(query, added - names)
    return answers


def _matching(query: eql.Query, documents: Documents, mapping: eql.Mapping) -> Answers:
    matches = eql.run(query, documents, mapping)
    if isinstance(matches, Diagnostic):
        return matches
    matching = {at for match in matches for at in match.events}
    return [at in matching for at in range(len(documents))]


def _by_fields(indexed: Sequence[elasticsearch.Document | Diagnostic], added: set[str]) -> dict[frozenset[str], list[int]]:
    """Return the documents by which of the added fields they have, without those that have all."""
    found: dict[frozenset[str], list[int]] = {}
    for at, one in enumerate(indexed):
        names = added.intersection(one.values) if isinstance(one, elasticsearch.Document) else added
        if names != added:
            found.setdefault(frozenset(names), []).append(at)
    return found


def _unsteady(query: eql.Query, names: set[str]) -> Diagnostic:
    listed = ", ".join(sorted(names))
    message = f"the answer to a document changes once another one has brought a field to the index ({listed})"
    return Diagnostic("V010", Severity.ERROR, query.source.span(query.body.offsets), message, help="ask first whether the field is there")
