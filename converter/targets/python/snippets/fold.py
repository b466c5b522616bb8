"""Texts without regard to case."""

from __future__ import annotations


def fold(text: str, cased: bool = False) -> str:
    """Return the text without regard to case, unless cased; no ASCII letter equals one outside ASCII."""
    if cased:
        return text
    if text.isascii():
        return text.lower()
    return "".join(fold_letter(letter) for letter in text)


def fold_letter(letter: str) -> str:
    """Return a letter's lower case, where that is one letter and as much ASCII as before."""
    lower = letter.lower()
    return lower if len(lower) == 1 and lower.isascii() == letter.isascii() else letter
