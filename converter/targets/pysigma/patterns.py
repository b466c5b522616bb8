"""The regular expressions of a pipeline file: pySigma runs them on a rule's texts by an engine that backtracks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from converter.formats import Map, Seq
from converter.ir import RegexProblem, ambiguous_repeat, competing, read_regex

POWER: Final = 2
"""Repetitions that may compete for the same characters: a text's length to this power more is the time."""
_KEYS: Final = ("regex", "pattern")
_NESTS: Final = ("items", "finalizers")
"""Keys whose items are looked at by themselves."""


def slow_patterns(item: Map) -> Iterator[tuple[str, int, str]]:
    """Yield the patterns of an item and of its conditions that could take endless time, their places, and why."""
    stack: list[Any] = [item]
    while stack:
        one = stack.pop()
        if isinstance(one, Seq):
            stack += one
        if not isinstance(one, Map):
            continue
        for index, (key, value) in enumerate(one.items()):
            place = one.offsets[2 * index + 1]
            if key in _KEYS and isinstance(value, str):
                found = [(value, place)]
            elif key == "fields" and one.get("mode") == "re" and isinstance(value, Seq):
                found = list(zip(value, value.offsets, strict=True))
            else:
                found = []
                if key not in _NESTS:
                    stack.append(value)
            yield from ((str(text), offsets, why) for text, offsets in found if (why := _why(str(text))))


def _why(pattern: str) -> str:
    """Return why a pattern may be slow, or ``""``."""
    tree = read_regex(pattern)
    if isinstance(tree, RegexProblem):
        return f"it cannot be bounded: {tree.message}"
    if ambiguous_repeat(tree):
        return "a repetition in it can be read in several ways"
    return "repetitions in it compete for the same characters" if competing(tree) > POWER else ""
