"""A correlation in a target's names: each of its rules by its own log source, all as the same agent records them where one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from converter.data import Source, Tables
from converter.ir import Linked, Part, field_of, leaves
from converter.model import Diagnostic, Severity, Status, ordered
from converter.targets import Correlation, Input, Pipeline, ResolvedRule, named, pysigma, resolve

Resolved = ResolvedRule | Status | tuple[Diagnostic, ...]


def resolved_correlation(linked: Linked, target: str, tables: Tables, agent: str = "auto") -> Iterator[Resolved]:
    """Yield a correlation in the target's names for each agent that records its rules' events, the usual one first.

    ``agent`` names an integration, the only one that is asked.  What keeps a
    rule from the target keeps the correlation from it.
    """
    parts = leaves(linked)
    records = {part.rule.id: [one for one in tables.sources_of(part.rule.logsource) if target in one.targets] for part in parts}
    agents = dict.fromkeys(name for several in records.values() for one in several for name in one.targets[target].get("integration", ()))
    for name in ([agent] if agent != "auto" else agents) or [""]:
        chosen = {rule: _of_agent(several, name, target) for rule, several in records.items()}
        yield _resolved(linked, parts, chosen, target, tables)


def piped_correlation(linked: Linked, target: str, tables: Tables, pipelines: Sequence[Pipeline]) -> Resolved:
    """Return a correlation in the names that a pipeline gives its rules' fields and its own."""
    parts = pysigma.parts_through(linked, pipelines, target, tables)
    if isinstance(parts, Status | tuple):
        return parts
    inputs = {part.rule.id: Input(part, parts[part.rule.id].rule, parts[part.rule.id].named) for part in leaves(linked)}
    return ResolvedRule(linked.rule, Correlation(linked, inputs), _together(linked, inputs, target), {}, {})


def _of_agent(sources: Sequence[Source], agent: str, target: str) -> Source | None:
    """Return the log source as an agent records it, else as the usual one does."""
    return next((one for one in sources if agent in one.targets[target].get("integration", ())), sources[0] if sources else None)


def _resolved(linked: Linked, parts: Sequence[Part], chosen: Mapping[str, Source | None], target: str, tables: Tables) -> Resolved:
    names = _names(linked)
    inputs: dict[str, Input] = {}
    problems: list[Diagnostic] = []
    for part in parts:
        assert not isinstance(part.meaning, Linked), "leaves are about single events"
        source = chosen[part.rule.id]
        one = resolve(part.rule, part.meaning, target, tables, source)
        if isinstance(one, Status):
            message = f"{target} has no events of the log source ({part.rule.logsource}) of the rule '{part.rule.title}'"
            place = linked.rule.span("correlation.rules")
            problems.append(Diagnostic("T002", Severity.ERROR, place, message, help=f"disable {target} for the correlation"))
            continue
        if isinstance(one, tuple):
            problems += one
            continue
        place = linked.rule.span("correlation.group-by")
        fields = named(part.rule, part.meaning, names[part.rule.id], target, tables, one.source if one.source.id else None, place)
        if isinstance(fields, tuple):
            problems += fields
            continue
        inputs[part.rule.id] = Input(part, one, fields)
    if problems:
        return ordered(dict.fromkeys(problems))
    return ResolvedRule(linked.rule, Correlation(linked, inputs), _together(linked, inputs, target), {}, {})


def _names(linked: Linked) -> dict[str, list[str]]:
    """Return for each rule about single events the fields whose values the correlation, or one of those in it, needs."""
    found: dict[str, list[str]] = {}

    def visit(one: Linked, wanted: Sequence[str]) -> None:
        names = [*one.correlation.group_by, *one.correlation.fields, *wanted]
        for part in one.parts:
            own = [field_of(one, part, name) for name in names]
            if isinstance(part.meaning, Linked):
                visit(part.meaning, own)
            else:
                found[part.rule.id] = list(dict.fromkeys([*found.get(part.rule.id, ()), *own]))

    visit(linked, ())
    return found


def _together(linked: Linked, inputs: Mapping[str, Input], target: str) -> Source:
    """Return the log sources of the rules as one: the indexes and integrations of all."""
    sources = [one.rule.source for one in inputs.values()]
    needs = [one.targets[target] for one in sources]
    merged: dict[str, list[str]] = {
        key: list(dict.fromkeys(value for one in needs for value in one.get(key, ()))) for key in ("index", "integration")
    }
    ids = list(dict.fromkeys(one.id for one in sources))
    return Source(ids[0] if len(ids) == 1 else "", linked.rule.title, {}, {target: merged})
