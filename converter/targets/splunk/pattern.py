r"""Splunk: print a regular expression for ``match``, spelled out where PCRE's options would decide what it means.

Characters that SPL or PCRE reads as its own stand in brackets, so no
backslash needs two layers of escapes; letters without regard to case are
classes, because what ``(?i)`` folds beyond ASCII is an option of PCRE.

Source: pcre2pattern(3); Splunk, Search Manual 9.0, "SPL and regular expressions".
"""

from __future__ import annotations

from typing import Final, assert_never

from converter.ir import (
    DIGITS,
    EVERY,
    HIGHEST,
    NO_LINE_FEED,
    SPACE,
    WORD,
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
    Repeat,
    ambiguous_repeat,
    competing,
    complement,
    spellings,
    trimmed,
)

_CLASSES: Final[dict[Ranges, str]] = {
    NO_LINE_FEED: ".",
    EVERY: "(?s:.)",
    DIGITS: r"\d",
    WORD: r"\w",
    SPACE: r"\s",
    complement(DIGITS): r"\D",
    complement(WORD): r"\W",
    complement(SPACE): r"\S",
}
_ANCHORS: Final = {
    Place.START: "^",
    Place.END: r"\Z",
    Place.LINE_START: "(?m:^)",
    Place.LINE_END: "(?m:$)",
    Place.WORD_EDGE: r"\b",
    Place.NO_WORD_EDGE: r"\B",
}
_PLAIN: Final = " _-/:@=,;<>%&!~#"
_PLAIN_IN_CLASS: Final = " _/:@=,;<>%!#.*+?(){}|$"


class UnprintableError(ValueError):
    """Raised for an expression that no ``match`` can say; the message says why."""


def printed(tree: Expression) -> str:
    """Return the expression as it stands between the quotes of ``match``; raise ``UnprintableError``."""
    short = trimmed(tree)
    if ambiguous_repeat(short) or competing(short) > 1:
        raise UnprintableError("an expression that backtracks further than Splunk goes")
    return _printed(short)


def required(tree: Expression) -> str:
    """Return the longest text that every match holds, ``""`` where there is none of three ASCII characters."""
    children = tree.children if isinstance(tree, Chain) else (tree,)
    found = [one.text for one in children if isinstance(one, Literal) and one.text.isascii() and one.text.isprintable()]
    longest = max(found, key=len, default="")
    return longest if len(longest) > 2 else ""


def _printed(tree: Expression) -> str:
    match tree:
        case Literal(text, folded):
            return "".join(_letter(one, folded) for one in text)
        case CharSet(ranges):
            return _set(ranges)
        case Anchor(place):
            return _ANCHORS[place]
        case Chain(children):
            return "".join(_grouped(child) if isinstance(child, Choice) else _printed(child) for child in children)
        case Choice(children):
            return _alternatives(children)
        case Repeat():
            return _repeat(tree)
        case Look() | BackReference():
            raise UnprintableError("looks ahead or behind and references to groups: nothing else decides them")
    assert_never(tree)


def _alternatives(children: tuple[Expression, ...]) -> str:
    return "|".join(map(_printed, children))


def _grouped(tree: Expression) -> str:
    return f"(?:{_printed(tree)})"


def _repeat(tree: Repeat) -> str:
    child = tree.child
    single = isinstance(child, CharSet) or (isinstance(child, Literal) and len(child.text) == 1)
    return (_printed(child) if single else _grouped(child)) + _times(tree.least, tree.most)


def _times(least: int, most: int | None) -> str:
    signs = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}
    if (least, most) in signs:
        return signs[least, most]
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


def _letter(letter: str, folded: bool) -> str:
    same = spellings(letter) if folded else letter
    if len(same) > 1:
        return _set(tuple((ord(one), ord(one)) for one in same))
    return letter if letter.isalnum() or letter in _PLAIN else f"[{_in_class(letter)}]"


def _set(ranges: Ranges) -> str:
    if ranges in _CLASSES:
        return _CLASSES[ranges]
    other = complement(ranges)
    if ranges[-1][1] == HIGHEST and other:
        return "[^" + "".join(map(_range, other)) + "]"
    return "[" + "".join(map(_range, ranges)) + "]"


def _range(run: tuple[int, int]) -> str:
    first, last = (_in_class(chr(code)) for code in run)
    return first if run[0] == run[1] else f"{first}{last}" if run[1] == run[0] + 1 else f"{first}-{last}"


def _in_class(letter: str) -> str:
    """Return a character within brackets, by its number where it could be read as anything else."""
    if letter.isalnum() or letter in _PLAIN_IN_CLASS:
        return letter
    if ord(letter) < 256:
        return f"\\x{ord(letter):02x}"
    if not letter.isprintable():
        raise UnprintableError("a character that is not printed")
    return letter
