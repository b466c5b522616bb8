"""The values that a field name means in a raw event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from converter.model import Diagnostic, Severity, Source, node

DEPTH = 64
"""Nested maps and lists that an event may have."""


@node
class Found:
    """What stands at a field: whether its key is present, and its values with lists taken apart."""

    present: bool
    values: tuple[Any, ...]


def lookup(event: Mapping[str, Any], field: str) -> Found:
    """Return what ``field`` means in ``event``.

    At each level the longest literal key wins, so a flat dotted key comes
    before nesting and ``annotations.authorization.k8s.io/decision`` finds the
    key with dots inside ``annotations``.  Lists are entered: of a list of
    objects every element counts.
    """
    found: list[Any] = []
    present = _collect(event, field, found)
    return Found(present, tuple(found))


def _collect(value: object, path: str, found: list[Any]) -> bool:
    if isinstance(value, list | tuple):
        reached = [_collect(one, path, found) for one in value]  # every element, so no short cut
        return any(reached)
    if not isinstance(value, Mapping):
        return False
    key = path
    while key not in value:
        key = key.rpartition(".")[0]
        if not key:
            return False
    rest = path[len(key) + 1 :]
    if rest:
        return _collect(value[key], rest, found)
    found.extend(_flat(value[key]))
    return True


def _flat(value: object) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def texts(event: object) -> Iterator[str]:
    """Yield every scalar value of an event as text; key names are left out."""
    stack = [event]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            stack.extend(reversed(list(value.values())))
        elif isinstance(value, list | tuple):
            stack.extend(reversed(value))
        elif value is not None:
            yield scalar_text(value)


def scalar_text(value: object) -> str:
    """Return a scalar as JSON writes it, strings without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def too_deep(event: object, path: str) -> Diagnostic | None:
    """Say so when an event nests deeper than ``DEPTH``, measured without recursion."""
    level: list[object] = [event]
    for _ in range(DEPTH + 1):
        level = [child for value in level for child in _children(value)]
        if not level:
            return None
    message = f"an event nests more than {DEPTH} levels"
    return Diagnostic("R050", Severity.ERROR, Source(path, "").start, message, help="no log source nests that deep; cut the event")


def _children(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []
