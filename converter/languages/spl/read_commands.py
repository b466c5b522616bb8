"""The commands after the first pipe, other than ``search``: names, words and expressions to nodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from converter.languages.spl import tokens
from converter.languages.spl.macros import Expanded
from converter.languages.spl.pattern import compiled
from converter.languages.spl.problem import ReadError
from converter.languages.spl.read_where import ExpressionParser, condition
from converter.languages.spl.syntax import (
    Aggregate,
    Command,
    Convert,
    Eval,
    Fields,
    FillNull,
    Regex,
    Rename,
    Stats,
    Table,
    Where,
    WhereNode,
)
from converter.languages.spl.tokens import Token, fault

AGGREGATES: Final = frozenset(("count", "dc", "distinct_count", "min", "max", "values"))
"""Functions of ``stats`` that are read."""
_TIME_FORMAT: Final = re.compile(r"(?:%[YmdHMSFT%]|[^%])*")
_DEFAULT_TIME: Final = "%m/%d/%Y %H:%M:%S"


def where_command(text: Expanded, start: int, end: int) -> Command:
    """Read ``where expression``."""
    return Where(condition(text, start, end), text.offsets(start, end))


def eval_command(text: Expanded, start: int, end: int) -> Command:
    """Read ``eval field=expression, …``."""
    parser = ExpressionParser(text, tokens.expression(text, start, end))
    found: list[tuple[str, WhereNode]] = []
    while not found or parser.is_mark(","):
        if found:
            parser.take()
        name = parser.take()
        if name.kind not in ("word", "field", "string") or not name.text or not parser.is_mark("="):
            raise fault(text, name.start, name.end, "R240", "`eval` takes field=expression")
        parser.take()
        value = parser.disjunction(0)
        parser.need(value, False, "a field cannot hold a truth value")
        found.append((name.text, value))
    parser.finish()
    return Eval(tuple(found), text.offsets(start, end))


class _Words:
    """The words of one command and the place in them."""

    def __init__(self, text: Expanded, start: int, end: int) -> None:
        self.text, self.tokens, self.index = text, tokens.words(text, start, end), 0
        self.whole = text.offsets(start, end)

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        """Return the token at hand and go on."""
        self.index += 1
        return self.tokens[self.index - 1]

    def wrong(self, message: str) -> ReadError:
        """Return the error for the token at hand."""
        return fault(self.text, self.token.start, self.token.end, "R240", message)

    def is_mark(self, mark: str) -> bool:
        """Say whether the token at hand is this mark."""
        return self.token.kind == "mark" and self.token.text == mark

    def is_word(self, word: str) -> bool:
        """Say whether the token at hand is this bare word, in any case."""
        return self.token.kind == "word" and self.token.text.lower() == word

    def need(self, mark: str) -> None:
        """Take this mark."""
        if not self.is_mark(mark):
            raise self.wrong(f"'{mark}' is due here")
        self.take()

    def name(self, *, wild: bool = False) -> str:
        """Take a field's name, quoted or bare."""
        token = self.token
        if token.kind not in ("word", "string") or not token.text:
            raise self.wrong("a field name is due here")
        if "\\" in token.raw or (token.kind == "word" and "'" in token.text):
            message = "a backslash or single quote in a field name has no certain meaning here"
            raise fault(self.text, token.start, token.end, "R246", message, "write the name in double quotes")
        if "*" in token.text and not wild:
            raise fault(self.text, token.start, token.end, "R247", "a wildcard in this field name is not read", "name the fields")
        return self.take().text

    def names(self, *, wild: bool = False) -> tuple[str, ...]:
        """Take names up to the end, with blanks or commas between them."""
        found = [self.name(wild=wild)]
        while self.token.kind != "end":
            if self.is_mark(","):
                self.take()
            found.append(self.name(wild=wild))
        return tuple(found)

    def option(self, name: str) -> str | None:
        """Take ``name=value`` when it stands here."""
        if not self.is_word(name) or self.tokens[self.index + 1].text != "=":
            return None
        self.index += 2
        if self.token.kind not in ("word", "string"):
            raise self.wrong(f"a value for '{name}' is due here")
        token = self.take()
        if tokens.odd_escape(token.raw) >= 0:
            raise fault(self.text, token.start, token.end, "R246", "a single backslash has no certain meaning here", r"write \\")
        return token.text

    def finish(self) -> None:
        """Refuse what is left."""
        if self.token.kind != "end":
            raise self.wrong(f"unexpected '{self.token.raw}'")


def regex_command(text: Expanded, start: int, end: int) -> Command:
    """Read ``regex field="pattern"``, with ``!=`` too, or a pattern alone, which searches ``_raw``."""
    words = _Words(text, start, end)
    field, negated = "_raw", False
    if len(words.tokens) > 1 and words.tokens[1].kind == "mark":
        field = words.name()
        if not words.is_mark("=") and not words.is_mark("!="):
            raise words.wrong("'=' or '!=' is due here")
        negated = words.take().text == "!="
    token = words.token
    if token.kind != "string":
        raise words.wrong("a regular expression in double quotes is due here")
    words.take()
    words.finish()
    program = compiled(token.text)
    if isinstance(program, str):
        raise fault(text, token.start, token.end, "R245", f"regular expression: {program}")
    return Regex(field, token.text, negated, words.whole)


def rename_command(text: Expanded, start: int, end: int) -> Command:
    """Read ``rename field AS field, …``."""
    words = _Words(text, start, end)
    pairs: list[tuple[str, str]] = []
    while not pairs or words.token.kind != "end":
        if pairs and words.is_mark(","):
            words.take()
        old = words.name()
        if not words.is_word("as"):
            raise words.wrong("AS is due here")
        words.take()
        pairs.append((old, words.name()))
    return Rename(tuple(pairs), words.whole)


def fillnull_command(text: Expanded, start: int, end: int) -> Command:
    """Read ``fillnull value=text field …``; without fields its effect depends on the other events, so it is refused."""
    words = _Words(text, start, end)
    value = words.option("value")
    if words.token.kind == "end":
        message = "`fillnull` without fields depends on what other events hold"
        raise fault(text, start, end, "R247", message, "name the fields")
    return FillNull("0" if value is None else value, words.names(), words.whole)


def stats_command(text: Expanded, start: int, end: int) -> Command:
    """Read ``stats function(field) AS name … by field …``."""
    words = _Words(text, start, end)
    aggregates: list[Aggregate] = []
    while not aggregates or (words.token.kind != "end" and not words.is_word("by")):
        if aggregates and words.is_mark(","):
            words.take()
        token = words.token
        function = token.text.lower()
        if token.kind != "word" or function not in AGGREGATES:
            raise fault(text, token.start, token.end, "R242", f"'{token.raw}' is no function of `stats` that is read")
        words.take()
        field = ""
        if words.is_mark("("):
            words.take()
            field = words.name()
            words.need(")")
        elif function != "count":
            raise words.wrong(f"{function}() takes a field")
        name = f"{function}({field})" if field else function
        if words.is_word("as"):
            words.take()
            name = words.name()
        aggregates.append(Aggregate(function, field, name, text.offsets(token.start, words.tokens[words.index - 1].end)))
    by: tuple[str, ...] = ()
    if words.is_word("by"):
        words.take()
        by = words.names()
    return Stats(tuple(aggregates), by, words.whole)


def table_command(text: Expanded, start: int, end: int) -> Command:
    """Read ``table field …``."""
    words = _Words(text, start, end)
    return Table(words.names(wild=True), words.whole)


def fields_command(text: Expanded, start: int, end: int) -> Command:
    """Read ``fields field …`` or ``fields - field …``."""
    words = _Words(text, start, end)
    sign = words.take().text if words.is_word("+") or words.is_word("-") else "+"
    return Fields(words.names(wild=True), sign == "+", words.whole)


def convert_command(text: Expanded, start: int, end: int) -> Command:
    """Read ``convert timeformat=text ctime(field) AS name …``."""
    words = _Words(text, start, end)
    token = words.token
    given = words.option("timeformat")
    layout = _DEFAULT_TIME if given is None else given
    if not _TIME_FORMAT.fullmatch(layout):
        raise fault(text, token.start, words.token.start, "R247", "a time format is read with %Y %m %d %H %M %S %F %T alone")
    pairs: list[tuple[str, str]] = []
    while not pairs or words.token.kind != "end":
        if pairs and words.is_mark(","):
            words.take()
        if not words.is_word("ctime"):
            raise fault(text, words.token.start, words.token.end, "R242", f"`convert` is read with ctime() alone, not '{words.token.raw}'")
        words.take()
        words.need("(")
        field = words.name()
        words.need(")")
        name = field
        if words.is_word("as"):
            words.take()
            name = words.name()
        pairs.append((field, name))
    return Convert(layout, tuple(pairs), words.whole)


COMMANDS: Final[Mapping[str, Callable[[Expanded, int, int], Command]]] = {
    "where": where_command,
    "eval": eval_command,
    "regex": regex_command,
    "rename": rename_command,
    "fillnull": fillnull_command,
    "stats": stats_command,
    "table": table_command,
    "fields": fields_command,
    "convert": convert_command,
}
"""How each command but ``search`` is read; one that is not here is refused by name."""
