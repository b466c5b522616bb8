"""What is remembered of one group's window, so that a figure costs little at each event.

One class per kind of figure, all with the same four methods (``Window``): the
meaning is ``ir.occurrences``, and a property test holds the two equal.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol

from converter.ir import Figure, Linked, measured, meets, named, percentile, true_of

SHOWN: Final = 100
"""Events of a window that an alert shows: the latest."""

Origin = Any
"""Where an event is from, as the caller names it: it is given back in alerts."""


@dataclass(frozen=True, slots=True)
class Match:
    """An event in a group: when and where from, the parts that it matches, its distinct tuples of values and its numbers."""

    time: int
    origin: Origin
    parts: tuple[int, ...]
    tuples: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[Figure, ...] = ()

    @property
    def weight(self) -> int:
        """How much is remembered of it: one, or its values where they are more."""
        return max(1, len(self.tuples), len(self.numbers))


class Window(Protocol):
    """A group's matches, oldest first, as far as they are remembered."""

    matches: deque[Match]
    whole: bool
    """Whether every match counts, so that forgetting one changes an answer."""

    def enter(self, match: Match) -> None:
        """Take a match in, behind all others."""

    def leave(self) -> Match:
        """Forget the oldest match and return it."""

    def figures(self, start: int) -> Iterable[Figure]:
        """Return the figures that hold or do not at the latest match, when matches before ``start`` are not in the window."""


class _Counted:
    """The number of events."""

    __slots__ = ("matches", "whole")

    def __init__(self) -> None:
        self.matches: deque[Match] = deque()
        self.whole = True

    def enter(self, match: Match) -> None:
        self.matches.append(match)

    def leave(self) -> Match:
        return self.matches.popleft()

    def figures(self, start: int) -> Iterable[Figure]:
        return (len(self.matches),)


class _Tallied:
    """How often each tuple of values is there: the number of distinct ones, or the share of the latest match's own."""

    __slots__ = ("matches", "share", "tally", "total", "whole")

    def __init__(self, *, share: bool) -> None:
        self.matches: deque[Match] = deque()
        self.whole = True
        self.share = share
        self.tally: Counter[tuple[str, ...]] = Counter()
        self.total = 0

    def enter(self, match: Match) -> None:
        self.matches.append(match)
        self.total += len(match.tuples)
        for one in match.tuples:
            self.tally[one] += 1

    def leave(self) -> Match:
        match = self.matches.popleft()
        self.total -= len(match.tuples)
        for one in match.tuples:
            self.tally[one] -= 1
            if not self.tally[one]:
                del self.tally[one]
        return match

    def figures(self, start: int) -> Iterable[Figure]:
        if not self.share:
            return (len(self.tally),)
        from fractions import Fraction

        return (Fraction(100 * count, self.total) for count in sorted(self.tally[one] for one in self.matches[-1].tuples))


class _Summed:
    """The sum of the numbers, or their mean; without rounding, so that what leaves takes away what it brought."""

    __slots__ = ("matches", "mean", "number", "total", "whole")

    def __init__(self, *, mean: bool) -> None:
        self.matches: deque[Match] = deque()
        self.whole = True
        self.mean = mean
        self.total: Figure = 0
        self.number = 0

    def enter(self, match: Match) -> None:
        self.matches.append(match)
        self.total += sum(match.numbers)
        self.number += len(match.numbers)

    def leave(self) -> Match:
        match = self.matches.popleft()
        self.total -= sum(match.numbers)
        self.number -= len(match.numbers)
        return match

    def figures(self, start: int) -> Iterable[Figure]:
        if not self.number:
            return ()
        from fractions import Fraction

        return (Fraction(self.total) / self.number if self.mean else self.total,)


class _Ranked:
    """A percentile of the numbers, which are kept in order."""

    __slots__ = ("matches", "ordered", "percent", "whole")

    def __init__(self, percent: Figure) -> None:
        self.matches: deque[Match] = deque()
        self.whole = True
        self.percent = percent
        self.ordered: list[Figure] = []

    def enter(self, match: Match) -> None:
        self.matches.append(match)
        for number in match.numbers:
            insort(self.ordered, number)

    def leave(self) -> Match:
        match = self.matches.popleft()
        for number in match.numbers:
            del self.ordered[bisect_left(self.ordered, number)]
        return match

    def figures(self, start: int) -> Iterable[Figure]:
        return (percentile(self.ordered, self.percent),) if self.ordered else ()


class _Together:
    """Which parts have a match: of each the latest is enough, the others are kept to be shown."""

    __slots__ = ("latest", "matches", "whole")

    def __init__(self) -> None:
        self.matches: deque[Match] = deque()
        self.whole = False
        self.latest: dict[int, Match] = {}

    def enter(self, match: Match) -> None:
        self.matches.append(match)
        for part in match.parts:
            self.latest[part] = match

    def leave(self) -> Match:
        return self.matches.popleft()

    def present(self, start: int) -> frozenset[int]:
        """Return the parts with a match in the window."""
        return frozenset(part for part, match in self.latest.items() if match.time >= start)

    def figures(self, start: int) -> Iterable[Figure]:
        return (len(self.present(start)),)


class _Ordered:
    """How late a sequence of matches of the first parts can have begun: of each length the latest beginning is enough."""

    __slots__ = ("begun", "complete", "matches", "whole")

    def __init__(self, parts: int) -> None:
        self.matches: deque[Match] = deque()
        self.whole = False
        self.begun: list[tuple[Match, ...]] = [()] * parts
        self.complete: tuple[Match, ...] = ()

    def enter(self, match: Match) -> None:
        self.matches.append(match)
        last = len(self.begun) - 1
        self.complete = ()
        # The longest first: an event is never two steps of one sequence.
        for part in sorted(match.parts, reverse=True):
            before = self.begun[part - 1] if part else ()
            if part and not before:
                continue
            if part == last:
                self.complete = (*before, match)
            elif not self.begun[part] or (not part) or before[0].time >= self.begun[part][0].time:
                self.begun[part] = (*before, match)

    def leave(self) -> Match:
        return self.matches.popleft()

    def figures(self, start: int) -> Iterable[Figure]:
        return (len(self.begun),) if self.complete and self.complete[0].time >= start else ()


def window_for(linked: Linked) -> Window:
    """Return an empty window for a correlation's kind of figure."""
    correlation = linked.correlation
    match correlation.type:
        case "event_count":
            return _Counted()
        case "value_count":
            return _Tallied(share=False)
        case "value_sum" | "value_avg":
            return _Summed(mean=correlation.type == "value_avg")
        case "value_median":
            return _Ranked(50)
        case "value_percentile" if correlation.percentile is not None:
            return _Ranked(measured(correlation.percentile) or 0)
        case "value_percentile":
            return _Tallied(share=True)
        case "temporal":
            return _Together()
        case "temporal_ordered":
            return _Ordered(len(linked.parts))
    raise ValueError(f"no meaning for a correlation of type {correlation.type}")


def held(linked: Linked, window: Window, start: int) -> Figure | None:
    """Return the figure with which the correlation holds at the window's latest match, ``None`` when it does not."""
    criteria = linked.correlation.criteria
    if isinstance(window, _Ordered):
        return next(iter(window.figures(start)), None)
    if isinstance(window, _Together):
        present = window.present(start)
        if linked.expression is not None:
            references = tuple(part.reference for part in linked.parts)
            own = {references[number] for number in window.matches[-1].parts}
            names = frozenset(references[number] for number in present)
            holds = not own.isdisjoint(named(linked.expression, references)) and true_of(linked.expression, names, references)
            return len(present) if holds else None
        if not criteria:
            return len(present) if len(present) == len(linked.parts) else None
    return next((one for one in window.figures(start) if meets(criteria, one)), None)


def shown(window: Window, start: int) -> Sequence[Origin]:
    """Return where the matches of a window are from, in order: the latest ones, and those that complete it."""
    recent = list(islice((match for match in reversed(window.matches) if match.time >= start), SHOWN))[::-1]
    known = {id(match) for match in recent}
    more: Iterator[Match] = iter(())
    if isinstance(window, _Together):
        more = iter(sorted((one for one in window.latest.values() if one.time >= start), key=lambda one: one.time))
    elif isinstance(window, _Ordered):
        more = iter(window.complete)
    first = []
    for match in more:
        if id(match) not in known:
            known.add(id(match))
            first.append(match.origin)
    return [*first, *(match.origin for match in recent)]
