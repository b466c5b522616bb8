"""Recognise the form that an event was written in, and give its fields the names that rules use.

The forms are data: ``data/shapes.yml``.  Nothing is copied but the references of an event's outermost maps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from converter.data import load
from converter.ir import too_deep
from converter.match.paths import MISSING, at, told
from converter.model import node

WRAPPERS: Final = 6
"""Wrappers that may stand around each other."""

_NAMES: Final = ("#attributes.Name", "@Name", "Name", "name", "$.Name")
_TEXTS: Final = ("#text", "text", "$", "_", "Value", "value")


@node
class Path:
    """Where a field's value may stand; ``after`` is the text behind which it begins, ``""`` for all of it."""

    path: str
    after: str = ""


@node
class Shape:
    """A row of ``data/shapes.yml``: how it is recognised, and either what it wraps or the kind and names of the event."""

    name: str
    has: tuple[str, ...]
    any: tuple[str, ...]
    equal: Mapping[str, frozenset[str]]
    starts: Mapping[str, tuple[str, ...]]
    sole: str
    wraps: tuple[str, str]
    kind: str
    taxonomies: tuple[str, ...]
    lift: tuple[str, ...]
    inner: bool
    fields: Mapping[str, tuple[Path, ...]]

    def describes(self, event: Mapping[str, Any]) -> bool:
        """Return whether an event has this form."""
        return (
            (not self.sole or (len(event) == 1 and self.sole in event))
            and all(at(event, path) is not MISSING for path in self.has)
            and (not self.any or any(at(event, path) is not MISSING for path in self.any))
            and all(not wanted.isdisjoint(told(at(event, path))) for path, wanted in self.equal.items())
            and all(any(text.startswith(first) for text in told(at(event, path))) for path, first in self.starts.items())
        )


@node
class Seen:
    """An event as rules see it.

    ``event`` has the fields by the names that rules use, above its own keys; ``raw`` is as written; ``shape`` is ``None`` when nothing
    says where the event is from; ``inside`` is the path of the wrappers around it, as ``Records[3]``.
    """

    event: Mapping[str, Any]
    raw: Mapping[str, Any]
    shape: Shape | None
    inside: str = ""


def see(event: Mapping[str, Any]) -> Iterator[Seen]:
    """Yield the events that an object of a log file holds: itself, or those it wraps."""
    yield from _seen(event, "", WRAPPERS)


def _seen(event: Mapping[str, Any], inside: str, left: int) -> Iterator[Seen]:
    for shape in _candidates(event):
        if not shape.describes(event):
            continue
        how, path = shape.wraps
        if not how:
            yield Seen(_named(event, shape), event, shape, inside)
            return
        held = _held(event, how, path) if left else None
        if held is None:
            continue
        for index, one in enumerate(held):
            place = f"{inside}{path}[{index}]." if how == "list" else f"{inside}{path}."
            yield from _seen(one, place, left - 1)
        return
    yield Seen(event, event, None, inside)


def _held(event: Mapping[str, Any], how: str, path: str) -> Sequence[Mapping[str, Any]] | None:
    """Return the events that a wrapper holds; ``None`` when it is none after all."""
    value = at(event, path)
    if how == "list":
        return value if isinstance(value, list) and all(isinstance(one, dict) for one in value) else None
    if how == "text":
        if not isinstance(value, str) or value.lstrip()[:1] != "{":
            return None
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
        if too_deep(value, path):
            return None
    return [value] if isinstance(value, dict) else None


def _named(event: Mapping[str, Any], shape: Shape) -> Mapping[str, Any]:
    """Return an event's own keys, above them those of its lifted maps, above them the fields of its shape."""
    if not shape.lift and not shape.fields:
        return event
    named = dict(event)
    for path in shape.lift:
        lifted(event, path, inner=shape.inner, into=named)
    for name, paths in shape.fields.items():
        value = first(event, paths)[0]
        if value is not MISSING:
            named[name] = value
    return named


def first(event: Mapping[str, Any], paths: Sequence[Path]) -> tuple[Any, str]:
    """Return the first value that stands at one of ``paths``, and its path; objects are no values unless they stand at the last of them."""
    for place in paths:
        value = at(event, place.path)
        if value is MISSING or (isinstance(value, dict) and place is not paths[-1]):
            continue
        if place.after:
            if not isinstance(value, str) or place.after not in value:
                continue
            value = value.partition(place.after)[2]
        return value, place.path
    return MISSING, ""


def lifted(event: Mapping[str, Any], path: str, *, inner: bool, into: dict[str, Any]) -> None:
    """Add the keys of the map at ``path``; written flat, the keys that begin with it."""
    value = at(event, path)
    if isinstance(value, dict):
        into.update(value)
        if " " in "".join(value):
            # Defender names its data "Threat Name", and rules ThreatName.
            into.update({key.replace(" ", ""): one for key, one in value.items()})
        if inner:
            _inner(value, into)
    elif value is MISSING:
        begin = f"{path}."
        into.update({key[len(begin) :]: one for key, one in event.items() if key.startswith(begin)})


def _inner(value: Mapping[str, Any], into: dict[str, Any]) -> None:
    """Add the named values of lists, and the keys of a map in the map: the element that UserData holds."""
    for key, held in value.items():
        if key[:1] in "#@$" or key.endswith("_attributes"):
            continue
        if isinstance(held, list):
            named = [one for one in held if isinstance(one, dict)]
            for one in named:
                name = next((at(one, path) for path in _NAMES if isinstance(at(one, path), str)), None)
                if name:
                    # An element without text is empty.
                    into[name] = next((one[text] for text in _TEXTS if text in one), "")
        elif isinstance(held, dict):
            name = next((at(held, path) for path in _NAMES if isinstance(at(held, path), str)), None)
            if key == "Data" and name:
                into[name] = next((held[text] for text in _TEXTS if text in held), "")
            elif "#text" in held:
                into[key] = held["#text"]
            else:
                into.update({inner: one for inner, one in held.items() if inner[:1] not in "#@$"})


def _candidates(event: Mapping[str, Any]) -> Sequence[Shape]:
    """Return the shapes that an event's keys leave possible, in order."""
    order = _order()
    begun = {key.partition(".")[0] for key in event} if any("." in key for key in event) else event.keys()
    found = {number for key in order.keys() & begun for number in order[key]}
    rows = shapes()
    return [rows[number] for number in sorted(found)]


@cache
def _order() -> Mapping[str, tuple[int, ...]]:
    """Return the numbers of the shapes by the first part of a path that one of them needs."""
    found: dict[str, list[int]] = {}
    for number, shape in enumerate(shapes()):
        needed = shape.has[:1] or shape.any or tuple(shape.equal) or tuple(shape.starts)
        for path in needed:
            found.setdefault(path.partition(".")[0], []).append(number)
    return {key: tuple(numbers) for key, numbers in found.items()}


@cache
def shapes() -> tuple[Shape, ...]:
    """Return the rows of ``data/shapes.yml``, in order."""
    return tuple(_shape(row) for row in load("shapes.yml")["shapes"])


def _shape(row: Mapping[str, Any]) -> Shape:
    wraps = next(((how, row[how]) for how in ("list", "object", "text") if how in row), ("", ""))
    return Shape(
        row["name"],
        tuple(row.get("has", ())),
        tuple(row.get("any", ())),
        {path: frozenset(str(one).casefold() for one in wanted) for path, wanted in row.get("is", {}).items()},
        {path: tuple(one.casefold() for one in wanted) for path, wanted in row.get("starts", {}).items()},
        row.get("sole", ""),
        wraps,
        row.get("kind", ""),
        tuple(row.get("taxonomies", ("sigma",))),
        tuple(row.get("lift", ())),
        row.get("inner", False),
        {name: tuple(_path(one) for one in paths) for name, paths in row.get("fields", {}).items()},
    )


def _path(written: str | Mapping[str, str]) -> Path:
    return Path(written) if isinstance(written, str) else Path(written["path"], written["after"])
