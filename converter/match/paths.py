"""Paths into events: a dot is a level or part of a key, and the longest key that is there wins, as for a rule's field."""

from __future__ import annotations

from typing import Any, Final

from converter.ir import lookup, scalar_text

MISSING: Final = object()
"""What stands at a path that an event does not have."""


def at(value: Any, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return what stands at ``path``, or ``MISSING``; below a list, the list of what its elements have there."""
    while isinstance(value, dict):
        key = path
        while key not in value:
            key = key.rpartition(".")[0]
            if not key:
                return MISSING
        value = value[key]
        if len(key) == len(path):
            return value
        path = path[len(key) + 1 :]
    if isinstance(value, list):
        found = lookup({"list": value}, f"list.{path}")
        return list(found.values) if found.present else MISSING
    return MISSING


def told(value: object) -> tuple[str, ...]:
    """Return a value, or each of a list's, as text without regard to case; nothing for what is missing, null or an object."""
    if isinstance(value, str):
        return (value.casefold(),)
    if isinstance(value, list):
        return tuple(text for one in value for text in told(one))
    if value is None or value is MISSING or isinstance(value, dict):
        return ()
    return (scalar_text(value).casefold(),)
