"""A rule's query in any of its languages: read it, and say it as conditions under names that the caller gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypeVar

from converter.ir import Node
from converter.languages import eql, kql, lucene
from converter.model import Diagnostic, Loss, Severity
from converter.readers.elastic_rules.facts import form

Query: TypeAlias = kql.Query | eql.Query | lucene.Query


@dataclass(frozen=True, slots=True)
class Known:
    """What a field of a query is in the rule: its name there, its type in the index, and whether case counts."""

    name: str
    type: str = "keyword"
    cased: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """A query of single events as a condition, with what that loses."""

    node: Node
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Why a query has no condition: its name in the closed list of ``form.yml``, and what was told."""

    reason: str
    diagnostic: Diagnostic


Resolve: TypeAlias = Callable[[str], Known]
Field = TypeVar("Field")


def read(text: str, language: str, path: str) -> Query | Diagnostic:
    """Return the tree of a query; ``language`` is Kibana's name of it."""
    match language:
        case "eql":
            return eql.read(text, path)
        case "lucene":
            return lucene.read(text, path)
        case _:
            return kql.read(text, path)


def events_of(query: Query) -> str:
    """Return what a query asks of: ``""`` for single events, ``sequence`` or ``sample`` for several."""
    if not isinstance(query, eql.Query) or isinstance(query.body, eql.Event):
        return ""
    return "sample" if isinstance(query.body, eql.Sample) else "sequence"


def said(query: Query, resolve: Resolve, category: str) -> Said | Unsaid:
    """Return a query of single events as a condition; ``category`` is the index's field of categories, for EQL."""
    match query:
        case kql.Query():
            found = kql.to_sigma(query, lambda field: field_of(kql.SigmaField, resolve(field)))
        case lucene.Query():
            found = lucene.to_sigma(query, lambda field: field_of(lucene.SigmaField, resolve(field)))
        case eql.Query():
            found = eql.to_sigma(query, lambda field: field_of(eql.SigmaField, resolve(field)), category=category)
    return unsaid(query, found) if isinstance(found, Diagnostic) else Said(*found)


def unsaid(query: Query, told: Diagnostic) -> Unsaid:
    """Return a language's refusal of a query as the reason for a rule without a detection."""
    return refused(told, _kql_reason(query, told) if isinstance(query, kql.Query) else "")


def field_of(kind: Callable[[str, str, bool], Field], known: Known) -> Field:
    """Return a field as one of the languages has it."""
    return kind(known.name, known.type, known.cased)


def refused(told: Diagnostic, reason: str = "") -> Unsaid:
    """Return a language's refusal as the reason for a rule without a detection, which is no error."""
    return Unsaid(reason or reason_of(told), replace(told, severity=Severity.WARNING, message=_without_name(told.message)))


def _without_name(message: str) -> str:
    """Return a refusal's message without the reason's name, which the report has in words."""
    name, colon, rest = message.partition(": ")
    return rest if colon and form().refusals.get(name, name) in form().opaque else message


def reason_of(told: Diagnostic) -> str:
    """Return the reason that a language's refusal names before the colon of its message."""
    name = told.message.partition(":")[0]
    reason = form().refusals.get(name, name)
    return reason if reason in form().opaque else "refused"


def _kql_reason(query: kql.Query, told: Diagnostic) -> str:
    """Return why KQL's query has no condition: the part at the place of what was told, or its kind."""
    named = told.message.partition(":")
    if named[1] and form().refusals.get(named[0], named[0]) in form().opaque:
        return reason_of(told)
    stack: list[kql.Tree] = [query.tree]
    while stack:
        one = stack.pop()
        if isinstance(one, kql.MatchAll):
            return "every document"
        if isinstance(one, kql.Nested):
            return "nested"
        if isinstance(one, kql.And | kql.Or):
            stack += one.children
        elif isinstance(one, kql.Not):
            stack.append(one.child)
        elif isinstance(one, kql.Is | kql.Range):
            if isinstance(one.field, kql.Pattern) and told.span == query.source.span(one.field.offsets):
                return "field wildcard"
            if told.span == query.source.span(one.offsets):
                return _REASONS.get(told.message, "order of texts" if isinstance(one, kql.Range) else "refused")
    return "refused"


_REASONS: Final = {"Sigma has no dates": "date", "the value has no word, so that the engine finds nothing": "words"}
