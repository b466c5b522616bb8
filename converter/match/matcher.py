"""Ask of each event only the rules whose log source admits it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from converter.ir import Node
from converter.match.admission import admissions, signs_of
from converter.match.predicate import Check, View, predicate
from converter.match.shapes import Seen
from converter.model import LogSource, Rule

KEPT = 4096
"""Kinds of event whose rules are remembered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule and its meaning, which ``ir.unevaluable`` has passed."""

    rule: Rule
    tree: Node


class Matcher:
    """Rules by what an event shows of its source; the state is a bounded memory of answers."""

    def __init__(self, rules: Iterable[Asked], *, any_source: bool = False) -> None:
        self._rules = tuple(sorted(rules, key=lambda one: one.rule.id))
        self._any_source = any_source
        self._checks: dict[int, Check] = {}
        self._kept: dict[object, tuple[Asked, ...]] = {}
        self._taxonomies: set[str] = set()
        self._unknown = False

    def matching(self, seen: Seen) -> Sequence[Asked]:
        """Return the rules that match an event, by id."""
        view = View(seen.event)
        return [one for one in self.asked(seen) if self._check(one)(view)]

    def _check(self, one: Asked) -> Check:
        """Return a rule's function, made when it is first asked."""
        check = self._checks.get(id(one))
        if check is None:
            check = self._checks[id(one)] = predicate(one.tree)
        return check

    def asked(self, seen: Seen) -> Sequence[Asked]:
        """Return the rules that an event is for, by id: all of them for one that shows no source."""
        shape = seen.shape
        if shape is None:
            self._unknown = True
            return self._rules
        self._taxonomies.update(shape.taxonomies)
        signs = {} if self._any_source else signs_of(seen)
        key = (shape.name, *signs.values())
        found = self._kept.get(key)
        if found is None:
            admitted: dict[LogSource, bool] = {}
            for one in self._rules:
                if not self._any_source and one.rule.logsource not in admitted:
                    groups = admissions(one.rule.logsource)
                    holds = bool(groups) and all(any(row.holds(shape.kind, signs) for row in group) for group in groups)
                    admitted[one.rule.logsource] = holds
            found = tuple(
                one for one in self._rules if one.rule.taxonomy in shape.taxonomies and (self._any_source or admitted[one.rule.logsource])
            )
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = found
        return found

    def not_had(self) -> Sequence[Rule]:
        """Return the rules whose field names none of the events so far had, so that they were never asked."""
        if self._unknown or not self._taxonomies:
            return []
        return [one.rule for one in self._rules if one.rule.taxonomy not in self._taxonomies]
