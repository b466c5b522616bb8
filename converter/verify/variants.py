"""Example events and what a log source's producer could have written instead.

Each variant changes one field: its case, null, empty, missing, a number as
text, one character off, inside a list, and what the rule itself asks for.  A
value that the producer never writes (``converter/data/fields``: another
spelling of a field with one spelling, a list in a field that holds one value)
is left out; on it a translation may differ without a rule losing an event.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from converter.data import Field
from converter.ir import Boolean, Compare, FieldMatch, Node, Number, Regex, Text, TimePart, Wild, atoms, lookup, regex_samples, time_sample
from converter.model import node
from converter.verify.examples import Example

MISSING = object()
LONG = "y" * 1100
"""More characters than an index usually keeps of a text."""
WORK = 5_000_000
"""Atoms and values times variants, of all examples of a rule."""
PLACES = 40
"""Objects of a list that a field is changed in, one after the other."""
DIGITS = 300
"""Digits that a text may have to be a number too; of some thousands Python makes none."""


@node
class Variant:
    """An event made from an example: what was changed, and the event."""

    label: str
    event: Mapping[str, Any]


def variants(tree: Node, example: Example, fields: Mapping[str, Field], share: int = 1) -> Iterator[Variant]:
    """Yield the example itself and its variants, each once; ``share`` is the number of examples that a rule has.

    Of a rule with thousands of tests, or an event of thousands of values,
    some are left out, evenly: each variant costs as much as both are large.
    """
    yield Variant(example.name, example.event)
    seen: set[str] = {repr(example.event)}
    changes = list(_changes(tree, example.event, fields))
    weight = len(changes) * (len(atoms(tree)) + _size(example.event)) * share
    for name, label, value in changes[:: 1 + weight // WORK]:
        for event in replaced(example.event, name, value):
            key = repr(event)
            if key not in seen:
                seen.add(key)
                yield Variant(f"{example.name}, {name} {label}", event)


def _changes(tree: Node, event: Mapping[str, Any], fields: Mapping[str, Field]) -> Iterator[tuple[str, str, Any]]:
    """Yield each field that a tree asks with another value for it, and what to call that."""
    for name, wanted in _asked(tree).items():
        field = fields.get(name, Field(name, "keyword"))
        present = lookup(event, name).values
        if field.each and not _places(event, name):
            continue  # without its list there is no object to change
        for label, value in _values(field, present, [_written(field, one) for one in wanted]):
            yield from ((name, label, one) for one in field.written(value))


def _size(value: object) -> int:
    """Return how many values an event holds."""
    if isinstance(value, Mapping):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1


def _asked(tree: Node) -> dict[str, list[Any]]:
    """Return the values that would satisfy the atoms on each field."""
    asked: dict[str, list[Any]] = {}
    for atom in atoms(tree):
        if not isinstance(atom, FieldMatch):
            continue
        wanted = asked.setdefault(atom.field, [])
        match atom.test:
            case Text(parts):
                for fill in ("", "zz"):
                    text = "".join(part if isinstance(part, str) else (fill if part is Wild.MANY else "q") for part in parts)
                    wanted.append(text)
            case Number(value) | Compare(_, value):
                wanted += [value, value - 1, value + 1]
            case TimePart(unit, _, value):
                wanted += filter(None, (time_sample(unit, one) for one in (value, value - 1, value + 1)))
            case Boolean(value):
                wanted.append(value)
            case Regex(pattern, flags):
                wanted += regex_samples(pattern, flags)
            case _:
                pass
    return asked


def _values(field: Field, present: tuple[Any, ...], wanted: list[Any]) -> Iterator[tuple[str, Any]]:
    yield "is missing", MISSING
    yield "is null", None
    for value in dict.fromkeys([*(one for one in present if isinstance(one, str | int | float | bool)), *wanted]):
        yield f"is {value!r}", [value] if field.many else value
        for label, other in _neighbours(field, value):
            yield f"{label} of {value!r}", [other] if field.many else other
        if field.many:
            yield f"is a list with {value!r}", [_OTHER.get(field.type, "zz"), value]


_OTHER = {"ip": "203.0.113.250"}
"""A value of a type that no rule asks for."""


def _written(field: Field, value: Any) -> Any:  # noqa: ANN401 - a JSON scalar
    """Return a value as the producer writes it, where its field has one spelling."""
    if not isinstance(value, str) or not field.one_spelling:
        return value
    return next((one for one in field.values if one.lower() == value.lower()), value.lower() if field.lower else value)


def _neighbours(field: Field, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a JSON scalar
    if isinstance(value, bool):
        yield "is the opposite", not value
        yield "is the text", "true" if value else "false"
        return
    if isinstance(value, int | float):
        yield "is one more", value + 1
        yield "is the text", str(value)
        return
    if not field.many or value:
        yield "is empty instead", ""
    if field.type in ("long", "ip", "date", "boolean"):
        return
    yield "is one character longer", value + "x"
    yield "begins with one more character", "x" + value
    yield "is one character shorter", value[:-1]
    yield "ends in another character", value[:-1] + ("y" if value[-1:] != "y" else "z")
    if field.long:
        yield "is followed by much", value + LONG
        yield "follows much", LONG + value
    if not field.one_spelling and not field.values:
        yield "is in the other case", value.swapcase()
        yield "is in upper case", value.upper()
    if value.isascii() and value.isdecimal() and len(value) < DIGITS and str(int(value)) == value:
        yield "is the number", int(value)


def replaced(event: Mapping[str, Any], name: str, value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Yield the event with another value at a field; of a list of objects, changed in each element in turn."""
    places = _places(event, name)[:PLACES]
    for place in places or [_new_place(event, name)]:
        changed = copy.deepcopy(dict(event))
        holder: Any = changed
        for step in place[:-1]:
            holder = holder[step]
        if not isinstance(holder, dict):
            continue
        if value is not MISSING:
            leaf: Any = holder
            *heads, last = str(place[-1]).split("\0")
            for head in heads:
                leaf = leaf.setdefault(head, {}) if isinstance(leaf, dict) else None
            if not isinstance(leaf, dict):
                continue  # a scalar stands where the field's map would
            leaf[last] = value
        elif place[-1] in holder:
            del holder[place[-1]]
        yield changed


def _places(value: Any, path: str) -> list[tuple[Any, ...]]:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return [(index, *place) for index, one in enumerate(value) for place in _places(one, path)]
    if not isinstance(value, Mapping):
        return []
    key = path
    while key not in value:
        key = key.rpartition(".")[0]
        if not key:
            return []
    rest = path[len(key) + 1 :]
    return [(key, *place) for place in _places(value[key], rest)] if rest else [(key,)]


def _new_place(event: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    """Return where a missing field would stand: below the longest part of its path that is there."""
    place: list[Any] = []
    holder: Any = event
    rest = name
    while True:
        head, _, tail = rest.partition(".")
        if isinstance(holder, Mapping) and head in holder and tail and isinstance(holder[head], Mapping | list):
            place.append(head)
            holder, rest = holder[head], tail
            if isinstance(holder, list):
                if not holder:
                    break
                place.append(0)
                holder = holder[0]
        else:
            break
    # A key with a slash is one key, dots and all (`authorization.k8s.io/decision`).
    return (*place, rest if "/" in rest and place else rest.replace(".", "\0"))
