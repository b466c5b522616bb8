"""The grammar of the regular expressions that are read: text to pieces, or the reason against it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from converter.model import node

REPEAT: Final = 1_000
"""The largest bound of ``{m,n}``."""
NESTED: Final = 50
"""Groups inside groups."""


class PatternError(Exception):
    """Why a pattern is not read; never leaves the package."""


Accepts: TypeAlias = Callable[[str], bool]


@node
class Characters:
    """One character of a set."""

    accepts: Accepts


@node
class Assertion:
    """A place in the text that takes no character."""

    holds: Callable[[str, int], bool]


@node
class Flags:
    """Flags that hold for the rest of the group; nothing to match."""


@node
class Group:
    """Pieces one after the other."""

    pieces: tuple[Piece, ...]


@node
class Alternatives:
    """Any of the branches."""

    branches: tuple[Group, ...]


@node
class Repeat:
    """The child ``least`` to ``most`` times; no bound when ``most`` is None."""

    child: Piece
    least: int
    most: int | None


Piece: TypeAlias = Characters | Assertion | Flags | Group | Alternatives | Repeat

_QUANTIFIER = re.compile(r"[*+?]|\{([0-9]{1,6})(,([0-9]{0,6}))?\}")
_SETS = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", "s": " \t\n\v\f\r"}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_HEX = re.compile(r"x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))")
_OPENING = re.compile(r"\?(?:P?<(?![=!])[A-Za-z_]\w*>|:|([imsx]*)(?:-([imsx]+))?([:)]))")


def parse(pattern: str) -> Piece:
    """Return the pieces of ``pattern``; raises ``PatternError``."""
    reader = _Reader(pattern)
    found = reader.alternatives(frozenset(), 0)
    if reader.index < len(pattern):
        raise PatternError("a closing parenthesis without an opening one")
    return found


class _Reader:
    """The pattern and the place in it."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.index = pattern, 0

    def peek(self) -> str:
        """Return the character at hand, empty at the end."""
        return self.pattern[self.index : self.index + 1]

    def take(self) -> str:
        """Return the character at hand and go on."""
        self.index += 1
        return self.pattern[self.index - 1]

    def alternatives(self, flags: frozenset[str], depth: int) -> Piece:
        """Read branches up to the end of the group."""
        if depth > NESTED:
            raise PatternError(f"groups are nested deeper than {NESTED}")
        branches: list[Group] = []
        pieces: list[Piece] = []
        while self.peek() not in ("", ")"):
            if self.peek() == "|":
                self.take()
                branches.append(Group(tuple(pieces)))
                pieces = []
                continue
            piece, flags = self.atom(flags, depth)
            pieces.append(self.quantified(piece))
        branches.append(Group(tuple(pieces)))
        return branches[0] if len(branches) == 1 else Alternatives(tuple(branches))

    def quantified(self, piece: Piece) -> Piece:
        """Read a quantifier after ``piece``, if there is one."""
        found = _QUANTIFIER.match(self.pattern, self.index)
        if found is None:
            return piece
        if isinstance(piece, Assertion | Flags):
            raise PatternError("a quantifier after what takes no character")
        self.index = found.end()
        if found.group(1) is None:
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[found.group()]
        else:
            least = int(found.group(1))
            most = least if found.group(2) is None else int(found.group(3)) if found.group(3) else None
        if max(least, most or 0) > REPEAT or (most is not None and most < least):
            raise PatternError(f"a repetition beyond {REPEAT}, or with its bounds reversed")
        if self.peek() == "+":
            raise PatternError("possessive quantifiers are not read")
        if self.peek() == "?":
            self.take()
        if _QUANTIFIER.match(self.pattern, self.index):
            raise PatternError("a quantifier after a quantifier")
        return Repeat(piece, least, most)

    def atom(self, flags: frozenset[str], depth: int) -> tuple[Piece, frozenset[str]]:
        """Read one piece without its quantifier; return the flags that hold after it."""
        if "x" in flags:
            raise PatternError("extended syntax (?x) is not read")
        if _QUANTIFIER.match(self.pattern, self.index):
            raise PatternError("a quantifier with nothing before it")
        character = self.take()
        if character == "(":
            return self.group(flags, depth)
        if character == "[":
            return Characters(self.bracket(flags)), flags
        if character == ".":
            return Characters((lambda _: True) if "s" in flags else (lambda one: one != "\n")), flags
        if character == "^":
            return Assertion(_line_start if "m" in flags else _start), flags
        if character == "$":
            return Assertion(_line_end if "m" in flags else _end), flags
        if character == "\\":
            return self.escape(flags), flags
        return Characters(_one(character, flags)), flags

    def group(self, flags: frozenset[str], depth: int) -> tuple[Piece, frozenset[str]]:
        """Read a group, or flags for the rest of the one around."""
        inner = flags
        if self.peek() in ("?", "*"):
            found = _OPENING.match(self.pattern, self.index)
            if found is None:
                raise PatternError("look-around, atomic groups, conditionals and the like are not read")
            self.index = found.end()
            inner = (flags | set(found.group(1) or "")) - set(found.group(2) or "")
            if found.group(3) == ")":
                return Flags(), inner
        piece = self.alternatives(inner, depth + 1)
        if self.peek() != ")":
            raise PatternError("an opening parenthesis without a closing one")
        self.take()
        return Group((piece,)), flags

    def escape(self, flags: frozenset[str]) -> Piece:
        """Read what follows a backslash outside a set."""
        anchors = {"A": _start, "z": _very_end, "Z": _end, "b": _boundary, "B": lambda text, place: not _boundary(text, place)}
        if self.peek() in anchors and self.peek():
            return Assertion(anchors[self.take()])
        return Characters(self.escaped_set(flags))

    def escaped_set(self, flags: frozenset[str]) -> Accepts:
        """Read the escape of a set or a single character."""
        character = self.peek()
        if character and character.lower() in _SETS:
            members, negated = frozenset(_SETS[self.take().lower()]), character.isupper()
            return lambda one: (one in members) is not negated
        return _one(self.escaped_character(), flags)

    def escaped_character(self) -> str:
        """Read the escape of a single character."""
        found = _HEX.match(self.pattern, self.index)
        if found is not None:
            self.index = found.end()
            code = int(found.group(1) or found.group(2), 16)
            if code > 0x10FFFF:
                raise PatternError("a character code beyond Unicode")
            return chr(code)
        character = self.peek()
        if not character:
            raise PatternError("a backslash at the end")
        if character in _CONTROLS:
            return _CONTROLS[self.take()]
        if character.isascii() and character.isalnum():
            raise PatternError(f"the escape \\{character} is not read")
        return self.take()

    def bracket(self, flags: frozenset[str]) -> Accepts:
        """Read a set in brackets, the opening one being taken."""
        negated = self.peek() == "^"
        self.index += negated
        members: list[Accepts] = []
        first = True
        while first or self.peek() != "]":
            first = False
            if not self.peek():
                raise PatternError("a set in brackets that is not closed")
            if self.pattern.startswith(("[:", "[.", "[="), self.index):
                raise PatternError("POSIX classes are not read")
            low = self.member()
            if not isinstance(low, str):
                members.append(low)
            elif self.peek() == "-" and self.pattern[self.index + 1 : self.index + 2] not in ("]", ""):
                self.take()
                high = self.member()
                if not isinstance(high, str) or high < low:
                    raise PatternError("a range in brackets with its ends reversed")
                members.append(_between(low, high, flags))
            else:
                members.append(_one(low, flags))
        self.take()
        return lambda one: any(accepts(one) for accepts in members) is not negated

    def member(self) -> str | Accepts:
        """Read one character or escaped set inside brackets."""
        character = self.take()
        if character != "\\":
            return character
        if self.peek() and self.peek().lower() in _SETS:
            return self.escaped_set(frozenset())
        if self.peek() == "b":
            self.take()
            return "\b"
        return self.escaped_character()


def _cases(character: str) -> frozenset[str]:
    """Return a character with its other cases, as far as they are one character."""
    return frozenset(one for one in (character, character.lower(), character.upper()) if len(one) == 1)


def _one(character: str, flags: frozenset[str]) -> Accepts:
    """Accept one character, in any case when the flags say so."""
    if "i" in flags:
        members = _cases(character)
        return lambda one: one in members or not members.isdisjoint(_cases(one))
    return lambda one: one == character


def _between(low: str, high: str, flags: frozenset[str]) -> Accepts:
    """Accept a range of characters, in any case when the flags say so."""
    if "i" in flags:
        return lambda one: any(low <= case <= high for case in _cases(one))
    return lambda one: low <= one <= high


def _start(_text: str, place: int) -> bool:
    return place == 0


def _line_start(text: str, place: int) -> bool:
    return place == 0 or (text[place - 1] == "\n" and place < len(text))


def _very_end(text: str, place: int) -> bool:
    return place == len(text)


def _end(text: str, place: int) -> bool:
    return place == len(text) or (place == len(text) - 1 and text[place] == "\n")


def _line_end(text: str, place: int) -> bool:
    return place == len(text) or text[place] == "\n"


def _boundary(text: str, place: int) -> bool:
    before = place > 0 and text[place - 1] in _SETS["w"]
    after = place < len(text) and text[place] in _SETS["w"]
    return before is not after
