"""The expression of ``search``: keywords, comparisons, and a precedence of its own.

Parentheses, then ``NOT``, then ``OR``, then ``AND`` (written or implied):
``a=1 OR b=2 c=3`` means ``(a=1 OR b=2) AND c=3``.  Operators are upper case;
a lower-case ``or`` is a keyword.  Source: Splunk Search Manual, "Boolean
expressions"; Search Reference, "search".
"""

from __future__ import annotations

from converter.languages.spl import tokens
from converter.languages.spl.macros import Expanded, parts_of_call
from converter.languages.spl.problem import DEPTH
from converter.languages.spl.syntax import Comparison, MacroCall, OneOf, Pattern, SearchAnd, SearchNode, SearchNot, SearchOr, Term
from converter.languages.spl.tokens import Token, fault

_OPERATORS = frozenset(("=", "!=", "<", "<=", ">", ">="))
_TIME = frozenset(("earliest", "latest", "_index_earliest", "_index_latest", "starttime", "endtime", "timeformat"))
_COMPUTED = frozenset(("eventtype", "tag", "savedsearch", "savedsplunk", "splunk_server", "splunk_server_group"))


def search_expression(text: Expanded, start: int, end: int) -> SearchNode | None:
    """Return the expression between two places, or None when there is nothing.

    Raises ``ReadError``.
    """
    parser = _Parser(text, tokens.words(text, start, end))
    if parser.token.kind == "end":
        return None
    found = parser.conjunction(0)
    if parser.token.kind != "end":
        raise parser.unexpected()
    return found


class _Parser:
    """The tokens of one expression and the place in them."""

    def __init__(self, text: Expanded, found: list[Token]) -> None:
        self.text, self.tokens, self.index = text, found, 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def unexpected(self) -> Exception:
        """Return the error for the token at hand."""
        token = self.token
        what = "the end of the search" if token.kind == "end" else f"'{token.raw}'"
        return fault(self.text, token.start, token.end, "R240", f"unexpected {what}", "put double quotes around a value")

    def is_mark(self, mark: str) -> bool:
        """Say whether the token at hand is this mark."""
        return self.token.kind == "mark" and self.token.text == mark

    def is_word(self, word: str) -> bool:
        """Say whether the token at hand is this bare word."""
        return self.token.kind == "word" and self.token.text == word

    def take(self) -> Token:
        """Return the token at hand and go on."""
        self.index += 1
        return self.tokens[self.index - 1]

    def offsets(self, start: int) -> int:
        """Return the packed offsets from ``start`` to the last token taken."""
        return self.text.offsets(start, self.tokens[self.index - 1].end)

    def conjunction(self, depth: int) -> SearchNode:
        """Read terms joined by ``AND`` or by nothing."""
        start = self.token.start
        children = [self.disjunction(depth)]
        while self.token.kind != "end" and not self.is_mark(")"):
            if self.is_word("AND"):
                self.take()
            children.append(self.disjunction(depth))
        return children[0] if len(children) == 1 else SearchAnd(tuple(children), self.offsets(start))

    def disjunction(self, depth: int) -> SearchNode:
        """Read terms joined by ``OR``, which binds tighter than ``AND`` here."""
        start = self.token.start
        children = [self.negation(depth)]
        while self.is_word("OR"):
            self.take()
            children.append(self.negation(depth))
        return children[0] if len(children) == 1 else SearchOr(tuple(children), self.offsets(start))

    def negation(self, depth: int) -> SearchNode:
        """Read ``NOT`` before a term, or a group, or a term."""
        token = self.token
        if depth > DEPTH:
            raise fault(self.text, token.start, token.end, "R244", f"the expression is nested deeper than {DEPTH}", "split the search")
        if self.is_word("NOT"):
            self.take()
            return SearchNot(self.negation(depth + 1), self.offsets(token.start))
        if self.is_mark("("):
            self.take()
            found = self.conjunction(depth + 1)
            if not self.is_mark(")"):
                raise fault(self.text, token.start, token.end, "R240", "this parenthesis is not closed", "add )")
            self.take()
            return found
        return self.term()

    def term(self) -> SearchNode:
        """Read a macro, a keyword or a comparison."""
        token = self.token
        if token.kind == "macro":
            name, arguments = parts_of_call(self.take().text)
            return MacroCall(name, arguments, self.offsets(token.start))
        if token.kind not in ("word", "string") or (token.kind == "word" and token.text in ("AND", "OR", "NOT")):
            raise self.unexpected()
        follower = self.tokens[self.index + 1]
        if token.kind == "word" and token.text in ("CASE", "TERM") and follower.text == "(" and follower.start == token.end:
            whole = token.text == "TERM"
            value = self.enclosed()
            return Term(Pattern(value.text, value.cased and not whole, value.offsets), whole, value.offsets)
        if follower.kind == "mark" and follower.text in _OPERATORS:
            return self.comparison()
        if follower.kind == "word" and follower.text == "IN" and self.tokens[self.index + 2].text == "(":
            return self.one_of()
        return Term(self.value(), False, self.text.offsets(token.start, token.end))

    def comparison(self) -> Comparison:
        """Read ``field operator value``."""
        start = self.token.start
        field = self.field()
        operator = self.take()
        ordered = operator.text not in ("=", "!=")
        value = self.value(field=True)
        if ordered and (value.cased or "*" in value.text):
            message = f"'{operator.text}' takes a plain value, no wildcard and no CASE()"
            raise fault(self.text, start, self.tokens[self.index - 1].end, "R240", message)
        return Comparison(field, operator.text, value, self.offsets(start))

    def one_of(self) -> OneOf:
        """Read ``field IN (value, …)``."""
        start = self.token.start
        field = self.field()
        self.index += 2
        values = [self.value()]
        while self.is_mark(","):
            self.take()
            values.append(self.value())
        if not self.is_mark(")"):
            raise self.unexpected()
        self.take()
        return OneOf(field, tuple(values), self.offsets(start))

    def field(self) -> str:
        """Read a field's name, quoted or bare."""
        token = self.take()
        self.plain(token)
        name = token.text
        if not name or "*" in name:
            raise fault(self.text, token.start, token.end, "R240", "a field name in a search is not empty and has no wildcard")
        if token.kind == "word" and "'" in name:
            message = "single quotes do not enclose a field name in `search`"
            raise fault(self.text, token.start, token.end, "R246", message, "write it in double quotes")
        if name in _TIME:
            raise fault(
                self.text, token.start, token.end, "R247", f"time modifier '{name}' is not evaluated", "set the window in the schedule"
            )
        if name in _COMPUTED:
            raise fault(
                self.text, token.start, token.end, "R247", f"field '{name}' is computed by Splunk's configuration and not evaluated"
            )
        return name

    def value(self, *, field: bool = False) -> Pattern:
        """Read a value, quoted or bare; ``CASE(…)`` too after a field's operator."""
        token = self.token
        follower = self.tokens[self.index + 1] if token.kind != "end" else token
        if field and token.kind == "word" and token.text == "CASE" and follower.text == "(" and follower.start == token.end:
            return self.enclosed()
        if token.kind not in ("word", "string"):
            raise self.unexpected()
        self.take()
        self.plain(token)
        return Pattern(token.text, False, self.text.offsets(token.start, token.end))

    def enclosed(self) -> Pattern:
        """Read ``CASE(value)`` or ``TERM(value)``."""
        opening = self.take()
        self.take()
        token = self.token
        if token.kind not in ("word", "string"):
            raise self.unexpected()
        self.take()
        self.plain(token)
        if not self.is_mark(")"):
            raise fault(
                self.text, opening.start, token.end, "R240", f"{opening.text}() takes one value", "put double quotes around the value"
            )
        self.take()
        return Pattern(token.text, True, self.offsets(opening.start))

    def plain(self, token: Token) -> None:
        r"""Refuse a backslash whose meaning Splunk does not document.

        A backslash cannot escape ``*`` and must itself be doubled
        (Search Manual, "Backslashes").
        """
        place = odd if (odd := tokens.odd_escape(token.raw)) >= 0 else token.raw.find("\\") if token.kind == "word" else -1
        if place >= 0:
            start = token.start + place + (token.kind == "string")
            message = "a single backslash in a search has no certain meaning, and it cannot escape '*'"
            raise fault(self.text, start, start + 1, "R246", message, r"write \\ inside double quotes; match a literal * in `where`")
