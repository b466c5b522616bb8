"""From a rule's names to a target's: fields, types, and what selects the log source."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from converter.data import SHIPPED, Binding, Field, OwnTarget, Source, Tables, ecs_bindings, taxonomy
from converter.ir import Exists, FieldMatch, FieldRef, Node, Null, atoms
from converter.model import Diagnostic, Fidelity, Loss, Rule, Severity, Span, Status
from converter.targets.absence import together
from converter.targets.contract import Correlation, Detection, ResolvedRule
from converter.targets.kept import START, met
from converter.targets.rewritten import Rewriting, event_ids


def resolve(
    rule: Rule, tree: Node, target: str, tables: Tables = SHIPPED, source: Source | None = None
) -> ResolvedRule | Status | tuple[Diagnostic, ...]:
    """Return the rule in the target's names, by the ``tables`` of its pack; ``source`` is one of those that record its log source.

    ``Status.NO_SOURCE`` when the target has no such log source; else one
    diagnostic (T001) for each field that the target has no way to.
    """
    if target == "python":
        return _raw(rule, tree, tables)
    if rule.taxonomy not in _OWN:
        return _in_taxonomy(rule, tree, target, tables)
    source = source or tables.source_of(rule.logsource)
    if source is None:
        message = f"the log source ({rule.logsource}) is not among those that the tables know"
        return (Diagnostic("T002", Severity.ERROR, rule.span("logsource"), message, help=_no_table(rule, tree, target)),)
    if target in source.pending:
        message = f"the tables of {target} do not have the log source ({rule.logsource}) yet"
        return (Diagnostic("T002", Severity.ERROR, rule.span("logsource"), message, help=_no_table(rule, tree, target)),)
    if target not in source.targets:
        return Status.NO_SOURCE
    known = tables.bindings(target, source.id)
    needs = source.targets[target]
    tests = _tests(tree)
    bound = {name: known.get(name) if "*" not in name else None for atom in tests for name in _names(atom)}
    keywords = tuple(needs.get("keywords", ()))
    there = bound | {name: known.get(name) for name in keywords}
    rewriting = Rewriting(there, keywords=keywords, key=needs.get("told_by", "EventID"))
    changes = any(one.change for one in bound.values() if one)
    found = rewriting.fields
    written = rewriting.tree(tree) if changes or keywords else tree
    if any(isinstance(atom.test, Null) for atom in tests):
        written = together(written, known, found, keeps_empty=target != "elastic" or needs.get("keeps_empty", False))
    problems = [_unwritten(rule, atom, why, target) for atom, why in rewriting.problems]
    for atom in tests if written is tree else _tests(written):
        for name in _names(atom):
            if (one := there.get(name)) is not None:
                found[name] = one
                if one.changed or one.digits or one.replaced:
                    problems += _changed(rule, name, atom, one, target)
            elif name not in found:
                problems.append(_unmapped(rule, name, atom, target, source.id, tables, suggest=len(problems) < SUGGESTED))
    if tables.on(target, source.id) is None:  # a pack's own table may have several names for one of its fields
        problems += _one_place(rule, tests, bound, target)
    if problems:
        return tuple(dict.fromkeys(problems))
    return ResolvedRule(rule, Detection(written), source, needs.get("guard", {}), found)


def named(
    rule: Rule, tree: Node, names: Iterable[str], target: str, tables: Tables, source: Source | None, place: Span
) -> Mapping[str, tuple[Binding, ...]] | tuple[Diagnostic, ...]:
    """Return the target's fields for names that no test is about: those whose values a correlation groups by, counts or measures.

    ``tree`` is what the events are selected by: of a field that stands elsewhere in some events, its event ids say which it is.
    A value that is kept in parts has a field for each.  A name without a way to it is told of at ``place`` (T001, T005).
    """
    wanted = list(dict.fromkeys(names))
    if rule.taxonomy not in _OWN:
        return _named_there(wanted, target, tables, source)
    known = tables.bindings(target, source.id) if source else {}
    key = source.targets[target].get("told_by", "EventID") if source and target in source.targets else "EventID"
    found: dict[str, tuple[Binding, ...]] = {}
    problems = []
    for name in wanted:
        if name not in known or "*" in name:
            one = _unmapped(rule, name, FieldMatch(name, Exists(True)), target, source.id if source else "", tables, suggest=True)
            problems.append(replace(one, span=place))
        elif several := _holding(known[name], tree, key):
            found[name] = several
        else:
            message = f"{target} writes the values of the field '{name}' in another way or place, so nothing can be counted by it"
            help_text = f"use another field, or disable {target} for this rule"
            problems.append(Diagnostic("T005", Severity.ERROR, place, message, help=help_text))
    return tuple(problems) or found


def _named_there(names: Sequence[str], target: str, tables: Tables, source: Source | None) -> Mapping[str, tuple[Binding, ...]]:
    """Return fields by the names that they have on the target; the pack's own table says of which type they are."""
    own = {one.path: one for one in tables.bindings(target, source.id).values()} if source and tables.on(target, source.id) else {}
    return {name: (own.get(name, one),) for name, one in ecs_bindings(names).items()}


def _holding(binding: Binding, tree: Node, key: str) -> tuple[Binding, ...]:
    """Return the fields that hold a field's values, one for each part of them; ``()`` where they hold other values."""
    change = binding.change
    if change is None:
        return (binding,)
    if change.kind == "split":
        return tuple(one for _, part in change.parts for one in _holding(part, tree, key))
    if change.kind == "address":
        return _holding(change.parts[0][1], tree, key)
    if change.kind == "moved":
        places = {name.lower(): part for name, part in change.values}
        found = {places.get(one) for one in event_ids(tree, key) or ()}
        if len(found) == 1 and None not in found:
            return _holding(dict(change.parts)[str(found.pop())], tree, key)
    return ()


def untyped(resolved: ResolvedRule, target: str) -> tuple[Loss, ...]:
    """Return a loss for each field whose type on Elastic nobody gave (T507): what a test on it finds is not known."""
    if isinstance(resolved.meaning, Correlation):
        return tuple(dict.fromkeys(loss for one in resolved.meaning.inputs.values() for loss in untyped(one.rule, target)))
    if target != "elastic" or not isinstance(resolved.meaning, Detection):
        return ()
    guessed = {name for name, one in resolved.fields.items() if not one.typed}
    found: dict[str, Loss] = {}
    for atom in _tests(resolved.meaning.tree) if guessed else ():
        for name in guessed.intersection(_names(atom)) - found.keys():
            place = resolved.rule.source.span(atom.offsets) if atom.offsets else resolved.rule.span("detection")
            message = f"nothing says of which type the field '{name}' is on {target}; it is taken for a keyword"
            found[name] = Loss("T507", "field.type", Fidelity.UNKNOWN, message, place)
    return tuple(found.values())


SUGGESTED = 100
"""Fields of one rule for which the name that was meant is looked for; a rule of thousands is no slip of the pen."""
_TOLD_APART = ("moved", "rendered")
"""Kinds of changes that let one field of a target stand for several: each event has one of them, or each has its place in the text."""
_OWN = ("sigma", "sigmahq")
"""Taxonomies whose names are the raw event's."""


LISTED = 20
"""Fields of a rule that are named where its log source has no table."""
NAMED = 60
"""Characters of such a name that are shown."""


def _no_table(rule: Rule, tree: Node, target: str) -> str:
    """Return what can be done where a target has no names for a log source's fields, and which fields of the rule need one."""
    known = taxonomy(rule.logsource)
    names = list(dict.fromkeys(name for atom in _tests(tree) for name in _names(atom)))
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    listed = ", ".join(name if len(name) <= NAMED else f"{name[:NAMED]}…" for name in names[:LISTED])
    asked = f"it needs names there for {listed}{more}; " if names else ""
    own = f"{asked}'converter fields import {target}' makes a table of your own (docs/your-fields.md)"
    if known is None or not known.names:
        return f"{own}; 'converter targets' lists the log sources"
    return f"{len(known.names)} of its fields are known by the event's names, not by those of {target}; {own}"


def _raw(rule: Rule, tree: Node, tables: Tables) -> ResolvedRule:
    """Return a rule for raw events: its own names, whether a table knows them or not."""
    source = tables.source_of(rule.logsource) or Source("", str(rule.logsource), {}, {"python": {}})
    known = tables.fields(source.id) if source.id else {}
    names = [name for atom in _tests(tree) for name in _names(atom)]
    found = {name: known.get(name, Field(name, "keyword")) for name in names}
    return ResolvedRule(
        rule, Detection(tree), source, {}, {name: Binding(one, name, one.type, one.many or one.each) for name, one in found.items()}
    )


def _in_taxonomy(rule: Rule, tree: Node, target: str, tables: Tables) -> ResolvedRule | tuple[Diagnostic, ...]:
    """Return a rule whose names are a target's already; its log source's condition is part of the detection."""
    if (rule.taxonomy, target) != ("ecs", "elastic"):
        first = next(iter(_tests(tree)), None)
        place = rule.source.span(first.offsets) if first else rule.span("taxonomy")
        field = f", such as '{first.field}'" if first else ""
        message = f"there is no way from the taxonomy '{rule.taxonomy}' to {target} for its fields{field}"
        help_text = f"disable {target} for this rule, or write the rule with the raw event's names"
        return (Diagnostic("T004", Severity.ERROR, place, message, help=help_text),)
    names = [name for atom in _tests(tree) for name in _names(atom)]
    known = tables.source_of(rule.logsource)
    source = known if known and target in known.targets else Source("", str(rule.logsource), {}, {target: {}})
    found = dict(ecs_bindings(names))
    own = tables.on(target, source.id)
    if own is not None:  # the pack says of which type its index has them
        listed = {one.path: one for one in tables.bindings(target, source.id).values()}
        found |= {name: listed[name] for name in names if name in listed}
        lacks = [atom for atom in _tests(tree) if own.complete and not set(_names(atom)) <= listed.keys()]
        if lacks:
            return tuple(_absent(rule, name, atom, target, own, listed) for atom in lacks for name in _names(atom) if name not in listed)
    return ResolvedRule(rule, Detection(tree), source, {}, found)


def _tests(tree: Node) -> list[FieldMatch]:
    """Return the tests of fields, in reading order."""
    return [atom for atom in atoms(tree) if isinstance(atom, FieldMatch)]


def _names(atom: FieldMatch) -> tuple[str, ...]:
    return (atom.field, atom.test.field) if isinstance(atom.test, FieldRef) else (atom.field,)


def _unwritten(rule: Rule, atom: FieldMatch, why: str, target: str) -> Diagnostic:
    message = f"{target} writes the values of the field '{atom.field}' in another way, and this test {why}"
    help_text = f"write the test in one of the usual forms, or disable {target} for this rule"
    return Diagnostic("T005", Severity.ERROR, rule.source.span(atom.offsets), message, help=help_text)


def _changed(rule: Rule, name: str, atom: FieldMatch, binding: Binding, target: str) -> tuple[Diagnostic, ...]:
    value = met(atom, name, binding)
    if not value:
        return ()
    message = f"{target} does not keep '{value.lstrip(START)}' in the field '{name}' as it is, which this test could ask for"
    help_text = f"ask for what no such value has, or disable {target} for this rule"
    return (Diagnostic("T005", Severity.ERROR, rule.source.span(atom.offsets), message, help=help_text),)


def _one_place(rule: Rule, tests: Sequence[FieldMatch], bound: Mapping[str, Binding | None], target: str) -> list[Diagnostic]:
    """Return what to tell of two names that a target has one field for, so that it cannot hold the one beside the other.

    A field that some events have elsewhere is asked for those alone that have it there.
    """
    places: dict[str, str] = {}
    for name, binding in bound.items():
        if binding is not None and (binding.change is None or binding.change.kind not in _TOLD_APART):
            places[name] = binding.change.parts[0][1].path if binding.change else binding.path
    first = {path: name for name, path in reversed(places.items())}
    if len(first) == len(places):
        return []
    problems = []
    for atom in tests:
        for name in (one for one in _names(atom) if one in places):
            path, other = places[name], first[places[name]]
            if other != name:
                message = f"{target} has one field, '{path}', for '{other}' and '{name}', and this rule asks for both"
                help_text = f"use one of the names, or disable {target} for this rule"
                problems.append(Diagnostic("T005", Severity.ERROR, rule.source.span(atom.offsets), message, help=help_text))
    return problems


def _unmapped(rule: Rule, name: str, atom: FieldMatch, target: str, source: str, tables: Tables, *, suggest: bool) -> Diagnostic:
    known, own = tables.bindings(target, source), tables.on(target, source)
    if own is not None and own.complete:
        return _absent(rule, name, atom, target, own, known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75) if suggest else []
    exists = name in tables.fields(source)
    what = "exists in the raw event only" if exists else "is not a field of this log source"
    help_text = f"did you mean '{close[0]}'?" if close and not exists else f"use another field, or disable {target} for this rule"
    message = f"the field '{name}' has no counterpart on {target}: it {what}"
    return Diagnostic("T001", Severity.ERROR, rule.source.span(atom.offsets), message, help=help_text)


def _absent(rule: Rule, name: str, atom: FieldMatch, target: str, own: OwnTarget, known: Iterable[str]) -> Diagnostic:
    """Return what to tell of a field that the user's own system lacks."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    message = f"the field '{name}' is not among those of your {target} ({own.place})"
    help_text = f"did you mean '{close[0]}'?" if close else f"add its row there, use another field, or disable {target} for this rule"
    return Diagnostic("T001", Severity.ERROR, rule.source.span(atom.offsets), message, help=help_text)
