r"""Lucene's regular expressions with the operators that a query string switches on: ``&``, ``~``, ``@`` and quotes.

They are split off where they stand outside of every bracket and class; what
is left is an expression that the engine's package reads.  Inside a bracket,
and for ``#`` and ``<n-m>``, the answer is not modelled.

Source: Lucene 9.12 RegExp (``ALL``: intersection, complement, any string, empty language, intervals).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from converter.languages.elasticsearch import Automaton, Refusal, parse
from converter.languages.elasticsearch import Expression as Plain
from converter.model import node

_MAX_DEPTH: Final = 20
_LITERALS: Final = frozenset('.?+*|{}[]()"\\#@&<>~^$')


@node
class Both:
    """All of them describe the text."""

    parts: tuple[Described, ...]


@node
class Any:
    """One of them describes the text."""

    parts: tuple[Described, ...]


@node
class Other:
    """It does not describe the text."""

    part: Described


Described: TypeAlias = Plain | Both | Any | Other


def read_expression(text: str) -> Described:
    """Return what stands between the slashes.

    Raises:
        Refusal: where the engine refuses it, or this package does not know what it means.
    """
    if text.endswith("\\"):
        # The grammar takes the slash behind it for the end, if no other follows; parsers made from it are not of one mind.
        raise Refusal("a regular expression that ends in a backslash", unknown=True, help="write the backslash as a class, [\\\\]")
    return _union(text, 0)


def described(expression: Described) -> Callable[[str], bool]:
    """Return a test of a whole text, in time linear in its length."""
    match expression:
        case Both(parts):
            tests = tuple(map(described, parts))
            return lambda text: all(test(text) for test in tests)
        case Any(parts):
            tests = tuple(map(described, parts))
            return lambda text: any(test(text) for test in tests)
        case Other(part):
            inner = described(part)
            return lambda text: not inner(text)
    return Automaton(expression).describes


def _union(text: str, depth: int) -> Described:
    """Read alternatives; without an operator of its own, the text is one plain expression."""
    if depth > _MAX_DEPTH:
        raise Refusal("a regular expression nests too deeply", unknown=True)
    if not _has_operator(text):
        return parse(_rewritten(text))
    options = tuple(_intersection(part, depth) for part in _split(text, "|"))
    return options[0] if len(options) == 1 else Any(options)


def _intersection(text: str, depth: int) -> Described:
    parts = tuple(_complement(part, depth) for part in _split(text, "&"))
    return parts[0] if len(parts) == 1 else Both(parts)


def _complement(text: str, depth: int) -> Described:
    """Read a part without operators outside of brackets, but for a leading tilde."""
    if not text:
        raise Refusal("nothing beside an operator of a regular expression", unknown=True, help="write () for it")
    if text.startswith("~"):
        inner = text[1:]
        if not inner.startswith("~") and not _is_group(inner) and len(inner) != 1:
            raise Refusal("a complement of a part of a regular expression", unknown=True, help="put what follows the tilde in one bracket")
        return Other(_complement(inner, depth + 1))
    if _is_group(text) and _has_operator(text):
        return _union(text[1:-1], depth + 1)
    return parse(_rewritten(text))


def _places(text: str) -> list[int]:
    """Return for each character how many brackets are open around it; -1 inside a class, quotes or behind a backslash."""
    found: list[int] = []
    depth = 0
    inside = ""
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and inside != '"':
            found += [-1, -1][: len(text) - at]
            at += 2
            continue
        if inside:
            found.append(-1)
            inside = "" if char == inside else inside
        elif char in '["':
            found.append(-1)
            inside = "]" if char == "[" else '"'
        else:
            depth -= char == ")"
            found.append(depth)
            depth += char == "("
        at += 1
    return found


def _has_operator(text: str) -> bool:
    """Say whether an intersection or a complement stands anywhere."""
    return any(place >= 0 and char in "&~" for char, place in zip(text, _places(text), strict=True))


def _split(text: str, operator: str) -> list[str]:
    """Cut at an operator outside of all brackets."""
    found, start = [], 0
    for at, (char, place) in enumerate(zip(text, _places(text), strict=True)):
        if place == 0 and char == operator:
            found.append(text[start:at])
            start = at + 1
    return [*found, text[start:]]


def _is_group(text: str) -> bool:
    """Say whether one bracket holds the whole text."""
    if not text.startswith("(") or not text.endswith(")"):
        return False
    places = _places(text)
    return places[-1] == 0 and all(place for place in places[1:-1])


def _rewritten(text: str) -> str:
    """Return the text with quotes and ``@`` written out."""
    if "@" not in text and '"' not in text:
        return text
    found: list[str] = []
    places = _places(text)
    at = 0
    while at < len(text):
        char, place = text[at], places[at]
        if char == "@" and place >= 0:
            found.append("(.*)")
        elif char == '"' and place == -1 and not _escaped(text, at) and not _in_class(text, at):
            end = text.find('"', at + 1)
            if end < 0:
                raise Refusal("a quote of a regular expression without its end", early=True)
            inner = "".join(f"\\{one}" if one in _LITERALS else one for one in text[at + 1 : end])
            found.append(f"({inner})")
            at = end
        else:
            found.append(char)
        at += 1
    return "".join(found)


def _escaped(text: str, at: int) -> bool:
    """Say whether a backslash takes this character."""
    count = 0
    while at - count and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _in_class(text: str, at: int) -> bool:
    """Say whether this character stands in a class."""
    opened = False
    for place in range(at):
        if not _escaped(text, place):
            opened = (opened or text[place] == "[") and text[place] != "]"
    return opened
