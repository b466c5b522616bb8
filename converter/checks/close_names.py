"""Which name of a log source an author meant who wrote another one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from converter.data import Taxonomy

LONGEST: Final = 200
"""Characters of a name that are compared; a hostile rule's names have any length."""
_SHORTEST: Final = 8
"""Characters of a name, two of which can differ by one letter and not be the same name misspelt."""
_SEPARATORS: Final = re.compile(r"[._-]")


def meant(name: str, table: Taxonomy) -> str:
    """Return the field that ``name`` most likely stands for; ``""`` when no field is like it."""
    if name in table.instead:
        return table.instead[name].use
    name = name[:LONGEST]
    slip = slipped(name, table.names)
    if slip:
        return slip
    tail = "." + name.lower()
    below = [one for one in table.names if one.lower().endswith(tail)]
    if below:
        return min(below, key=len)
    folded = {one.lower(): one for one in reversed(table.names)}
    for wanted in (name.lower(), name.rpartition(".")[2].lower()):
        close = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.7)
        if close:
            return folded[close[0]]
    return ""


def slipped(name: str, names: Iterable[str]) -> str:
    """Return the one of ``names`` that ``name`` is but for case, separators or one slip of the hand; ``""`` for none.

    A slip is a letter too many, too few, wrong, or changed for its
    neighbour; never a digit, since param1 and param2 are two names.  A name
    with blanks is as some producer writes it.
    """
    if " " in name:
        return ""
    name = name[:LONGEST]
    bare = _bare(name)
    near = ""
    for one in names:
        other = _bare(one)
        if other == bare:
            return one
        if not near and len(bare) >= _SHORTEST and _one_apart(bare, other):
            near = one
    return near


def case_only(name: str, names: Iterable[str]) -> str:
    """Return the one of ``names`` that differs from ``name`` in the case of letters alone; ``""`` for none."""
    folded = name.lower()
    return next((one for one in names if one != name and one.lower() == folded), "")


def _bare(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _one_apart(left: str, right: str) -> bool:
    """Whether one insertion, deletion, replacement or exchange of neighbours, of letters only, makes the two equal."""
    if abs(len(left) - len(right)) > 1 or _digits(left) != _digits(right):
        return False
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    one, two = left[start:], right[start:]
    if len(one) == len(two):
        return one[1:] == two[1:] or (one[2:] == two[2:] and one[:2] == two[1::-1])
    return one[1:] == two or one == two[1:]


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
