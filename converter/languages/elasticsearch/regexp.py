"""Lucene's regular expressions without its optional operators: read one, and decide whether it describes a whole text.

No anchors and no classes of letters (``^``, ``$`` stand for themselves; what a
backslash means before a letter or digit depends on the version, so that is
refused).  A dot is any character, line ends too.

Source: Lucene 9.12 RegExp, "Regular expression syntax" of Elasticsearch 8.19 and 9.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from converter.languages.elasticsearch.refusal import Refusal
from converter.model import node

MAX_LENGTH: Final = 1000
"""Characters of an expression that an index takes (``index.max_regex_length``)."""
USUAL_STATES: Final = 10_000
"""``max_determinized_states`` of a query that does not name it."""
_EFFORT: Final = 10
"""States that Lucene visits to make an automaton deterministic before it refuses, for each of ``max_determinized_states``."""
_MAX_STATES: Final = 20_000
_MAX_DEPTH: Final = 50
_LAST: Final = 0x10FFFF
ANY: Final = ((0, _LAST),)
"""The ranges that hold every character."""
_OPTIONAL: Final = '#@&<>~"'

Ranges: TypeAlias = tuple[tuple[int, int], ...]


@node
class Chars:
    """One character of these ranges, first and last code point included; ``spelled`` when the text wrote one character."""

    ranges: Ranges
    spelled: bool = False


@node
class Join:
    """One after the other; nothing at all when empty."""

    parts: tuple[Expression, ...]


@node
class Choice:
    """One of them."""

    options: tuple[Expression, ...]


@node
class Repeat:
    """From ``least`` to ``most`` times; ``None`` has no end."""

    body: Expression
    least: int
    most: int | None


Expression: TypeAlias = Chars | Join | Choice | Repeat
_Part: TypeAlias = tuple[bool, int, int]


def parse(text: str) -> Expression:
    """Return the expression.

    Raises:
        Refusal: where the engine refuses it, or this package does not know what it means.
    """
    if len(text) > MAX_LENGTH:
        raise Refusal(f"the length of the regular expression is {len(text)}, more than {MAX_LENGTH} [index.max_regex_length]", early=True)
    if not text:
        return Join(())
    reader = _Reader(text)
    found = reader.choice(0)
    if reader.at < len(text):
        raise Refusal(f"a '{text[reader.at]}' without its opening in a regular expression", early=True)
    return found


class _Reader:
    """The text and how far it was read."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def peek(self) -> str:
        """Return the next character, nothing at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, wanted: str) -> bool:
        """Go past ``wanted`` if it comes next."""
        if self.peek() != wanted:
            return False
        self.at += 1
        return True

    def choice(self, depth: int) -> Expression:
        """Read alternatives."""
        if depth > _MAX_DEPTH:
            raise Refusal("a regular expression nests too deeply", unknown=True)
        options = [self.join(depth)]
        while self.take("|"):
            options.append(self.join(depth))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def join(self, depth: int) -> Expression:
        """Read what stands side by side; never nothing, which Lucene would read as something else."""
        parts: list[Expression] = []
        while self.peek() and self.peek() not in "|)":
            parts.append(self.repeat(depth))
        if not parts:
            raise Refusal("an alternative without text in a regular expression", unknown=True, help="write () for it")
        return parts[0] if len(parts) == 1 else Join(tuple(parts))

    def repeat(self, depth: int) -> Expression:
        """Read an atom and the signs of repetition behind it."""
        body = self.atom(depth)
        while (sign := self.peek()) and sign in "?*+{":
            self.at += 1
            if sign == "{":
                least, most = self.bounds()
                body = Repeat(body, least, most)
            else:
                body = Repeat(body, int(sign == "+"), 1 if sign == "?" else None)
        return body

    def bounds(self) -> tuple[int, int | None]:
        """Read ``n}``, ``n,}`` or ``n,m}``."""
        least = self.number()
        most: int | None = least
        if self.take(","):
            most = self.number() if self.peek() != "}" else None
        if not self.take("}") or (most is not None and most < least):
            raise Refusal("a repetition in a regular expression without its numbers", early=True)
        return least, most

    def number(self) -> int:
        """Read a whole number."""
        start = self.at
        while self.peek() and self.peek() in "0123456789":
            self.at += 1
        if start == self.at or self.at - start > 4:
            raise Refusal("a repetition in a regular expression without its numbers", early=True)
        return int(self.text[start : self.at])

    def atom(self, depth: int) -> Expression:
        """Read one character, a class or a group."""
        if self.take("."):
            return Chars(((0, _LAST),))
        if self.take("("):
            if self.take(")"):
                return Join(())
            inner = self.choice(depth + 1)
            if not self.take(")"):
                raise Refusal("a group of a regular expression without its end", early=True)
            return inner
        if self.take("["):
            return self.char_class()
        if self.peek() in "?*+{]}" or self.peek() in _OPTIONAL:
            raise Refusal(f"a '{self.peek()}' where it stands in a regular expression", unknown=True, help="put a backslash before it")
        point = self.char()
        return Chars(((point, point),), spelled=True)

    def char(self) -> int:
        """Read one character, whose backslash is taken off."""
        if self.take("\\") and (not self.peek() or (self.peek().isascii() and self.peek().isalnum())):
            raise Refusal(f"'\\{self.peek()}' in a regular expression, which versions read differently", unknown=True)
        if not self.peek():
            raise Refusal("the end of a regular expression where a character should stand", early=True)
        self.at += 1
        return ord(self.text[self.at - 1])

    def char_class(self) -> Chars:
        """Read the ranges of a class behind its bracket."""
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        while self.peek() != "]":
            if self.peek() and self.peek() in "[-^":
                raise Refusal(f"a '{self.peek()}' where it stands in a class of a regular expression", unknown=True)
            first = last = self.char()
            if self.take("-"):
                last = self.char()
            if last < first:
                raise Refusal("a range of a regular expression that ends before it begins", early=True)
            ranges.append((first, last))
        if not ranges:
            raise Refusal("a class of a regular expression without characters", early=True)
        self.at += 1
        found = joined(ranges)
        return Chars(complement(found) if negated else found)


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return ranges in order, without overlaps."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def complement(ranges: Ranges) -> Ranges:
    """Return the characters outside of ranges that are in order."""
    found, start = [], 0
    for first, last in ranges:
        if start < first:
            found.append((start, first - 1))
        start = last + 1
    if start <= _LAST:
        found.append((start, _LAST))
    return tuple(found)


def folded(expression: Expression) -> Expression:
    """Return the expression with both cases of each ASCII letter that is spelled.

    Raises:
        Refusal: for a class that holds one case of a letter only, or a letter
            beyond ASCII that has case: Lucene 9 leaves them as they are,
            Lucene 10 and others fold them.
    """
    match expression:
        case Join(parts):
            return Join(tuple(map(folded, parts)))
        case Choice(options):
            return Choice(tuple(map(folded, options)))
        case Repeat(body, least, most):
            return Repeat(folded(body), least, most)
        case Chars(ranges, spelled):
            letter = chr(ranges[0][0]) if spelled else ""
            if letter.isascii() and letter.isalpha():
                return Chars(joined([(ord(one), ord(one)) for one in (letter.lower(), letter.upper())]))
            if letter.lower() != letter.upper() or (not spelled and not _is_closed(ranges)):
                raise Refusal("case_insensitive on a letter or class that versions fold differently", unknown=True)
            return expression


def _is_closed(ranges: Ranges) -> bool:
    """Say whether a class holds both cases of each ASCII letter or none, and all characters beyond ASCII or none."""
    beyond = [run for run in ranges if run[1] > 0x7F]
    if beyond and (len(beyond) > 1 or beyond[0][0] > 0x80 or beyond[0][1] != _LAST):
        return False
    return all(_holds(ranges, point) == _holds(ranges, point - 32) for point in range(ord("a"), ord("z") + 1))


def _holds(ranges: Ranges, point: int) -> bool:
    return any(first <= point <= last for first, last in ranges)


class Automaton:
    """Decides texts in time linear in their length; built once from an expression.

    A state is a set of places in the expression, as bits: place 0 is the
    start, the others are its characters, repetitions written out.
    """

    def __init__(self, expression: Expression, states: int = USUAL_STATES) -> None:
        """Build the automaton; ``states`` is the query's ``max_determinized_states``.

        Raises:
            Refusal: when Lucene would refuse to make it deterministic.
        """
        self._ranges: list[Ranges] = [()]
        self._next: list[int] = [0]
        empty, first, self._last = self._add(expression)
        self._next[0] = first
        self._last |= int(empty)
        self._cuts = sorted({cut for ranges in self._ranges for run in ranges for cut in (run[0], run[1] + 1)})
        self._masks = [sum(1 << at for at, ranges in enumerate(self._ranges) if _holds(ranges, point)) for point in (-1, *self._cuts)]
        self._reached: dict[int, int] = {}
        self._check(states)

    def _add(self, expression: Expression) -> _Part:
        """Add an expression's places; return whether it may be empty, and where it begins and ends."""
        match expression:
            case Chars(ranges):
                if len(self._ranges) > _MAX_STATES:
                    raise Refusal("a regular expression with too many repetitions", early=True)
                self._ranges.append(ranges)
                self._next.append(0)
                place = 1 << (len(self._ranges) - 1)
                return False, place, place
            case Join(parts):
                return self._row(parts)
            case Choice(options):
                found = [self._add(option) for option in options]
                return any(one[0] for one in found), _either(one[1] for one in found), _either(one[2] for one in found)
            case Repeat(body, least, None):
                before = self._row([body] * (least - 1))
                loop = self._add(body)
                self._link(loop[2], loop[1])
                empty, first, last = self._joined(before, loop)
                return empty or least == 0, first, last
            case Repeat(body, least, int() as most):
                return self._row([body] * least + [Choice((Join(()), body))] * (most - least))
        raise AssertionError("an expression of another kind")

    def _row(self, parts: Iterable[Expression]) -> _Part:
        """Add parts one after the other."""
        found: _Part = (True, 0, 0)
        for part in parts:
            found = self._joined(found, self._add(part))
        return found

    def _joined(self, left: _Part, right: _Part) -> _Part:
        self._link(left[2], right[1])
        return left[0] and right[0], left[1] | (right[1] if left[0] else 0), right[2] | (left[2] if right[0] else 0)

    def _link(self, places: int, after: int) -> None:
        for place in _bits(places):
            self._next[place] |= after

    def _after(self, state: int) -> int:
        """Return where the characters behind a state may stand."""
        if state not in self._reached:
            self._reached[state] = _either(self._next[place] for place in _bits(state))
        return self._reached[state]

    def _check(self, states: int) -> None:
        """Make it deterministic, as Lucene does, until the effort is too much."""
        seen, pending, effort = {1}, [1], 0
        while pending:
            state = pending.pop()
            effort += state.bit_count()
            if effort > states * _EFFORT:
                raise Refusal(f"determinizing the automaton would require more than {states} states", help="write a simpler expression")
            after = self._after(state)
            for mask in self._masks:
                if (reached := after & mask) and reached not in seen:
                    seen.add(reached)
                    pending.append(reached)

    def describes(self, text: str) -> bool:
        """Say whether the expression describes the whole of ``text``."""
        state = 1
        for char in text:
            state = self._after(state) & self._masks[bisect_right(self._cuts, ord(char))]
            if not state:
                return False
        return bool(state & self._last)


def _either(sets: Iterable[int]) -> int:
    found = 0
    for one in sets:
        found |= one
    return found


def _bits(places: int) -> Iterator[int]:
    while places:
        low = places & -places
        yield low.bit_length() - 1
        places ^= low
