"""Our own targets behind a user's pipeline: its names are the target's, so no field is mapped twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from converter.data import SHIPPED, Binding, Field, Source, Tables, ecs_types, indexed
from converter.ir import Exists, FieldMatch, FieldRef, Node, atoms, lower_piped
from converter.model import Diagnostic, LogSource, Rule, Severity, Span, Status
from converter.targets.contract import Detection, Pipeline, ResolvedRule
from converter.targets.pysigma.pipeline import combined, told

GENERIC: Mapping[str, Mapping[str, Any]] = {
    "elastic": {},
    "python": {},
    # Splunk's default fields: every event has them (Splunk, "Use default fields").
    "splunk": {"macro": "sigma_pipeline", "definition": "index=*", "output": {"host": "host"}, "values": {"origin": "source"}},
}
"""What a target needs of a log source that no table knows: the pipeline selects its events."""


def through(
    rule: Rule, pipelines: Sequence[Pipeline], target: str, tables: Tables = SHIPPED
) -> ResolvedRule | Status | tuple[Diagnostic, ...]:
    """Return the rule as it is behind the pipelines, in the target's names; or all that keeps it from there."""
    from converter.targets.pysigma.document import fresh, origin

    try:
        sigma = fresh(rule)
        before = set(sigma.detection.detections)
        combined(pipelines).apply(sigma)
    except Exception as error:  # pySigma's and foreign code; what a pipeline's failure says is the author's text
        return (refused(rule, error, target, "detection"),)
    tree = lower_piped(sigma, rule, origin)
    if isinstance(tree, tuple):
        return tree
    added = bool(set(sigma.detection.detections) - before)
    return named(_header(rule, sigma), tree, target, selected=added or _logsource(sigma) != rule.logsource, tables=tables)


def refused(rule: Rule, error: Exception, target: str, section: str) -> Diagnostic:
    """Return what to tell of a pipeline that raises (T505), at the item that it names, else at a section of the rule."""
    offsets = getattr(getattr(error, "source", None), "offsets", 0)
    place = rule.source.span(offsets) if offsets else rule.span(section)
    help_text = f"change the rule or the pipeline, or disable {target} for this rule"
    return Diagnostic("T505", Severity.ERROR, place, f"the pipeline refuses the rule: {told(error)}", help=help_text)


def named(
    rule: Rule, tree: Node, target: str, *, selected: bool, tables: Tables = SHIPPED
) -> ResolvedRule | Status | tuple[Diagnostic, ...]:
    """Return a rule whose names are the target's already; ``tables`` give their types, the pack's own before the shipped ones.

    ``selected`` says that the rule itself selects the log source; else the
    target's own condition is added, as without a pipeline.
    """
    known, table = tables.source_of(rule.logsource), dict[str, Binding]()
    if known is None or target not in known.targets:
        if target not in GENERIC:
            return Status.NO_SOURCE if known else (_no_source(rule),)
        source = Source("", str(rule.logsource), {}, {target: GENERIC[target]})
    else:
        source, table = known, _by_path(target, known.id, tables)
    found: dict[str, Binding] = {}
    strange: dict[str, Diagnostic] = {}
    for atom in atoms(tree):
        if isinstance(atom, FieldMatch):
            for name in (atom.field, atom.test.field) if isinstance(atom.test, FieldRef) else (atom.field,):
                listed = _listed(name, table)
                found[name] = _binding(name, listed, table, target, selected=selected)
                if listed is not None:
                    continue
                if target == "falco" and not _is_falco(name, source, table):
                    strange.setdefault(name, _no_field(rule, name, atom))
                elif source.id and not selected and target != "python" and name in tables.fields(source.id):
                    strange.setdefault(name, _left(rule, name, atom, target))
    if strange:
        return tuple(strange.values())
    guard = {} if selected else source.targets[target].get("guard", {})
    return ResolvedRule(rule, Detection(tree), source, guard, found)


def named_there(
    resolved: ResolvedRule, names: Mapping[str, Sequence[str]], target: str, tables: Tables, place: Span
) -> Mapping[str, tuple[Binding, ...]] | tuple[Diagnostic, ...]:
    """Return the target's fields for names that no test of a rule behind a pipeline is about.

    ``names`` has what the pipeline made of each.  One that it left as the raw
    event's, where the target has none of that name, is told of at ``place`` (T001).
    """
    source, selected = resolved.source, not resolved.guard
    table = _by_path(target, source.id, tables) if source.id else {}
    found: dict[str, tuple[Binding, ...]] = {}
    strange: dict[str, Diagnostic] = {}
    for name, mapped in names.items():
        listed = [(path, _listed(path, table)) for path in mapped]
        found[name] = tuple(_binding(path, one, table, target, selected=selected) for path, one in listed)
        for path in [path for path, one in listed if one is None and source.id and not selected and path in tables.fields(source.id)]:
            strange.setdefault(path, replace(_left(resolved.rule, path, FieldMatch(path, Exists(True)), target), span=place))
        if not mapped:
            message = f"the pipeline drops the field '{name}', by which the correlation groups or counts"
            strange.setdefault(name, Diagnostic("T508", Severity.ERROR, place, message, help="map it to a field of the events"))
    return tuple(strange.values()) or found


def _binding(name: str, listed: Binding | None, table: Mapping[str, Binding], target: str, *, selected: bool) -> Binding:
    if listed is None:
        return _unlisted(name, target)
    # What the target's own condition selects, it keeps in lower case; nobody knows that of an index that the pipeline names.
    kept = not listed.lowered or not selected or name in {one.caseless for one in table.values()}
    return replace(listed, lowered=listed.lowered and kept)


def unlisted(resolved: ResolvedRule, target: str) -> tuple[Diagnostic, ...]:
    """Return a note for each field of Splunk's that no table has (T507): there every value is a text, but not every name is there."""
    strange = [name for name, one in resolved.fields.items() if not one.typed] if target == "splunk" else []
    return tuple(
        Diagnostic(
            "T507",
            Severity.NOTE,
            _where(resolved, name),
            f"the field '{name}' is in no table of {target}; it is taken for a field of JSON",
            help=f"'converter fields import {target}' says which fields your system has",
        )
        for name in strange
    )


def _where(resolved: ResolvedRule, name: str) -> Any:  # noqa: ANN401 - a Span
    assert isinstance(resolved.meaning, Detection)
    found = (one for one in atoms(resolved.meaning.tree) if isinstance(one, FieldMatch) and one.field == name and one.offsets)
    first = next(found, None)
    return resolved.rule.source.span(first.offsets) if first else resolved.rule.span("detection")


def _by_path(target: str, source: str, tables: Tables) -> dict[str, Binding]:
    """Return a target's fields of a log source by their names there."""
    if target == "python":
        return {name: Binding(one, name, one.type, one.many or one.each) for name, one in tables.fields(source).items()}
    try:
        listed = [part for one in tables.bindings(target, source).values() for part in indexed(one)]
        others = [{one.caseless: _folded(one), one.words: replace(one, path=one.words, type="text", caseless="")} for one in listed]
        found = {path: one for more in others for path, one in more.items() if path}
        return found | {one.path: one for one in listed}
    except FileNotFoundError:
        return {}


def _folded(one: Binding) -> Binding:
    """Return the second index of a field's values, in lower case, as a field of its own."""
    field = replace(one.field, lower=True, values=tuple(value.lower() for value in one.field.values))
    return replace(one, field=field, path=one.caseless, caseless="", type="keyword", lowered=not one.field.lower)


def _listed(name: str, table: Mapping[str, Binding]) -> Binding | None:
    """Return the table's entry for a name, its own or that of the object around it (``…*``)."""
    if name in table:
        return table[name]
    family = next((path for path in table if path.endswith("*") and name.startswith(path[:-1]) and len(name) >= len(path)), None)
    return replace(table[family], path=name) if family else None


def _unlisted(name: str, target: str) -> Binding:
    kind = ecs_types().get(name, "") if target == "elastic" else "keyword" if target == "python" else ""
    return Binding(Field(name, kind or "keyword"), name, kind or "keyword", typed=bool(kind))


def _is_falco(name: str, source: Source, table: Mapping[str, Binding]) -> bool:
    """Whether Falco has a field of this name for a log source, with or without an argument; it refuses a rules file with any other."""
    known = {one.partition("[")[0] for one in table}
    with suppress(FileNotFoundError):  # a log source that only the pack has: its rows are all
        from converter.data import falco_fields

        known |= falco_fields(source.id)
    json_fields = {"jevt.value", "json.value"} if source.targets["falco"].get("plugins") else set()
    return name.partition("[")[0] in known | json_fields


def _no_field(rule: Rule, name: str, atom: FieldMatch) -> Diagnostic:
    message = f"behind the pipeline the rule asks for '{name}', which is no field of Falco's for this log source"
    help_text = "map the field in the pipeline, or leave the pipeline out: the converter's own tables know the source"
    place = rule.source.span(atom.offsets) if atom.offsets else rule.span("detection")
    return Diagnostic("T001", Severity.ERROR, place, message, help=help_text)


def _left(rule: Rule, name: str, atom: FieldMatch, target: str) -> Diagnostic:
    """Return what to tell of a raw event's name that the pipeline left, where the target's own condition selects its own documents."""
    message = f"the pipeline leaves the field '{name}' as it is, and {target} has none of that name for this log source"
    help_text = "map the field in the pipeline, or let the pipeline add the condition that selects your own index"
    place = rule.source.span(atom.offsets) if atom.offsets else rule.span("detection")
    return Diagnostic("T001", Severity.ERROR, place, message, help=help_text)


def _no_source(rule: Rule) -> Diagnostic:
    message = f"the log source ({rule.logsource}) is not among those that the tables know"
    help_text = "see 'converter targets' for the log sources; a pipeline can name one with change_logsource"
    return Diagnostic("T002", Severity.ERROR, rule.span("logsource"), message, help=help_text)


def _logsource(sigma: Any) -> LogSource:  # noqa: ANN401 - a SigmaRule
    return LogSource(*(str(part or "") for part in (sigma.logsource.category, sigma.logsource.product, sigma.logsource.service)))


def _header(rule: Rule, sigma: Any) -> Rule:  # noqa: ANN401 - a SigmaRule
    """Return the rule's header with what transformations can change of it."""
    return replace(rule, logsource=_logsource(sigma), fields=tuple(map(str, sigma.fields or ())))
