"""Texts in which a pattern is found: one for each way through it, one choice changed at a time, so that tests ask about each."""

from __future__ import annotations

from typing import Final, assert_never

from converter.ir.regex import (
    Anchor,
    BackReference,
    Chain,
    CharSet,
    Choice,
    Expression,
    Literal,
    Look,
    Ranges,
    RegexProblem,
    Repeat,
)
from converter.ir.regex_read import read_regex
from converter.ir.regex_search import regex_finder

LIMIT: Final = 12
"""Texts of a pattern."""
_LENGTH: Final = 2000
_LIKED: Final = "ax7A -._/"


def regex_samples(pattern: str, flags: str = "") -> tuple[str, ...]:
    """Return texts in which the pattern is found, at most ``LIMIT``; none where it cannot be searched for.

    Args:
        pattern: as the rule has it.
        flags: letters out of ``ims``.
    """
    tree, finder = read_regex(pattern, flags), regex_finder(pattern, flags)
    if isinstance(tree, RegexProblem) or isinstance(finder, RegexProblem):
        return ()
    return tuple(dict.fromkeys(text for text in _texts(tree) if len(text) <= _LENGTH and finder(text)))[:LIMIT]


def _texts(tree: Expression) -> list[str]:
    """Return texts that may fit, the plainest first."""
    match tree:
        case Literal(text, folded):
            return [text, text.swapcase()] if folded else [text]
        case CharSet(ranges):
            return _characters(ranges)
        case Anchor() | Look() | BackReference():
            return [""]
        case Chain(children):
            return _chained([_texts(child) for child in children])
        case Choice(children):
            # The first of each before the second of any.
            found = [_texts(child) for child in children]
            return [texts[turn] for turn in range(LIMIT) for texts in found if turn < len(texts)][: 2 * LIMIT]
        case Repeat(child, least, most):
            once = _texts(child)
            more = least + 1 if most is None or most > least else least
            return [one * least for one in once[:2]] + [one * max(more, 1) for one in once] + [one * most for one in once[:1] if most]
    assert_never(tree)


def _chained(parts: list[list[str]]) -> list[str]:
    """Return the first of each part, then with one part changed at a time."""
    first = [texts[0] for texts in parts]
    found = ["".join(first)]
    for index, texts in enumerate(parts):
        found += ["".join((*first[:index], text, *first[index + 1 :])) for text in texts[1:]]
    return found[: 4 * LIMIT]


def _characters(ranges: Ranges) -> list[str]:
    """Return a character that people write, and the first and last of the class where they can be printed."""
    liked = [one for one in _LIKED if any(first <= ord(one) <= last for first, last in ranges)][:1]
    ends = [chr(code) for code in (ranges[0][0], ranges[-1][1]) if chr(code).isprintable() or code in (9, 10)]
    return list(dict.fromkeys([*liked, *ends])) or [chr(ranges[0][0])]
