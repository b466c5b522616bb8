"""Sigma's condition expressions, with the place of every word.

Grammar: ``not`` binds tighter than ``and``, ``and`` tighter than ``or``;
``1 of``, ``any of``, ``all of`` take a name pattern or ``them``.  Operators
are lower case.  Source: Sigma specification 2.1, "Condition".
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from converter.ir.evaluate import fits
from converter.ir.nodes import parts_of
from converter.model import node

DEPTH: Final = 100
"""Nested parentheses and negations."""


@node
class Name:
    """A detection by its name."""

    name: str
    start: int
    end: int


@node
class Selector:
    """Any (or every) detection whose name fits a pattern; ``them`` is all that do not begin with ``_``."""

    every: bool
    pattern: str
    start: int
    end: int


@node
class Negation:
    """Not the operand."""

    operand: Condition
    start: int
    end: int


@node
class Junction:
    """All (``and``) or any (``or``) of the operands."""

    word: str
    operands: tuple[Condition, ...]
    start: int
    end: int


Condition: TypeAlias = Name | Selector | Negation | Junction


class ConditionError(Exception):
    """Where a condition cannot be read, and why; ``ir.lower`` turns it into a diagnostic."""

    def __init__(self, message: str, start: int, end: int, help_text: str = "") -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.help = message, start, end, help_text


_TOKEN = re.compile(r"\s*(?:(?P<paren>[()])|(?P<word>[^\s()|]+)|(?P<pipe>\|))")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_PATTERN = re.compile(r"[A-Za-z0-9*_.-]+")
_QUANTIFIERS = {"1": False, "any": False, "all": True}


def parse_condition(text: str) -> Condition:
    """Return the tree of a condition; raise ``ConditionError`` with offsets into ``text``."""
    return _Parser(text).whole()


class _Parser:
    """Recursive descent; state is the position in the token list and the depth."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int, int]] = []
        self._at = 0
        self._depth = 0
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            assert found is not None, "every character is white space, a parenthesis, a bar or part of a word"
            kind = found.lastgroup or ""
            if kind == "pipe":
                help_text = "write a correlation rule with 'type: event_count' instead"
                raise ConditionError("aggregations in conditions are not part of Sigma 2", found.start(kind), len(text.rstrip()), help_text)
            self._tokens.append((found[kind], found.start(kind), found.end(kind)))
            position = found.end()
        self._tokens.append(("", len(text.rstrip()), len(text.rstrip())))

    def whole(self) -> Condition:
        tree = self._junction("or")
        word, start, end = self._tokens[self._at]
        if word:
            raise ConditionError(f"'{word}' is not expected here", start, end, _hint(word))
        return tree

    def _junction(self, word: str) -> Condition:
        operands = [self._junction("and") if word == "or" else self._operand()]
        while self._tokens[self._at][0] == word:
            self._at += 1
            operands.append(self._junction("and") if word == "or" else self._operand())
        return operands[0] if len(operands) == 1 else Junction(word, tuple(operands), operands[0].start, operands[-1].end)

    def _operand(self) -> Condition:
        word, start, end = self._tokens[self._at]
        self._at += 1
        if word in ("not", "("):
            self._depth += 1
            if self._depth > DEPTH:
                raise ConditionError(f"more than {DEPTH} nested parentheses and negations", start, end, "split the condition")
            inner = self._operand() if word == "not" else self._closed(start, end)
            self._depth -= 1
            return Negation(inner, start, inner.end) if word == "not" else inner
        if word in ("", ")", "and", "or", "of"):
            shown = f"'{word}'" if word else "the end"
            raise ConditionError(f"a detection name is expected instead of {shown}", start, max(end, start + 1), _hint(word))
        if self._tokens[self._at][0] == "of":
            return self._selector(word, start, end)
        if not _NAME.fullmatch(word):
            raise ConditionError(f"'{word}' is not a detection name", start, end, "names hold letters, digits, '_', '-'")
        return Name(word, start, end)

    def _closed(self, start: int, end: int) -> Condition:
        inner = self._junction("or")
        if self._tokens[self._at][0] != ")":
            raise ConditionError("this parenthesis is not closed", start, end, "add ')'")
        self._at += 1
        return inner

    def _selector(self, quantifier: str, start: int, end: int) -> Condition:
        if quantifier not in _QUANTIFIERS:
            raise ConditionError(f"'{quantifier} of' is not part of Sigma", start, end, "use '1 of' or 'all of'")
        self._at += 1
        pattern, first, last = self._tokens[self._at]
        if not _PATTERN.fullmatch(pattern):
            raise ConditionError(
                "a name pattern or 'them' is expected after 'of'", first, max(last, first + 1), "for example '1 of selection_*'"
            )
        self._at += 1
        return Selector(_QUANTIFIERS[quantifier], pattern, start, last)


def selected(pattern: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that a selector means; names with a leading ``_`` only when the pattern has one."""
    if pattern == "them":
        return tuple(name for name in names if not name.startswith("_"))
    parts = parts_of(pattern)  # not a regular expression, which would take exponential time for many stars
    return tuple(name for name in names if fits(parts, name, cased=True) and (pattern.startswith("_") or not name.startswith("_")))


def places_in(raw: str, text: str) -> list[int] | None:
    """Return where in ``raw``, a scalar as its file writes it, each character of its value ``text`` stands, and the end.

    Quotes, a block's header and the white space of folded lines are passed
    over; ``None`` for a scalar with escapes, whose characters stand nowhere.
    """
    at = 0
    if raw[:1] in ("|", ">"):
        at = raw.find("\n") + 1
    elif raw[:1] in ("'", '"'):
        at = 1
    found: list[int] = []
    for character in text:
        blank = character.isspace()
        if not blank:
            while raw[at : at + 1].isspace():
                at += 1
            if raw[at : at + 1] != character:
                return None
        found.append(at)
        at += not blank or raw[at : at + 1].isspace()
    return [*found, at]


def _hint(word: str) -> str:
    return f"operators are written in lower case: '{word.lower()}'" if word in ("AND", "OR", "NOT") else ""
