r"""Read a KQL query: text to tree, with the place of every part and of the first mistake.

The grammar is that of current Kibana ("kuery", ``grammar.peggy``): ``not``
binds closer than ``and``, ``and`` closer than ``or``; the words are read
without regard to case and need white space around them.  Written as recursive
descent that never goes back, because none of the grammar's choices needs it:
an alternative that was entered is the only one that can succeed.

Source: Kibana 9eb9945c, src/platform/packages/shared/kbn-es-query/src/kuery/grammar/grammar.peggy.
"""

from __future__ import annotations

import re
from typing import NoReturn

from converter.languages.elasticsearch import Star
from converter.languages.kql.mistakes import help_for
from converter.languages.kql.syntax import And, Is, Literal, MatchAll, Nested, Not, Or, Pattern, Query, Range, Tree, Word
from converter.model import Diagnostic, Severity, Source, pack, unpack

MAX_DEPTH = 100
"""Brackets that may be open at once; the engine itself stops at 30 levels of and, or and not."""

MAX_LENGTH = 1_000_000
"""Characters a query may have; the longest published rule has 10,000."""

_SPACES = " \t\r\n\u00a0"
_SPECIAL = '\\():<>"*{}'
_SPACE_RUN = re.compile(rf"[{_SPACES}]*")
_JOIN = re.compile(rf"[{_SPACES}]+([oO][rR]|[aA][nN][dD])[{_SPACES}]+")
_NOT = re.compile(rf"[nN][oO][tT][{_SPACES}]+")
_OPERATOR = re.compile(r"<=|>=|<|>")
_OPERATORS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
# A run of an unquoted word that can hold neither an escape nor the start of a keyword.
_RUN = re.compile(rf"[^{re.escape(_SPECIAL)}{_SPACES}nN]+")
_KEYWORD = re.compile(rf"[{_SPACES}](?:[oO][rR]|[aA][nN][dD])[{_SPACES}]|[nN][oO][tT][{_SPACES}]")
_ESCAPE = re.compile(rf"\\(?:([trn])|([{re.escape(_SPECIAL)}])|u([0-9a-fA-F]{{4}})|([oO][rR]|[aA][nN][dD]|[nN][oO][tT]))")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_QUOTED_ESCAPE = re.compile(r'\\(?:([trn])|([\\"])|u([0-9a-fA-F]{4}))')
_CONTROL = {"t": "\t", "r": "\r", "n": "\n"}
# What JavaScript's trim() removes.
_TRIMMED = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_WORDS: dict[str, bool | None] = {"null": None, "true": True, "false": False}


def read(text: str, path: str = "<query>") -> Query | Diagnostic:
    """Return the tree of a KQL query, or why it is none.

    Args:
        text: the query; empty means every document.
        path: the name by which people know where the text came from.

    Returns:
        A diagnostic ``R200`` (not KQL) or ``R201`` (too long or too deep)
        instead of the tree, at the character where Kibana would stop.
    """
    source = Source(path, text)
    if len(text) > MAX_LENGTH:
        message = f"the query has {len(text)} characters, more than {MAX_LENGTH}"
        return Diagnostic("R201", Severity.ERROR, source.start, message, "split the query into several rules")
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
    """A position in the text; each method reads one rule of the grammar and moves behind it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Tree:
        """Read the whole text."""
        self.spaces()
        if self.at == len(self.text):
            return MatchAll(pack(0, self.at))
        tree = self.query()
        self.spaces()
        if self.at < len(self.text):
            self.fail("`and`, `or` or the end of the query")
        return tree

    def query(self) -> Tree:
        """Read alternatives of conjunctions, up to what cannot continue them."""
        start = self.at
        alternatives: list[tuple[int, list[Tree]]] = [(start, [self.term()])]
        while joined := _JOIN.match(self.text, self.at):
            self.at = joined.end()
            if joined[1].lower() == "or":
                alternatives.append((self.at, []))
            alternatives[-1][1].append(self.term())
        return _joined(alternatives)

    def term(self) -> Tree:
        """Read ``not`` and what it negates, a bracket, or an expression on a field."""
        start = self.at
        if negated := _NOT.match(self.text, start):
            self.at = negated.end()
            child = self.bracket() if self.peek() == "(" else self.expression()
            return Not(child, pack(start, _end(child)))
        return self.bracket() if self.peek() == "(" else self.expression()

    def bracket(self) -> Tree:
        """Read ``( query )``."""
        start = self.open()
        tree = self.query()
        self.close(start, ")")
        return tree

    def expression(self) -> Tree:
        """Read ``field:value``, a comparison, a nested query or a lone value."""
        start = self.at
        word = self.word("a field or a value")
        end = self.at
        self.spaces()
        if operator := _OPERATOR.match(self.text, self.at):
            self.at = operator.end()
            self.spaces()
            value = self.word("a value")
            return Range(word, _OPERATORS[operator[0]], value, pack(start, _word_end(value)))
        if self.peek() != ":":
            self.at = end
            return Is(None, word, pack(start, _word_end(word)))
        self.at += 1
        self.spaces()
        if self.peek() == "{":
            inner = self.open()
            query = self.query()
            self.close(inner, "}")
            return Nested(word, query, pack(start, self.at))
        return self.value(None if isinstance(word, Literal) and word.value is None else word, start)

    def value(self, field: Word | None, start: int) -> Tree:
        """Read the values of ``field``: one, or a list in brackets with and, or and not."""
        if self.peek() == "(":
            inner = self.open()
            tree = self.values(field, self.at)
            self.close(inner, ")")
            return tree
        word = self.word("a value")
        return Is(field, word, pack(start, _word_end(word)))

    def values(self, field: Word | None, start: int) -> Tree:
        """Read the inside of a value list."""
        alternatives: list[tuple[int, list[Tree]]] = [(start, [self.listed(field)])]
        while joined := _JOIN.match(self.text, self.at):
            self.at = joined.end()
            if joined[1].lower() == "or":
                alternatives.append((self.at, []))
            alternatives[-1][1].append(self.listed(field))
        return _joined(alternatives)

    def listed(self, field: Word | None) -> Tree:
        """Read one member of a value list, perhaps negated."""
        start = self.at
        if negated := _NOT.match(self.text, start):
            self.at = negated.end()
            child = self.value(field, self.at)
            return Not(child, pack(start, _end(child)))
        return self.value(field, start)

    def open(self) -> int:
        """Step over an opening bracket and the spaces behind it; return its place."""
        start = self.at
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} brackets are open"
            raise _Stop("R201", pack(start, start + 1), message, "remove brackets that change nothing, or split the query")
        self.at += 1
        self.spaces()
        return start

    def close(self, start: int, bracket: str) -> None:
        """Step over the closing bracket of the one opened at ``start``."""
        self.spaces()
        if self.peek() != bracket:
            self.fail(f"`and`, `or` or the `{bracket}` of the bracket at character {start + 1}")
        self.at += 1
        self.depth -= 1

    def word(self, expected: str) -> Word:
        """Read a quoted string or an unquoted word, inner spaces included."""
        start = self.at
        if self.peek() == '"':
            quoted = _QUOTED.match(self.text, start)
            if quoted is None:
                self.fail(expected)
            self.at = quoted.end()
            return Literal(_joined_surrogates(_QUOTED_ESCAPE.sub(_unescaped, quoted[1])), True, pack(start, self.at))
        parts = self.unquoted()
        if self.at == start:
            self.fail(expected)
        end = start + len(self.text[start : self.at].rstrip(_SPACES))
        offsets = pack(start, max(end, start + 1))
        trimmed = _trimmed(parts)
        if Star.STAR in trimmed:
            return Pattern(trimmed, offsets)
        text = trimmed[0] if trimmed and isinstance(trimmed[0], str) else ""
        return Literal(_WORDS.get(text, text), False, offsets)

    def unquoted(self) -> list[str | Star]:
        """Read characters up to a keyword, a special character or the end."""
        text, parts, piece = self.text, list[str | Star](), list[str]()
        while self.at < len(text):
            if run := _RUN.match(text, self.at):
                piece.append(run[0])
                self.at = run.end()
                continue
            char = text[self.at]
            if char == "*":
                parts += [_joined_surrogates("".join(piece)), Star.STAR]
                piece = []
            elif char == "\\":
                escape = _ESCAPE.match(text, self.at)
                if escape is None:
                    break
                piece.append(_unescaped(escape))
                self.at = escape.end()
                continue
            elif char in _SPECIAL or _KEYWORD.match(text, self.at):
                break
            else:
                piece.append(char)
            self.at += 1
        parts.append(_joined_surrogates("".join(piece)))
        return [part for part in parts if part != ""]

    def spaces(self) -> None:
        """Step over white space."""
        found = _SPACE_RUN.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def peek(self) -> str:
        """Return the next character, ``""`` at the end."""
        return self.text[self.at : self.at + 1]

    def fail(self, expected: str) -> NoReturn:
        """Stop here."""
        found = f"`{self.peek()}`" if self.peek() else "the end"
        raise _Stop("R200", pack(self.at, self.at + 1), f"expected {expected}, found {found}", help_for(self.text, self.at))


def _joined(alternatives: list[tuple[int, list[Tree]]]) -> Tree:
    """Return the alternatives as one tree, without nodes of a single child."""
    trees = [And(tuple(all_of), pack(start, _end(all_of[-1]))) if len(all_of) > 1 else all_of[0] for start, all_of in alternatives]
    return Or(tuple(trees), pack(alternatives[0][0], _end(trees[-1]))) if len(trees) > 1 else trees[0]


def _end(tree: Tree) -> int:
    """Return where a tree's text ends."""
    return unpack(tree.offsets)[1]


def _word_end(word: Word) -> int:
    """Return where a word's text ends."""
    return unpack(word.offsets)[1]


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character, or the keyword, that an escape stands for."""
    control, special, code = escape[1], escape[2], escape[3]
    if control:
        return _CONTROL[control]
    if special:
        return special
    return chr(int(code, 16)) if code else escape[4]


def _joined_surrogates(text: str) -> str:
    r"""Return ``text`` with pairs like ``\ud83d\ude00`` as the one character they are."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


_SURROGATE = re.compile("[\ud800-\udfff]")


def _trimmed(parts: list[str | Star]) -> tuple[str | Star, ...]:
    """Return the parts without white space at both ends, escaped white space included, as Kibana does."""
    if parts and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip(_TRIMMED)
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip(_TRIMMED)
    return tuple(part for part in parts if part != "")
