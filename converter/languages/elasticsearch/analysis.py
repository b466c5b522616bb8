"""Split text into words as Elasticsearch's ``standard`` analyzer does, and fold case as its ``lowercase`` filter does.

Words end where Unicode's annex 29 breaks them; the classes of characters were
measured in the engine (``word_break.yml``).
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from converter.data import read_facts

MAX_TOKEN: Final = 255
"""UTF-16 units after which the tokenizer cuts a word."""

_LETTERS = frozenset({"letter", "hebrew"})
_JOINED = _LETTERS | {"numeric"}
_UNDERSCORED = _JOINED | {"katakana", "extend_num_let"}
_COMPLEX = frozenset({"complex", "complex_mark"})
_WORD = _JOINED | _COMPLEX | {"katakana", "single", "emoji"}
_ATTACHED = frozenset({"extend", "complex_mark"})
_CARRIERS = _WORD | {"extend_num_let", "regional", "extend"}


def folded(text: str) -> str:
    """Return ``text`` in lower case, each character for itself (no final sigma), as Java's ``Character.toLowerCase``."""
    if text.isascii():
        return text.lower()
    return "".join(lower if len(lower := char.lower()) == 1 else lower[0] for char in text)


@lru_cache(maxsize=2048)  # documents of one index repeat most of their texts
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of ``text`` in order, in lower case; the place in the tuple is the position."""
    found: list[str] = []
    classes = [character_class(char) for char in text]
    start, end = 0, len(text)
    while start < end:
        stop = start + 1
        while stop < end and not _is_break(text, classes, start, stop):
            stop += 1
        if not _WORD.isdisjoint(classes[start:stop]) or classes[start:stop].count("regional") == 2:
            found += _cut(folded(text[start:stop]))
        start = stop
    return tuple(found)


def character_class(char: str) -> str:
    """Return the class of a character, ``""`` for one that always ends a word."""
    if char == '"':
        return "double_quote"
    starts, ends, names = _table()
    at = bisect_right(starts, ord(char)) - 1
    return names[at] if at >= 0 and ord(char) <= ends[at] else ""


@cache
def _table() -> tuple[list[int], list[int], list[str]]:
    """Return the ranges of the table: first and last code points, and classes, in order."""
    loaded: dict[str, Any] = read_facts(Path(__file__).with_name("word_break.yml"))
    rows: list[tuple[int, int, str]] = []
    for name, ranges in loaded.items():
        for one in str(ranges).split():
            first, _, last = one.partition("-")
            rows.append((int(first, 16), int(last or first, 16), name))
    rows.sort()
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _is_break(text: str, classes: list[str], start: int, at: int) -> bool:
    """Say whether a word that began at ``start`` ends before ``at``."""
    right = classes[at]
    if right in _ATTACHED and classes[start] in (_CARRIERS if right == "extend" else _WORD):
        return False
    left_at = _base(classes, start, at - 1)
    left = classes[left_at]
    if _joins(left, right) or (left == right == "emoji" and text[at - 1] == "\u200d"):
        return False
    if left == "regional" and right == "regional":
        return (at - start) % 2 == 0
    if left == "hebrew" and text[at] == "'":
        return False
    # A mark inside a word needs the same kind of character on both sides.
    if _is_mark(left, right):
        after = _after(classes, at)
        return after is None or not _spans(left, right, after)
    if left_at > start:
        before = classes[_base(classes, start, left_at - 1)]
        return not _spans(before, left, right)
    return True


def _joins(left: str, right: str) -> bool:
    """Say whether two neighbours never part."""
    if left in _JOINED and right in _JOINED:
        return True
    if left == "katakana" and right == "katakana":
        return True
    if left in _COMPLEX and right in _COMPLEX:
        return True
    if right == "extend_num_let":
        return left in _UNDERSCORED
    return left == "extend_num_let" and right in _UNDERSCORED


def _is_mark(left: str, right: str) -> bool:
    """Say whether ``right`` may stand inside the word that ``left`` belongs to."""
    if left in _LETTERS and right in ("mid_letter", "mid_num_let"):
        return True
    if left == "numeric" and right in ("mid_num", "mid_num_let"):
        return True
    return left == "hebrew" and right == "double_quote"


def _spans(left: str, mark: str, right: str) -> bool:
    """Say whether the mark holds its two sides together."""
    if mark in ("mid_letter", "mid_num_let") and left in _LETTERS and right in _LETTERS:
        return True
    if mark in ("mid_num", "mid_num_let") and left == "numeric" and right == "numeric":
        return True
    return mark == "double_quote" and left == "hebrew" and right == "hebrew"


def _base(classes: list[str], start: int, at: int) -> int:
    """Return the place of the character that the marks at ``at`` are attached to."""
    while at > start and (classes[at] == "extend" or (classes[at] == "complex_mark" and classes[at - 1] not in _COMPLEX)):
        at -= 1
    return at


def _after(classes: list[str], at: int) -> str | None:
    """Return the class of the next character that is no attached mark."""
    for following in classes[at + 1 :]:
        if following not in _ATTACHED:
            return following
    return None


def _cut(word: str) -> list[str]:
    """Return the word in pieces that the tokenizer can hold."""
    if len(word) <= MAX_TOKEN:
        return [word]
    return [word[at : at + MAX_TOKEN] for at in range(0, len(word), MAX_TOKEN)]
