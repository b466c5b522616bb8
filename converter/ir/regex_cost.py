"""What a pattern may cost an engine that backtracks, on a text made to be slow.

Two things cost: a repetition whose content can be read in several ways
(exponential in the text), and repetitions in a row that compete for the same
characters (the text's length to the power of their number).

Source: A. Weber and H. Seidl, On the degree of ambiguity of finite automata
(1991): exponential ambiguity is two ways from a state back to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from math import prod
from typing import Final, TypeAlias, assert_never

from converter.ir.fold import spellings
from converter.ir.regex import (
    Anchor,
    BackReference,
    Chain,
    CharSet,
    Choice,
    Expression,
    Literal,
    Look,
    Ranges,
    Repeat,
    merged,
    nullable,
)

WAYS: Final = 10_000
"""Readings of a bounded repetition that are tried before it counts as one without end."""
POSITIONS: Final = 150
"""Single characters in a repetition that are looked at; more of them count as ambiguous."""

_Edges: TypeAlias = Counter[tuple[int, int]]


def ambiguous_repeat(tree: Expression) -> Repeat | None:
    """Return a repetition whose content a backtracking engine may read in exponentially many ways."""
    stack: list[Expression] = [tree]
    while stack:
        one = stack.pop()
        match one:
            case Repeat(child, _, most):
                if most != 1 and not _few(child, most) and _is_ambiguous(child):
                    return one
                stack.append(child)
            case Chain(children) | Choice(children):
                stack.extend(children)
            case Look(child):
                stack.append(child)
            case _:
                pass
    return None


def competing(tree: Expression) -> int:
    """Return how many repetitions without end compete with one before them: the power of the text's length, less one."""
    return _Row().read(tree).pairs


def settled(children: tuple[Expression, ...]) -> dict[int, int]:
    """Return the repetitions of a chain that need no second try, each with where the next repetition stands.

    ``.*ab.*``: whatever follows the second ``.*`` is found behind the first
    ``ab`` if behind any, because the second ``.*`` goes over all that a later
    ``ab`` would skip.  So what stands between has one length and no anchor, and the
    next repetition is one of all these characters.
    """
    found: dict[int, int] = {}
    loops = [index for index, child in enumerate(children) if isinstance(child, Repeat) and child.most is None]
    for one, two in pairwise(loops):
        first, second, between = children[one], children[two], children[one + 1 : two]
        if not between or not isinstance(first, Repeat) or not isinstance(second, Repeat):
            continue
        if not isinstance(first.child, CharSet | Literal) or not isinstance(second.child, CharSet | Literal):
            continue
        skipped = (*between, first.child)
        if all(_length(child) for child in skipped) and all(within(alphabet(child), alphabet(second.child)) for child in skipped):
            found[one] = two
    return found


def _length(tree: Expression) -> int | None:
    """Return the one length of every text that fits, ``None`` for several or an anchor."""
    match tree:
        case Literal(text):
            return len(text)
        case CharSet():
            return 1
        case Anchor() | Look() | BackReference():
            return None
        case Chain(children):
            lengths = [_length(child) for child in children]
            return None if None in lengths else sum(one or 0 for one in lengths)
        case Choice(children):
            several = {_length(child) for child in children}
            return several.pop() if len(several) == 1 else None
        case Repeat(child, least, most):
            length = _length(child)
            return length * least if length is not None and least == most else None
    assert_never(tree)


def alphabet(tree: Expression) -> Ranges:
    """Return every character that a text found by the tree may hold where the tree asks for one."""
    found: list[tuple[int, int]] = []
    stack = [tree]
    while stack:
        match stack.pop():
            case Literal(text, folded):
                found += [(ord(one), ord(one)) for letter in text for one in (spellings(letter) if folded else letter)]
            case CharSet(ranges):
                found += ranges
            case Chain(children) | Choice(children):
                stack.extend(children)
            case Repeat(child) | Look(child):
                stack.append(child)
            case Anchor() | BackReference():
                pass
    return merged(found)


def meet(one: Ranges, other: Ranges) -> bool:
    """Say whether a character is in both."""
    return any(first <= last2 and first2 <= last for first, last in one for first2, last2 in other)


def within(one: Ranges, other: Ranges) -> bool:
    """Say whether every character of the first is in the second."""
    return all(any(first2 <= first and last <= last2 for first2, last2 in other) for first, last in one)


def _few(child: Expression, most: int | None) -> bool:
    ways: int = _ways(child)
    return most is not None and (ways == 1 or (most <= 20 and prod([ways] * most) <= WAYS))


def _ways(tree: Expression) -> int:
    """Return in how many ways a tree can be read, ``WAYS`` and one more for a repetition without end."""
    match tree:
        case Literal() | CharSet() | Anchor() | BackReference() | Look():
            return 1
        case Chain(children):
            return min(prod(map(_ways, children)), WAYS + 1)
        case Choice(children):
            return min(sum(map(_ways, children)), WAYS + 1)
        case Repeat(child, least, most):
            if most is None:
                return WAYS + 1
            ways = _ways(child)
            return min(sum(prod([ways] * min(times, 20)) for times in range(least, most + 1)), WAYS + 1)
    assert_never(tree)


class _Automaton:
    """The single characters of a tree, and which may follow which; ``edges`` counts the ways from one to the next."""

    def __init__(self) -> None:
        self.sets: list[Ranges] = []
        self.edges: _Edges = Counter()

    def add(self, tree: Expression) -> tuple[list[int], list[int]]:
        """Add a tree and return its first and its last characters."""
        match tree:
            case Literal(text, folded):
                return self.chain([CharSet(alphabet(Literal(letter, folded))) for letter in text])
            case CharSet(ranges):
                self.sets.append(ranges)
                return [len(self.sets) - 1], [len(self.sets) - 1]
            case Anchor() | Look() | BackReference():
                return [], []
            case Chain(children):
                return self.chain(children)
            case Choice(children):
                ends = [self.add(child) for child in children]
                return [one for first, _ in ends for one in first], [one for _, last in ends for one in last]
            case Repeat(child, least, most):
                if most is None or len(self.sets) > POSITIONS:
                    return self.loop(child, least)
                return self.add(child) if most == 1 else self.chain([child] * least + _up_to(child, most - least))
        assert_never(tree)

    def chain(self, children: Iterable[Expression]) -> tuple[list[int], list[int]]:
        firsts: list[int] = []
        lasts: list[int] = []
        empty = True
        for child in children:
            first, last = self.add(child)
            self.edges.update((one, two) for one in lasts for two in first)
            firsts += first if empty else []
            lasts = lasts + last if nullable(child) else last
            empty = empty and nullable(child)
            if len(self.sets) > POSITIONS:
                break
        return firsts, lasts

    def loop(self, child: Expression, least: int) -> tuple[list[int], list[int]]:
        first, last = self.chain([child] * max(least, 1)) if least > 1 else self.add(child)
        again_first, again_last = (first, last) if least <= 1 else self.add(child)
        if least > 1:
            self.edges.update((one, two) for one in last for two in again_first)
        self.edges.update((one, two) for one in again_last for two in again_first)
        return first, (last if least <= 1 else [*last, *again_last])


def _up_to(child: Expression, times: int) -> list[Expression]:
    """Return ``times`` optional copies inside each other: side by side they could be read in several ways."""
    inner: list[Expression] = []
    for _ in range(min(times, POSITIONS)):
        inner = [Repeat(Chain((child, *inner)), 0, 1)]
    return inner


def _is_ambiguous(child: Expression) -> bool:
    """Say whether a text may be two ways from a character of the content, through its repetition, back to it."""
    found = _Automaton()
    found.loop(child, 1)
    count = len(found.sets)
    if count > POSITIONS:
        return True
    if any(times > 1 for times in found.edges.values()):
        return True
    follow: list[list[int]] = [[] for _ in range(count)]
    for one, two in found.edges:
        follow[one].append(two)
    forward = _reached({(one, one) for one in range(count)}, follow, found.sets)
    back: list[list[int]] = [[] for _ in range(count)]
    for one, two in found.edges:
        back[two].append(one)
    backward = _reached({(one, one) for one in range(count)}, back, found.sets)
    return any(one != two for one, two in forward & backward)


def _reached(start: set[tuple[int, int]], follow: list[list[int]], sets: list[Ranges]) -> set[tuple[int, int]]:
    """Return the pairs that two readings of one text can come to."""
    found = set(start)
    pending = list(start)
    while pending:
        one, two = pending.pop()
        for left in follow[one]:
            for right in follow[two]:
                if (left, right) not in found and meet(sets[left], sets[right]):
                    found.add((left, right))
                    pending.append((left, right))
    return found


class _Row:
    """Repetitions in a row: the last one's characters while nothing has ended it, and how many competed."""

    def __init__(self, last: Ranges = (), pairs: int = 0) -> None:
        self.last, self.pairs = last, pairs
        self.between: list[Ranges] = []

    def read(self, tree: Expression) -> _Row:
        """Go through the tree; of alternatives the worst counts."""
        match tree:
            case Literal(text, folded):
                for letter in text:
                    self.must(alphabet(Literal(letter, folded)))
            case CharSet(ranges):
                self.must(ranges)
            case Chain(children):
                ends = settled(children)
                for index, child in enumerate(children):
                    self.read(child)
                    if index + 1 in ends.values():
                        self.last, self.between = (), []
            case Choice(children):
                self.alternatives(children)
            case Repeat(child, least, most):
                self.repeat(child, least, most)
            case Anchor() | Look() | BackReference():
                pass
        return self

    def must(self, characters: Ranges) -> None:
        if self.last and not meet(characters, self.last):
            self.last = ()
            self.between = []
        elif self.last:
            self.between.append(characters)

    def alternatives(self, children: tuple[Expression, ...]) -> None:
        rows = []
        for child in children:
            row = _Row(self.last, self.pairs)
            row.between = list(self.between)
            rows.append(row.read(child))
        worst = max(rows, key=lambda row: (row.pairs, bool(row.last)))
        ended = [row.last for row in rows if row.last]
        self.pairs, self.last = worst.pairs, merged([run for ranges in ended for run in ranges])
        self.between = []

    def repeat(self, child: Expression, least: int, most: int | None) -> None:
        if most is not None:
            if least and isinstance(child, Literal | CharSet):
                self.read(child)
            elif most > 1 or not isinstance(child, Literal | CharSet | Anchor):
                before = _Row(self.last, self.pairs)
                before.between = list(self.between)
                self.read(child)
                self.last = merged([*self.last, *before.last])
            return
        characters = alphabet(child)
        if self.last and meet(characters, self.last) and all(meet(one, characters) for one in self.between):
            self.pairs += 1
        self.last, self.between = characters, []
