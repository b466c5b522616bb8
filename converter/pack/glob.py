"""Patterns of paths below a pack, matched without backtracking: they come with the pack."""

from __future__ import annotations


def matches_path(pattern: str, path: str) -> bool:
    """Whether a path below the pack fits a pattern.

    ``*`` and ``?`` stand for characters other than ``/``, ``**`` for any
    number of folders; a pattern that fits a folder names everything below it.
    """
    names = path.split("/")
    reached = {0}
    parts = [part for part in pattern.split("/") if part]
    for part in parts:
        if part == "**":
            reached = set(range(min(reached, default=len(names) + 1), len(names) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(names) and _matches_name(part, names[at])}
    return bool(parts) and bool(reached)


def _matches_name(pattern: str, name: str) -> bool:
    at = mark = 0
    star = -1
    for_name = 0
    while for_name < len(name):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, for_name, at + 1
        elif at < len(pattern) and pattern[at] in ("?", name[for_name]):
            at, for_name = at + 1, for_name + 1
        elif star >= 0:
            mark += 1
            at, for_name = star + 1, mark
        else:
            return False
    return pattern[at:].strip("*") == ""
