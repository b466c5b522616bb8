"""Run an EQL query on documents: index them, ask, and cut the answer with ``head`` and ``tail``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingABC
from typing import Any

from converter.languages.eql.document import ECS, Document, Roles, index
from converter.languages.eql.evaluate import event_test
from converter.languages.eql.mapping import Mapping, mapping_of
from converter.languages.eql.problem import Failure, Stop
from converter.languages.eql.sequences import Match, Stage, samples, sequences
from converter.languages.eql.syntax import Event, Pipe, Query, Sample, Step
from converter.languages.eql.types import field_type
from converter.model import Diagnostic, Severity


def compile_event(query: Query, mapping: Mapping, roles: Roles = ECS) -> Callable[[Document], bool] | Diagnostic:
    """Return whether a document matches a query of single events.

    Args:
        query: a query that was read, no sequence nor sample; its pipes are left out.
        mapping: the mapping of the index; documents must be indexed with it.
        roles: which field says the category.

    Returns:
        A diagnostic ``R283`` when the engine refuses the query on this
        mapping, ``R285`` when its answer is not known.  The function raises
        ``ValueError`` where the engine fails on the document.
    """
    if not isinstance(query.body, Event):
        return Diagnostic("R285", Severity.ERROR, query.source.span(query.body.offsets), "the query is no single event", "ask `run`")
    try:
        test = event_test(query.body, mapping, roles)
    except Stop as stop:
        return stop.diagnostic(query.source)

    def answer(document: Document) -> bool:
        try:
            return test(document)
        except (Failure, Stop) as failure:
            raise ValueError(str(failure)) from None

    return answer


def check(query: Query, mapping: Mapping, roles: Roles = ECS) -> Diagnostic | None:
    """Return why the engine refuses the query on this mapping; ``None`` when it runs."""
    try:
        _compiled(query, mapping, roles)
    except Stop as stop:
        return stop.diagnostic(query.source)
    return None


def run(
    query: Query, documents: Sequence[MappingABC[str, Any]], mapping: Mapping | None = None, roles: Roles = ECS
) -> tuple[Match, ...] | Diagnostic:
    """Return what the query finds, in the order of time, cut by its pipes.

    Args:
        query: a query that was read.
        documents: as the engine sees them, ECS names and all.
        mapping: the index's fields; without it the documents' own values give the types and every field is mapped.
        roles: which fields say category, time and order, as a search or a rule may name them.

    Returns:
        The events of each match as indexes into ``documents``: one event for
        a query of single events.  A document that the engine refuses matches
        nothing.  A diagnostic ``R283`` when the engine refuses the query,
        ``R284`` when it fails on a document, ``R285`` when its answer is not
        known.
    """
    known = mapping_of(list(documents), roles.timestamp) if mapping is None else mapping
    indexed = [index(one, known, roles) for one in documents]
    try:
        found = _compiled(query, known, roles)([one if isinstance(one, Document) else None for one in indexed])
    except Stop as stop:
        return stop.diagnostic(query.source)
    except Failure as failure:
        span = query.source.span(query.body.offsets)
        if failure.unknown:
            return Diagnostic("R285", Severity.ERROR, span, f"what the engine answers is not known: {failure}", "ask fewer lists at once")
        help = "ask only for events that have the value"
        return Diagnostic("R284", Severity.ERROR, span, f"the engine fails on a document: {failure}", help)
    for pipe in query.pipes:
        found = _cut(found, pipe)
    return found


def _compiled(query: Query, mapping: Mapping, roles: Roles) -> Callable[[Sequence[Document | None]], tuple[Match, ...]]:
    """Return the query as a function of documents.

    Raises:
        Stop: when the engine refuses the query, or its answer is not known.
    """
    body = query.body
    if isinstance(body, Event):
        test = event_test(body, mapping, roles)
        return lambda documents: _events(documents, test)
    stages = tuple(stage for step in body.steps for stage in [_stage(step, mapping, roles)] * step.runs)
    if isinstance(body, Sample):
        return lambda documents: samples(documents, stages)
    until = _stage(body.until, mapping, roles) if body.until is not None else None
    maxspan_ms = body.maxspan_ms
    return lambda documents: sequences(documents, stages, until, maxspan_ms)


def _stage(step: Step, mapping: Mapping, roles: Roles) -> Stage:
    kinds = [field_type(key, mapping) for key in step.by]
    paths = tuple(kind.path if kind is not None else None for kind in kinds)
    return Stage(event_test(step.event, mapping, roles), paths, tuple(key.optional for key in step.by), step.missing)


def _events(documents: Sequence[Document | None], test: Callable[[Document], bool]) -> tuple[Match, ...]:
    """Return the documents that pass, in the order of time; those without a time come first, as the engine sorts them."""
    found = [(document, index) for index, document in enumerate(documents) if document is not None and test(document)]
    found.sort(key=lambda one: (one[0].timestamp is not None, one[0].timestamp or 0, one[0].tie, one[1]))
    return tuple(Match((index,)) for _, index in found)


def _cut(found: tuple[Match, ...], pipe: Pipe) -> tuple[Match, ...]:
    if pipe.name == "head":
        return found[: pipe.count]
    return found[-pipe.count :] if pipe.count else ()
