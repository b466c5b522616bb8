r"""Classes and escapes of a pattern: ``[^a-z\d[:alpha:]]``, ``\x2e``, ``\u2013``."""

from __future__ import annotations

import re
from typing import Final

from converter.ir.fold import letter_cases
from converter.ir.regex import DIGITS, HIGHEST, SPACE, WORD, Ranges, complement, merged
from converter.ir.regex_problem import PatternError

CLASSES: Final[dict[str, Ranges]] = {
    "d": DIGITS,
    "D": complement(DIGITS),
    "w": WORD,
    "W": complement(WORD),
    "s": SPACE,
    "S": complement(SPACE),
}
ESCAPES: Final = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9}
"""Letters that stand for a control character wherever they are escaped; ``\\b`` does inside a class."""
_IN_CLASS: Final = {**ESCAPES, "b": 8}
_NAMED: Final[dict[str, Ranges]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": DIGITS,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": SPACE,
    "upper": ((65, 90),),
    "word": WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_NAME: Final = re.compile(r"\[:(\^?)([a-z]+):\]")
_CODE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(0[0-7]{0,2}))")
_AMBIGUOUS: Final = {
    "v": "write \\x0b, or [\\n\\x0b\\f\\r]",
    "Z": "write $",
    "z": "write $",
    "h": "write [ \\t]",
    "R": "write \\r?\\n",
    "X": "write the characters",
    "N": "write [^\\n]",
    "p": "write the characters as a class",
    "P": "write the characters as a class",
    "e": "write \\x1b",
    "Q": "escape each character",
    "E": "escape each character",
    "K": "leave it out",
    "G": "leave it out",
}


def read_code(text: str, start: int, letters: dict[str, int]) -> tuple[int, int]:
    r"""Return the character that the escape at ``start`` stands for, and where it ends."""
    if found := _CODE.match(text, start):
        digits = next(group for group in found.groups()[:4] if group) if not found[5] else found[5]
        code = int(digits, 8 if found[5] else 16)
        if code > HIGHEST:
            raise PatternError("a character beyond U+10FFFF", "correct the number", start)
        return code, found.end()
    letter = text[start + 1 : start + 2]
    if not letter:
        raise PatternError("a backslash at the end", "write \\\\ for the character", start)
    if letter in letters:
        return letters[letter], start + 2
    if letter in _AMBIGUOUS:
        raise PatternError(f"the escape \\{letter}, which engines read differently or do not have", _AMBIGUOUS[letter], start)
    if letter.isascii() and letter.isalnum():
        raise PatternError(f"the escape \\{letter}, which is not known", f"write {letter} for the character", start)
    return ord(letter), start + 2


def read_class(text: str, start: int, folded: bool) -> tuple[Ranges, int]:
    """Return the characters of the class whose content begins at ``start``, and where it ends."""
    place = start
    negated = text.startswith("^", place)
    place += negated
    first = place
    found: list[tuple[int, int]] = []
    while not text.startswith("]", place) or place == first:
        if place >= len(text):
            raise PatternError("a class that is not closed", "write \\[ for the character", start - 1)
        one, after = _member(text, place)
        place = after
        if not text.startswith("-", place) or text.startswith("]", place + 1):
            found += [(one, one)] if isinstance(one, int) else one
            continue
        last, after = _member(text, place + 1) if place + 1 < len(text) else (one, place)
        if not isinstance(one, int) or not isinstance(last, int) or last < one:
            raise PatternError("a range of a class that has no order", "put - first in the class for the character", place)
        found.append((one, last))
        place = after
    ranges = merged(found)
    if folded:
        ranges = _folded(ranges)
    ranges = complement(ranges) if negated else ranges
    if not ranges:
        raise PatternError("a class without a character", "correct the class", start - 1)
    return ranges, place + 1


def _member(text: str, place: int) -> tuple[int | Ranges, int]:
    """Return a character, or the characters that a name or an escape stands for, and what follows."""
    if named := _NAME.match(text, place):
        if named[2] not in _NAMED:
            raise PatternError(f"the class [:{named[2]}:], which is not known", f"known: {', '.join(_NAMED)}", place)
        ranges = _NAMED[named[2]]
        return complement(ranges) if named[1] else ranges, named.end()
    if text.startswith(("[.", "[="), place):
        raise PatternError("a collating element, which other engines do not have", "write \\[ for the character", place)
    if not text.startswith("\\", place):
        return ord(text[place]), place + 1
    letter = text[place + 1 : place + 2]
    if letter in CLASSES and letter:
        return CLASSES[letter], place + 2
    return read_code(text, place, _IN_CLASS)


def _folded(ranges: Ranges) -> Ranges:
    """Return the characters and what equals them without regard to case."""
    more = list(ranges)
    for first, last in ranges:
        for low, high, away in ((65, 90, 32), (97, 122, -32)):
            if max(first, low) <= min(last, high):
                more.append((max(first, low) + away, min(last, high) + away))
    beyond = [(max(first, 128), last) for first, last in ranges if last > 127]
    if beyond and beyond != [(128, HIGHEST)]:
        for group in letter_cases():
            if any(first <= ord(letter) <= last for letter in group for first, last in beyond):
                more += [(ord(letter), ord(letter)) for letter in group]
    return merged(more)
