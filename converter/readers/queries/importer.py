"""A query becomes a canonical rule: its condition under Elastic's own names, or the query kept as it is and the reason."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from converter.ir import Node
from converter.languages import eql, kql, lucene
from converter.model import Diagnostic, Fidelity, Loss, Severity, Source, ordered, pack
from converter.readers.elastic_rules import (
    TARGET,
    Asked,
    Choice,
    Embedded,
    Imported,
    Joined,
    Known,
    Outcome,
    correlation_documents,
    events_of,
    file_of,
    form,
    joined_as,
    keeping,
    present,
    read,
    text_of,
    unsaid,
    unwritable,
    written,
)
from converter.readers.queries.fields import Types, source_types
from converter.readers.queries.place import LANGUAGES, title_of

MAX_BYTES: Final = 1 << 20
"""Bytes of a query."""
CATEGORY: Final = "event.category"
_NAMESPACE: Final = uuid.UUID("5a6f5c55-3f0e-4b55-9a53-0c3c3c1d7a1e")
_HALF: Final = re.compile("[\ud800-\udfff]")
_Field = TypeVar("_Field")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query that was read, with what stands around it."""

    query: kql.Query | eql.Query | lucene.Query
    source: Source
    language: str
    logsource: Mapping[str, str]
    types: Types


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a query is in Sigma: a detection or a correlation with its losses, or the reason why there is neither."""

    detection: Mapping[str, object] | None = None
    joined: Joined | None = None
    losses: tuple[Loss, ...] = ()
    reason: str = ""
    problem: Diagnostic | None = None

    @property
    def is_opaque(self) -> bool:
        """Whether the query is kept as it is."""
        return self.detection is None and self.joined is None


def import_query_bytes(language: str, data: bytes, path: str, logsource: Mapping[str, str], types: Types | None = None) -> Imported:
    """Return what becomes of the query in ``data``, as ``import_query``; what is no UTF-8, or too long, is refused at its place."""
    code = LANGUAGES[language]
    if len(data) > MAX_BYTES:
        message = f"the query has more than {MAX_BYTES >> 10} KiB"
        return refused(language, path, Diagnostic(code, Severity.ERROR, Source(path, "").start, message, help="name the file of one query"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", "replace")
        place = Source(path, good + "\N{REPLACEMENT CHARACTER}").span(pack(len(good), len(good) + 1))
        return refused(language, path, Diagnostic(code, Severity.ERROR, place, "the text is not UTF-8", help="save the query as UTF-8"))
    return import_query(language, text, path, logsource, types)


def import_query(language: str, text: str, path: str, logsource: Mapping[str, str], types: Types | None = None) -> Imported:
    """Return what becomes of one query.

    Args:
        language: ``kuery``, ``eql`` or ``lucene``.
        text: the query; places that are told are places of this text.
        path: the name by which people know it, ``-`` for standard input; its last part becomes the rule's title.
        logsource: Sigma's log source of the events that the query is meant for, as ``read_logsource`` gives it.
        types: the types of the index's fields; by default those of the log source.

    Returns:
        A rule that means the query under Elastic's names for fields; where
        Sigma cannot say it, one that keeps the query, with the reason (R124);
        a refusal where the text is no query of the language.
    """
    half = _HALF.search(text)
    if half:
        place = Source(path, text).span(pack(half.start(), half.end()))
        told = Diagnostic(LANGUAGES[language], Severity.ERROR, place, "half a character: no text has a lone surrogate", help="remove it")
        return refused(language, path, told)
    query = read(text, language, path)
    if isinstance(query, Diagnostic):
        return refused(language, path, query)
    asked = _Asked(query, Source(path, text), language, logsource, types or source_types(logsource))
    meant = _several(asked) if events_of(query) else _single(asked)
    title = title_of(path)
    documents = _documents(asked, meant, title)
    found = Imported(
        source=path,
        name=title,
        kind=events_of(query) or ("eql" if language == "eql" else "query"),
        language=language,
        status=Outcome.OPAQUE if meant.is_opaque else Outcome.CANONICAL,
        exact=not meant.is_opaque and not any(one.direction is not Fidelity.EXACT for one in meant.losses),
        text=text_of(documents),
        file=file_of(logsource, title),
        losses=meant.losses,
        diagnostics=_told(asked, meant, title),
        reason=meant.reason,
        documents=documents,
        own={} if meant.is_opaque else {"query": text.strip("\r\n"), "language": language},
    )
    lossy = [one for one in meant.losses if one.direction is not Fidelity.EXACT]
    return keeping(found, lossy) if lossy else found


def refused(language: str, path: str, problem: Diagnostic) -> Imported:
    """Return the row of a query that is not imported."""
    return Imported(path, title_of(path), "", language, Outcome.REFUSED, exact=False, diagnostics=(problem,))


def _single(asked: _Asked) -> _Meant:
    """Return the detection of a query of single events."""
    found = _said(asked)
    if isinstance(found, Diagnostic):
        why = unsaid(asked.query, found)
        return _Meant(reason=why.reason, problem=why.diagnostic)
    node, losses = found
    section = written(node, Choice(asked.logsource))
    if section is None:
        return _Meant(reason="unwritable", problem=unwritable(asked.source.span(pack(0, len(asked.source.text)))))
    return _Meant(section, losses=losses)


def _several(asked: _Asked) -> _Meant:
    """Return the correlation of a sequence or sample."""
    text = Embedded(asked.source.text, asked.source, pack(0, len(asked.source.text)))
    said, joined = joined_as(Asked(asked.query, text), Choice(asked.logsource), _resolve(asked, Known), None)
    return _Meant(joined=joined, losses=said.losses, reason=said.reason, problem=said.problem)


def _said(asked: _Asked) -> tuple[Node, tuple[Loss, ...]] | Diagnostic:
    match asked.query:
        case kql.Query() as query:
            return kql.to_sigma(query, _resolve(asked, kql.SigmaField))
        case lucene.Query() as query:
            return lucene.to_sigma(query, _resolve(asked, lucene.SigmaField))
        case eql.Query() as query:
            return eql.to_sigma(query, _resolve(asked, eql.SigmaField), category=CATEGORY)


def _resolve(asked: _Asked, kind: Callable[[str, str, bool], _Field]) -> Callable[[str], _Field | None]:
    """Return how a language finds a field of the query: under the same name in the rule."""

    def resolve(field: str) -> _Field | None:
        known = asked.types(field)
        return None if known is None else kind(field, *known)

    return resolve


def _documents(asked: _Asked, meant: _Meant, title: str) -> tuple[Mapping[str, object], ...]:
    """Return the rule, and behind it those that a correlation refers to."""
    identifier = _identifier(asked, title)
    elastic: dict[str, object | None] = {"opaque": meant.reason or None, "language": asked.language}
    own: Mapping[str, object]
    others: tuple[Mapping[str, object], ...] = ()
    if meant.joined is not None:
        own, others = correlation_documents(title, identifier, {}, meant.joined, asked.logsource, "ecs")
        if meant.joined.type == "event_count":
            elastic["language"] = None  # a count is no sequence there
    elif meant.detection is not None:
        own = {"taxonomy": "ecs", "logsource": dict(asked.logsource), "detection": meant.detection}
    else:
        own = {"logsource": dict(asked.logsource)}
        elastic["query"] = asked.source.text
    extension = present({"targets": present({TARGET: present(elastic)})})
    return present({"title": title, "id": identifier, "status": "experimental", **own, "x-converter": extension}), *others


def _identifier(asked: _Asked, title: str) -> str:
    """Return the rule's id: the same for the same file and log source, whatever the query says next time."""
    source = "/".join(asked.logsource.get(part, "") for part in ("product", "category", "service"))
    return str(uuid.uuid5(_NAMESPACE, f"{source}\n{title}"))


def _told(asked: _Asked, meant: _Meant, title: str) -> tuple[Diagnostic, ...]:
    """Return what a person should know of a query that was imported."""
    start = asked.source.start
    message = f"the id {_identifier(asked, title)} is derived from the title and the log source, as a query has none"
    found = [Diagnostic("R126", Severity.NOTE, start, message)]
    if meant.reason:
        problem = meant.problem or Diagnostic("R124", Severity.WARNING, start, "")
        why = f": {problem.message}" if problem.message else ""
        found.append(replace(problem, code="R124", severity=Severity.WARNING, message=f"no detection: {form().opaque[meant.reason]}{why}"))
    return ordered(found)
