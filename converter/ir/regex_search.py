"""Search texts for a pattern, in time linear in the text: RE2 runs it, spelled out so that its own dialect has no say.

Where RE2 cannot say what the dialect says, and for looks and back references,
there is a ``RegexProblem`` and no answer.

Source: RE2's syntax page; google-re2 1.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias, assert_never

from converter.ir.fold import spellings
from converter.ir.regex import (
    Anchor,
    BackReference,
    Chain,
    CharSet,
    Choice,
    Expression,
    Literal,
    Look,
    Place,
    Ranges,
    RegexProblem,
    Repeat,
    nullable,
)
from converter.ir.regex_problem import PatternError
from converter.ir.regex_read import read_regex
from converter.model import unpack

Finder: TypeAlias = Callable[[str], bool]
"""Says whether the pattern is found in a text."""

_ANCHORS: Final = {
    Place.START: r"\A",
    Place.LINE_END: "(?m:$)",
    Place.WORD_EDGE: r"\b",
    Place.NO_WORD_EDGE: r"\B",
}


@lru_cache(maxsize=4096)
def regex_finder(pattern: str, flags: str = "") -> Finder | RegexProblem:
    """Return a function that searches a text, or why the pattern cannot be searched for.

    Args:
        pattern: as the rule has it.
        flags: letters out of ``ims``.
    """
    tree = read_regex(pattern, flags)
    if isinstance(tree, RegexProblem):
        return tree
    try:
        spelled = _spelled(tree, last=True, empty=True)
    except PatternError as error:
        return error.problem
    import re2  # only where an expression is searched for

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(spelled.encode("ascii"), options)
    except re2.error:
        return RegexProblem("the expression is too large to be searched for", "repeat less")
    return lambda text: compiled.search(text.encode("utf-8", "surrogatepass")) is not None


def _spelled(tree: Expression, last: bool, empty: bool) -> str:
    """Return RE2's spelling.

    Args:
        tree: what is printed.
        last: nothing follows but ends of the text.
        empty: what follows may be the empty text.
    """
    match tree:
        case Literal(text, folded):
            return "".join(_set(tuple((ord(one), ord(one)) for one in spellings(letter))) if folded else _code(letter) for letter in text)
        case CharSet(ranges):
            return _set(ranges)
        case Anchor():
            return _anchor(tree, last, empty)
        case Chain(children):
            return "(?:" + "".join(_in_chain(children, place, last, empty) for place in range(len(children))) + ")"
        case Choice(children):
            return "(?:" + "|".join(_spelled(child, last, empty) for child in children) + ")"
        case Repeat(child, least, most):
            once = most == 1
            inner = _spelled(child, last and once, empty and (once or nullable(child)))
            return f"(?:{inner}){{{least},{'' if most is None else most}}}"
        case Look():
            raise _refused(tree, "looks ahead or behind are not searched for", "write the expression without (?=, (?!, (?<= and (?<!")
        case BackReference():
            raise _refused(tree, "references to groups are not searched for", "write the expression without them")
    assert_never(tree)


def _in_chain(children: tuple[Expression, ...], place: int, last: bool, empty: bool) -> str:
    rest = children[place + 1 :]
    ends = all(isinstance(one, Anchor) and one.place is Place.END for one in rest)
    return _spelled(children[place], last and ends, empty and all(map(nullable, rest)))


def _anchor(tree: Anchor, last: bool, empty: bool) -> str:
    if tree.place is Place.END:
        if not last:
            raise _refused(tree, "$ before other parts of the expression is not searched for", "put it at the end")
        return r"(?:\n?\z)"
    if tree.place is Place.LINE_START:
        if empty:
            raise _refused(tree, "^ under the flag m before nothing is not searched for", "add what the line holds")
        return "(?m:^)"
    return _ANCHORS[tree.place]


def _set(ranges: Ranges) -> str:
    if len(ranges) == 2 and all(first == last for first, last in ranges):
        # RE2 takes [Kk] for k without regard to case, which in an alternation with other letters also finds the Kelvin sign.
        return "(?:" + "|".join(_code(chr(first)) for first, _last in ranges) + ")"
    return "[" + "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in ranges) + "]"


def _code(character: str) -> str:
    return character if character.isascii() and character.isalnum() else rf"\x{{{ord(character):x}}}"


def _refused(tree: Expression, message: str, help_text: str) -> PatternError:
    return PatternError(message, help_text, unpack(tree.offsets)[0])
