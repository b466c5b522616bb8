r"""Lucene's regular expressions as EQL sends them: read one, and decide whether it describes a whole text.

All of Lucene's optional operators are on: ``@`` is any text; ``~``, ``&``,
``<1-9>``, ``#`` and double quotes are refused as not modelled.  There are no
anchors (``^`` and ``$`` stand for themselves); a dot is any character, line
ends too; ``\d``, ``\s`` and ``\w`` are classes of ASCII characters, because
EQL's ``regex`` is younger than Lucene 8.6, which brought them.

Source: Elasticsearch 8.19, "Regular expression syntax" and Query DSL "regexp" (flags ALL); Lucene 9 RegExp.java; LUCENE-9336.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from converter.model import node

LENGTH: Final = 1000
"""Characters of an expression that an index takes (``index.max_regex_length``)."""
_DEPTH: Final = 50
_STATES: Final = 10_000
_WORK: Final = 50_000
_LAST: Final = 0x10FFFF

Ranges: TypeAlias = tuple[tuple[int, int], ...]
ANY: Final[Ranges] = ((0, _LAST),)
_CLASSES: Final[dict[str, Ranges]] = {
    "d": ((48, 57),),
    "s": ((9, 10), (13, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}


class ExpressionError(Exception):
    """Why an expression has no meaning here; ``unknown`` when the engine may well run it."""

    def __init__(self, message: str, *, unknown: bool = False, help: str = "") -> None:
        super().__init__(message)
        self.message, self.unknown, self.help = message, unknown, help


@node
class Chars:
    """One character of these ranges; ``spelled`` when the text wrote that one character."""

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


def parse(text: str) -> Expression:
    """Return the expression.

    Raises:
        ExpressionError: where the engine refuses it, or this package does not know what it means.
    """
    if len(text) > LENGTH:
        raise ExpressionError(f"the regular expression has {len(text)} characters, more than {LENGTH}", help="split it into several")
    if not text:
        return Join(())
    reader = _Reader(text)
    found = reader.choice(0)
    if reader.at < len(text):
        raise ExpressionError(f"a '{text[reader.at]}' without its opening in a regular expression", help="put a backslash before it")
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
        found = self.peek() == wanted
        self.at += found
        return found

    def choice(self, depth: int) -> Expression:
        """Read alternatives."""
        if depth > _DEPTH:
            raise ExpressionError("a regular expression nests too deeply", unknown=True)
        options = [self.join(depth)]
        while self.take("|"):
            options.append(self.join(depth))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def join(self, depth: int) -> Expression:
        """Read what stands side by side."""
        parts: list[Expression] = []
        while self.peek() and self.peek() not in "|)":
            parts.append(self.repeat(depth))
        if not parts:
            raise ExpressionError("an alternative without text in a regular expression", unknown=True, help="write () for it")
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
            raise ExpressionError("a repetition in a regular expression without its numbers", help="a brace is written `\\{`")
        return least, most

    def number(self) -> int:
        """Read a whole number."""
        start = self.at
        while self.peek() and self.peek() in "0123456789":
            self.at += 1
        if start == self.at or self.at - start > 4:
            raise ExpressionError("a repetition in a regular expression without its numbers", help="a brace is written `\\{`")
        return int(self.text[start : self.at])

    def atom(self, depth: int) -> Expression:
        """Read one character, a class or a group."""
        if self.take("."):
            return Chars(ANY)
        if self.take("@"):
            return Repeat(Chars(ANY), 0, None)
        if self.take("("):
            if self.take(")"):
                return Join(())
            inner = self.choice(depth + 1)
            if not self.take(")"):
                raise ExpressionError("a group of a regular expression without its end", help="close it, or write `\\(`")
            return inner
        if self.take("["):
            return self.char_class()
        sign = self.peek()
        if sign in '~&<#"':
            message = f"a '{sign}' in a regular expression, which is an operator of Lucene"
            raise ExpressionError(message, unknown=True, help="put a backslash before it")
        if sign in "?*+{":
            message = f"a '{sign}' with nothing before it in a regular expression"
            raise ExpressionError(message, unknown=True, help="put a backslash before it")
        found = self.one()
        return found if isinstance(found, Chars) else Chars(((found, found),), spelled=True)

    def one(self) -> int | Chars:
        """Read one character, whose backslash is taken off, or the class that a backslash and a letter name."""
        if self.take("\\") and self.peek() and self.peek() in "dDsSwW":
            letter = self.text[self.at]
            self.at += 1
            ranges = _CLASSES[letter.lower()]
            return Chars(ranges if letter.islower() else complement(ranges))
        if not self.peek():
            raise ExpressionError("the end of a regular expression where a character should stand", help="a backslash is written twice")
        self.at += 1
        return ord(self.text[self.at - 1])

    def char_class(self) -> Chars:
        """Read the ranges of a class behind its bracket."""
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        while self.peek() != "]":
            first = self.one()
            if isinstance(first, Chars):
                ranges += first.ranges
                continue
            last = first
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] != "]":
                self.at += 1
                end = self.one()
                if isinstance(end, Chars):
                    raise ExpressionError("a range that ends in a class of a regular expression", unknown=True)
                last = end
            if last < first:
                raise ExpressionError("a range of a regular expression that ends before it begins")
            ranges.append((first, last))
        if not ranges:
            raise ExpressionError("a class of a regular expression without characters")
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


def insensitive(expression: Expression) -> Expression:
    """Return the expression with both cases of each ASCII letter that it spells.

    Raises:
        ExpressionError: for a class that holds one case of a letter only:
            Lucene 9 leaves classes as they are, others fold them.
    """
    if fold_differs(expression):
        message = "a class of letters without regard to case, which versions of Lucene fold differently"
        raise ExpressionError(message, unknown=True, help="write both cases in the class: [A-Za-z]")
    return _both(expression)


def _both(expression: Expression) -> Expression:
    match expression:
        case Join(parts):
            return Join(tuple(map(_both, parts)))
        case Choice(options):
            return Choice(tuple(map(_both, options)))
        case Repeat(body, least, most):
            return Repeat(_both(body), least, most)
        case Chars(ranges, spelled):
            letter = chr(ranges[0][0]) if spelled else ""
            if letter.isascii() and letter.isalpha():
                return Chars(joined([(ord(one), ord(one)) for one in (letter.lower(), letter.upper())]))
            return expression


def fold_differs(expression: Expression) -> bool:
    """Say whether the expression has a class that holds one case of an ASCII letter without the other."""
    stack = [expression]
    while stack:
        match stack.pop():
            case Join(parts) | Choice(parts):
                stack += parts
            case Repeat(body):
                stack.append(body)
            case Chars(ranges, spelled):
                if not spelled and any(_holds(ranges, point) != _holds(ranges, point - 32) for point in range(ord("a"), ord("z") + 1)):
                    return True
    return False


def _holds(ranges: Ranges, point: int) -> bool:
    return any(first <= point <= last for first, last in ranges)


class Automaton:
    """Decides texts in time linear in their length; built once from an expression.

    A state is a set of places in the expression, as bits: place 0 is the
    start, the others are its characters, repetitions written out.
    """

    def __init__(self, expression: Expression) -> None:
        """Build the automaton.

        Raises:
            ExpressionError: when its repetitions are too many.
        """
        self._ranges: list[Ranges] = [()]
        self._next: list[int] = [0]
        self._work = 0
        empty, first, last = self._add(expression)
        self._next[0] = first
        self._last = last | int(empty)
        self._cuts = sorted({cut for ranges in self._ranges for run in ranges for cut in (run[0], run[1] + 1)})
        self._masks = [sum(1 << at for at, ranges in enumerate(self._ranges) if _holds(ranges, point)) for point in (-1, *self._cuts)]
        self._reached: dict[int, int] = {}

    def _add(self, expression: Expression) -> tuple[bool, int, int]:
        """Add an expression's places; return whether it may be empty, and where it begins and ends."""
        self._work += 1
        if self._work > _WORK or len(self._ranges) > _STATES:
            raise ExpressionError("a regular expression with too many repetitions", unknown=True, help="repeat less")
        match expression:
            case Chars(ranges):
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

    def _row(self, parts: Iterable[Expression]) -> tuple[bool, int, int]:
        """Add parts one after the other."""
        found = (True, 0, 0)
        for part in parts:
            found = self._joined(found, self._add(part))
        return found

    def _joined(self, left: tuple[bool, int, int], right: tuple[bool, int, int]) -> tuple[bool, int, int]:
        self._link(left[2], right[1])
        return left[0] and right[0], left[1] | (right[1] if left[0] else 0), right[2] | (left[2] if right[0] else 0)

    def _link(self, places: int, after: int) -> None:
        for place in _bits(places):
            self._next[place] |= after

    def describes(self, text: str) -> bool:
        """Say whether the expression describes the whole of ``text``."""
        state = 1
        for char in text:
            if state not in self._reached:
                if len(self._reached) >= _STATES:
                    self._reached.clear()
                self._reached[state] = _either(self._next[place] for place in _bits(state))
            state = self._reached[state] & self._masks[bisect_right(self._cuts, ord(char))]
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
