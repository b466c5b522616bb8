"""References between rules, by id and by name: correlations lead to their rules.

Source: Sigma Correlation Rules 2.1.0, "Related rules".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from converter.ir.condition import parse_condition
from converter.ir.correlation import Linked, Part
from converter.ir.nodes import Node
from converter.model import Diagnostic, Reference, Rule, Severity, node

CHAIN: Final = 10
"""Correlations below each other."""


class Names:
    """Rules by id and by name; filters have none."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_text: dict[str, list[Rule]] = {}
        for rule in rules:
            if rule.filter is None:
                for text in dict.fromkeys((rule.id, rule.name)):
                    self._by_text.setdefault(text, []).append(rule)

    def found(self, reference: Reference) -> list[Rule]:
        """Return the rules that a reference names; ids, not names, are the same in upper case."""
        lower = reference.text.lower()
        return self._by_text.get(reference.text) or [one for one in self._by_text.get(lower, []) if one.id == lower]


@node
class Meant:
    """What a rule means, a tree or a correlation (neither: it has no meaning), and what linking told of it."""

    tree: Node | None = None
    linked: Linked | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def connected(rules: Sequence[tuple[Rule, Node | None]]) -> tuple[Meant, ...]:
    """Return what each rule means, correlations with their rules (M013 to M017).

    The tree is ``None`` for a rule without meaning, and for a correlation.
    """
    linking = _Linking(rules)
    for rule in linking.lowest_first([rule for rule, _ in rules if rule.correlation is not None]):
        linking.link(rule)
    return tuple(linking.meant[id(rule)] for rule, _ in rules)


def not_generated(linked: Iterable[Linked]) -> dict[str, str]:
    """Return the ids of rules that are only parts of correlations, each with the title of one of these.

    A rule that any correlation with ``generate: true`` refers to is a rule of its own.
    """
    kept: set[str] = set()
    parts: dict[str, str] = {}
    for one in linked:
        ids = [part.rule.id for part in one.parts]
        if one.correlation.generate:
            kept.update(ids)
        else:
            parts.update(dict.fromkeys(ids, one.rule.title))
    return {rule: title for rule, title in parts.items() if rule not in kept}


class _Linking:
    """Follows references; those of a correlation come before it, so what is not linked by then leads back."""

    def __init__(self, rules: Sequence[tuple[Rule, Node | None]]) -> None:
        self.meant = {id(rule): Meant(tree) for rule, tree in rules}
        self._names = Names(rule for rule, _ in rules)
        self._done: set[int] = set()
        self._levels: dict[str, int] = {}

    def lowest_first(self, correlations: Sequence[Rule]) -> Iterable[Rule]:
        """Yield each correlation once, behind those that it refers to; no recursion, as a chain can be as long as a pack."""
        begun: set[int] = set()
        for first in correlations:
            stack = [(first, False)]
            while stack:
                rule, whole = stack.pop()
                if whole:
                    yield rule
                elif id(rule) not in begun:
                    begun.add(id(rule))
                    stack.append((rule, True))
                    stack += [(one, False) for one in self._below(rule) if id(one) not in begun]

    def _below(self, rule: Rule) -> Iterable[Rule]:
        for reference in rule.correlation.rules if rule.correlation else ():
            yield from (one for one in self._names.found(reference) if one.correlation is not None)

    def link(self, rule: Rule) -> None:
        """Link a correlation whose parts were linked before."""
        assert rule.correlation is not None
        told: list[Diagnostic] = [*_contradictions(rule)]
        found = [self._part(rule, reference, told) for reference in rule.correlation.rules]
        parts = tuple(part for part in found if part is not None)
        told += _aliases(rule, parts)
        level = 1 + max((self._levels.get(part.rule.id, 0) for part in parts), default=0)
        if level > CHAIN:
            message = f"more than {CHAIN} correlations are below each other"
            told.append(_error("M015", rule, rule.correlation.rules[0], message, "use fewer levels"))
        self._done.add(id(rule))
        if told:
            self.meant[id(rule)] = Meant(diagnostics=tuple(told))
            return
        self._levels[rule.id] = level
        expression = parse_condition(rule.correlation.expression) if rule.correlation.expression else None
        self.meant[id(rule)] = Meant(linked=Linked(rule, rule.correlation, parts, expression))

    def _part(self, rule: Rule, reference: Reference, told: list[Diagnostic]) -> Part | None:
        found = self._names.found(reference)
        if not found:
            message = f"no rule here has the id or name '{reference.text[:60]}'"
            told.append(_error("M013", rule, reference, message, "correct it, or give that rule along"))
            return None
        if len(found) > 1:
            told.append(_ambiguous(rule, reference, found))
            return None
        other = found[0]
        if other.correlation is not None and id(other) not in self._done:
            message = f"the correlation leads back to itself through '{reference.text[:60]}'"
            told.append(_error("M015", rule, reference, message, "refer to rules that do not refer to this one"))
            return None
        meaning = self.meant[id(other)].linked or self.meant[id(other)].tree
        if meaning is None:
            told.append(_error("M017", rule, reference, f"the rule '{other.title}' has no meaning", f"correct {other.source.path}"))
            return None
        return Part(reference.text, other, meaning)


def _ambiguous(rule: Rule, reference: Reference, found: Sequence[Rule]) -> Diagnostic:
    places = " and ".join(f"{one.path}:{one.line}" for one in (other.span("name") for other in found[:2]))
    message = f"'{reference.text[:60]}' names {len(found)} rules, at {places}"
    return _error("M014", rule, reference, message, "refer to the rule by its id")


def _error(code: str, rule: Rule, reference: Reference, message: str, help_text: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, rule.source.span(reference.offsets), message, help=help_text)


def _contradictions(rule: Rule) -> Iterable[Diagnostic]:
    """Yield M016 for sections that mean nothing definite."""
    correlation = rule.correlation
    assert correlation is not None
    if correlation.type == "temporal_ordered":
        wanted = len(correlation.rules)
        if any(one.operator not in ("gte", "eq") or one.value != wanted for one in correlation.criteria):
            message = "an ordered correlation needs all of its rules, so a number of them means nothing definite"
            place = rule.span("correlation.condition")
            yield Diagnostic("M016", Severity.ERROR, place, message, help="remove the condition, or use 'type: temporal'")


def _aliases(rule: Rule, parts: Sequence[Part]) -> Iterable[Diagnostic]:
    """Yield M016 for aliases that are of no rule here, or leave one of them out."""
    correlation = rule.correlation
    assert correlation is not None
    known = {text for part in parts for text in _texts(part)}
    whole = len(parts) == len(correlation.rules)
    for alias, fields in correlation.aliases.items():
        place = rule.span(f"correlation.aliases.{alias}")
        for text in fields:
            if text not in known and whole:
                message = f"the alias '{alias[:60]}' speaks of '{text[:60]}', which is not among the correlation's rules"
                yield Diagnostic("M016", Severity.ERROR, place, message, help="name one of: " + ", ".join(part.reference for part in parts))
        for part in parts if alias in correlation.group_by else ():
            if not fields.keys() & set(_texts(part)):
                message = f"the alias '{alias[:60]}' says nothing of the rule '{part.reference[:60]}'"
                yield Diagnostic("M016", Severity.ERROR, place, message, help=f"add '{part.reference}:' with the field of its events")


def _texts(part: Part) -> tuple[str, ...]:
    """Return all that may name a part."""
    return tuple(text for text in (part.reference, part.rule.id, part.rule.name) if text)
