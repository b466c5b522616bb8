r"""Lucene's regular expressions: read one.

No anchors (``^`` and ``$`` stand for themselves); a dot is any character, line
ends too.  A query in JSON or a query string has expressions that every
version reads alike: what a backslash means before a letter or digit depends
on the version, so that is refused.  EQL sends all of Lucene's optional
operators, of which ``@`` is any text and the others are not modelled, and is
younger than the classes ``\d``, ``\s`` and ``\w`` of ASCII characters.

Source: Lucene 9.12 RegExp, LUCENE-9336; "Regular expression syntax" of Elasticsearch 8.19 and 9.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from converter.languages.elasticsearch.refusal import Refusal
from converter.model import node

MAX_LENGTH: Final = 1000
"""Characters of an expression that an index takes (``index.max_regex_length``)."""
_MAX_DEPTH: Final = 50
_LAST: Final = 0x10FFFF
Ranges: TypeAlias = tuple[tuple[int, int], ...]
ANY: Final[Ranges] = ((0, _LAST),)
"""The ranges that hold every character."""
_STRAY: Final = '?*+{]}#@&<>~"'
_STRAY_IN_EQL: Final = '?*+{#&<~"'
_BRACE: Final = "a brace is written `\\{`"
_CLASSES: Final[dict[str, Ranges]] = {
    "d": ((48, 57),),
    "s": ((9, 10), (13, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}


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


def parse(text: str, *, eql: bool = False) -> Expression:
    """Return the expression; ``eql`` reads it with all operators and classes, as EQL's ``regex`` does.

    Raises:
        Refusal: where the engine refuses it, or this package does not know what it means.
    """
    if len(text) > MAX_LENGTH:
        raise Refusal(f"the length of the regular expression is {len(text)}, more than {MAX_LENGTH} [index.max_regex_length]", early=True)
    if not text:
        return Join(())
    reader = _Reader(text, eql=eql)
    found = reader.choice(0)
    if reader.at < len(text):
        message = f"a '{text[reader.at]}' without its opening in a regular expression"
        raise Refusal(message, early=True, help="put a backslash before it")
    return found


class _Reader:
    """The text and how far it was read."""

    def __init__(self, text: str, *, eql: bool) -> None:
        self.text, self.at, self.eql = text, 0, eql

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
            raise Refusal("a repetition in a regular expression without its numbers", early=True, help=_BRACE)
        return least, most

    def number(self) -> int:
        """Read a whole number."""
        start = self.at
        while self.peek() and self.peek() in "0123456789":
            self.at += 1
        if start == self.at or self.at - start > 4:
            raise Refusal("a repetition in a regular expression without its numbers", early=True, help=_BRACE)
        return int(self.text[start : self.at])

    def atom(self, depth: int) -> Expression:
        """Read one character, a class or a group."""
        if self.take("."):
            return Chars(ANY)
        if self.eql and self.take("@"):
            return Repeat(Chars(ANY), 0, None)
        if self.take("("):
            if self.take(")"):
                return Join(())
            inner = self.choice(depth + 1)
            if not self.take(")"):
                raise Refusal("a group of a regular expression without its end", early=True, help="close it, or write `\\(`")
            return inner
        if self.take("["):
            return self.char_class()
        if self.peek() and self.peek() in (_STRAY_IN_EQL if self.eql else _STRAY):
            raise Refusal(f"a '{self.peek()}' where it stands in a regular expression", unknown=True, help="put a backslash before it")
        found = self.one()
        return found if isinstance(found, Chars) else Chars(((found, found),), spelled=True)

    def one(self) -> int | Chars:
        """Read one character, whose backslash is taken off, or in EQL the class that a backslash and a letter name."""
        if self.take("\\") and self.peek().isascii() and self.peek().isalnum():
            letter = self.peek()
            if not self.eql:
                raise Refusal(f"'\\{letter}' in a regular expression, which versions read differently", unknown=True)
            if letter.lower() in _CLASSES:
                self.at += 1
                ranges = _CLASSES[letter.lower()]
                return Chars(ranges if letter.islower() else complement(ranges))
        if not self.peek():
            message = "the end of a regular expression where a character should stand"
            raise Refusal(message, early=True, help="a backslash is written twice")
        self.at += 1
        return ord(self.text[self.at - 1])

    def char_class(self) -> Chars:
        """Read the ranges of a class behind its bracket."""
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        while self.peek() != "]":
            if not self.eql and self.peek() and self.peek() in "[-^":
                raise Refusal(f"a '{self.peek()}' where it stands in a class of a regular expression", unknown=True)
            first = self.one()
            if isinstance(first, Chars):
                ranges += first.ranges
                continue
            last = first
            if self.peek() == "-" and not (self.eql and self.text[self.at + 1 : self.at + 2] == "]"):
                self.at += 1
                end = self.one()
                if isinstance(end, Chars):
                    raise Refusal("a range that ends in a class of a regular expression", unknown=True)
                last = end
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
        Refusal: for what versions fold differently (``folds_differently``).
    """
    if folds_differently(expression):
        message = "case_insensitive on a letter or class that versions fold differently"
        raise Refusal(message, unknown=True, help="write both cases in the class: [A-Za-z]")
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


def folds_differently(expression: Expression) -> bool:
    """Say whether it has a class that holds one case of a letter only, or a letter beyond ASCII that has case.

    Lucene 9 leaves them as they are, Lucene 10 and others fold them.
    """
    stack = [expression]
    while stack:
        match stack.pop():
            case Join(parts) | Choice(parts):
                stack += parts
            case Repeat(body):
                stack.append(body)
            case Chars(ranges, spelled):
                letter = chr(ranges[0][0]) if spelled else ""
                if (not letter.isascii() and letter.lower() != letter.upper()) or not (spelled or _is_closed(ranges)):
                    return True
    return False


def _is_closed(ranges: Ranges) -> bool:
    """Say whether a class holds both cases of each ASCII letter or none, and all characters beyond ASCII or none."""
    beyond = [run for run in ranges if run[1] > 0x7F]
    if beyond and (len(beyond) > 1 or beyond[0][0] > 0x80 or beyond[0][1] != _LAST):
        return False
    return all(holds(ranges, point) == holds(ranges, point - 32) for point in range(ord("a"), ord("z") + 1))


def holds(ranges: Ranges, point: int) -> bool:
    """Say whether a character is in a class."""
    return any(first <= point <= last for first, last in ranges)
