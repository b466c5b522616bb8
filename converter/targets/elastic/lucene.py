r"""Lucene's regular expressions: print what describes the whole of a value.

Only what every version reads alike: no ``\d`` and its like (Lucene 9 added
them), no optional operators (``flags`` is ``NONE``), every sign behind a
backslash.  ``case_insensitive`` is asked for where all letters fold and are
ASCII and each class holds both cases itself (Lucene 9 folds neither classes
nor letters beyond ASCII, Lucene 10 does both); elsewhere a letter is a class
of its spellings.

Source: Elasticsearch 8.19 and 9, "Regular expression syntax"; Lucene RegExp 9.12 and 10.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from converter.ir import Chain, CharSet, Choice, Expression, Literal, Parts, Ranges, Repeat, Wild, fold, letter_cases, nodes_of
from converter.model import node

LONGEST: Final = 1000
"""Characters of an expression that an index takes (``index.max_regex_length``)."""
_HIGHEST: Final = 0x10FFFF
_SIGNS: Final = frozenset(r'.?+*|{}[]()"\#@&<>~^$-/')


@node
class Printed:
    """An expression, and whether it needs ``case_insensitive``."""

    text: str
    folded: bool


def of_text(parts: Parts) -> Printed:
    """Return a pattern of texts and wildcards, each letter as a class of its spellings."""
    return Printed("".join(".*" if part is Wild.MANY else "." if part is Wild.ONE else _word(str(part)) for part in parts), folded=False)


def of_expression(tree: Expression) -> Printed:
    """Return an expression without anchors, looks and references (``searched.whole``).

    Raises:
        ValueError: for a class that ends at a surrogate, which no text in UTF-8 can hold.
    """
    literals = [one for one in nodes_of(tree) if isinstance(one, Literal) and one.text.lower() != one.text.upper()]
    classes = [one.ranges for one in nodes_of(tree) if isinstance(one, CharSet)]
    folded = bool(literals) and all(one.folded and one.text.isascii() for one in literals) and all(map(_is_closed, classes))
    return Printed(_expression(tree, folded), folded)


def spelled_out(tree: Expression) -> str:
    """Return an expression that needs no ``case_insensitive``: a letter that folds is a class; raises as ``of_expression`` does."""
    return _expression(tree, folded=False)


def _expression(tree: Expression, folded: bool) -> str:
    match tree:
        case Literal(text):
            return "".join(_letter(char, tree.folded, folded) for char in text)
        case CharSet(ranges):
            return _class(ranges)
        case Chain(children):
            return "".join(_grouped(child, folded) if isinstance(child, Choice) else _expression(child, folded) for child in children)
        case Choice(children):
            return "|".join(_expression(child, folded) or "()" for child in children)
        case Repeat(child, least, most):
            return _repeated(_grouped(child, folded), least, most)
        case _:
            raise ValueError(f"{type(tree).__name__} in an expression for the whole value")


def _letter(char: str, any_case: bool, folded: bool) -> str:
    """Return a letter of a literal; ``folded`` says that the engine folds it."""
    if not any_case or folded:
        return character(char)
    if char.isascii() and char.isalpha():
        return f"[{char.lower()}{char.upper()}]"
    return character(char) if char.isascii() else _spellings(char)


def _grouped(tree: Expression, folded: bool) -> str:
    """Return a part to which a sign of repetition can be put, or which stands among others."""
    single = isinstance(tree, CharSet) or (isinstance(tree, Literal) and len(tree.text) == 1)
    text = _expression(tree, folded)
    return text if single else f"({text})"


def _repeated(text: str, least: int, most: int | None) -> str:
    match least, most:
        case 0, None:
            return f"{text}*"
        case 1, None:
            return f"{text}+"
        case 0, 1:
            return f"{text}?"
        case 1, 1:
            return text
        case _:
            return f"{text}{{{least}{'' if most == least else ',' if most is None else f',{most}'}}}"


def _class(ranges: Ranges) -> str:
    """Return one character of these: a dot for every one, the shorter of a class and its opposite."""
    if ranges == ((0, _HIGHEST),):
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return character(chr(ranges[0][0]))
    negated = ranges[-1][1] == _HIGHEST
    if negated:
        edges = [0, *(edge for first, last in ranges for edge in (first, last + 1)), _HIGHEST + 1]
        ranges = tuple((first, last - 1) for first, last in zip(edges[::2], edges[1::2], strict=True) if first < last)
    return f"[{'^' if negated else ''}{''.join(_run(first, last) for first, last in ranges)}]"


def _run(first: int, last: int) -> str:
    if any(0xD800 <= code <= 0xDFFF for code in (first, last)):
        raise ValueError("a surrogate in a class")
    if first == last:
        return character(chr(first))
    return f"{character(chr(first))}{'' if last == first + 1 else '-'}{character(chr(last))}"


def _is_closed(ranges: Ranges) -> bool:
    """Say whether a class holds both cases of each ASCII letter, or none, and all characters beyond ASCII, or none."""
    beyond = [run for run in ranges if run[1] > 0x7F]
    if beyond and (len(beyond) > 1 or beyond[0][0] > 0x80 or beyond[0][1] != _HIGHEST):
        return False
    held = {code for first, last in ranges for code in range(max(first, 65), min(last, 122) + 1)}
    return all((code in held) is (code - 32 in held) for code in range(97, 123))


def has_spellings(parts: Parts) -> bool:
    """Say whether a pattern has a character beyond ASCII with another one in its place, which ``case_insensitive`` does not fold."""
    for part in parts:  # noqa: SIM110 - asked of every text of every rule, and a generator takes twice the time
        if isinstance(part, str) and not part.isascii() and any(fold(char) in _same() for char in part):
            return True
    return False


def _word(text: str) -> str:
    return "".join(_letter(char, True, False) for char in text)


def character(char: str) -> str:
    """Return one character that stands for itself."""
    return f"\\{char}" if char in _SIGNS else char


def _spellings(char: str) -> str:
    """Return a character beyond ASCII as the class of all that the oracle takes for it."""
    same = _same().get(fold(char), (char,))
    return f"[{''.join(same)}]" if len(same) > 1 else char


@cache
def _same() -> dict[str, tuple[str, ...]]:
    """Return the characters beyond ASCII that fold to each, those that have company."""
    return {fold(group[0]): tuple(group) for group in letter_cases()}
