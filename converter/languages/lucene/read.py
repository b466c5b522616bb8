r"""Read a query string: text to tree, with the place of every part and of the first mistake.

Recursive descent along the productions of Lucene's classic parser, which
never goes back; its two looks ahead (plain terms side by side are one text,
a term before a colon is a field) are kept.

Source: Lucene 9 QueryParser.jj and QueryParserBase.java ("discardEscapeChar").
"""

from __future__ import annotations

from typing import NoReturn

from converter.languages.lucene.mistakes import help_for
from converter.languages.lucene.syntax import (
    Body,
    Clause,
    Expression,
    Fuzzy,
    Group,
    Leaf,
    MatchAll,
    Pattern,
    Phrase,
    Prefix,
    Query,
    Range,
    Words,
)
from converter.languages.lucene.tokens import SPACES, Token, cut
from converter.model import Diagnostic, Severity, Source, pack

MAX_DEPTH = 100
"""Brackets that may be open at once."""

MAX_LENGTH = 400_000
"""Characters a query may have; the longest published rule has 10,000."""

_APART = frozenset({":", "*", "~", "^", "and", "or"})
"""Tokens that keep the term before them apart from the one before that."""
_BEGIN = frozenset({"and", "or", "not", "plus", "minus", "bare", "(", "*", "quoted", "term", "prefix", "pattern", "expression", "["})
_SIGNS = {"plus": "+", "minus": "-", "not": "-"}
_JOINS = {"and": "AND", "or": "OR"}
_VALUES = frozenset({"term", "*", "prefix", "pattern", "expression", "bare"})
_NAMES = {"error": "a character that begins nothing", "end": "the end"}


def read(text: str, path: str = "<query>") -> Query | Diagnostic:
    """Return the tree of a query string, or why it is none.

    Args:
        text: the query; a blank one means every document, as Kibana sends it.
        path: the name by which people know where the text came from.

    Returns:
        A diagnostic ``R290`` (not a query string) or ``R291`` (too long or
        too deep) instead of the tree, at the token where Lucene would stop.
    """
    source = Source(path, text)
    if len(text) > MAX_LENGTH:
        message = f"the query has {len(text)} characters, more than {MAX_LENGTH}"
        return Diagnostic("R291", Severity.ERROR, source.start, message, "split the query into several rules")
    if not text.strip(SPACES):
        return Query(source, MatchAll(pack(0, len(text))))
    try:
        return Query(source, _Reader(text).whole())
    except _Stop as stop:
        return Diagnostic(stop.code, Severity.ERROR, source.span(stop.offsets), stop.message, stop.help)


class _Stop(Exception):  # noqa: N818 - never leaves this module
    """The place where reading stopped, and why."""

    def __init__(self, code: str, offsets: int, message: str, help: str) -> None:
        super().__init__(message)
        self.code, self.offsets, self.message, self.help = code, offsets, message, help


class _Reader:
    """A place among the tokens; each method reads one production and moves behind it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = cut(text)
        self.at = 0
        self.depth = 0

    def kind(self, ahead: int = 0) -> str:
        """Return the kind of a token; behind the last one nothing stands."""
        place = self.at + ahead
        return self.tokens[place].kind if place < len(self.tokens) else "end"

    def take(self) -> Token:
        """Return the token and go past it."""
        self.at += 1
        return self.tokens[self.at - 1]

    def whole(self) -> Group:
        """Read the whole text."""
        tree = self.group(None)
        if self.kind() != "end":
            self.fail("a clause or the end of the query")
        return tree

    def group(self, field: str | None) -> Group:
        """Read clauses up to what begins none."""
        start = self.tokens[self.at].start
        clauses = [self.several(field) or self.signed(field, "")]
        while self.kind() in _BEGIN:
            if words := self.several(field):
                clauses.append(words)
                continue
            joined = _JOINS[self.take().kind] if self.kind() in _JOINS else ""
            clauses.append(self.signed(field, joined))
        return Group(tuple(clauses), pack(start, self.tokens[self.at - 1].end))

    def several(self, field: str | None) -> Clause | None:
        """Read plain terms side by side, which are one text for the field."""
        if self.kind() != "term" or self.kind(1) != "term" or self.kind(2) in _APART:
            return None
        first = last = self.take()
        images = [first.text]
        while self.kind() == "term" and self.kind(1) not in _APART:
            last = self.take()
            images.append(last.text)
        return Clause(Words(field, self.plain(" ".join(images), first.start), pack(first.start, last.end)))

    def signed(self, field: str | None, joined: str) -> Clause:
        """Read a clause and the sign before it."""
        sign = _SIGNS[self.take().kind] if self.kind() in _SIGNS else ""
        return Clause(self.clause(field), joined, sign)

    def clause(self, field: str | None) -> Body:
        """Read a value or a bracket, perhaps with its field."""
        start = self.tokens[self.at].start
        if self.kind() in ("term", "*") and self.kind(1) == ":":
            name = self.take()
            field = "*" if name.kind == "*" else self.plain(name.text, name.start)
            self.at += 1
        if self.kind() == "(":
            return self.bracket(field)
        return self.leaf(field, start)

    def bracket(self, field: str | None) -> Group:
        """Read ``( clauses )``, perhaps with a boost, which changes no answer."""
        opened = self.take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} brackets are open"
            raise _Stop("R291", pack(opened.start, opened.end), message, "remove brackets that change nothing, or split the query")
        tree = self.group(field)
        if self.kind() != ")":
            self.fail(f"a clause or the `)` of the bracket at character {opened.start + 1}")
        self.take()
        self.depth -= 1
        self.boost()
        return tree

    def leaf(self, field: str | None, start: int) -> Leaf:
        """Read a value."""
        if self.kind() in _VALUES:
            token = self.take()
            tilde = self.tail()
            return self.value(field, token, tilde, pack(start, self.tokens[self.at - 1].end))
        if self.kind() == "quoted":
            token = self.take()
            tilde = self.tail()
            text = self.plain(token.text[1:-1], token.start + 1)
            return Phrase(field, text, _slop(tilde), pack(start, self.tokens[self.at - 1].end))
        if self.kind() == "[":
            return self.range(field, start)
        return self.fail("a value" if self.at and self.kind(-1) == ":" else "a clause")

    def value(self, field: str | None, token: Token, tilde: str | None, offsets: int) -> Leaf:
        """Return what a bare token is."""
        match token.kind:
            case "expression":
                return Expression(field, token.text[1:-1], offsets)
            case "*" | "pattern":
                return Pattern(field, token.text, offsets)
            case "prefix":
                return Prefix(field, self.plain(token.text[:-1], token.start), offsets)
        text = token.text[0] if token.kind == "bare" else self.plain(token.text, token.start)
        return Words(field, text, offsets) if tilde is None else Fuzzy(field, text, tilde, offsets)

    def tail(self) -> str | None:
        """Read a boost and a tilde in either order; return what stands behind the tilde."""
        if self.boost():
            return self.take().text[1:] if self.kind() == "~" else None
        if self.kind() != "~":
            return None
        tilde = self.take().text[1:]
        self.boost()
        return tilde

    def boost(self) -> bool:
        """Read ``^number``."""
        if self.kind() != "^":
            return False
        self.take()
        if self.kind() != "number":
            self.fail("a number")
        self.take()
        return True

    def range(self, field: str | None, start: int) -> Range:
        """Read ``[low TO high]``; braces leave the bound itself out."""
        opened = self.take()
        low = self.bound()
        if self.kind() != "to":
            self.fail("`TO`")
        self.take()
        high = self.bound()
        if self.kind() != "]":
            self.fail("`]` or `}`")
        closed = self.take()
        self.boost()
        offsets = pack(start, self.tokens[self.at - 1].end)
        return Range(field, self.limit(low), self.limit(high), opened.text == "[", closed.text == "]", offsets)

    def bound(self) -> Token:
        """Read one end of a range."""
        if self.kind() not in ("bound", "quoted", "to"):
            self.fail("a bound, `*` for none")
        return self.take()

    def limit(self, token: Token) -> str | None:
        """Return the text of a bound; ``None`` where the range is open."""
        text = self.plain(token.text[1:-1], token.start + 1) if token.kind == "quoted" else self.plain(token.text, token.start)
        # The engine takes a star for none even in quotes.
        return None if text == "*" else text

    def plain(self, text: str, start: int) -> str:
        r"""Return a text without its backslashes; ``\u`` and four digits are a character."""
        if "\\" not in text:
            return text
        found: list[str] = []
        at = 0
        while at < len(text):
            if text[at] != "\\":
                found.append(text[at])
                at += 1
                continue
            if at + 1 == len(text):
                self.stop(start + at, "a backslash ends the text", "write two backslashes for one")
            if text[at + 1] != "u":
                found.append(text[at + 1])
                at += 2
                continue
            digits = text[at + 2 : at + 6]
            if len(digits) < 4 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
                self.stop(start + at, r"`\u` without its four hexadecimal digits", r"a backslash for itself is written `\\`")
            found.append(chr(int(digits, 16)))
            at += 6
        return "".join(found).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")

    def stop(self, at: int, message: str, help_text: str) -> NoReturn:
        """Stop at a character."""
        raise _Stop("R290", pack(at, at + 1), message, help_text)

    def fail(self, expected: str) -> NoReturn:
        """Stop here."""
        token = self.tokens[self.at]
        found = _NAMES.get(token.kind) or f"`{token.text.strip()[:20]}`"
        if token.kind == "error":
            found = f"{found}, `{token.text}`"
        help_text = help_for(self.text, token, self.tokens[self.at - 1] if self.at else None)
        raise _Stop("R290", pack(token.start, max(token.end, token.start + 1)), f"expected {expected}, found {found}", help_text)


def _slop(tilde: str | None) -> int:
    """Return how far the words of a phrase may be moved; what is no number counts as none."""
    try:
        return min(int(float(tilde or "0")), 1 << 30)
    except (ValueError, OverflowError):
        return 0
