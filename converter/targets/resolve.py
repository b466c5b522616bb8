"""From a rule's names to a target's: fields, types, and what selects the log source."""

from __future__ import annotations

import difflib

from converter.data import Binding, Field, Source, bindings, ecs_bindings, fields, source_of
from converter.ir import FieldMatch, FieldRef, Node, atoms
from converter.model import Diagnostic, Rule, Severity, Status
from converter.targets.contract import Detection, ResolvedRule
from converter.targets.kept import START, met


def resolve(rule: Rule, tree: Node, target: str) -> ResolvedRule | Status | tuple[Diagnostic, ...]:
    """Return the rule in the target's names.

    ``Status.NO_SOURCE`` when the target has no such log source; else one
    diagnostic (T001) for each field that the target has no way to.
    """
    if target == "python":
        return _raw(rule, tree)
    if rule.taxonomy not in _OWN:
        return _in_taxonomy(rule, tree, target)
    source = source_of(rule.logsource)
    if source is None:
        message = f"the log source ({rule.logsource}) is not among those that the tables know"
        return (Diagnostic("T002", Severity.ERROR, rule.span("logsource"), message, help="see 'converter targets' for the log sources"),)
    if target not in source.targets:
        return Status.NO_SOURCE
    known = bindings(target, source.id)
    found: dict[str, Binding] = {}
    problems: list[Diagnostic] = []
    for atom in atoms(tree):
        if not isinstance(atom, FieldMatch):
            continue
        for name in _names(atom):
            if name in known and "*" not in name:
                found[name] = known[name]
                problems += _changed(rule, name, atom, known[name], target)
            else:
                problems.append(_unmapped(rule, name, atom, target, source.id))
    if problems:
        return tuple(dict.fromkeys(problems))
    guard = source.targets[target].get("guard", {})
    return ResolvedRule(rule, Detection(tree), source, guard, found)


_OWN = ("sigma", "sigmahq")
"""Taxonomies whose names are the raw event's."""


def _raw(rule: Rule, tree: Node) -> ResolvedRule:
    """Return a rule for raw events: its own names, whether a table knows them or not."""
    source = source_of(rule.logsource) or Source("", str(rule.logsource), {}, {"python": {}})
    known = fields(source.id) if source.id else {}
    names = [name for atom in atoms(tree) if isinstance(atom, FieldMatch) for name in _names(atom)]
    found = {name: known.get(name, Field(name, "keyword")) for name in names}
    return ResolvedRule(
        rule, Detection(tree), source, {}, {name: Binding(one, name, one.type, one.many or one.each) for name, one in found.items()}
    )


def _in_taxonomy(rule: Rule, tree: Node, target: str) -> ResolvedRule | tuple[Diagnostic, ...]:
    """Return a rule whose names are a target's already; its log source's condition is part of the detection."""
    if (rule.taxonomy, target) != ("ecs", "elastic"):
        first = next((atom for atom in atoms(tree) if isinstance(atom, FieldMatch)), None)
        place = rule.source.span(first.offsets) if first else rule.span("taxonomy")
        field = f", such as '{first.field}'" if first else ""
        message = f"there is no way from the taxonomy '{rule.taxonomy}' to {target} for its fields{field}"
        help_text = f"disable {target} for this rule, or write the rule with the raw event's names"
        return (Diagnostic("T004", Severity.ERROR, place, message, help=help_text),)
    names = [name for atom in atoms(tree) if isinstance(atom, FieldMatch) for name in _names(atom)]
    known = source_of(rule.logsource)
    source = known if known and target in known.targets else Source("", str(rule.logsource), {}, {target: {}})
    return ResolvedRule(rule, Detection(tree), source, {}, ecs_bindings(names))


def _names(atom: FieldMatch) -> list[str]:
    return [atom.field, atom.test.field] if isinstance(atom.test, FieldRef) else [atom.field]


def _changed(rule: Rule, name: str, atom: FieldMatch, binding: Binding, target: str) -> tuple[Diagnostic, ...]:
    value = met(atom, name, binding)
    if not value:
        return ()
    message = f"{target} does not keep '{value.lstrip(START)}' in the field '{name}' as it is, which this test could ask for"
    help_text = f"ask for what no such value has, or disable {target} for this rule"
    return (Diagnostic("T005", Severity.ERROR, rule.source.span(atom.offsets), message, help=help_text),)


def _unmapped(rule: Rule, name: str, atom: FieldMatch, target: str, source: str) -> Diagnostic:
    close = difflib.get_close_matches(name, bindings(target, source), n=1, cutoff=0.75)
    exists = name in fields(source)
    what = "exists in the raw event only" if exists else "is not a field of this log source"
    help_text = f"did you mean '{close[0]}'?" if close and not exists else f"use another field, or disable {target} for this rule"
    message = f"the field '{name}' has no counterpart on {target}: it {what}"
    return Diagnostic("T001", Severity.ERROR, rule.source.span(atom.offsets), message, help=help_text)
