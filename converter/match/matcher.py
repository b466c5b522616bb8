"""Ask of each event only the rules whose log source admits it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from converter.ir import Node
from converter.match.admission import Signs, admits_kind, signs_of
from converter.match.predicate import Check, View, predicate
from converter.match.shapes import Seen, Shape
from converter.model import LogSource, Rule, node

KEPT = 4096
"""Kinds of event whose rules are remembered."""


@node
class Asked:
    """A rule and its meaning, which ``ir.unevaluable`` has passed."""

    rule: Rule
    tree: Node


class Matcher:
    """Rules by what an event shows of its source; the state is a bounded memory of answers."""

    def __init__(self, rules: Iterable[Asked], *, any_source: bool = False) -> None:
        self._rules = tuple(_Entry(one) for one in sorted(rules, key=lambda one: one.rule.id))
        self._any_source = any_source
        self._kept: dict[object, tuple[_Entry, ...]] = {}
        self._shared: dict[tuple[int, ...], tuple[_Entry, ...]] = {}
        self._taxonomies: set[str] = set()
        self._unknown = False

    def matching(self, seen: Seen) -> Sequence[Asked]:
        """Return the rules that match an event, by id."""
        view = View(seen.event)
        return [one.asked for one in self._entries(seen) if (one.check or one.made())(view)]

    def asked(self, seen: Seen) -> Sequence[Asked]:
        """Return the rules that an event is for, by id: all of them for one that shows no source."""
        return [one.asked for one in self._entries(seen)]

    def not_had(self) -> Sequence[Rule]:
        """Return the rules whose field names none of the events so far had, so that they were never asked."""
        if self._unknown or not self._taxonomies:
            return []
        return [one.asked.rule for one in self._rules if one.asked.rule.taxonomy not in self._taxonomies]

    def _entries(self, seen: Seen) -> tuple[_Entry, ...]:
        shape = seen.shape
        if shape is None:
            self._unknown = True
            return self._rules
        self._taxonomies.update(shape.taxonomies)
        signs = {} if self._any_source else signs_of(seen)
        key = (shape.name, *signs.values())
        found = self._kept.get(key)
        if found is None:
            numbers = tuple(self._admitted(shape, signs))
            found = self._shared.setdefault(numbers, tuple(self._rules[number] for number in numbers))
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = found
        return found

    def _admitted(self, shape: Shape, signs: Signs) -> Iterator[int]:
        """Yield the places of the rules whose names the event has and whose log source admits it."""
        known: dict[LogSource, bool] = {}
        for number, one in enumerate(self._rules):
            rule = one.asked.rule
            if rule.taxonomy not in shape.taxonomies:
                continue
            if rule.logsource not in known:
                known[rule.logsource] = self._any_source or admits_kind(rule.logsource, shape.kind, signs)
            if known[rule.logsource]:
                yield number


class _Entry:
    """A rule, and its function once it was asked for."""

    __slots__ = ("asked", "check")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.check: Check | None = None

    def made(self) -> Check:
        self.check = predicate(self.asked.tree)
        return self.check
