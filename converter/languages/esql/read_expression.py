"""Read an expression of ES|QL: OR, AND, NOT, then tests, sums, products, signs, casts.

Source: elastic/elasticsearch parser/Expression.g4.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from converter.languages.esql.problem import DEPTH, Stop
from converter.languages.esql.syntax import (
    Among,
    And,
    Arithmetic,
    Call,
    Cast,
    Comparison,
    Duration,
    Expression,
    Field,
    IsNull,
    Like,
    Literal,
    Match,
    Negative,
    Not,
    Or,
    Parameter,
    Scalar,
    Star,
)
from converter.languages.esql.tokens import KEYWORDS, Mode, Token, token_at
from converter.model import pack, unpack

_COMPARES: Final = ("==", "!=", "<", "<=", ">", ">=")
_NAMES: Final = ("word", "quoted")


class Tokens:
    """The tokens of a query, read one by one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = self.ended = 0
        self.mode = Mode.EXPRESSION
        self.depth = 0
        self._seen: tuple[Token, int] | None = None

    def enter(self, mode: Mode) -> None:
        """Read what follows in another mode."""
        self.mode, self._seen = mode, None

    @property
    def next(self) -> Token:
        """The token that stands next."""
        if self._seen is None:
            self._seen = token_at(self.text, self.at, self.mode)
        return self._seen[0]

    @property
    def start(self) -> int:
        """Where the next token begins."""
        return unpack(self.next.offsets)[0]

    def since(self, start: int) -> int:
        """Return the offsets from ``start`` to the end of the last token."""
        return pack(start, max(start, self.ended))

    def take(self) -> Token:
        """Return the next token and go on."""
        token = self.next
        assert self._seen is not None, "the next token was looked at"
        self.at = self.ended = self._seen[1]
        self._seen = None
        return token

    def is_(self, *signs: str) -> bool:
        """Say whether the next token is one of these signs or keywords."""
        token = self.next
        return token.kind in ("sign", "word", "index") and token.text.lower() in signs

    def skip(self, sign: str) -> bool:
        """Go on if the next token is this one."""
        if self.is_(sign):
            self.take()
            return True
        return False

    def expect(self, sign: str, help: str = "") -> None:
        """Go on behind a sign or a keyword.

        Raises:
            Stop: if another token stands there.
        """
        if not self.skip(sign):
            self.fail(f"`{sign.upper()}`", help)

    def fail(self, wanted: str, help: str = "") -> NoReturn:
        """Stop at the next token, which is not what should stand there."""
        token = self.next
        found = "the end of the query" if token.kind == "end" else f"`{self.text[slice(*unpack(token.offsets))]}`"
        raise Stop("R300", token.offsets, f"{found} where {wanted} should stand", help)

    @contextmanager
    def deeper(self, offsets: int) -> Iterator[None]:
        """Count a level.

        Raises:
            Stop: ``R301`` beyond the bound.
        """
        self.depth += 1
        if self.depth > DEPTH:
            raise Stop("R301", offsets, f"more than {DEPTH} levels inside each other", "write it flatter")
        yield
        self.depth -= 1


def expression(tokens: Tokens) -> Expression:
    """Read an expression."""
    with tokens.deeper(tokens.next.offsets):
        start = tokens.start
        children = [_and(tokens)]
        while tokens.skip("or"):
            children.append(_and(tokens))
        return children[0] if len(children) == 1 else Or(tuple(children), tokens.since(start))


def _and(tokens: Tokens) -> Expression:
    start = tokens.start
    children = [_not(tokens)]
    while tokens.skip("and"):
        children.append(_not(tokens))
    return children[0] if len(children) == 1 else And(tuple(children), tokens.since(start))


def _not(tokens: Tokens) -> Expression:
    if not tokens.is_("not"):
        return _test(tokens)
    start = tokens.start
    tokens.take()
    with tokens.deeper(pack(start, start)):
        child = _not(tokens)
    return Not(child, tokens.since(start))


def _test(tokens: Tokens) -> Expression:
    """Read a comparison, or another test of one value."""
    start = tokens.start
    left = _sum(tokens)
    if tokens.is_(*_COMPARES):
        operator = tokens.take().text
        left = Comparison(operator, left, _sum(tokens), tokens.since(start))
        if tokens.is_(*_COMPARES):
            tokens.fail("`AND`, `OR` or the end of the condition", "comparisons are not chained: write a < b AND b < c")
    if tokens.is_("="):
        tokens.fail("`==`", "a comparison is written ==")
    if tokens.is_("=~"):
        raise Stop("R302", tokens.next.offsets, "`=~` is in no version of ES|QL", "compare TO_LOWER(field)")
    if tokens.is_(":") and isinstance(left, Field | Cast):
        return _match(tokens, left, start)
    return _tested(tokens, left, start)


def _match(tokens: Tokens, left: Field | Cast, start: int) -> Match:
    field = left if isinstance(left, Field) else left.child
    tokens.take()
    if not isinstance(field, Field):
        tokens.fail("a field before `:`")
    return Match(field, constant(tokens), tokens.since(start))


def _tested(tokens: Tokens, left: Expression, start: int) -> Expression:
    """Read what may follow a value: IS NULL, IN, LIKE, RLIKE, with NOT before the last three."""
    if tokens.skip("is"):
        negated = tokens.skip("not")
        tokens.expect("null", "write IS NULL or IS NOT NULL")
        return IsNull(left, negated, tokens.since(start))
    negated = tokens.is_("not")
    if negated:
        tokens.take()
        if not tokens.is_("in", "like", "rlike"):
            tokens.fail("`IN`, `LIKE` or `RLIKE`")
    found: Expression
    if tokens.skip("in"):
        tokens.expect("(", "write IN (…, …)")
        candidates = [_sum(tokens)]
        while tokens.skip(","):
            candidates.append(_sum(tokens))
        tokens.expect(")")
        found = Among(left, tuple(candidates), tokens.since(start))
    elif tokens.is_("like", "rlike"):
        kind = tokens.take().text.upper()
        found = Like(kind, left, _patterns(tokens), tokens.since(start))
    else:
        return left
    return Not(found, found.offsets) if negated else found


def _patterns(tokens: Tokens) -> tuple[Literal, ...]:
    """Read one pattern, or several in brackets (since 9.1)."""
    if not tokens.skip("("):
        return (string(tokens, "a pattern in double quotes"),)
    found = [string(tokens, "a pattern in double quotes")]
    while tokens.skip(","):
        found.append(string(tokens, "a pattern in double quotes"))
    tokens.expect(")")
    return tuple(found)


def string(tokens: Tokens, wanted: str) -> Literal:
    """Read a text."""
    if tokens.next.kind not in ("string", "raw"):
        tokens.fail(wanted, "a parameter is not read" if tokens.next.kind == "parameter" else "")
    token = tokens.take()
    return Literal(token.text, token.offsets)


def _sum(tokens: Tokens) -> Expression:
    start = tokens.start
    found, count = _product(tokens), 0
    while tokens.is_("+", "-"):
        operator, count = _operator(tokens, count)
        found = Arithmetic(operator, found, _product(tokens), tokens.since(start))
    return found


def _product(tokens: Tokens) -> Expression:
    start = tokens.start
    found, count = _signed(tokens), 0
    while tokens.is_("*", "/", "%"):
        operator, count = _operator(tokens, count)
        found = Arithmetic(operator, found, _signed(tokens), tokens.since(start))
    return found


def _operator(tokens: Tokens, count: int) -> tuple[str, int]:
    token = tokens.take()
    if count >= DEPTH:
        raise Stop("R301", token.offsets, f"more than {DEPTH} operators in a row", "divide the sum with EVAL")
    return token.text, count + 1


def _signed(tokens: Tokens) -> Expression:
    if not tokens.is_("-", "+"):
        return primary(tokens)
    start = tokens.start
    negative = tokens.take().text == "-"
    with tokens.deeper(pack(start, start)):
        child = _signed(tokens)
    return Negative(child, tokens.since(start)) if negative else child


def primary(tokens: Tokens) -> Expression:
    """Read a constant, a column, a call or what stands in brackets, and the casts behind it."""
    start = tokens.start
    found = _primary(tokens)
    for count, _ in enumerate(iter(lambda: tokens.skip("::"), False)):
        if count >= DEPTH:
            raise Stop("R301", tokens.since(start), f"more than {DEPTH} casts", "write one")
        if tokens.next.kind not in _NAMES:
            tokens.fail("a type", "a cast is written field::keyword")
        found = Cast(found, tokens.take().text.lower(), tokens.since(start))
    return found


def _primary(tokens: Tokens) -> Expression:
    start, token = tokens.start, tokens.next
    if tokens.skip("("):
        found = expression(tokens)
        tokens.expect(")", "close the bracket")
        return found
    if token.kind == "quoted" or (token.kind == "word" and token.text.lower() not in KEYWORDS):
        name = qualified(tokens)
        return _call(tokens, name.name, start) if tokens.is_("(") and "." not in name.name else name
    if tokens.is_("first", "last"):
        tokens.take()
        return _call(tokens, token.text, start)
    if token.kind == "parameter":
        return Parameter(tokens.take().text.lstrip("?"), token.offsets)
    if token.kind == "word" and token.text.lower() not in ("true", "false", "null"):
        tokens.fail("a value", "a column whose name is a word of ES|QL stands in backquotes")
    if token.kind == "integer":
        tokens.take()
        if tokens.next.kind == "word" and tokens.next.text.lower() not in KEYWORDS:
            return Duration(int(token.text[:18]), tokens.take().text.lower(), tokens.since(start))
        return Literal(_whole(token), token.offsets)
    return constant(tokens)


def qualified(tokens: Tokens) -> Field:
    """Read a column's name: words between dots."""
    start = tokens.start
    parts = [_word(tokens)]
    while tokens.skip("."):
        parts.append(_word(tokens))
    return Field(".".join(parts), tokens.since(start))


def _word(tokens: Tokens) -> str:
    token = tokens.next
    if token.kind not in _NAMES:
        tokens.fail("the name of a column", "a name with other characters stands in backquotes")
    if token.kind == "word" and token.text.lower() in KEYWORDS and tokens.mode is Mode.EXPRESSION:
        tokens.fail("the name of a column", "a word of ES|QL in a name stands in backquotes")
    return tokens.take().text


def _call(tokens: Tokens, name: str, start: int) -> Call:
    """Read the arguments of a function."""
    tokens.expect("(", "a function has brackets")
    arguments: list[Expression] = []
    options: tuple[tuple[str, Scalar], ...] = ()
    if tokens.is_("*"):
        token = tokens.take()
        arguments.append(Star(token.offsets))
    elif not tokens.is_(")"):
        arguments.append(expression(tokens))
        while tokens.skip(","):
            if tokens.is_("{"):
                options = mapped(tokens)
                break
            arguments.append(expression(tokens))
    tokens.expect(")", "close the bracket, or separate arguments by commas")
    return Call(name.upper(), tuple(arguments), options, tokens.since(start))


def mapped(tokens: Tokens) -> tuple[tuple[str, Scalar], ...]:
    """Read ``{"key": constant, …}``; a constant that is a list gives the text of its place."""
    tokens.expect("{")
    found: list[tuple[str, Scalar]] = []
    while not tokens.is_("}"):
        key = string(tokens, "a key in double quotes")
        tokens.expect(":")
        value = constant(tokens)
        found.append((str(key.value), value.value if not isinstance(value.value, tuple) else str(value.value)))
        if not tokens.skip(","):
            break
    tokens.expect("}", "close the brace")
    return tuple(found)


def constant(tokens: Tokens) -> Literal:
    """Read a constant."""
    start, token = tokens.start, tokens.next
    if tokens.skip("["):
        values: list[Scalar] = []
        while not values or tokens.skip(","):
            if tokens.is_("[", "null"):
                tokens.fail("a text, a number or a truth value", "a list holds plain values")
            one = constant(tokens).value
            values += one if isinstance(one, tuple) else (one,)
        tokens.expect("]", "close the list")
        return Literal(tuple(values), tokens.since(start))
    if token.kind in ("string", "raw"):
        return string(tokens, "a value")
    if tokens.is_("true", "false", "null"):
        return Literal({"true": True, "false": False}.get(tokens.take().text.lower()), token.offsets)
    negative = tokens.is_("-")
    if tokens.is_("-", "+"):
        tokens.take()
    number = tokens.next
    if number.kind not in ("integer", "decimal"):
        tokens.fail("a value")
    tokens.take()
    value = _whole(number) if number.kind == "integer" else _decimal(number)
    return Literal(-value if negative else value, tokens.since(start))


def _whole(token: Token) -> int | float:
    """Return a whole number; one beyond 64 bits is a decimal one, as in Elasticsearch."""
    if len(token.text) > 400:
        raise Stop("R301", token.offsets, "a number of more than 400 digits", "write a smaller one")
    value = int(token.text)
    return value if value < 1 << 64 else float(value)


def _decimal(token: Token) -> float:
    value = float(token.text)
    if value in (float("inf"), float("-inf")):
        raise Stop("R300", token.offsets, "a number that is too large", "write a smaller one")
    return value
