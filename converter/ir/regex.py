r"""Regular expressions: the tree of a pattern, in one dialect whatever the target.

The dialect is PCRE's, as Sigma asks, without what engines read differently:

* ``.`` is any character but the line feed, any at all under ``s``;
* ``$`` is the end, or before a line feed that ends the text; under ``m`` the end of any line, and ``^`` the start of any,
  but not behind a line feed that ends the text;
* ``\d`` is ``[0-9]``, ``\w`` is ``[0-9A-Za-z_]``, ``\s`` is ``[\t\n\v\f\r ]``, and ``\b`` stands at the edge of ``\w``;
* under ``i`` letters are compared as the oracle does: ASCII letters among themselves, others by their simple lower case.

The tree holds no flags and no groups: a class has its characters, a literal
says whether it is compared without regard to case.  A pattern is *searched*
for, so ``a`` is true of every text with an ``a``.

Source: Sigma modifiers 2.1, ``re``; PCRE2 10.42, pcre2pattern(3); DECISIONS.md.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias, assert_never

from converter.model import node

HIGHEST: Final = 0x10FFFF
Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Characters by their codes: first and last of each run, in order, no two runs touching."""

DIGITS: Final[Ranges] = ((48, 57),)
WORD: Final[Ranges] = ((48, 57), (65, 90), (95, 95), (97, 122))
SPACE: Final[Ranges] = ((9, 13), (32, 32))
NO_LINE_FEED: Final[Ranges] = ((0, 9), (11, HIGHEST))
EVERY: Final[Ranges] = ((0, HIGHEST),)


class Place(Enum):
    """Where an anchor holds; ``WORD_EDGE`` is between a character of ``\\w`` and one that is none, or an end of the text."""

    START = "start of the text"
    END = "end of the text, or before a line feed that ends it"
    LINE_START = "start of the text, or behind a line feed that does not end it"
    LINE_END = "end of the text, or before a line feed"
    WORD_EDGE = "edge of a word"
    NO_WORD_EDGE = "no edge of a word"


@node
class Literal:
    """These characters, one after the other, at least one; without regard to case where ``folded``."""

    text: str
    folded: bool = False
    offsets: int = 0


@node
class CharSet:
    """One character of these; what the flag ``i`` adds is in it."""

    ranges: Ranges
    offsets: int = 0


@node
class Anchor:
    """No character, at this place."""

    place: Place
    offsets: int = 0


@node
class Chain:
    """One child after the other; none is the empty text."""

    children: tuple[Expression, ...]
    offsets: int = 0


@node
class Choice:
    """Any child; at least two."""

    children: tuple[Expression, ...]
    offsets: int = 0


@node
class Repeat:
    """The child ``least`` to ``most`` times (``None``: without end); ``lazy`` changes no search's answer."""

    child: Expression
    least: int
    most: int | None
    lazy: bool = False
    offsets: int = 0


@node
class Look:
    """What follows (``ahead``) or precedes is the child, or is not (``negated``); engines without backtracking have no such test."""

    child: Expression
    ahead: bool
    negated: bool
    offsets: int = 0


@node
class BackReference:
    """The text that an earlier group found; ``name`` is its number or name."""

    name: str
    offsets: int = 0


Expression: TypeAlias = Literal | CharSet | Anchor | Chain | Choice | Repeat | Look | BackReference


@node
class RegexProblem:
    """Why a pattern has no tree, or cannot be searched for: ``offset`` counts characters of the pattern."""

    message: str
    help: str = ""
    offset: int = 0


def nullable(tree: Expression) -> bool:
    """Say whether the empty text fits, anchors and looks aside."""
    match tree:
        case Literal() | CharSet():
            return False
        case Anchor() | Look() | BackReference():
            return True
        case Chain(children):
            return all(map(nullable, children))
        case Choice(children):
            return any(map(nullable, children))
        case Repeat(child, least):
            return least == 0 or nullable(child)
    assert_never(tree)


def size(tree: Expression) -> int:
    """Return how many single characters the tree asks about, repetitions written out; a loop counts as what it must repeat and one more."""
    match tree:
        case Literal(text):
            return len(text)
        case CharSet() | Anchor() | BackReference():
            return 1
        case Chain(children) | Choice(children):
            return 1 + sum(map(size, children))
        case Repeat(child, least, most):
            return 1 + size(child) * (least + 1 if most is None else most)
        case Look(child):
            return 1 + size(child)
    assert_never(tree)


def nodes_of(tree: Expression) -> tuple[Expression, ...]:
    """Return every node of the tree, parents before children, in reading order."""
    found: list[Expression] = []
    stack = [tree]
    while stack:
        one = stack.pop()
        found.append(one)
        match one:
            case Chain(children) | Choice(children):
                stack.extend(reversed(children))
            case Repeat(child) | Look(child):
                stack.append(child)
            case _:
                pass
    return tuple(found)


def trimmed(tree: Expression) -> Expression:
    """Return a tree that is found in the same texts, without repetitions at its ends that a search does not need.

    ``a+b*`` becomes ``a``; ``.{200,}`` becomes ``.{200}``.  Nothing is
    trimmed behind an anchor at that end.
    """
    children: list[Expression] = list(tree.children) if isinstance(tree, Chain) else [tree]
    for end in (0, -1):
        while children and isinstance(one := children[end], Repeat) and one.most != one.least:
            del children[end]
            if one.least:
                least = one.child if one.least == 1 else Repeat(one.child, one.least, one.least, False, one.offsets)
                parts: list[Expression] = list(least.children) if isinstance(least, Chain) else [least]
                children = [*parts, *children] if end == 0 else [*children, *parts]
    return children[0] if len(children) == 1 else Chain(tuple(children), tree.offsets)


def merged(ranges: list[tuple[int, int]]) -> Ranges:
    """Return runs of codes in order, those that touch as one."""
    result: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return tuple(result)


def complement(ranges: Ranges) -> Ranges:
    """Return every other character."""
    result: list[tuple[int, int]] = []
    start = 0
    for first, last in ranges:
        if start < first:
            result.append((start, first - 1))
        start = last + 1
    if start <= HIGHEST:
        result.append((start, HIGHEST))
    return tuple(result)
