"""The streams of events that a correlation is asked of: its tests', one that it gives by itself, and what differs from them a little.

Of each stream: without each of its events, without those of each rule, turned
around, drawn together and apart in time, to the timespan and just beyond it,
and with one event in another group.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from converter.data import Field, Tables, ecs_bindings
from converter.ir import SECOND, FieldMatch, Linked, Part, Timed, atoms, detected, field_of, leaves, lookup, scalars
from converter.model import node
from converter.pack import Loaded
from converter.verify.examples import Example, timelines_of
from converter.verify.synthesized import synthesized
from converter.verify.variants import Variant, variants

LONGEST: Final = 60
"""Events of a stream whose variants are tried; of a longer one only a few."""
NEAR: Final = 24
"""Changed events of a rule that are tried, about."""
MADE: Final = 400
"""Events of the stream that a rule gives by itself, at most."""
_FIGURE: Final = 3
"""Events that the stream of a sum or another figure has."""
_NUMBERS: Final = ("port", "size", "bytes", "count", "length")
"""How the names of fields end that hold numbers, of whatever type their producer writes them."""
_START: Final = 1_767_225_600 * SECOND
"""When a stream that a rule gives by itself begins: 2026-01-01."""


@node
class Stream:
    """Events in the order of their arrival, and what they are.

    ``without`` is the id of the rule whose events were left out; ``near``
    the place of an event that was changed, and the id of the rule whose log
    source it is of even where the rule does not match it any more.
    """

    label: str
    events: tuple[Timed, ...]
    without: str = ""
    near: tuple[int, str] = (-1, "")


def streams(loaded: Loaded, linked: Linked, tables: Tables) -> tuple[Stream, ...]:
    """Return the streams of a correlation, the plain ones first."""
    given = [Stream(one.name, one.events) for one in timelines_of(loaded)[0]]
    made = made_stream(linked, [one for stream in given for one in stream.events], tables)
    plain = [*given, *([Stream("example events", made)] if made else [])]
    varied = [one for stream in plain for one in _varied(linked, stream)]
    varied += [one for stream in plain[:1] for part in leaves(linked) for one in _nearly(linked, part, stream, tables)]
    found: dict[str, Stream] = {}
    for one in (*plain, *varied):
        found.setdefault(repr([(event.time, event.event) for event in one.events]), one)
    return tuple(found.values())


def each_once(linked: Linked, tables: Tables) -> Stream:
    """Return an event of each rule that gives one by itself, with values for the fields to group and count by."""
    found = []
    for part in leaves(linked):
        event = _example(part, tables)
        if event is not None:
            whole = copy.deepcopy(dict(event))
            for name in (*linked.correlation.group_by, *linked.correlation.fields):
                field = field_in(linked, part, name)
                if not scalars(whole, field):
                    put(whole, field, _value(field, 1, _fields(part, tables, (field,))))
            found.append(Timed(_START, whole))
    return Stream("each rule once", tuple(found))


def _varied(linked: Linked, stream: Stream) -> Iterator[Stream]:
    events, span = stream.events, linked.correlation.timespan * SECOND
    for part in leaves(linked):
        yield Stream(
            f"{stream.label}, without {part.reference}", tuple(one for one in events if not detected(part, one.event)), part.rule.id
        )
    first, last = min((one.time for one in events), default=0), max((one.time for one in events), default=0)
    length = last - first
    for label, wanted in (
        ("to the timespan", span),
        ("to half of it", span // 2),
        ("beyond it", span + SECOND),
        ("to twice of it", 2 * span),
    ):
        if length:
            moved = (Timed(first + (one.time - first) * wanted // length, one.event) for one in events)
            yield Stream(f"{stream.label}, drawn {label}", tuple(moved))
    yield Stream(f"{stream.label}, backwards", tuple(Timed(first + last - one.time, one.event) for one in reversed(events)))
    if len(events) > LONGEST:
        return
    for at, one in enumerate(events):
        yield Stream(f"{stream.label}, without event {at}", (*events[:at], *events[at + 1 :]))
        for name in linked.correlation.group_by:
            for other in _regrouped(linked, one.event, name):
                yield Stream(f"{stream.label}, event {at} with another {name}", (*events[:at], Timed(one.time, other), *events[at + 1 :]))


def _nearly(linked: Linked, part: Part, stream: Stream, tables: Tables) -> Iterator[Stream]:
    """Yield a stream with an event of a rule changed: into what the rule only just matches, or only just does not."""
    place = next((at for at, one in enumerate(stream.events) if detected(part, one.event)), None)
    if place is None:
        return
    before = stream.events[place]
    names = [field_in(linked, part, name) for name in (*linked.correlation.group_by, *linked.correlation.fields)]
    for one in _examples(part, tables, Example("", before.event, True)):
        event = copy.deepcopy(dict(one.event))
        for name in names:
            kept = scalars(before.event, name)
            if kept and not scalars(event, name) and name not in asked_fields(part):
                put(event, name, kept[0] if len(kept) == 1 else list(kept))
        after = Timed(before.time, event)
        label = f"{stream.label}, event {place} of {part.reference} changed: {one.label}"
        yield Stream(label, (*stream.events[:place], after, *stream.events[place + 1 :]), near=(place, part.rule.id))


def asked_fields(part: Part) -> frozenset[str]:
    """Return the fields that a rule about single events asks."""
    assert not isinstance(part.meaning, Linked), "leaves are about single events"
    return frozenset(atom.field for atom in atoms(part.meaning) if isinstance(atom, FieldMatch))


def _fields(part: Part, tables: Tables, others: Iterable[str] = ()) -> Mapping[str, Field]:
    """Return the fields of a rule's events; where these are documents, those that it asks and ``others`` by their names there."""
    if part.rule.taxonomy == "ecs":
        return {name: one.field for name, one in ecs_bindings((*asked_fields(part), *others)).items()}
    source = tables.source_of(part.rule.logsource)
    return tables.fields(source.id) if source else {}


def _source(part: Part, tables: Tables) -> str:
    source = None if part.rule.taxonomy == "ecs" else tables.source_of(part.rule.logsource)
    return source.id if source else ""


def _examples(part: Part, tables: Tables, example: Example) -> list[Variant]:
    """Return events near a rule's border, evenly chosen where there are many."""
    assert not isinstance(part.meaning, Linked), "leaves are about single events"
    known = _fields(part, tables)
    found = [*variants(part.meaning, example, known), *synthesized(part.meaning, known, _source(part, tables)).events]
    return found[:: 1 + len(found) // NEAR]


def _regrouped(linked: Linked, event: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """Yield an event in other groups, as far as the same rule matches it there."""
    part = next((one for one in leaves(linked) if detected(one, event)), None)
    if part is None:
        return
    field = field_in(linked, part, name)
    for value in [one for first in scalars(event, field)[:1] for one in _others(first)]:
        other = copy.deepcopy(dict(event))
        if put(other, field, value) and detected(part, other):
            yield other


def _others(value: object) -> tuple[object, ...]:
    """Return values that differ from one in the end, and in the beginning."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ()
    if isinstance(value, int):
        return (value + 1,)
    if not value[-1:].isdigit():
        return (f"{value}x", f"x{value}")
    end = f"{value[:-1]}{'9' if value.endswith('8') else '8'}"
    return (end,) if value[0].isdigit() else (end, f"x{value}")


def field_in(linked: Linked, part: Part, name: str) -> str:
    """Return what a name of the correlation is in a rule's events, through the correlations between them."""
    for one in linked.parts:
        if one.rule.id == part.rule.id:
            return field_of(linked, one, name)
        if isinstance(one.meaning, Linked) and any(leaf.rule.id == part.rule.id for leaf in leaves(one.meaning)):
            return field_in(one.meaning, part, field_of(linked, one, name))
    return name


def made_stream(linked: Linked, known: Sequence[Timed], tables: Tables) -> tuple[Timed, ...]:
    """Return events that should make a correlation alert, one after the other within its timespan; none where its rules give none."""
    examples: dict[str, Mapping[str, Any]] = {}
    for part in leaves(linked):
        event = next((one.event for one in known if detected(part, one.event)), None) or _example(part, tables)
        if event is None:
            return ()
        examples[part.rule.id] = event
    shared: dict[str, object] = {}
    for part in leaves(linked):
        for name in linked.correlation.group_by:
            for value in scalars(examples[part.rule.id], field_in(linked, part, name))[:1]:
                shared.setdefault(name, value)
    found = list(_steps(linked, linked, examples, tables, shared))
    if not found or len(found) > MADE:
        return ()
    times = accumulate(gap for gap, _ in found)
    return tuple(Timed(_START + time, one) for time, (_, one) in zip(times, found, strict=True))


Step = tuple[int, dict[str, Any]]
"""An event, and how many nanoseconds it is behind the one before."""


def _steps(
    outer: Linked, linked: Linked, examples: Mapping[str, Mapping[str, Any]], tables: Tables, shared: Mapping[str, object]
) -> Iterator[Step]:
    """Yield as many events of a correlation's rules as it needs, as far apart as they may be."""
    needed = len(linked.parts) if linked.correlation.type.startswith("temporal") else _needed(linked)
    gap = linked.correlation.timespan * SECOND // max(1, needed - 1)
    for number in range(min(needed, MADE + 1)):
        part = linked.parts[number % len(linked.parts)]
        before = gap if number else 0
        if isinstance(part.meaning, Linked):
            for at, (inner, event) in enumerate(_steps(outer, part.meaning, examples, tables, shared)):
                yield (inner if at else before), event
        else:
            yield before, _filled(outer, linked, part, number, examples[part.rule.id], tables, shared)


def _needed(linked: Linked) -> int:
    """Return how many events a count needs at least; of a figure, a few."""
    if linked.correlation.type not in ("event_count", "value_count"):
        return _FIGURE
    least = [int(one.value) + (one.operator == "gt") for one in linked.correlation.criteria if one.operator in ("gt", "gte", "eq")]
    return max(1, *least) if least else 1


def _filled(
    outer: Linked, linked: Linked, part: Part, number: int, example: Mapping[str, Any], tables: Tables, shared: Mapping[str, object]
) -> dict[str, Any]:
    """Return an event with values for the fields to group by, where it has none, and one of its own for those to count by."""
    event = copy.deepcopy(dict(example))
    names = [field_of(linked, part, name) for name in linked.correlation.fields]
    fields = _fields(part, tables, [*names, *(field_in(outer, part, name) for name in outer.correlation.group_by)])
    for name in outer.correlation.group_by:
        _grouped(outer, part, name, event, fields, shared)
    for name in linked.correlation.fields:
        field = field_of(linked, part, name)
        put(event, field, _value(field, number, fields) if linked.correlation.type == "value_count" else _number(linked))
    return event


def _grouped(
    outer: Linked, part: Part, name: str, event: dict[str, Any], fields: Mapping[str, Field], shared: Mapping[str, object]
) -> None:
    """Put an event into the group of the others, as far as its rule still matches it there."""
    field = field_in(outer, part, name)
    own = scalars(event, field)
    wanted = shared.get(name, _value(field, 1, fields))
    if wanted not in own:
        other = copy.deepcopy(event)
        if put(other, field, wanted) and (not own or detected(part, other)):
            event.clear()
            event.update(other)


def _number(linked: Linked) -> int:
    """Return a number of which a few meet a condition on a sum, each one on any other figure."""
    wanted = max((int(one.value) for one in linked.correlation.criteria), default=0)
    return wanted // (_FIGURE if linked.correlation.type == "value_sum" else 1) + 1


def _value(field: str, number: int, fields: Mapping[str, Field]) -> object:
    """Return a value for a field that no test asks, in the form that its producer writes."""
    known = fields.get(field)
    kind = known.type if known else ""
    if kind in ("long", "integer") or field.lower().endswith(_NUMBERS):
        return number + 1
    if kind == "ip" or "ip" in field.lower().replace(".", " ").split() or field.lower().endswith(("ip", "address", "ips")):
        return f"10.0.{number // 250}.{number % 250 + 1}"
    return next(iter(known.written(f"value-{number}") if known else ()), f"value-{number}")


def _example(part: Part, tables: Tables) -> Mapping[str, Any] | None:
    assert not isinstance(part.meaning, Linked), "leaves are about single events"
    made = synthesized(part.meaning, _fields(part, tables), _source(part, tables))
    return next((one.event for one in made.events if detected(part, one.event)), None)


def put(event: dict[str, Any], field: str, value: object) -> bool:
    """Put a value where a field's name finds it in an event; return whether it does."""
    if field not in event:
        holder, *rest = event, *field.split(".")
        leaf = rest.pop()
        for key in rest:
            inner = holder.setdefault(key, {})
            if not isinstance(inner, dict):
                event[field] = value
                return value in lookup(event, field).values
            holder = inner
        holder[leaf] = value
    else:
        event[field] = value
    return value in lookup(event, field).values
