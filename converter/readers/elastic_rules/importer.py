"""A rule that was read becomes a canonical rule, or the reason why it does not, with a row for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from converter.model import Diagnostic, Fidelity, Loss, Severity, ordered
from converter.readers.elastic_rules.correlation import FROM, INTERVAL, Joined, counted, interval_s, joined, look_back_s
from converter.readers.elastic_rules.document import (
    correlated,
    extension,
    file_of,
    has_own_id,
    header,
    identifier,
    in_order,
    is_spdx,
    plain,
    present,
    spdx,
)
from converter.readers.elastic_rules.embedded import Embedded
from converter.readers.elastic_rules.facts import form
from converter.readers.elastic_rules.filters import FilterNodes, UnsaidFilterError, read_filters
from converter.readers.elastic_rules.filters import unsaid as unsaid_filter
from converter.readers.elastic_rules.imported import Imported, Outcome, keeping, text_of
from converter.readers.elastic_rules.meaning import CATEGORY, Asked, Meaning, meaning
from converter.readers.elastic_rules.query import events_of, read
from converter.readers.elastic_rules.rule import ElasticRule, checked, known_keys, misfits
from converter.readers.elastic_rules.source import TARGET, choose


@dataclass(frozen=True, slots=True)
class _Body:
    """What a rule asks, in Sigma: the meaning of its query, the correlation around it, and what is told of both."""

    meaning: Meaning
    kind: str
    told: tuple[Diagnostic, ...] = ()
    filters: FilterNodes | None = None
    joined: Joined | None = None
    unsaid: tuple[Loss, ...] = ()
    """What the detection does not say of the query; no part of it are a threshold's window, and filters that are kept as they are."""


def imported(rule: ElasticRule, line: int = 0) -> Imported:
    """Return what becomes of a rule: all that it says is in the canonical rule, or told."""
    problems = checked(rule) or misfits(known_keys(rule)[0], rule)
    if problems:
        return refused(rule.source.path, problems, rule, line)
    body = _body(rule)
    if isinstance(body, Diagnostic):
        return refused(rule.source.path, (body,), rule, line)
    said = body.meaning
    documents = _documents(rule, body)
    found = Imported(
        source=rule.source.path,
        name=rule.text("name"),
        kind=body.kind,
        language=rule.language,
        status=Outcome.CANONICAL if said.section is not None else Outcome.OPAQUE,
        exact=not any(one.direction is not Fidelity.EXACT for one in said.losses),
        text=text_of(documents),
        file=file_of(said.choice.logsource, rule.text("name")),
        losses=said.losses,
        diagnostics=ordered([*body.told, *_remarks(rule, body)]),
        reason=said.reason,
        line=line,
        documents=documents,
        own=_own(rule, body),
    )
    return keeping(found, body.unsaid) if body.unsaid else found


def _own(rule: ElasticRule, body: _Body) -> dict[str, object]:
    """Return the query of a rule with a detection, in the words of the rule, and the filters that the detection says."""
    if body.meaning.section is None:
        return {}
    # Line ends around a query are those of its quotes.
    own: dict[str, object] = {"query": rule.text("query").strip("\n"), "language": rule.language}
    return own | ({"filters": plain(rule.values["filters"])} if body.filters else {})


def refused(path: str, problems: tuple[Diagnostic, ...], rule: ElasticRule | None = None, line: int = 0) -> Imported:
    """Return the row of a rule that is not imported."""
    name = str(rule.values.get("name", "")) if rule else ""
    kind = str(rule.values.get("type", "")) if rule else ""
    known = rule is not None and kind in form().kinds
    language = rule.language if rule is not None and known else ""
    return Imported(path, name, kind, language, Outcome.REFUSED, exact=False, diagnostics=ordered(problems), line=line)


def _body(rule: ElasticRule) -> _Body | Diagnostic:
    """Return what a rule asks; an error where its query cannot be read."""
    if rule.kind in ("esql", "machine_learning", "saved_query"):
        return _Body(Meaning(choose(rule.texts("index"), rule.texts("tags"), None), reason=rule.kind), rule.kind)
    place = rule.value_at("query")
    text = Embedded(rule.text("query"), rule.source, place)
    query = read(text.text, rule.language, rule.source.path)
    if isinstance(query, Diagnostic):
        return text.diagnostic(query)
    filters, told, lost = _filters(rule)
    asked = Asked(query, text, rule.texts("index"), rule.texts("tags"), str(rule.values.get("event_category_override", CATEGORY)), filters)
    events = events_of(query)
    if events:
        said, one = joined(rule, asked)
        return _Body(_with(said, lost), events, told, joined=one, unsaid=_lossy(said))
    try:
        found = meaning(asked)
    except UnsaidFilterError as stop:  # the type of a field of this log source keeps a filter from being said
        filters, told, lost = _kept(unsaid_filter(stop, rule.source))
        found = meaning(replace(asked, filters=None))
    unsaid = _lossy(found)
    said = _with(found, lost)
    one = counted(rule, said) if rule.kind == "threshold" and lost is None else None
    if one is not None:
        said = replace(said, losses=(*said.losses, *one.losses))
    return _Body(said, rule.kind, told, filters, one, unsaid)


def _lossy(said: Meaning) -> tuple[Loss, ...]:
    """Return the losses of a detection that say that it finds other events."""
    return () if said.section is None else tuple(one for one in said.losses if one.direction is not Fidelity.EXACT)


def _with(said: Meaning, lost: Loss | None) -> Meaning:
    """Return a meaning with one loss more, where there is a detection that can have it."""
    return said if lost is None or said.section is None else replace(said, losses=(*said.losses, lost))


def _filters(rule: ElasticRule) -> tuple[FilterNodes | None, tuple[Diagnostic, ...], Loss | None]:
    """Return the filters as conditions; or where one cannot be said, that all are kept as they are."""
    if not rule.values.get("filters"):
        return None, (), None
    found = read_filters(rule.values["filters"], rule.source, rule.value_at("filters"))
    return (found, (), None) if isinstance(found, FilterNodes) else _kept(found)


def _kept(found: Diagnostic) -> tuple[None, tuple[Diagnostic, ...], Loss]:
    """Return what is told where filters are kept as they are."""
    message = f"the filters are kept as they are and hold on Elastic only: {found.message}"
    told = Diagnostic("R125", Severity.WARNING, found.span, message, help="say them in the detection, too")
    return None, (told,), Loss("R125", "filters", Fidelity.WIDER, "the rule's filters are no part of the detection", found.span)


def _documents(rule: ElasticRule, body: _Body) -> tuple[Mapping[str, object], ...]:
    """Return the documents of the canonical rule: itself, then the rules that it refers to."""
    head, extended = header(rule), extension(rule, _query_keys(rule, body), body.meaning.choice.logsource)
    tail = {key: head.pop(key) for key in ("falsepositives", "level")}
    elastic = extended["targets"]
    assert isinstance(elastic, dict)
    if body.filters and body.meaning.section is not None:
        elastic[TARGET].pop("filters")
    if body.joined is not None:
        _as_correlation(rule, body.joined, elastic[TARGET])
    elastic[TARGET] = in_order(elastic[TARGET])
    if body.joined is not None:
        own, others = correlated(rule, body.joined, body.meaning)
        return (present({**head, **own, **tail, "x-converter": extended}), *others)
    said = body.meaning
    meant = {
        "taxonomy": said.taxonomy,
        "logsource": dict(said.choice.logsource),
        "detection": None if said.section is None else dict(said.section),
    }
    return (present({**head, **meant, **tail, "x-converter": extended}),)


def _query_keys(rule: ElasticRule, body: _Body) -> dict[str, object | None]:
    """Return what the target has to know of the query."""
    opaque = body.meaning.section is None
    divided = body.filters is not None and not body.filters.is_query and not opaque and rule.language == "kuery"
    language = "kuery+filters" if divided else rule.language
    # Line ends around a query are those of its quotes.
    query = rule.text("query").strip("\n") if opaque and "query" in rule.values else None
    return {"opaque": body.meaning.reason or None, "language": language or None, "query": query}


def _as_correlation(rule: ElasticRule, joined: Joined, elastic: dict[str, object]) -> None:
    """Say in ``elastic`` what a correlation needs: the schedule, and where it looks back less than it should, that this is meant."""
    for key in ("kind", "threshold"):
        elastic.pop(key, None)
    elastic["from"] = str(rule.values.get("from") or FROM)
    elastic["interval"] = str(rule.values.get("interval") or INTERVAL)
    seen = look_back_s(rule)
    if seen is None or seen < joined.span_s + (interval_s(rule) or 0):
        elastic["accept"] = [{"code": "T131", "reason": "the rule that was imported runs as often and looks back as far"}]


def _remarks(rule: ElasticRule, body: _Body) -> list[Diagnostic]:
    """Return what a person should know of a rule that was imported."""
    said, found = body.meaning, list[Diagnostic]()
    if body.joined is None and said.section is not None and rule.kind in form().narrowed:
        message = f"kept beside the detection, which finds all events of the query: {form().narrowed[rule.kind]}"
        found.append(rule.tell("R129", Severity.NOTE, "type", message))
    if said.reason:
        why = f": {said.problem.message}" if said.problem else ""
        message = f"no detection: {form().opaque[said.reason]}{why}"
        place = said.problem.span if said.problem else rule.source.span(rule.key_at("type"))
        found.append(Diagnostic("R124", Severity.WARNING, place, message, help=said.problem.help if said.problem else ""))
    if not has_own_id(rule):
        what = f"'{rule.text('rule_id')[:60]}', which is no UUID" if rule.text("rule_id") else "its name, as it has no rule_id"
        found.append(rule.tell("R126", Severity.NOTE, "rule_id", f"the id {identifier(rule)} is derived from {what}"))
    if rule.text("license") and not is_spdx(spdx(rule.text("license"))):
        message = f"no SPDX name is known for the licence {rule.text('license')[:60]!r}"
        found.append(rule.tell("R116", Severity.WARNING, "license", message, "put the SPDX name in its place"))
    if not said.choice.is_certain:
        message = "the rule does not say which log source it reads"
        found.append(rule.tell("R116", Severity.NOTE, "index", message, "write product, category or service"))
    strange = [key for key in ("new_terms", "new_terms_fields", "history_window_start") if key in rule.values and rule.kind != "new_terms"]
    if strange:
        message = f"a rule of type {rule.kind} has no {', no '.join(strange)}, which is left out"
        found.append(rule.tell("R127", Severity.WARNING, strange[0], message))
    _, extra = known_keys(rule)
    if extra:
        message = f"carried as they are, for nobody here knows them: {', '.join(sorted(extra))[:200]}"
        found.append(rule.tell("R127", Severity.NOTE, next(iter(extra)), message))
    return found
