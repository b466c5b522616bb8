"""A correlation behind a user's pipeline: its rules' events, and what becomes of the fields that it groups by and counts.

pySigma maps those fields of the correlation itself, whatever rules it is
about: ``group-by``, the fields of aliases and of the condition
(``FieldMappingTransformationBase.apply``, pySigma 1.5.1), where the log
source of any of its rules meets an item's condition.  The events are those of
the rules, so a field means what the pipeline makes of it there, too: where
the two differ, the correlation would group by a field that the events do not
have, and is refused (T508).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from converter.data import SHIPPED, Binding, Tables
from converter.ir import Linked, Part, field_of, leaves
from converter.model import Diagnostic, Severity, Status, node, ordered
from converter.targets.contract import Pipeline, ResolvedRule
from converter.targets.pysigma.piped import named_there, refused, through
from converter.targets.pysigma.pipeline import combined


@node
class PipedPart:
    """A rule of a correlation behind a pipeline, and the target's fields for names of its events, as ``Input.named`` has them."""

    rule: ResolvedRule
    named: Mapping[str, tuple[Binding, ...]]


def parts_through(
    linked: Linked, pipelines: Sequence[Pipeline], target: str, tables: Tables = SHIPPED
) -> Mapping[str, PipedPart] | Status | tuple[Diagnostic, ...]:
    """Return the rules about single events behind the pipelines, by id; or all that keeps the correlation from the target."""
    rules: dict[str, ResolvedRule] = {}
    problems: list[Diagnostic] = []
    for part in leaves(linked):
        one = through(part.rule, pipelines, target, tables)
        if isinstance(one, Status):
            return one
        if isinstance(one, tuple):
            problems += one
        else:
            rules[part.rule.id] = one
    if problems:
        return ordered(dict.fromkeys(problems))
    try:
        mapping = _Mapping(linked, pipelines)
        problems += mapping.differences()
    except Exception as error:  # pySigma's and foreign code, as for a rule
        return (refused(linked.rule, error, target, "correlation"),)
    found: dict[str, PipedPart] = {}
    for rule, resolved in rules.items():
        named = named_there(resolved, mapping.fields[rule], target, tables, linked.rule.span("correlation.group-by"))
        if isinstance(named, tuple):
            problems += named
        else:
            found[rule] = PipedPart(resolved, named)
    return ordered(dict.fromkeys(problems)) if problems else found


@dataclass
class _Mapping:
    """What pipelines make of a correlation's fields: ``fields`` has those of each rule's events, by its id and their names."""

    linked: Linked
    pipelines: Sequence[Pipeline]
    fields: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def differences(self) -> Iterator[Diagnostic]:
        """Yield why pySigma's word on the correlation is not what holds of its rules' events (T508).

        Raises:
            Exception: what a pipeline raises.
        """
        from converter.targets.pysigma.document import collection

        everything = collection(self.linked)
        self.fields = {part.rule.id: {} for part in leaves(self.linked)}
        by_id = {str(one.id): one for one in everything.rules}
        correlations = {one.rule.id: one for one in _chain(self.linked)}
        for rule in everything.rules:  # each behind those that it refers to, whose log sources the pipeline may change
            one = correlations.get(str(rule.id))
            if one is None:
                combined(self.pipelines).apply(rule)
            else:
                yield from self._of_one(one, by_id[one.rule.id])

    def _of_one(self, linked: Linked, sigma: Any) -> Iterator[Diagnostic]:  # noqa: ANN401 - a SigmaCorrelationRule
        known: dict[str, list[str]] = {}
        grouping = set(linked.correlation.group_by)
        for name in dict.fromkeys((*linked.correlation.group_by, *linked.correlation.fields)):
            if name in linked.correlation.aliases and name not in grouping and self._at(sigma, name, known) != [name]:
                yield _told(linked, f"the pipeline renames '{name}', which is the name of an alias", "give the alias another name")
            for part in linked.parts:
                own = field_of(linked, part, name)
                there = self._at(sigma, own, known)
                if len(there) != 1 and (own != name or name not in grouping):
                    yield _told(linked, f"the pipeline makes of the field '{own}' {_listed(there)}", "map it to one field")
                for rule, event_field in _below(part, own):
                    here = self._in(rule, event_field)
                    if here != there:
                        message = f"the pipeline makes of the field '{own}' {_listed(there)} for the correlation"
                        message += f", and {_listed(here)} for the rule '{rule.rule.title}'"
                        yield _told(linked, message, "map it alike for both, or give the rules' fields an alias each")
                    self.fields[rule.rule.id][event_field] = here

    def _at(self, sigma: Any, name: str, known: dict[str, list[str]]) -> list[str]:  # noqa: ANN401 - a SigmaCorrelationRule
        """Return what pySigma makes of a name of the correlation."""
        from sigma.correlations import SigmaCorrelationFieldAliases

        if name not in known:
            sigma.group_by, sigma.fields, sigma.aliases = [name], [], SigmaCorrelationFieldAliases({})
            if hasattr(sigma.condition, "fieldref"):
                sigma.condition.fieldref = None
            combined(self.pipelines).apply(sigma)
            known[name] = list(sigma.group_by)
        return known[name]

    def _in(self, part: Part, name: str) -> list[str]:
        """Return what the pipelines make of a field of a rule's events: of one that its header lists."""
        from converter.targets.pysigma.document import fresh

        found = self.fields[part.rule.id]
        if name not in found:
            without, beside = fresh(part.rule), fresh(part.rule)
            without.fields, beside.fields = [], [name]
            for one in (without, beside):
                combined(self.pipelines).apply(one)
            found[name] = list(beside.fields)[: len(beside.fields) - len(without.fields)]
        return found[name]


def _chain(linked: Linked) -> Iterator[Linked]:
    """Yield a correlation and those that it refers to, each once."""
    stack, met = [linked], {linked.rule.id}
    while stack:
        one = stack.pop()
        yield one
        for part in one.parts:
            if isinstance(part.meaning, Linked) and part.rule.id not in met:
                met.add(part.rule.id)
                stack.append(part.meaning)


def _below(part: Part, name: str) -> Iterator[tuple[Part, str]]:
    """Yield the rules about single events at a part, each with what a name of the part's is in its events."""
    stack, met = [(part, name)], {(part.rule.id, name)}
    while stack:
        one, own = stack.pop()
        if not isinstance(one.meaning, Linked):
            yield one, own
            continue
        for inner in one.meaning.parts:
            below = (inner, field_of(one.meaning, inner, own))
            if (inner.rule.id, below[1]) not in met:
                met.add((inner.rule.id, below[1]))
                stack.append(below)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"'{one}'" for one in names) if names else "nothing"


def _told(linked: Linked, message: str, help_text: str) -> Diagnostic:
    return Diagnostic("T508", Severity.ERROR, linked.rule.span("correlation.group-by"), message, help=help_text)
