"""The oracle of correlations: at which events one holds, and where it alerts.  Small, total, never optimised.

Events have a time and the order in which they arrived; they are taken by
(time, arrival).  A part that is a detection *matches* at an event as
``evaluate`` says; a part that is a correlation matches at each event at which
that correlation holds.

Groups: the values of ``group-by`` in the event.  A name that is an alias
stands for the part's field of that alias (for itself where the alias does not
name the part); the same goes for the condition's ``field``.  Of a part that is
a correlation, names of its own ``group-by`` have the values of its group, all
others are read from the event.  An event without a value (missing, null, an
object) for one of the names is in no group and does not count; one with
several values is in the group of each.  Texts compare as they are written,
numbers by their decimal text.

Window: at an event of time ``t``, the matches of its group up to and including
the event itself, with a time of at least ``t - timespan``: both ends are
inside, as for EQL's ``maxspan``.

The correlation *holds at* a matching event, for its group, when

- ``event_count``: the number of events in the window meets the criteria; an
  event that matches two parts is one;
- ``value_count``: the number of distinct values of the fields does (of several
  fields, of distinct tuples), texts as written; events without one count for
  nothing;
- ``value_sum``, ``value_avg``, ``value_median``, ``value_percentile`` with a
  ``percentile``: the figure of the numbers at the field does; what is no
  number is left out, and without any number it does not hold;
- ``value_percentile`` without one: the share, in percent, of the event's own
  value among the values in the window does; of several own values, one's;
- ``temporal``: each part has a match in the window; with a criterion, the
  number of such parts meets it; with a condition in words, that condition is
  true of them and names a part that the event matches;
- ``temporal_ordered``: there are different events, one after the other, that
  match part 1, 2 … n, all in the window, the last of them the event itself.

It *alerts* at the first event of a burst.  A burst goes on as long as the
correlation holds at each further matching event of the group and no two of
them are more than the timespan apart.

Source: Sigma Correlation Rules 2.1.0, which is silent on all but the types;
each point is a row of ``tests/semantics/correlation``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from converter.ir.correlation import Linked, Part
from converter.ir.evaluate import evaluate
from converter.ir.events import scalar_text
from converter.ir.figures import Figure, measured, meets, named, percentile, scalars, true_of
from converter.model import node

SECOND: Final = 1_000_000_000
"""The unit of an event's time in a second: nanoseconds."""


@node
class Timed:
    """An event and its time, in nanoseconds since 1970."""

    time: int
    event: Mapping[str, Any]


@node
class Occurrence:
    """That a correlation holds at an event, for a group.

    ``index`` is the event's place among those given, ``window`` the places of
    the matches in its window, in order.  ``figure`` is what the criteria are
    about; of a temporal correlation the number of parts with a match.
    ``begins`` says that it is the first of a burst: where an alert is given.
    """

    index: int
    group: tuple[str, ...]
    figure: Figure
    window: tuple[int, ...]
    begins: bool


Matches = Callable[[Part, Mapping[str, Any]], bool]
"""Whether a part that is a detection matches an event."""


def detected(part: Part, event: Mapping[str, Any]) -> bool:
    """Return what the oracle says of a part that is a detection."""
    assert not isinstance(part.meaning, Linked), "a correlation has no answer for one event"
    return evaluate(part.meaning, event)


def field_of(linked: Linked, part: Part, name: str) -> str:
    """Return the field of a part's events that a name of ``group-by`` or of the condition stands for."""
    meant = linked.correlation.aliases.get(name, {})
    return next((meant[key] for key in (part.reference, part.rule.name, part.rule.id) if key in meant), name)


def occurrences(linked: Linked, events: Sequence[Timed], matches: Matches = detected) -> tuple[Occurrence, ...]:
    """Return where a correlation holds, by (time, arrival) and then group; events stand in the order in which they arrived."""
    return _occurrences(linked, events, matches, {})


@dataclass(slots=True)
class _Entry:
    """An event in a group: the parts that it matches there, its tuples of values and its numbers."""

    index: int
    time: int
    parts: set[int] = field(default_factory=set)
    tuples: set[tuple[str, ...]] = field(default_factory=set)
    read: set[tuple[str, str | None]] = field(default_factory=set)
    numbers: list[Figure] = field(default_factory=list)


def _occurrences(
    linked: Linked, events: Sequence[Timed], matches: Matches, known: dict[str, tuple[Occurrence, ...]]
) -> tuple[Occurrence, ...]:
    if linked.rule.id in known:
        return known[linked.rule.id]
    groups: dict[tuple[str, ...], dict[int, _Entry]] = {}
    for number, part in enumerate(linked.parts):
        for index, bound in _matching(part, events, matches, known):
            for group in _tuples(linked, part, bound, events[index].event, linked.correlation.group_by):
                entry = groups.setdefault(group, {}).setdefault(index, _Entry(index, events[index].time))
                entry.parts.add(number)
                _read(entry, linked, part, bound, events[index].event)
    found = [one for group, entries in groups.items() for one in _in_group(linked, group, list(entries.values()))]
    answer = tuple(sorted(found, key=lambda one: (events[one.index].time, one.index, one.group)))
    known[linked.rule.id] = answer
    return answer


def _matching(
    part: Part, events: Sequence[Timed], matches: Matches, known: dict[str, tuple[Occurrence, ...]]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield where a part matches, with the values that a correlation's group gives to names."""
    if isinstance(part.meaning, Linked):
        for one in _occurrences(part.meaning, events, matches, known):
            yield one.index, dict(zip(part.meaning.correlation.group_by, one.group, strict=True))
        return
    for index, timed in enumerate(events):
        if matches(part, timed.event):
            yield index, {}


def _tuples(
    linked: Linked, part: Part, bound: Mapping[str, str], event: Mapping[str, Any], names: Iterable[str]
) -> Iterator[tuple[str, ...]]:
    """Yield the tuples of values that some names have in a match."""
    choices = []
    for name in names:
        place = field_of(linked, part, name)
        values = [bound[place]] if place in bound else [scalar_text(one) for one in scalars(event, place)]
        choices.append(sorted(set(values)))
    yield from product(*choices)


def _read(entry: _Entry, linked: Linked, part: Part, bound: Mapping[str, str], event: Mapping[str, Any]) -> None:
    """Add the values of the condition's fields; a field that two parts share is read once."""
    fields = linked.correlation.fields
    if not fields:
        return
    entry.tuples.update(_tuples(linked, part, bound, event, fields))
    for place in (field_of(linked, part, name) for name in fields):
        if (place, bound.get(place)) not in entry.read:
            entry.read.add((place, bound.get(place)))
            values = [bound[place]] if place in bound else scalars(event, place)
            entry.numbers += [number for number in map(measured, values) if number is not None]


def _in_group(linked: Linked, group: tuple[str, ...], entries: list[_Entry]) -> Iterator[Occurrence]:
    entries.sort(key=lambda one: (one.time, one.index))
    span = linked.correlation.timespan * SECOND
    held_at: int | None = None
    for place, entry in enumerate(entries):
        window = [one for one in entries[: place + 1] if one.time >= entry.time - span]
        figure = _held(linked, window, entry)
        if figure is None:
            held_at = None
            continue
        begins = held_at is None or held_at < entry.time - span
        held_at = entry.time
        yield Occurrence(entry.index, group, figure, tuple(one.index for one in window), begins)


def _held(linked: Linked, window: list[_Entry], entry: _Entry) -> Figure | None:
    """Return the figure when the correlation holds at ``entry``, the last of its window."""
    correlation = linked.correlation
    if correlation.type == "temporal":
        return _together(linked, window, entry)
    if correlation.type == "temporal_ordered":
        return len(linked.parts) if _in_order(linked, window, entry) else None
    return next((one for one in _figures(linked, window, entry) if meets(correlation.criteria, one)), None)


def _figures(linked: Linked, window: list[_Entry], entry: _Entry) -> Iterator[Figure]:
    """Yield what the criteria are about: one figure, none, or one for each of the event's own values."""
    from fractions import Fraction

    correlation = linked.correlation
    numbers = sorted(number for one in window for number in one.numbers)
    match correlation.type:
        case "event_count":
            yield len(window)
        case "value_count":
            yield len({one for held in window for one in held.tuples})
        case "value_percentile" if correlation.percentile is None:
            values = [one for held in window for one in held.tuples]
            for own in sorted(entry.tuples, key=lambda one: (values.count(one), one)):
                yield Fraction(100 * values.count(own), len(values))
        case _ if not numbers:
            return
        case "value_sum":
            yield sum(numbers)
        case "value_avg":
            yield Fraction(sum(numbers)) / len(numbers)
        case "value_median":
            yield percentile(numbers, 50)
        case "value_percentile":
            yield percentile(numbers, measured(correlation.percentile) or 0)


def _together(linked: Linked, window: list[_Entry], entry: _Entry) -> Figure | None:
    present = {number for one in window for number in one.parts}
    if linked.expression is not None:
        references = tuple(part.reference for part in linked.parts)
        own = {references[number] for number in entry.parts}
        names = frozenset(references[number] for number in present)
        holds = not own.isdisjoint(named(linked.expression, references)) and true_of(linked.expression, names, references)
    elif linked.correlation.criteria:
        holds = meets(linked.correlation.criteria, len(present))
    else:
        holds = len(present) == len(linked.parts)
    return len(present) if holds else None


def _in_order(linked: Linked, window: list[_Entry], entry: _Entry) -> bool:
    """Return whether the parts follow each other; the latest event for each part leaves the most room for those before it."""
    last = len(linked.parts) - 1
    if last not in entry.parts:
        return False
    place = len(window) - 1
    for number in range(last - 1, -1, -1):
        place = next((one for one in range(place - 1, -1, -1) if number in window[one].parts), -1)
        if place < 0:
            return False
    return True
