"""The expression of ``where`` and ``eval``: functions, comparisons, strict kinds.

Parentheses, then ``NOT``, then ``AND``, then ``OR``: the other way round than
in ``search``.  Splunk checks kinds before it runs: ``NOT``, ``AND``, ``OR``
and ``where`` take truth values, comparisons take none.  Arithmetic and
concatenation are not read.  Source: Splunk Search Reference, "where", "eval".
"""

from __future__ import annotations

import ipaddress
import re

from converter.languages.spl import tokens
from converter.languages.spl.functions import FUNCTIONS, Signature
from converter.languages.spl.macros import Expanded
from converter.languages.spl.pattern import compiled
from converter.languages.spl.problem import DEPTH, ReadError
from converter.languages.spl.syntax import Call, Field, Number, Relation, Text, WhereAnd, WhereNode, WhereNot, WhereOr, fields_of
from converter.languages.spl.tokens import Token, fault

_COMPARE = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_PLAIN = re.compile(r"[A-Za-z0-9 &;<>_#-]*")
"""Nothing special to regular expressions, and nothing that a replacement refers to a group with."""
_WORDS = frozenset(("AND", "OR", "NOT", "XOR", "IN", "LIKE"))


def condition(text: Expanded, start: int, end: int) -> WhereNode:
    """Return the expression between two places, which must give a truth value.

    Raises ``ReadError``.
    """
    parser = ExpressionParser(text, tokens.expression(text, start, end))
    found = parser.disjunction(0)
    parser.finish()
    parser.need(found, True, "`where` takes a truth value")
    return found


class ExpressionParser:
    """The tokens of one command's expressions and the place in them."""

    def __init__(self, text: Expanded, found: list[Token]) -> None:
        self.text, self.tokens, self.index = text, found, 0

    @property
    def token(self) -> Token:
        """The token at hand."""
        return self.tokens[self.index]

    def take(self) -> Token:
        """Return the token at hand and go on."""
        self.index += 1
        return self.tokens[self.index - 1]

    def is_mark(self, mark: str) -> bool:
        """Say whether the token at hand is this mark."""
        return self.token.kind == "mark" and self.token.text == mark

    def is_word(self, word: str) -> bool:
        """Say whether the token at hand is this bare word."""
        return self.token.kind == "word" and self.token.text == word

    def finish(self) -> None:
        """Refuse what is left."""
        if self.token.kind != "end":
            raise self.unexpected()

    def unexpected(self) -> ReadError:
        """Return the error for the token at hand."""
        token = self.token
        what = "the end of the expression" if token.kind == "end" else f"'{token.raw}'"
        if token.kind == "word" and token.text.upper() in _WORDS:
            return fault(self.text, token.start, token.end, "R240", f"unexpected {what}", "write AND, OR, NOT and IN in upper case, once")
        return fault(self.text, token.start, token.end, "R240", f"unexpected {what}")

    def offsets(self, start: int) -> int:
        """Return the packed offsets from ``start`` to the last token taken."""
        return self.text.offsets(start, self.tokens[self.index - 1].end)

    def need(self, found: WhereNode, boolean: bool, why: str) -> None:
        """Refuse an expression of the wrong kind, as Splunk's type check does."""
        if is_boolean(found) is not boolean:
            start, end = self.tokens[0].start, self.tokens[self.index - 1].end
            raise fault(self.text, start, end, "R242", why)

    def disjunction(self, depth: int) -> WhereNode:
        """Read terms joined by ``OR``, which binds weakest."""
        start = self.token.start
        children = [self.conjunction(depth)]
        while self.is_word("OR"):
            self.take()
            children.append(self.conjunction(depth))
        if len(children) == 1:
            return children[0]
        for child in children:
            self.need(child, True, "OR joins truth values")
        return WhereOr(tuple(children), self.offsets(start))

    def conjunction(self, depth: int) -> WhereNode:
        """Read terms joined by ``AND``."""
        start = self.token.start
        children = [self.negation(depth)]
        while self.is_word("AND"):
            self.take()
            children.append(self.negation(depth))
        if len(children) == 1:
            return children[0]
        for child in children:
            self.need(child, True, "AND joins truth values")
        return WhereAnd(tuple(children), self.offsets(start))

    def negation(self, depth: int) -> WhereNode:
        """Read ``NOT`` before a comparison, or a comparison."""
        token = self.token
        if depth > DEPTH:
            raise fault(self.text, token.start, token.end, "R244", f"the expression is nested deeper than {DEPTH}", "split the search")
        if not self.is_word("NOT"):
            return self.relation(depth)
        self.take()
        child = self.negation(depth + 1)
        self.need(child, True, "NOT takes a truth value")
        return WhereNot(child, self.offsets(token.start))

    def relation(self, depth: int) -> WhereNode:
        """Read a value, or two with a comparison between them."""
        start = self.token.start
        left = self.operand(depth)
        if self.is_word("IN") or self.is_word("LIKE"):
            return self.worded(left, start, depth)
        if self.token.kind != "mark" or self.token.text not in _COMPARE:
            return left
        operator = _COMPARE[self.take().text]
        right = self.operand(depth)
        self.need(left, False, f"'{operator}' compares values, not truth values")
        self.need(right, False, f"'{operator}' compares values, not truth values")
        if self.token.kind == "mark" and self.token.text in _COMPARE:
            raise self.unexpected()
        return Relation(left, operator, right, self.offsets(start))

    def worded(self, left: WhereNode, start: int, depth: int) -> WhereNode:
        """Read ``x IN (…)`` and ``x LIKE "…"`` as the functions that they are."""
        if self.take().text == "LIKE":
            arguments = (left, self.operand(depth))
            return self.checked("like", arguments, start)
        if not self.is_mark("("):
            raise self.unexpected()
        self.take()
        return self.checked("in", (left, *self.arguments(depth + 1)), start)

    def arguments(self, depth: int, pattern: int = -1) -> tuple[WhereNode, ...]:
        """Read what stands between parentheses, the opening one being taken; ``pattern`` is the place of a regular expression."""
        found: list[WhereNode] = []
        while not self.is_mark(")"):
            if found:
                if not self.is_mark(","):
                    raise self.unexpected()
                self.take()
            token = self.token
            if len(found) == pattern and token.kind == "string":
                self.take()
                found.append(Text(token.text, self.text.offsets(token.start, token.end)))
            else:
                found.append(self.disjunction(depth))
        self.take()
        return tuple(found)

    def operand(self, depth: int) -> WhereNode:
        """Read a group, a function, a field, a string or a number."""
        token = self.token
        if self.is_mark("("):
            self.take()
            found = self.disjunction(depth + 1)
            if not self.is_mark(")"):
                raise fault(self.text, token.start, token.end, "R240", "this parenthesis is not closed", "add )")
            self.take()
            return found
        if token.kind not in ("string", "number", "field", "word"):
            if token.kind == "macro":
                raise fault(self.text, token.start, token.end, "R243", "a macro in an expression is read only when it is defined")
            raise self.unexpected()
        offsets = self.text.offsets(token.start, token.end)
        called = token.kind == "word" and self.tokens[self.index + 1].text == "(" and token.text in FUNCTIONS
        if token.kind == "word" and token.text.upper() in _WORDS and not called:
            raise self.unexpected()
        self.take()
        if token.kind == "string":
            self.plain(token)
            return Text(token.text, offsets)
        if token.kind == "number":
            return Number(token.text, offsets)
        if token.kind == "word" and self.is_mark("("):
            self.take()
            name = token.text.lower()
            if name not in FUNCTIONS:
                raise fault(self.text, token.start, token.end, "R242", f"function '{token.text}' is not read")
            return self.checked(name, self.arguments(depth + 1, FUNCTIONS[name].pattern), token.start)
        if not token.text:
            raise fault(self.text, token.start, token.end, "R240", "a field name is not empty")
        return Field(token.text, offsets)

    def plain(self, token: Token) -> None:
        r"""Refuse a backslash before anything but ``"`` and ``\`` where no regular expression takes it up."""
        place = tokens.odd_escape(token.raw)
        if place >= 0:
            start = token.start + 1 + place
            message = "a single backslash in a string has no certain meaning"
            raise fault(self.text, start, start + 1, "R246", message, r"write \\")

    def checked(self, name: str, arguments: tuple[WhereNode, ...], start: int) -> Call:
        """Return the call when its arguments fit the function."""
        signature, end = FUNCTIONS[name], self.tokens[self.index - 1].end
        if not signature.least <= len(arguments) <= signature.most:
            raise fault(self.text, start, end, "R242", f"{name}() cannot take {len(arguments)} arguments")
        if any(is_boolean(one) is not wanted for one, wanted in zip(arguments, _kinds(name, signature, arguments), strict=True)):
            raise fault(self.text, start, end, "R242", f"an argument of {name}() is a truth value where a value is due, or the reverse")
        if (wrong := _bad_literal(name, signature, arguments)) is not None:
            raise fault(self.text, start, end, *wrong)
        return Call(name, arguments, self.text.offsets(start, end))


def is_boolean(found: WhereNode) -> bool:
    """Say whether an expression gives a truth value (or null for one)."""
    while isinstance(found, Call) and FUNCTIONS[found.function].same >= 0:
        found = found.arguments[FUNCTIONS[found.function].same]
    if isinstance(found, Call):
        return FUNCTIONS[found.function].boolean
    return isinstance(found, Relation | WhereAnd | WhereOr | WhereNot)


def _kinds(name: str, signature: Signature, arguments: tuple[WhereNode, ...]) -> list[bool]:
    """Return for each argument whether it must be a truth value."""
    if signature.same < 0:
        return [place == signature.condition for place in range(len(arguments))]
    wanted = is_boolean(arguments[signature.same])
    return [True if place == signature.condition else wanted for place in range(len(arguments))]


def _bad_literal(name: str, signature: Signature, arguments: tuple[WhereNode, ...]) -> tuple[str, str, str] | None:
    """Return code, message and help when a pattern or network is no literal, or no good one."""
    for place in (signature.pattern, signature.network, signature.wild):
        if place >= 0 and not isinstance(arguments[place], Text):
            return "R242", f"{name}() is read with a string in quotes at place {place + 1}", ""
    for place in signature.plain:
        if not isinstance(text := arguments[place], Text) or not _PLAIN.fullmatch(text.value):
            return "R242", f"{name}() is read with a string of plain characters at place {place + 1}", ""
    if name == "mvfilter" and len(fields_of(arguments[0])) != 1:
        return "R242", "mvfilter() tests one field", ""
    if signature.pattern >= 0 and isinstance(pattern := arguments[signature.pattern], Text):
        program = compiled(pattern.value)
        if isinstance(program, str):
            return "R245", f"regular expression: {program}", ""
    if signature.network >= 0 and isinstance(network := arguments[signature.network], Text):
        try:
            ipaddress.ip_network(network.value, strict=False)
        except ValueError:
            return "R242", f"'{network.value}' is no network in CIDR notation", ""
    return None
