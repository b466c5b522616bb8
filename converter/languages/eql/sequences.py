"""Sequences and samples over a stream of documents: the engine's state machine.

For each join key there is one pending sequence per state; a new one in the
same state overwrites it.  An event moves the latest pending sequence that
began before it to the next state and drops the older ones, also when the time
span or ``until`` then forbids it.

Source: Elasticsearch, EQL syntax reference, "How sequence queries handle matches" and "Missing events"; elastic/elasticsearch
SequenceMatcher.java, TumblingWindow.java, SampleIterator.java (facts of what they do).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Final, TypeAlias

from converter.languages.eql.document import Document
from converter.languages.eql.problem import Failure
from converter.languages.eql.values import Value
from converter.model import node

Key: TypeAlias = tuple[Value | None, ...]
KEYS: Final = 1_000
"""Join keys of one event, where they are lists."""
_MILLI: Final = 1_000_000


@node
class Stage:
    """A step of a sequence as it runs: what its event is, the paths of its keys (``None`` for an unmapped one), whether null joins."""

    test: Callable[[Document], bool]
    paths: tuple[str | None, ...]
    optional: tuple[bool, ...]
    missing: bool = False

    def keys(self, document: Document) -> Iterator[Key]:
        """Yield a document's join keys: one for each combination of its values, none when a key that is needed has no value."""
        given = [document.values.get(path, (None,)) if path else (None,) for path in self.paths]
        if math.prod(map(len, given)) > KEYS:
            raise Failure(f"more than {KEYS} join keys of one event are not tried", unknown=True)
        for found in product(*given):
            if all(value is not None or optional for value, optional in zip(found, self.optional, strict=True)):
                yield found


@node
class Hit:
    """A document that a stage found: where it stands in the input, its place in time, its key."""

    index: int
    place: int
    time_ns: int
    key: Key


@node
class Match:
    """The events of one sequence or sample, as indexes into the input, in the order of the steps; missing ones have none."""

    events: tuple[int, ...]
    keys: tuple[Value | None, ...] = ()


def sequences(
    documents: Sequence[Document | None], stages: tuple[Stage, ...], until: Stage | None, maxspan_ms: int | None
) -> tuple[Match, ...]:
    """Return the sequences, by the time of their first event.

    Args:
        documents: in the order of the input; ``None`` where the engine refused one.
        stages: the steps, ``runs`` written out.
        until: the event that ends what is pending.
        maxspan_ms: milliseconds from the first event to the last, inclusive.

    Raises:
        Failure: when an event has no timestamp, which the engine needs.
    """
    order = sorted((index for index, one in enumerate(documents) if one is not None), key=lambda index: _when(documents[index]))
    hits = [_hits(documents, order, stage) for stage in stages]
    ends = _hits(documents, order, until) if until is not None else []
    positive = [at for at, stage in enumerate(stages) if not stage.missing]
    machine = _Machine(len(positive), ends, None if maxspan_ms is None else maxspan_ms * _MILLI)
    merged = sorted(((hit.place, state, hit) for state, at in enumerate(positive) for hit in hits[at]), key=lambda one: (one[0], -one[1]))
    for _, state, hit in merged:
        machine.step(state, hit)
    complete = machine.complete
    if len(positive) < len(stages):
        complete = [one for one in complete if _nothing_between(one, stages, positive, hits, (maxspan_ms or 0) * _MILLI)]
    complete.sort(key=lambda one: tuple(hit.place for hit in one))
    return tuple(Match(tuple(hit.index for hit in one), one[0].key) for one in complete)


def _when(document: Document | None) -> tuple[int, tuple[int | float | str, ...]]:
    return (document.timestamp or 0, document.tie) if document is not None else (0, ())


def _hits(documents: Sequence[Document | None], order: list[int], stage: Stage) -> list[Hit]:
    """Return what a stage finds, in the order of time."""
    found: list[Hit] = []
    for place, index in enumerate(order):
        document = documents[index]
        if document is None or not stage.test(document):
            continue
        for key in dict.fromkeys(stage.keys(document)):
            if document.timestamp is None:
                raise Failure(f"event {index} has no timestamp, which a sequence needs")
            found.append(Hit(index, place, document.timestamp, key))
    return found


class _Machine:
    """The pending sequences of each key and state, oldest first, and those that are complete."""

    def __init__(self, states: int, ends: list[Hit], maxspan_ns: int | None) -> None:
        self.states = states
        self.maxspan_ns = maxspan_ns
        self.complete: list[tuple[Hit, ...]] = []
        self.pending: dict[tuple[int, Key], tuple[Hit, ...]] = {}
        self.ends: dict[Key, list[int]] = defaultdict(list)
        for end in ends:
            self.ends[end.key].append(end.place)

    def step(self, state: int, hit: Hit) -> None:
        """Let an event begin a sequence, or move the pending one on."""
        if state == 0:
            self._put(0, (hit,))
            return
        pending = self.pending.pop((state - 1, hit.key), None)
        if pending is None:
            return
        if self.maxspan_ns is not None and hit.time_ns - pending[0].time_ns > self.maxspan_ns:
            return
        if any(pending[-1].place < end < hit.place for end in self.ends.get(hit.key, ())):
            return
        self._put(state, (*pending, hit))

    def _put(self, state: int, hits: tuple[Hit, ...]) -> None:
        if state == self.states - 1:
            self.complete.append(hits)
        else:
            self.pending[state, hits[0].key] = hits


def _nothing_between(
    found: tuple[Hit, ...], stages: tuple[Stage, ...], positive: list[int], hits: list[list[Hit]], maxspan_ns: int
) -> bool:
    """Say whether the missing events of a complete sequence are missing.

    Between two events none may stand.  Before the first and behind the last,
    there must be a stretch of the time span that holds the sequence and none
    of them.
    """
    leading: list[int] = []
    trailing: list[int] = []
    for at, stage in enumerate(stages):
        if not stage.missing:
            continue
        times = [hit.time_ns for hit in hits[at] if hit.key == found[0].key]
        if at < positive[0]:
            leading += [time for time in times if _ms(time) < _ms(found[0].time_ns)]
        elif at > positive[-1]:
            trailing += [time for time in times if _ms(time) > _ms(found[-1].time_ns)]
        else:
            behind = sum(one < at for one in positive)
            low, high = found[behind - 1].time_ns, found[behind].time_ns
            if any(_ms(low) < _ms(time) < _ms(high) for time in times):
                return False
    last_leading, first_trailing = max(leading, default=None), min(trailing, default=None)
    starts, ends = stages[0].missing, stages[-1].missing
    if (last_leading is None and first_trailing is None) or (last_leading is None and starts) or (first_trailing is None and ends):
        return True
    begin = last_leading if starts and last_leading is not None else found[0].time_ns
    end = first_trailing if ends and first_trailing is not None else found[-1].time_ns
    return end - begin > maxspan_ns


def _ms(time_ns: int) -> int:
    return time_ns // _MILLI


def samples(documents: Sequence[Document | None], stages: tuple[Stage, ...]) -> tuple[Match, ...]:
    """Return one sample of each join key that has different documents for all steps, in the order of the keys.

    Of each step the first documents are tried, as many as there are steps.
    """
    by_key: dict[Key, list[list[int]]] = {}
    for at, stage in enumerate(stages):
        for index, document in enumerate(documents):
            if document is None or not stage.test(document):
                continue
            for key in dict.fromkeys(stage.keys(document)):
                lists = by_key.setdefault(key, [[] for _ in stages])
                if len(lists[at]) < len(stages):
                    lists[at].append(index)
    found: list[Match] = []
    for key in sorted(by_key, key=_sortable):
        chosen = _different(by_key[key])
        if chosen is not None:
            found.append(Match(tuple(chosen), key))
    return tuple(found)


def _sortable(key: Key) -> tuple[tuple[int, str, float, str], ...]:
    """Return what keys are ordered by: null first, then numbers, then texts."""
    parts: list[tuple[int, str, float, str]] = []
    for value in key:
        number = float(value) if isinstance(value, int | float) else 0.0
        parts.append((value is not None, type(value).__name__, number, str(value)))
    return tuple(parts)


def _different(candidates: list[list[int]]) -> list[int] | None:
    """Return one document of each list, all different: the first that leaves some for the lists behind it."""
    chosen: list[int] = []
    for step, indexes in enumerate(candidates):
        rest = candidates[step + 1 :]
        first = next((one for one in indexes if one not in chosen and _is_possible(rest, {*chosen, one})), None)
        if first is None:
            return None
        chosen.append(first)
    return chosen


def _is_possible(candidates: list[list[int]], taken: set[int]) -> bool:
    """Say whether each list can give a document of its own, none of them taken; by augmenting paths."""
    owner: dict[int, int] = {}

    def place(step: int, tried: set[int]) -> bool:
        for index in candidates[step]:
            if index in tried or index in taken:
                continue
            tried.add(index)
            if index not in owner or place(owner[index], tried):
                owner[index] = step
                return True
        return False

    return all(place(step, set()) for step in range(len(candidates)))
