r"""Print a regular expression for Python's ``re``, spelled out where ``re`` reads it differently, or say why it would be slow.

``(?a)`` stands before a pattern that needs it: letters, digits, blanks and the
edges of words are ASCII.  ``re`` backtracks, so a pattern is refused when a
text made for it could take more than the cube of its length.

Source: Python 3.11 library reference, re; https://docs.python.org/3.11/library/re.html.
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
    nodes_of,
    settled,
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
    Place.END: "$",
    Place.LINE_START: r"(?:^|(?<=\n)(?!\Z))",
    Place.LINE_END: "(?m:$)",
    Place.WORD_EDGE: r"\b",
    Place.NO_WORD_EDGE: r"(?!\b)",
}
_SPECIAL: Final = frozenset(".^$*+?{}[]\\|()")
_IN_CLASS: Final = frozenset("[]\\^-&~|")
_NAMED: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f", "\v": r"\v"}


def slow(tree: Expression) -> str:
    """Return why ``re`` could take too long or has no such test, or nothing."""
    if any(isinstance(one, Look | BackReference) for one in nodes_of(tree)):
        return "looks ahead or behind and references to groups are not translated: nothing else decides them"
    short = trimmed(tree)
    if ambiguous_repeat(short):
        return "a repetition whose content can be read in several ways takes Python's engine exponential time"
    if competing(short) > 1:
        return "three repetitions without end that compete for the same characters take Python's engine more than cubic time"
    return ""


def pattern(tree: Expression) -> str:
    """Return the pattern for ``re.search`` without flags; ``slow`` must have had nothing to say."""
    text = _printed(trimmed(tree))
    return f"(?a){text}" if any(_asks_for_ascii(one) for one in nodes_of(tree)) else text


def _asks_for_ascii(tree: Expression) -> bool:
    match tree:
        case Literal(text, folded):
            return folded and any(letter.isascii() and letter.isalpha() for letter in text)
        case CharSet(ranges):
            return _CLASSES.get(ranges, "").startswith("\\")
        case Anchor(place):
            return place in (Place.WORD_EDGE, Place.NO_WORD_EDGE)
        case _:
            return False


def _printed(tree: Expression) -> str:
    match tree:
        case Literal(text, folded):
            return _literal(text, folded)
        case CharSet(ranges):
            return _set(ranges)
        case Anchor(place):
            return _ANCHORS[place]
        case Chain(children):
            return _chain(children)
        case Choice(children):
            return _alternatives(children)
        case Repeat():
            return _repeat(tree)
        case Look() | BackReference():
            raise ValueError("a pattern that slow() refuses")
    assert_never(tree)


def _chain(children: tuple[Expression, ...]) -> str:
    """Return the children one after the other; what needs no second try stands in an atomic group."""
    ends = settled(children)
    texts: list[str] = []
    for index, child in enumerate(children):
        text = _grouped(child) if isinstance(child, Choice) else _printed(child)
        if index in ends and isinstance(child, Repeat):
            text = "(?>" + _repeat(Repeat(child.child, child.least, child.most, lazy=True))
        texts.append(text + ")" if index + 1 in ends.values() else text)
    return "".join(texts)


def _alternatives(children: tuple[Expression, ...]) -> str:
    return "|".join(map(_printed, children))


def _grouped(tree: Expression) -> str:
    return f"(?:{_printed(tree)})"


def _repeat(tree: Repeat) -> str:
    child = tree.child
    single = isinstance(child, CharSet) or (isinstance(child, Literal) and len(child.text) == 1 and not child.folded)
    return (
        (_printed(child) if single else _grouped(child))
        + _times(tree.least, tree.most)
        + ("?" if tree.lazy and tree.least != tree.most else "")
    )


def _times(least: int, most: int | None) -> str:
    signs = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}
    if (least, most) in signs:
        return signs[least, most]
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


def _literal(text: str, folded: bool) -> str:
    """Return a text; without regard to case ASCII letters stand under a flag, others with all their spellings."""
    if not folded:
        return "".join(_character(letter, _SPECIAL) for letter in text)
    parts = "".join(
        _character(one, _SPECIAL) if one.isascii() else _set(tuple((ord(code), ord(code)) for code in spellings(one))) for one in text
    )
    return f"(?i:{parts})" if any(letter.isascii() and letter.isalpha() for letter in text) else parts


def _set(ranges: Ranges) -> str:
    if ranges in _CLASSES:
        return _CLASSES[ranges]
    other = complement(ranges)
    if ranges[-1][1] == HIGHEST and other:
        return "[^" + "".join(map(_range, other)) + "]"
    return "[" + "".join(map(_range, ranges)) + "]"


def _range(run: tuple[int, int]) -> str:
    first, last = (_character(chr(code), _IN_CLASS) for code in run)
    if run[0] == run[1]:
        return first
    return f"{first}{last}" if run[1] == run[0] + 1 else f"{first}-{last}"


def _character(character: str, special: frozenset[str]) -> str:
    if character in special:
        return "\\" + character
    if character in _NAMED:
        return _NAMED[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
