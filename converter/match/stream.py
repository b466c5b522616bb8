"""Correlations over a stream of events: what ``ir.occurrences`` says, in one pass and with bounded memory.

An event comes with its time and the rules that it matches.  Events wait in a
buffer until none that is due before them can come any more (``lateness``),
then they are taken by (time, arrival); each costs about the logarithm of what
waits, and what its windows need.  What is left out (late, without a time,
beyond a bound) is counted in ``Account``, never dropped in silence.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import islice, product
from typing import Any, Final

from converter.ir import SECOND, Figure, Linked, Part, field_of, measured, scalar_text, scalars
from converter.match.windows import SHOWN, Match, Origin, Window, held, shown, window_for
from converter.model import Rule

LONG: Final = 1024
"""Characters from which a value is kept as its beginning and a hash: equal ones stay equal."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of memory: events that wait, matches in the windows of one correlation, values (or tuples of them) that one event can have."""

    waiting: int = 200_000
    matches: int = 500_000
    values: int = 1_000


@dataclass(frozen=True, slots=True)
class Alert:
    """The first event of a burst, and why: the group, the figure, and where the matches in the window are from (the latest ones)."""

    rule: Rule
    time: int
    origin: Origin
    group: Mapping[str, str]
    figure: Figure
    events: Sequence[Origin]


@dataclass(slots=True)
class Account:
    """What did not count: events that came too late or had no time, values beyond a bound, and forgotten matches by rule id."""

    late: int = 0
    timeless: int = 0
    crowded: int = 0
    forgotten: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event in the buffer: the rules that it matches, and the values that correlations read of it."""

    origin: Origin
    matched: tuple[str, ...]
    values: Mapping[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class _Held:
    """That a correlation holds at an event, for a group."""

    group: tuple[str, ...]
    figure: Figure
    begins: bool
    window: Window
    start: int


class Stream:
    """The state of some correlations.

    ``lateness`` is in nanoseconds: how far behind the latest event another may
    come; ``None`` waits for all, as far as ``limits.waiting`` allows.  Alerts
    are given for the correlations in ``reported``, by default for ``linked``.
    """

    def __init__(
        self,
        linked: Iterable[Linked],
        *,
        lateness: int | None = None,
        limits: Limits = Limits(),
        reported: frozenset[str] | None = None,
    ) -> None:
        outermost = sorted(linked, key=lambda one: one.rule.id)
        self.account = Account()
        self._lateness, self._limits = lateness, limits
        self._reported = frozenset(one.rule.id for one in outermost) if reported is None else reported
        self._nodes = [_Node(one, limits, self.account) for one in _inner_first(outermost)]
        self._above: dict[str, list[int]] = {}
        self._fields: dict[str, frozenset[str]] = {}
        for number, node in enumerate(self._nodes):
            for part in node.linked.parts:
                numbers = self._above.setdefault(part.rule.id, [])
                if number not in numbers:
                    numbers.append(number)
        for node in reversed(self._nodes):
            for part, names in zip(node.linked.parts, node.names, strict=True):
                above = self._fields.get(node.linked.rule.id, frozenset())
                self._fields[part.rule.id] = self._fields.get(part.rule.id, frozenset()) | names | above
        self._heap: list[tuple[int, int, _Waiting]] = []
        self._arrived = 0
        self._latest: int | None = None
        self._settled: int | None = None

    def add(self, time: int | None, matched: Sequence[str], event: Mapping[str, Any], origin: Origin) -> Iterator[Alert]:
        """Take an event with the ids of the rules that it matches; yield the alerts that are certain now.

        A time alone settles what waits, so events that match nothing are worth adding on a stream that is watched.
        """
        known = tuple(one for one in matched if one in self._above)
        if time is None:
            self.account.timeless += bool(known)
            return
        self._latest = time if self._latest is None else max(self._latest, time)
        if known:
            if self._settled is not None and time < self._settled:
                self.account.late += 1
            else:
                fields = sorted(frozenset().union(*(self._fields[one] for one in known)))
                values = {name: self._bounded(tuple(map(_kept, scalars(event, name)))) for name in fields}
                heappush(self._heap, (time, self._arrived, _Waiting(origin, known, values)))
                self._arrived += 1
        if self._lateness is not None:
            due = self._latest - self._lateness
            self._settled = due if self._settled is None else max(self._settled, due)
            while self._heap and self._heap[0][0] <= self._settled:
                yield from self._next()
        while len(self._heap) > self._limits.waiting:
            self._settled = self._heap[0][0]
            yield from self._next()

    def _bounded(self, values: tuple[object, ...]) -> tuple[object, ...]:
        if len(values) <= self._limits.values:
            return values
        self.account.crowded += 1
        return values[: self._limits.values]

    def finish(self) -> Iterator[Alert]:
        """Yield the alerts of the events that still wait."""
        while self._heap:
            yield from self._next()

    @property
    def remembered(self) -> int:
        """How many events wait, and matches are in windows."""
        return len(self._heap) + sum(node.remembered for node in self._nodes)

    def _next(self) -> Iterator[Alert]:
        time, _, waiting = heappop(self._heap)
        matched: dict[str, Sequence[Mapping[str, str]]] = {one: ({},) for one in waiting.matched}
        due = sorted({number for one in waiting.matched for number in self._above[one]}, reverse=True)
        alerts: list[Alert] = []
        while due:
            node = self._nodes[due.pop()]
            rule = node.linked.rule
            found = node.take(time, waiting, matched)
            if not found:
                continue
            names = node.linked.correlation.group_by
            matched[rule.id] = [dict(zip(names, one.group, strict=True)) for one in found]
            due = sorted({*due, *self._above.get(rule.id, ())}, reverse=True)
            if rule.id in self._reported:
                alerts += [
                    Alert(rule, time, waiting.origin, dict(zip(names, one.group, strict=True)), one.figure, shown(one.window, one.start))
                    for one in found
                    if one.begins
                ]
        yield from sorted(alerts, key=lambda one: (one.rule.id, tuple(one.group.values())))


@dataclass(slots=True)
class _Group:
    """A group's window, and whether the correlation held at its latest match."""

    window: Window
    held: bool = False
    latest: int = 0
    weight: int = 0


class _Node:
    """A correlation with its groups, the one that was used longest ago first."""

    def __init__(self, linked: Linked, limits: Limits, account: Account) -> None:
        self.linked = linked
        correlation = linked.correlation
        self._span = correlation.timespan * SECOND
        self._parts = tuple(part.rule.id for part in linked.parts)
        self._keys = tuple(_names(linked, part, correlation.group_by) for part in linked.parts)
        self._read = tuple(_names(linked, part, correlation.fields) for part in linked.parts)
        self.names = tuple(frozenset((*keys, *read)) for keys, read in zip(self._keys, self._read, strict=True))
        self._limits, self._account = limits, account
        self._groups: OrderedDict[tuple[str, ...], _Group] = OrderedDict()
        self._weight = 0

    @property
    def remembered(self) -> int:
        """How many matches, or their values where they are more, are in the windows."""
        return self._weight

    def take(self, time: int, waiting: _Waiting, matched: Mapping[str, Sequence[Mapping[str, str]]]) -> list[_Held]:
        """Return for which groups the correlation holds at an event that its parts match."""
        start = time - self._span
        while self._groups and next(iter(self._groups.values())).latest < start:
            self._weight -= self._groups.popitem(last=False)[1].weight
        found = []
        for key, match in self._matches(time, waiting, matched):
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group(window_for(self.linked))
            else:
                self._groups.move_to_end(key)
            self._enter(group, match, start)
            figure = held(self.linked, group.window, start)
            if figure is not None:
                found.append(_Held(key, figure, not group.held, group.window, start))
            group.held = figure is not None
        return found

    def _enter(self, group: _Group, match: Match, start: int) -> None:
        window = group.window
        window.enter(match)
        change = match.weight
        while window.matches[0].time < start or (not window.whole and len(window.matches) > SHOWN):
            change -= window.leave().weight
        group.latest = match.time
        group.weight += change
        self._weight += change
        while self._weight > self._limits.matches and (len(self._groups) > 1 or len(window.matches) > 1):
            self._forget()

    def _forget(self) -> None:
        """Forget the group that was used longest ago, or of the only group the oldest match."""
        forgotten = self._account.forgotten
        rule = self.linked.rule.id
        if len(self._groups) > 1:
            group = self._groups.popitem(last=False)[1]
            self._weight -= group.weight
            forgotten[rule] = forgotten.get(rule, 0) + len(group.window.matches)
            return
        group = next(iter(self._groups.values()))
        weight = group.window.leave().weight
        group.weight -= weight
        self._weight -= weight
        forgotten[rule] = forgotten.get(rule, 0) + 1

    def _matches(
        self, time: int, waiting: _Waiting, matched: Mapping[str, Sequence[Mapping[str, str]]]
    ) -> Iterator[tuple[tuple[str, ...], Match]]:
        """Yield the groups that an event is in, each with what it brings."""
        pairs = [(number, bound) for number, part in enumerate(self._parts) for bound in matched.get(part, ())]
        if len(pairs) == 1:
            number, bound = pairs[0]
            match = self._match(time, waiting, pairs)
            for key in self._tuples(waiting, bound, self._keys[number]):
                yield key, match
            return
        by_group: dict[tuple[str, ...], list[tuple[int, Mapping[str, str]]]] = {}
        for number, bound in pairs:
            for key in self._tuples(waiting, bound, self._keys[number]):
                by_group.setdefault(key, []).append((number, bound))
        for key, several in by_group.items():
            yield key, self._match(time, waiting, several)

    def _match(self, time: int, waiting: _Waiting, several: Sequence[tuple[int, Mapping[str, str]]]) -> Match:
        """Return what an event brings to a group, by the parts that it matches there."""
        parts = tuple(dict.fromkeys(number for number, _ in several))
        if not self.linked.correlation.fields:
            return Match(time, waiting.origin, parts)
        tuples: dict[tuple[str, ...], None] = {}
        places: dict[tuple[str, str | None], tuple[object, ...]] = {}
        for number, bound in several:
            names = self._read[number]
            tuples.update(dict.fromkeys(self._tuples(waiting, bound, names)))
            for name in names:
                places[name, bound.get(name)] = (bound[name],) if name in bound else waiting.values[name]
        numbers = (measured(value) for values in places.values() for value in values)
        return Match(time, waiting.origin, parts, tuple(tuples), tuple(one for one in numbers if one is not None))

    def _tuples(self, waiting: _Waiting, bound: Mapping[str, str], names: Sequence[str]) -> Iterable[tuple[str, ...]]:
        """Return the tuples of values of some names, at most ``limits.values``."""
        if not names:
            return ((),)
        choices = [(bound[name],) if name in bound else tuple(dict.fromkeys(map(scalar_text, waiting.values[name]))) for name in names]
        if len(choices) == 1 and len(choices[0]) == 1:
            return ((choices[0][0],),)
        found = list(islice(product(*choices), self._limits.values + 1))
        if len(found) > self._limits.values:
            self._account.crowded += 1
            found.pop()
        return found


def _names(linked: Linked, part: Part, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(field_of(linked, part, name) for name in names)


def _kept(value: object) -> object:
    """Return a value in bounded space."""
    if isinstance(value, str) and len(value) > LONG:
        from hashlib import sha256

        return f"{value[:LONG]}… {sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return value


def _inner_first(outermost: Iterable[Linked]) -> list[Linked]:
    """Return correlations and all that they refer to, each once and behind those that it refers to."""
    found: dict[str, Linked] = {}
    stack = [(one, False) for one in outermost]
    while stack:
        linked, is_done = stack.pop()
        if linked.rule.id in found:
            continue
        if is_done:
            found[linked.rule.id] = linked
            continue
        stack.append((linked, True))
        stack += [(part.meaning, False) for part in linked.parts if isinstance(part.meaning, Linked)]
    return list(found.values())
