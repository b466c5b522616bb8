r"""Print a regular expression for Falco's ``regex``: RE2 in POSIX syntax, which must be the whole value.

A search becomes a whole match by ``(.|\n)*`` on either side, and an anchor at
an end of the expression by leaving that out.  POSIX syntax has no ``\d``,
``(?i)`` or ``\b``: classes are written out, letters without regard to case as
classes, and the edge of a word at an end of the expression by the character
beyond it.  ``^`` and ``$`` are the ends of lines.

Of a list, whose elements are joined with line breaks, the ends of the text
are those of an element.

Source: libs 48dfd53c userspace/libsinsp/sinsp_filtercheck.cpp:631-638 and
931-946; measured with rules engine 0.63.0; RE2's syntax page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from converter.ir import (
    EVERY,
    HIGHEST,
    NO_LINE_FEED,
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
    complement,
    nodes_of,
    nullable,
    spellings,
)

_ANY: Final = "(.|\n)*"
_ENDS: Final = frozenset((Place.START, Place.END, Place.LINE_START, Place.LINE_END))


class UnprintableError(ValueError):
    """Raised for an expression that no ``regex`` can say; the message says why."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around an expression: ``left`` and ``right`` where it must reach the end of the value itself."""

    left: bool = True
    right: bool = True
    lower: bool = False
    lines: bool = False


def is_lowered(tree: Expression) -> bool:
    """Say whether ``tolower()`` before the field takes the place of the flag ``i``: no part of the expression regards case."""
    literals = [one for one in nodes_of(tree) if isinstance(one, Literal) and any(map(_is_letter, one.text))]
    sets = [one for one in nodes_of(tree) if isinstance(one, CharSet)]
    return bool(literals) and all(one.folded for one in literals) and all(_closed(one.ranges) for one in sets)


def meets_line_feed(tree: Expression) -> bool:
    """Say whether the expression asks for a line feed, or for an end of the text, which is one between a list's elements."""
    return any(
        (isinstance(one, CharSet) and any(first <= 10 <= last for first, last in one.ranges))
        or (isinstance(one, Literal) and "\n" in one.text)
        or (isinstance(one, Anchor) and one.place in _ENDS)
        for one in nodes_of(tree)
    )


def may_end_with(tree: Expression, letter: str) -> bool:
    """Say whether a text that the expression finds can end with this character."""
    match tree:
        case Literal(text, folded):
            return letter in (spellings(text[-1]) if folded else text[-1])
        case CharSet(ranges):
            return any(first <= ord(letter) <= last for first, last in ranges)
        case Chain(children):
            for child in reversed(children):
                if may_end_with(child, letter):
                    return True
                if not nullable(child):
                    return False
            return False
        case Choice(children):
            return any(may_end_with(child, letter) for child in children)
        case Repeat(child):
            return may_end_with(child, letter)
        case Anchor() | Look() | BackReference():
            return False
    assert_never(tree)


def whole(tree: Expression, lower: bool, lines: bool) -> str:
    """Return the expression for ``regex``; raise ``UnprintableError``.

    Args:
        tree: what is searched for.
        lower: the value's ASCII letters are lower case.
        lines: the value is a list's elements, joined with line feeds.
    """
    return _printed(tree, Frame(lower=lower, lines=lines))


def _printed(tree: Expression, frame: Frame) -> str:
    match tree:
        case Literal(text, folded):
            return _padded("".join(_letter(one, folded, frame.lower) for one in text), frame)
        case CharSet(ranges):
            return _padded(_set(ranges, frame.lower), frame)
        case Anchor(place):
            return _anchor(place, frame)
        case Chain(children):
            return _chain(children, frame)
        case Choice(children):
            return _choice(children, frame)
        case Repeat():
            return _repeat(tree, frame)
        case Look() | BackReference():
            raise UnprintableError("RE2 has no looks ahead or behind and no references to groups")
    assert_never(tree)


def _padded(text: str, frame: Frame) -> str:
    return (_ANY if frame.left else "") + text + (_ANY if frame.right else "")


def _anchor(place: Place, frame: Frame) -> str:
    """Return an end of the text, and on the other side whatever is there."""
    if place is Place.START and frame.left:
        return (f"({_ANY}\n)?" if frame.lines else "") + (_ANY if frame.right else "")
    if place is Place.END and frame.right:
        return (_ANY if frame.left else "") + (f"(\n{_ANY})?" if frame.lines else "\n?")
    if place is Place.LINE_START:
        return _padded("^", frame)
    if place is Place.LINE_END:
        return _padded("$", frame)
    if place in (Place.START, Place.END):
        raise UnprintableError(
            "RE2's POSIX syntax has the ends of lines only, so the ends of the value can be asked for at the expression's ends"
        )
    raise UnprintableError("RE2's POSIX syntax has no \\b, so the edge of a word can be asked for at the expression's ends")


def _chain(children: tuple[Expression, ...], frame: Frame) -> str:
    if not children:
        return _ANY if frame.left or frame.right else ""
    count = len(children)
    texts: list[str] = []
    left, right = frame.left, frame.right
    inner = list(children)
    if left and count > 1 and _is_edge(inner[0]):
        texts.append(_beyond(inner[1], True))
        inner, left = inner[1:], False
    tail = ""
    if right and len(inner) > 1 and _is_edge(inner[-1]):
        tail = _beyond(inner[-2], False)
        inner, right = inner[:-1], False
    for index, child in enumerate(inner):
        own = Frame(left and index == 0, right and index == len(inner) - 1, frame.lower, frame.lines)
        texts.append(_printed(child, own))
    return "".join(texts) + tail


def _is_edge(tree: Expression) -> bool:
    return isinstance(tree, Anchor) and tree.place is Place.WORD_EDGE


def _beyond(neighbour: Expression, before: bool) -> str:
    """Return what stands beyond the edge of a word, whose neighbour within is all letters or all others."""
    inside = _edge(neighbour, first=before)
    if inside and _within(inside, WORD):
        other = _set(complement(WORD), False)
        return f"({_ANY}{other})?" if before else f"({other}{_ANY})?"
    if inside and _within(inside, complement(WORD)):
        return f"{_ANY}{_set(WORD, False)}" if before else f"{_set(WORD, False)}{_ANY}"
    raise UnprintableError("RE2's POSIX syntax has no \\b, which stands beside letters of words and others here")


def _edge(tree: Expression, first: bool) -> Ranges:
    """Return the characters that a text of the expression begins (or ends) with, none where that is not plain."""
    match tree:
        case Literal(text, folded):
            letter = text[0 if first else -1]
            return tuple((ord(one), ord(one)) for one in (spellings(letter) if folded else letter))
        case CharSet(ranges):
            return ranges
        case Chain(children) if children and not nullable(children[0 if first else -1]):
            return _edge(children[0 if first else -1], first)
        case Choice(children):
            found = [_edge(child, first) for child in children]
            return tuple(run for ranges in found for run in ranges) if all(found) else ()
        case Repeat(child, least) if least and not nullable(child):
            return _edge(child, first)
        case _:
            return ()


def _within(one: Ranges, other: Ranges) -> bool:
    return all(any(low <= first and last <= high for low, high in other) for first, last in one)


def _choice(children: tuple[Expression, ...], frame: Frame) -> str:
    """Return the alternatives; what is around them stands once where no anchor is among them."""
    if not any(isinstance(one, Anchor) for child in children for one in nodes_of(child)):
        inner = Frame(False, False, frame.lower, frame.lines)
        return _padded("(" + "|".join(_printed(child, inner) for child in children) + ")", frame)
    return "(" + "|".join(_printed(child, frame) for child in children) + ")"


def _repeat(tree: Repeat, frame: Frame) -> str:
    inner = _printed(tree.child, Frame(False, False, frame.lower, frame.lines))
    single = isinstance(tree.child, CharSet) or (isinstance(tree.child, Literal) and len(tree.child.text) == 1)
    return _padded((inner if single or isinstance(tree.child, Choice) else f"({inner})") + _times(tree.least, tree.most), frame)


def _times(least: int, most: int | None) -> str:
    signs = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}
    if (least, most) in signs:
        return signs[least, most]
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


def _letter(letter: str, folded: bool, lower: bool) -> str:
    """Return one character: with regard to case, as a class of its spellings, or in lower case."""
    if not folded:
        return _plain(letter)
    same = spellings(letter)
    if lower and letter.isascii():
        return _plain(letter.lower())
    return _plain(letter) if len(same) == 1 else _set(tuple((ord(one), ord(one)) for one in same), False)


def _plain(letter: str) -> str:
    if letter in ".*+?()[]{}|$":
        return f"[{letter}]"
    return "\\^" if letter == "^" else "[\\\\]" if letter == "\\" else letter


def _set(ranges: Ranges, lower: bool) -> str:
    """Return a class; NUL ends every value, so it is left out."""
    if ranges == NO_LINE_FEED:
        return "."
    if ranges == EVERY:
        return "(.|\n)"
    other = complement(ranges)
    if ranges[-1][1] == HIGHEST:
        return "[^" + "".join(map(_range, _without_nul(other))) + "]" if _without_nul(other) else "(.|\n)"
    kept = _without_capitals(_without_nul(ranges)) if lower else _without_nul(ranges)
    if not kept:
        raise UnprintableError("Falco refuses a NUL character")
    return "[" + "".join(map(_range, kept)) + "]"


def _without_nul(ranges: Ranges) -> Ranges:
    return tuple((max(first, 1), last) for first, last in ranges if last)


def _without_capitals(ranges: Ranges) -> Ranges:
    """Leave out what no text in lower case holds."""
    runs = [part for first, last in ranges for part in ((first, min(last, 64)), (max(first, 91), last))]
    return tuple((first, last) for first, last in runs if first <= last)


def _range(run: tuple[int, int]) -> str:
    first, last = (_in_class(chr(code)) for code in run)
    return first if run[0] == run[1] else f"{first}{last}" if run[1] == run[0] + 1 else f"{first}-{last}"


def _in_class(letter: str) -> str:
    return f"\\{letter}" if letter in "[]^-\\" else letter


def _is_letter(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _closed(ranges: Ranges) -> bool:
    """Say whether a class has both cases of each ASCII letter that it has."""
    has = [any(first <= code <= last for first, last in ranges) for code in range(128)]
    return all(has[code] == has[code + 32] for code in range(65, 91))
