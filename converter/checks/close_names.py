"""Which name of a log source an author meant who wrote another one."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from converter.data import Taxonomy

LONGEST: Final = 200
"""Characters of a name that are compared; a hostile rule's names have any length."""
_SHORTEST: Final = 8
"""Characters of a name, two of which can differ by one letter and not be the same name misspelt."""
_ALIKE: Final = 0.78
"""How alike two names are, by difflib, one of which is offered for the other."""
_SEPARATORS: Final = re.compile(r"[._-]")


@dataclass(frozen=True, slots=True)
class _Forms:
    """A table's names by what is compared of them."""

    folded: Mapping[str, str]
    bare: Mapping[str, str]
    by_length: Mapping[int, tuple[tuple[str, str, str], ...]]


@lru_cache(maxsize=64)
def _forms(names: tuple[str, ...]) -> _Forms:
    lengths: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for name in names:
        bare = _bare(name)
        lengths[len(bare)].append((bare, _digits(bare), name))
    last = names[::-1]  # of two names that are alike the first stays
    return _Forms(
        {name.lower(): name for name in last},
        {_bare(name): name for name in last},
        {length: tuple(rows) for length, rows in lengths.items()},
    )


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
    folded = _forms(table.names).folded
    for wanted in (name.lower(), name.rpartition(".")[2].lower()):
        close = difflib.get_close_matches(wanted, folded, n=1, cutoff=_ALIKE)
        if close:
            return folded[close[0]]
    return ""


def slipped(name: str, names: tuple[str, ...]) -> str:
    """Return the one of ``names`` that ``name`` is but for case, separators or one slip of the hand; ``""`` for none.

    A slip is a letter too many, too few, wrong, or changed for its
    neighbour; never a digit, since param1 and param2 are two names.  A name
    with blanks is as some producer writes it.
    """
    if " " in name or len(name) > LONGEST:
        return ""
    forms, bare = _forms(names), _bare(name)
    if bare in forms.bare:
        return forms.bare[bare]
    if len(bare) < _SHORTEST:
        return ""
    digits = _digits(bare)
    for length in (len(bare), len(bare) + 1, len(bare) - 1):
        for other, its, one in forms.by_length.get(length, ()):
            if its == digits and _one_apart(bare, other):
                return one
    return ""


def case_only(name: str, names: tuple[str, ...]) -> str:
    """Return the one of ``names`` that differs from ``name`` in the case of letters alone; ``""`` for none."""
    found = _forms(names).folded.get(name.lower(), "")
    return found if found != name else ""


def _bare(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _one_apart(left: str, right: str) -> bool:
    """Whether one insertion, deletion, replacement or exchange of neighbours makes the two equal, whose lengths are at most one apart."""
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    one, two = left[start:], right[start:]
    if len(one) == len(two):
        return one[1:] == two[1:] or (one[2:] == two[2:] and one[:2] == two[1::-1])
    return one[1:] == two or one == two[1:]


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
