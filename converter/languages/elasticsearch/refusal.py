"""What the engine says no to, while it is on its way out of the package as a diagnostic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MAX_DEPTH: Final = 100
"""Levels of objects and lists that a document or a mapping may have, far above the engine's own limits."""


class Refusal(Exception):  # noqa: N818 - never leaves the package
    """The engine refuses a value or a query, in the engine's words.

    ``early`` refusals happen while the query is parsed; the others only when
    the shard builds the query, which it skips for a clause that can match
    nothing.  ``unknown`` marks what this package does not model, where the
    engine may well answer.
    """

    def __init__(self, message: str, *, early: bool = False, unknown: bool = False, help: str = "") -> None:
        super().__init__(message)
        self.message, self.early, self.unknown, self.help = message, early, unknown, help


def check_depth(value: object, what: str) -> None:
    """Refuse what is nested too deep to be walked; measured without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for one in level for child in _children(one)]
        if not level:
            return
    raise Refusal(f"{what} has more than {MAX_DEPTH} levels")


def _children(value: object) -> tuple[object, ...]:
    """Return what a list or an object holds."""
    if isinstance(value, Mapping):
        return tuple(value.values())
    return tuple(value) if isinstance(value, list | tuple) else ()
