"""Read conditions: ``or`` below ``and`` below ``not`` below one comparison below arithmetic, as the engine's grammar has it.

A comparison cannot be chained, ``like``, ``regex`` and ``:`` take constants
only, and ``not`` cannot stand behind a comparison operator.

Source: elastic/elasticsearch EqlBase.g4, rules booleanExpression to constant (current grammar).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import NoReturn

from converter.languages.eql.facts import Function, functions, refused_functions
from converter.languages.eql.problem import DEPTH, Stop
from converter.languages.eql.syntax import And, Arithmetic, Call, Comparison, Expression, Field, Literal, Lookup, Negative, Not, Or
from converter.languages.eql.tokens import KEYWORDS, Token
from converter.model import pack, unpack

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_LOOKUPS = {"in": "in", "in~": "in", "like": "like", "like~": "like", "regex": "regex", "regex~": "regex", ":": "like"}
_INSENSITIVE = frozenset({"in~", "like~", "regex~", ":"})
_RELATIONS = frozenset({"child", "descendant", "event"})
_LONG = 1 << 63


class Tokens:
    """A position in the tokens; each method reads one rule of the grammar and moves behind it."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        """The token at the position; the last one is ``end``."""
        return self.tokens[self.at]

    def is_(self, *texts: str) -> bool:
        """Say whether the next token is one of these signs or words."""
        token = self.next
        return token.kind in ("sign", "word", "tilde") and token.text in texts

    def take(self) -> Token:
        """Step over the next token."""
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def skip(self, *texts: str) -> bool:
        """Step over the next token if it is one of these."""
        found = self.is_(*texts)
        self.at += found
        return found

    def expect(self, text: str, help: str = "") -> Token:
        """Step over a sign or word that must stand here."""
        if not self.is_(text):
            self.fail(f"`{text}`", help)
        return self.take()

    def fail(self, expected: str, help: str = "") -> NoReturn:
        """Stop here."""
        token = self.next
        found = "the end" if token.kind == "end" else f"`{shortened(token.text)}`"
        start, end = unpack(token.offsets)
        raise Stop("R280", pack(start, max(end, start + 1)), f"expected {expected}, found {found}", help)

    def since(self, start: int) -> int:
        """Return the offsets from ``start`` to the end of the token that was read last."""
        return pack(start, unpack(self.tokens[self.at - 1].offsets)[1])

    @property
    def start(self) -> int:
        """Where the next token begins."""
        return unpack(self.next.offsets)[0]

    def deeper(self) -> None:
        """Go one level down.

        Raises:
            Stop: ``R281`` beyond the bound.
        """
        self.depth += 1
        if self.depth > DEPTH:
            raise Stop("R281", self.next.offsets, f"more than {DEPTH} levels stand inside each other", "split the query")


def expression(tokens: Tokens) -> Expression:
    """Read a condition or a value, up to what cannot continue it."""
    start = tokens.start
    alternatives = [_conjunction(tokens)]
    while tokens.skip("or"):
        alternatives.append(_conjunction(tokens))
    return alternatives[0] if len(alternatives) == 1 else Or(tuple(alternatives), tokens.since(start))


def _conjunction(tokens: Tokens) -> Expression:
    start = tokens.start
    children = [_negation(tokens)]
    while tokens.skip("and"):
        children.append(_negation(tokens))
    return children[0] if len(children) == 1 else And(tuple(children), tokens.since(start))


def _negation(tokens: Tokens) -> Expression:
    """Read any number of ``not`` and the comparison behind them."""
    starts: list[int] = []
    while tokens.is_("not"):
        starts.append(tokens.start)
        tokens.deeper()
        tokens.take()
    found = _comparison(tokens)
    for start in reversed(starts):
        tokens.depth -= 1
        found = Not(found, tokens.since(start))
    return found


def _comparison(tokens: Tokens) -> Expression:
    start = tokens.start
    left = _sum(tokens)
    if not tokens.is_(*_COMPARISONS):
        if tokens.is_("="):
            tokens.fail("an operator", "equality is written `==`, or `:` without regard to case")
        return left
    operator = tokens.take().text
    right = _sum(tokens)
    if tokens.is_(*_COMPARISONS):
        tokens.fail("`and` or `or`", "comparisons are not chained: write `a < b and b < c`")
    return Comparison(operator, left, right, tokens.since(start))


def _sum(tokens: Tokens) -> Expression:
    start, count = tokens.start, 0
    left = _product(tokens)
    while tokens.is_("+", "-"):
        count = _counted(tokens, count)
        operator = tokens.take().text
        left = Arithmetic(operator, left, _product(tokens), tokens.since(start))
    return left


def _product(tokens: Tokens) -> Expression:
    start, count = tokens.start, 0
    left = _signed(tokens)
    while tokens.is_("*", "/", "%"):
        count = _counted(tokens, count)
        operator = tokens.take().text
        left = Arithmetic(operator, left, _signed(tokens), tokens.since(start))
    return left


def _counted(tokens: Tokens, count: int) -> int:
    """Count the terms of a chain, whose tree is as deep as the chain is long."""
    if count >= DEPTH:
        raise Stop("R281", tokens.next.offsets, f"more than {DEPTH} terms stand in one chain", "compute what is constant")
    return count + 1


def _signed(tokens: Tokens) -> Expression:
    """Read signs and the operand behind them; a minus before a number is the number's."""
    start = tokens.start
    if not tokens.is_("-", "+"):
        return _operand(tokens)
    tokens.deeper()
    sign = tokens.take().text
    child = _signed(tokens)
    tokens.depth -= 1
    if sign == "+":
        return child
    if isinstance(child, Literal) and isinstance(child.value, int | float) and not isinstance(child.value, bool):
        return Literal(-child.value, False, tokens.since(start))
    return Negative(child, tokens.since(start))


def _operand(tokens: Tokens) -> Expression:
    """Read a value and what it is looked up in."""
    start = tokens.start
    value = _primary(tokens)
    negated = tokens.is_("not")
    if negated:
        tokens.take()
        if not tokens.is_("in", "in~"):
            tokens.fail("`in`", "`not` stands before the whole comparison: write `not field like …`")
    elif not tokens.is_(*_LOOKUPS):
        return value
    operator = tokens.take().text
    kind = _LOOKUPS[operator]
    candidates = _listed(tokens) if kind == "in" else _constants(tokens, operator)
    found = Lookup(kind, operator, value, candidates, operator in _INSENSITIVE, tokens.since(start))
    return Not(found, tokens.since(start)) if negated else found


def _listed(tokens: Tokens) -> tuple[Expression, ...]:
    """Read the list of ``in``."""
    if not tokens.is_("("):
        tokens.fail("`(`", "`in` takes a list in brackets")
    return _bracketed(tokens)


def _constants(tokens: Tokens, operator: str) -> tuple[Expression, ...]:
    """Read the constant of ``like``, ``regex`` or ``:``, or a list of them."""
    if not tokens.skip("("):
        return (_constant(tokens, operator),)
    found = [_constant(tokens, operator)]
    while tokens.skip(","):
        found.append(_constant(tokens, operator))
    tokens.expect(")", "candidates are separated by commas")
    return tuple(found)


def _constant(tokens: Tokens, operator: str) -> Literal:
    found = _literal(tokens)
    if found is None:
        tokens.fail("a constant", f"`{operator}` compares with constants: a text in double quotes, or several in brackets")
    return found


def _primary(tokens: Tokens) -> Expression:
    """Read a constant, a call, a field or a bracket."""
    found = _literal(tokens)
    if found is not None:
        return found
    if tokens.is_("("):
        tokens.deeper()
        tokens.take()
        inner = expression(tokens)
        tokens.expect(")", "join conditions with `and` or `or`, and close the bracket")
        tokens.depth -= 1
        return inner
    following = tokens.tokens[min(tokens.at + 1, len(tokens.tokens) - 1)]
    if tokens.next.kind == "tilde" or (tokens.next.kind == "word" and following == Token("sign", "(", following.offsets)):
        return _call(tokens)
    if tokens.next.text in _RELATIONS and following.text == "of":
        message = f"Elasticsearch has no `{tokens.next.text} of`"
        raise Stop("R282", tokens.next.offsets, message, "write a sequence by the process's entity id")
    return field(tokens)


def _literal(tokens: Tokens) -> Literal | None:
    """Read a constant if one stands here."""
    token = tokens.next
    value: str | int | float | bool | None
    match token.kind:
        case "string" | "raw":
            value = token.text
        case "integer":
            value = _integer(token)
        case "decimal":
            value = float(token.text)
        case "word" if token.text in ("true", "false"):
            value = token.text == "true"
        case "word" if token.text == "null":
            value = None
        case _:
            return None
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise Stop("R280", token.offsets, "the number is too large", "a number has at most 308 digits")
    tokens.take()
    return Literal(value, token.kind == "raw", token.offsets)


def _integer(token: Token) -> int | float:
    """Return a whole number; what does not fit into 64 bits becomes a decimal one."""
    if len(token.text) > 400:
        return float("inf")
    value = int(token.text)
    return value if value < _LONG else float(token.text)


def field(tokens: Tokens) -> Field:
    """Read a field's name, with ``?`` before an optional one."""
    start = tokens.start
    optional = tokens.skip("?")
    if optional and tokens.next.kind in ("string", "raw"):
        tokens.fail("a field", '`?"` does not begin a raw text: write `"""`')
    parts = [_identifier(tokens, "a field, a constant or a bracket")]
    while tokens.skip("."):
        parts += [".", _identifier(tokens, "a part of the field's name")]
    if tokens.is_("[") and tokens.tokens[tokens.at + 1].kind == "integer":
        message = "Elasticsearch does not ask for one place of a list"
        raise Stop("R282", tokens.next.offsets, message, "each value of a list counts: leave the brackets out")
    return Field("".join(parts), optional, tokens.since(start))


def _identifier(tokens: Tokens, expected: str) -> str:
    token = tokens.next
    if token.kind == "quoted":
        return tokens.take().text
    if token.kind != "word":
        tokens.fail(expected, "a name with other characters stands in backquotes" if token.kind in ("integer", "decimal", "string") else "")
    if token.text in KEYWORDS:
        tokens.fail(expected, f"the word `{token.text}` belongs to EQL; in backquotes it is a name")
    return tokens.take().text


def _call(tokens: Tokens) -> Expression:
    """Read a function's name and arguments."""
    start, token = tokens.start, tokens.take()
    insensitive = token.kind == "tilde"
    written = token.text.rstrip("~")
    known = functions().get(written.lower())
    if known is None or (written in KEYWORDS):
        raise Stop("R282", token.offsets, f"Elasticsearch has no function {written}", _instead(written))
    if insensitive and not known.insensitive:
        raise Stop("R282", token.offsets, f"{known.name} has no form with `~`", f"write {known.name}( without it")
    if not tokens.is_("("):
        tokens.fail("`(`", f"{known.name} is a function; a field of that name stands in backquotes")
    arguments = _bracketed(tokens, empty=True)
    _check_count(known, arguments, tokens.since(start))
    return Call(known.name, arguments, insensitive, tokens.since(start))


def _check_count(known: Function, arguments: tuple[Expression, ...], offsets: int) -> None:
    if known.least <= len(arguments) and (known.most is None or len(arguments) <= known.most):
        return
    wanted = f"at least {known.least}" if known.most is None else " or ".join(map(str, range(known.least, known.most + 1)))
    message = f"{known.name} takes {wanted} argument{'' if wanted == '1' else 's'}, found {len(arguments)}"
    raise Stop("R282", offsets, message, f"its parameters are: {', '.join(known.parameters)}")


def _instead(written: str) -> str:
    """Return what to write instead of an unknown function."""
    if (help := refused_functions().get(written.lower())) is not None:
        return help
    near = get_close_matches(written.lower(), functions(), 2)
    if not near:
        return "the functions are those of EQL's function reference"
    return f"did you mean {' or '.join(functions()[one].name for one in near)}?"


def _bracketed(tokens: Tokens, *, empty: bool = False) -> tuple[Expression, ...]:
    """Read a list of expressions in round brackets."""
    tokens.deeper()
    tokens.expect("(")
    if empty and tokens.skip(")"):
        tokens.depth -= 1
        return ()
    found = [expression(tokens)]
    while tokens.skip(","):
        found.append(expression(tokens))
    tokens.expect(")", "values are separated by commas")
    tokens.depth -= 1
    return tuple(found)


def shortened(text: str) -> str:
    """Return a token's text for a message."""
    return text if len(text) <= 40 else f"{text[:39]}…"
