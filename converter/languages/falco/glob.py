r"""Match a value against a shell pattern, as ``fnmatch(3)`` does with no flags in the C locale.

``*`` is any run of bytes, slashes and line breaks too; ``?`` is one *byte*;
``[…]`` is a class with ranges, ``!`` or ``^`` for its complement and
``[:alpha:]`` names; a backslash makes the next character plain.

Source: POSIX.1-2017, 2.13; libs 48dfd53c userspace/libsinsp/utils.cpp:773-782
(flags 0, or FNM_CASEFOLD for ``iglob``); what POSIX leaves open is what the
GNU C library 2.41 answered: ``tests/property/test_falco_glob.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

_Class: TypeAlias = frozenset[int]
_Token: TypeAlias = _Class | None
"""One byte out of a class; ``None`` is ``*``."""

_EVERY: Final = frozenset(range(256))
_NAMES: Final[dict[bytes, Callable[[int], bool]]] = {
    b"alpha": lambda c: bytes([c]).isalpha(),
    b"digit": lambda c: bytes([c]).isdigit(),
    b"alnum": lambda c: bytes([c]).isalnum(),
    b"upper": lambda c: bytes([c]).isupper(),
    b"lower": lambda c: bytes([c]).islower(),
    b"space": lambda c: c in b" \t\n\v\f\r",
    b"blank": lambda c: c in b" \t",
    b"punct": lambda c: 32 < c < 127 and not bytes([c]).isalnum(),
    b"print": lambda c: 32 <= c < 127,
    b"graph": lambda c: 32 < c < 127,
    b"cntrl": lambda c: c < 32 or c == 127,
    b"xdigit": lambda c: c in b"0123456789abcdefABCDEF",
}


def matches_glob(pattern: bytes, value: bytes, fold: bool) -> bool:
    """Say whether the whole value fits the pattern; ``fold`` disregards the case of ASCII letters."""
    tokens = _tokens(pattern.lower() if fold else pattern, fold)
    if tokens is None:
        return False
    if fold:
        value = value.lower()
    at = place = 0
    star, kept = -1, 0
    while place < len(value):
        token = tokens[at] if at < len(tokens) else frozenset()
        if token is None:
            star, kept, at = at, place, at + 1
        elif value[place] in token:
            at, place = at + 1, place + 1
        elif star >= 0:
            kept += 1
            at, place = star + 1, kept
        else:
            return False
    return all(token is None for token in tokens[at:])


@lru_cache(maxsize=1024)
def _tokens(pattern: bytes, fold: bool) -> tuple[_Token, ...] | None:
    """Return the pattern's tokens; ``None`` when nothing can match it."""
    tokens: list[_Token] = []
    at = 0
    while at < len(pattern):
        byte = pattern[at : at + 1]
        at += 1
        if byte == b"*":
            if not tokens or tokens[-1] is not None:
                tokens.append(None)
        elif byte == b"?":
            tokens.append(_EVERY)
        elif byte == b"[":
            found = _bracket(pattern, at, fold)
            if found is None:
                return None
            token, at = found
            tokens.append(token)
        elif byte == b"\\":
            if at == len(pattern):
                return None
            tokens.append(frozenset(pattern[at : at + 1]))
            at += 1
        else:
            tokens.append(frozenset(byte))
    return tuple(tokens)


def _bracket(pattern: bytes, start: int, fold: bool) -> tuple[_Class, int] | None:
    """Return the class that begins after ``[`` and where it ends; a bracket without an end is itself.

    ``None`` for a class that no byte can be tested against.
    """
    at = start
    complement = pattern[at : at + 1] in (b"!", b"^")
    at += complement
    members: set[int] = set()
    first = True
    while True:
        byte = pattern[at : at + 1]
        if not byte:
            return frozenset(b"["), start
        if byte == b"]" and not first:
            break
        first = False
        if byte == b"[" and pattern[at + 1 : at + 2] == b":":
            end = pattern.find(b":]", at + 2)
            name = pattern[at + 2 : end] if end >= 0 else b""
            if end >= 0 and name.isalpha():
                if name not in _NAMES:
                    return None
                members |= {code for code in range(256) if _NAMES[name](code)}
                at = end + 2
                continue
        low = _member(pattern, at)
        if low is None:
            return frozenset(b"["), start
        code, at = low
        high = code
        if pattern[at : at + 1] == b"-" and pattern[at + 1 : at + 2] not in (b"]", b""):
            upper = _member(pattern, at + 1)
            if upper is None:
                return frozenset(b"["), start
            high, at = upper
        members |= set(range(code, high + 1))
    if fold:
        members |= {ord(chr(code).lower()) for code in members if code < 128}
    return (_EVERY - members if complement else frozenset(members)), at + 1


def _member(pattern: bytes, at: int) -> tuple[int, int] | None:
    """Return the character of a class at ``at`` and what follows it."""
    if pattern[at : at + 1] == b"\\":
        at += 1
    if at >= len(pattern):
        return None
    return pattern[at], at + 1
