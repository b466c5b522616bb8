"""What a query answers on an index, by our reading of its language, and for which reason that is not the rule's answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from converter.languages import eql, lucene
from converter.model import Diagnostic

MALFORMED: Final = "malformed by the language's documentation"
UNMAPPED: Final = "asks for a field that the index does not have"
REFUSED: Final = "refused by the engine for the field's type"
MISSES: Final = "misses events of the rule"
MORE: Final = "matches other events"
BOTH: Final = "misses events of the rule and matches others"
UNSEEN: Final = "asks for a field of the index that our documents do not carry: not asked"
EQUAL: Final = "no difference in its example events"
CAUSES: Final = (MALFORMED, UNMAPPED, UNSEEN, REFUSED, MISSES, MORE, BOTH, EQUAL)
"""In the order in which they are looked for: a query counts once, for the first that holds."""


def cause(
    language: str,
    text: str,
    documents: Sequence[Mapping[str, Any]],
    mappings: Mapping[str, Any],
    expected: Sequence[bool],
    listed: Collection[str],
) -> str:
    """Return why a query is not its rule on an index with these mappings.

    ``expected`` is the rule's answer for each document, ``listed`` are all
    the fields that the integration has, also those that our documents and
    mappings leave out.
    """
    query = (eql if language == "eql" else lucene).read(text)
    if isinstance(query, Diagnostic):
        return MALFORMED
    known = set(_paths(mappings.get("properties", {})))
    others = [name for name in _named(query) if name not in known]
    if others:
        return UNSEEN if all(_is_listed(name, listed) for name in others) else UNMAPPED
    answers = _run(query, documents, mappings)
    if answers is None:
        return REFUSED
    missed = any(want and not got for want, got in zip(expected, answers, strict=True))
    others = any(got and not want for want, got in zip(expected, answers, strict=True))
    return BOTH if missed and others else MISSES if missed else MORE if others else EQUAL


def _is_listed(name: str, listed: Collection[str]) -> bool:
    """Whether the integration has a field; event data of channels without a list is mapped as it comes."""
    return name in listed or (name.startswith("winlog.event_data.") and not listed)


def _run(query: eql.Query | lucene.Query, documents: Sequence[Mapping[str, Any]], mappings: Mapping[str, Any]) -> list[bool] | None:
    if isinstance(query, lucene.Query):
        found = lucene.run(query, documents, mappings)
        return None if isinstance(found, Diagnostic) else found
    mapping = eql.compile_mapping(mappings)
    assert not isinstance(mapping, Diagnostic), "the view's mappings are read"
    matches = eql.run(query, [{"@timestamp": "2026-01-01T00:00:00Z", **one} for one in documents], mapping)
    if isinstance(matches, Diagnostic):
        return None
    hit = {index for match in matches for index in match.events}
    return [number in hit for number in range(len(documents))]


def _named(query: eql.Query | lucene.Query) -> Iterator[str]:
    """Yield the fields that a query names."""
    if isinstance(query, lucene.Query):
        yield from _of_clauses(query.tree)
    elif isinstance(query.body, eql.Event):
        yield from (one.name for one in eql.fields_of(query.body.condition))


def _of_clauses(tree: object) -> Iterator[str]:
    if isinstance(tree, lucene.Group):
        for clause in tree.clauses:
            yield from _of_clauses(clause.body)
    field = getattr(tree, "field", None)
    if field == "_exists_":
        yield str(getattr(tree, "text", ""))
    elif field is not None:
        yield str(field)


def _paths(properties: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield the fields of a mapping, multi-fields and objects too."""
    for name, one in properties.items():
        path = f"{above}{name}"
        yield path
        yield from _paths(one.get("properties", {}), f"{path}.")
        yield from _paths(one.get("fields", {}), f"{path}.")
