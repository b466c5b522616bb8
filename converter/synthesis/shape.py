"""An event from the values of its fields, in the form that producers write: maps in maps, lists of objects, keys with dots.

Where the parts of a name lie is read from the name: below ``annotations``,
``labels`` and their like a name with a slash is one key
(``authorization.k8s.io/decision``; Kubernetes documentation, Object Names and
IDs, label keys), and the objects of a list (``Field.each``) lie at the last
plural of the path above the value (``spec.containers.image``), which holds
for every field of our tables and is an assumption for others.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from converter.data import Field
from converter.synthesis.column import MISSING

_FREE: Final = frozenset({"annotations", "labels", "matchLabels", "nodeSelector"})
"""Objects whose keys are anyone's, dots and slashes included."""


def shaped(values: Mapping[str, Any], fields: Mapping[str, Field], carried: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event in which each name has its value, beside what it carries anyway.

    A name that finds no room keeps its dots as one key.
    """
    event: dict[str, Any] = copy.deepcopy(dict(carried))
    for name, value in values.items():
        if value is not MISSING and not _put(event, name, value, fields.get(name)):
            event[name] = value
    return event


def steps_of(name: str) -> tuple[str, ...]:
    """Return the keys that lead to a field."""
    if "/" not in name:
        steps = tuple(name.split("."))
        return steps if all(steps) else (name,)
    head, _, rest = name.partition(".")
    steps = (head,)
    while rest:
        if steps[-1] in _FREE or "/" in rest.partition(".")[0]:
            return (*steps, rest)
        before = rest[: rest.index("/")] if "/" in rest else rest
        if not _FREE & set(before.split(".")):
            # No object with free keys is named: the first part is the object, all else its key.
            return (*steps, rest) if "/" not in steps[0] else (name,)
        key, _, rest = rest.partition(".")
        steps = (*steps, key)
    return steps


def _put(event: dict[str, Any], name: str, value: Any, known: Field | None) -> bool:  # noqa: ANN401 - any JSON value
    steps = steps_of(name)
    listed = _listed(steps) if known is not None and known.each else None
    if listed is None:
        return _set(event, steps, _written(value, known))
    elements = value if isinstance(value, list) and not (known is not None and known.many) else [value]
    holder = _objects(event, steps[: listed + 1], len(elements))
    if holder is None:
        return False
    return all(_set(one, steps[listed + 1 :], _written(element, known)) for one, element in zip(holder, elements, strict=False))


def _written(value: Any, known: Field | None) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value as a list where the producer writes one."""
    return [value] if known is not None and known.many and not isinstance(value, list) and value is not None else value


def _listed(steps: tuple[str, ...]) -> int | None:
    plurals = [index for index, step in enumerate(steps[:-1]) if step.endswith("s") and not step.endswith("ss")]
    return plurals[-1] if plurals else (len(steps) - 2 if len(steps) > 1 else None)


def _objects(event: dict[str, Any], steps: tuple[str, ...], count: int) -> list[dict[str, Any]] | None:
    holder: Any = event
    for step in steps[:-1]:
        holder = holder.setdefault(step, {})
        if not isinstance(holder, dict):
            return None
    objects = holder.setdefault(steps[-1], [])
    if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
        return None
    while len(objects) < count:
        objects.append({})
    return objects


def _set(event: dict[str, Any], steps: tuple[str, ...], value: Any) -> bool:  # noqa: ANN401 - any JSON value
    holder: Any = event
    for step in steps[:-1]:
        if step not in holder:
            holder[step] = {}
        holder = holder[step]
        if not isinstance(holder, dict):
            return False
    if steps[-1] in holder:
        return False
    holder[steps[-1]] = value
    return True
