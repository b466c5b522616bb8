"""Where a correlation holds on a stream of events, and how an artifact's alerts may differ from that.

A rule tells at a run what the oracle tells at an event, and one may tell once
where the other tells twice.  So an alert is missed when the correlation holds
at an event and no alert is about any of the events in its window; and one is
too many when the correlation holds at none of the events that it is about.

An artifact that is called wider may alert where the correlation would hold if
only its least numbers were asked for, over the timespan and the interval of
the rule's runs together, or the longer time that the rule's author lets each
run see, and texts of any case were one; and on events that none of the rules
matches, which is what a wider query of one finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from converter.ir import SECOND, Linked, Part, Timed, detected, leaves, occurrences
from converter.model import Criterion, Status, node


@node
class Held:
    """Events by their places: those at which a correlation holds, with their windows, those of the widest reading, those of no rule."""

    places: frozenset[int]
    windows: tuple[tuple[int, ...], ...]
    widest: frozenset[int]
    unmatched: frozenset[int]


def held_on(linked: Linked, events: Sequence[Timed], interval: int, seen: int = 0) -> Held:
    """Return where a correlation holds; the rule's runs are ``interval`` nanoseconds apart, and see ``seen`` at least."""
    found = occurrences(linked, events)
    windows = tuple(one.window for one in found)
    parts = leaves(linked)
    unmatched = frozenset(at for at, one in enumerate(events) if not any(detected(part, one.event) for part in parts))
    alike = [Timed(one.time, _alike(one.event)) for one in events]
    originals = {id(one.event): given.event for one, given in zip(alike, events, strict=True)}

    def matches(part: Part, event: Mapping[str, Any]) -> bool:
        return detected(part, originals[id(event)])

    widest = occurrences(_widest(linked, max(_longest(linked) + -(-interval // SECOND), seen // SECOND)), alike, matches)
    return Held(frozenset(one.index for one in found), windows, frozenset(one.index for one in widest), unmatched)


def differences(held: Held, found: Sequence[frozenset[tuple[int, ...]]], declared: Status) -> list[tuple[bool, bool]]:
    """Return what the oracle says and what an artifact does where that is not declared, for each of the ways in which its runs fell."""
    different: list[tuple[bool, bool]] = []
    for several in found:
        told = {at for alert in several for at in alert}
        if declared in (Status.EXACT, Status.WIDER):
            different += [(True, False) for window in held.windows if told.isdisjoint(window)]
        if declared in (Status.EXACT, Status.NARROWER):
            different += [(False, True) for alert in several if held.places.isdisjoint(alert)]
        elif declared is Status.WIDER:
            allowed = held.widest | held.unmatched
            different += [(False, True) for alert in several if allowed.isdisjoint(alert)]
    return different


def _longest(linked: Linked) -> int:
    """Return the timespans of a correlation and of the one in it that has the longest, together."""
    return linked.correlation.timespan + max(
        (_longest(part.meaning) for part in linked.parts if isinstance(part.meaning, Linked)), default=0
    )


def _widest(linked: Linked, timespan: int) -> Linked:
    """Return a correlation, and those in it, over a timespan and with the least numbers of their conditions alone."""
    least = [Criterion("gte" if one.operator == "eq" else one.operator, one.value) for one in linked.correlation.criteria]
    criteria = tuple(one for one in least if one.operator in ("gt", "gte"))
    parts = tuple(
        replace(part, meaning=_widest(part.meaning, timespan)) if isinstance(part.meaning, Linked) else part for part in linked.parts
    )
    return replace(linked, correlation=replace(linked.correlation, timespan=timespan, criteria=criteria), parts=parts)


def _alike(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return an event with texts in lower case, and addresses in one spelling."""
    if isinstance(value, Mapping):
        return {key: _alike(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_alike(one) for one in value]
    if not isinstance(value, str):
        return value
    try:
        found = ip_address(value)
    except ValueError:
        return value.lower()
    return str(getattr(found, "ipv4_mapped", None) or found)
