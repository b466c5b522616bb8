"""A rule that was read becomes a canonical rule, or the reason why it does not, with a row for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from converter.languages import eql
from converter.model import Diagnostic, Fidelity, Loss, Severity, ordered
from converter.readers.elastic_rules.document import extension, file_of, has_own_id, header, identifier, is_spdx, present, spdx
from converter.readers.elastic_rules.embedded import Embedded
from converter.readers.elastic_rules.facts import form
from converter.readers.elastic_rules.filters import FilterNodes, read_filters
from converter.readers.elastic_rules.imported import Imported, Outcome
from converter.readers.elastic_rules.meaning import CATEGORY, Asked, Meaning, meaning
from converter.readers.elastic_rules.query import events_of, read
from converter.readers.elastic_rules.rule import ElasticRule, checked, known_keys, misfits
from converter.readers.elastic_rules.source import choose
from converter.readers.elastic_rules.write import yaml_text


@dataclass(frozen=True, slots=True)
class _Body:
    """What a rule asks, in Sigma: the meaning of its query, and what is told of it."""

    meaning: Meaning
    kind: str
    told: tuple[Diagnostic, ...] = ()
    filters: FilterNodes | None = None


def imported(rule: ElasticRule, line: int = 0) -> Imported:
    """Return what becomes of a rule: all that it says is in the canonical rule, or told."""
    problems = checked(rule) or misfits(known_keys(rule)[0], rule)
    if problems:
        return refused(rule.source.path, problems, rule, line)
    body = _body(rule)
    if isinstance(body, Diagnostic):
        return refused(rule.source.path, (body,), rule, line)
    said = body.meaning
    return Imported(
        source=rule.source.path,
        name=rule.text("name"),
        kind=body.kind,
        language=rule.language,
        status=Outcome.CANONICAL if said.section is not None else Outcome.OPAQUE,
        exact=not any(one.direction is not Fidelity.EXACT for one in said.losses),
        text=yaml_text(_document(rule, body)),
        file=file_of(said.choice.logsource, rule.text("name")),
        losses=said.losses,
        diagnostics=ordered([*body.told, *_remarks(rule, said)]),
        reason=said.reason,
        line=line,
    )


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
    if events and isinstance(query, eql.Query):
        return _Body(Meaning(choose(asked.index, asked.tags, None), reason="until"), events, told)
    said = meaning(asked)
    if lost is not None and said.section is not None:
        said = Meaning(said.choice, said.section, (*said.losses, lost), said.reason, said.problem)
    return _Body(said, rule.kind, told, filters)


def _filters(rule: ElasticRule) -> tuple[FilterNodes | None, tuple[Diagnostic, ...], Loss | None]:
    """Return the filters as conditions; or where one cannot be said, that all are kept as they are."""
    if not rule.values.get("filters"):
        return None, (), None
    found = read_filters(rule.values["filters"], rule.source, rule.value_at("filters"))
    if isinstance(found, FilterNodes):
        return found, (), None
    message = f"the filters are kept as they are and hold on Elastic only: {found.message}"
    told = Diagnostic("R125", Severity.WARNING, found.span, message, help="say them in the detection, too")
    return None, (told,), Loss("R125", "filters", Fidelity.WIDER, "the rule's filters are no part of the detection", found.span)


def _document(rule: ElasticRule, body: _Body) -> Mapping[str, object]:
    said = body.meaning
    opaque = said.section is None
    query: dict[str, object | None] = {
        "opaque": said.reason or None,
        "language": f"{rule.language}+filters" if body.filters and not opaque else rule.language or None,
        "query": rule.text("query") if opaque and "query" in rule.values else None,
    }
    extended = extension(rule, query)
    if body.filters and not opaque:
        targets = extended["targets"]
        assert isinstance(targets, dict)
        targets["elastic"].pop("filters")
    head = header(rule)
    tail = {key: head.pop(key) for key in ("falsepositives", "level")}
    meant = {
        "taxonomy": said.taxonomy,
        "logsource": dict(said.choice.logsource),
        "detection": None if opaque else dict(said.section or {}),
    }
    return present({**head, **meant, **tail, "x-converter": extended})


def _remarks(rule: ElasticRule, said: Meaning) -> list[Diagnostic]:
    """Return what a person should know of a rule that was imported."""
    found: list[Diagnostic] = []
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
    _, extra = known_keys(rule)
    if extra:
        message = f"carried as they are, for nobody here knows them: {', '.join(sorted(extra))[:200]}"
        found.append(rule.tell("R127", Severity.NOTE, next(iter(extra)), message))
    return found
