"""Texts without regard to case: what the oracle and regular expressions with the flag ``i`` take for one letter."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

_ALONE: Final = re.compile("[\u0130\u03a3\u212a]")
"""Letters that ``str.lower`` does not fold alone or not as meant: İ becomes two, Σ another one at a word's end, the Kelvin sign a k."""
_CASED: Final = (range(0x80, 0x3000), range(0xA000, 0xAC00), range(0xF900, 0x12000), range(0x16E00, 0x17000), range(0x1E000, 0x1F000))
"""Blocks outside ASCII beside which no letter has two cases (Unicode 15, UnicodeData.txt)."""


def fold(text: str) -> str:
    """Return ``text`` without regard to case.

    ASCII letters fold among themselves, other letters by their simple lower
    case, and ASCII never equals non-ASCII (the Kelvin sign is not a k).
    """
    return text.lower() if _ALONE.search(text) is None else "".join(map(_fold_one, text))


def _fold_one(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 and lower.isascii() == character.isascii() else character


@lru_cache(maxsize=4096)
def spellings(character: str) -> str:
    """Return the characters that equal this one without regard to case, itself among them, in order of their codes."""
    if character.isascii():
        return "".join(sorted({character.lower(), character.upper()}))
    return next((group for group in letter_cases() if character in group), character)


@cache
def letter_cases() -> tuple[str, ...]:
    """Return the letters outside ASCII that have several spellings, each with all of them."""
    text = _ALONE.sub("", "".join(chr(code) for block in _CASED for code in block))
    pairs = [pair for pair in zip(text, text.lower(), strict=True) if pair[0] != pair[1]]
    pairs += [(one, _fold_one(one)) for one in "\u0130\u03a3\u212a"]
    groups: dict[str, list[str]] = {}
    for character, low in pairs:
        if low != character:
            groups.setdefault(low, [low]).append(character)
    return tuple(sorted("".join(sorted(group)) for group in groups.values()))
