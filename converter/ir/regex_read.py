"""Read a pattern into its tree, in the dialect that ``regex.py`` describes.

What engines read differently (``\\v``, ``\\Z``, ``{,3}``, flags such as ``x``)
is refused with what to write instead, and so are patterns beyond the bounds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from converter.ir.regex import (
    EVERY,
    NO_LINE_FEED,
    Anchor,
    BackReference,
    Chain,
    CharSet,
    Choice,
    Expression,
    Literal,
    Look,
    Place,
    RegexProblem,
    Repeat,
    size,
)
from converter.ir.regex_class import CLASSES, ESCAPES, read_class, read_code
from converter.ir.regex_problem import PatternError
from converter.model import pack, unpack

LENGTH: Final = 4000
"""Characters of a pattern."""
DEPTH: Final = 50
"""Groups inside each other."""
TIMES: Final = 1000
"""Repetitions that a brace may ask for, as in RE2."""
SIZE: Final = 5000
"""Single characters that a pattern may ask about, repetitions written out."""

_BRACES: Final = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_OPEN_BRACES: Final = re.compile(r"\{,[0-9]+\}")
_FLAGS: Final = re.compile(r"([a-zA-Z]*)(-[a-zA-Z]*)?([:)])")
_NAME: Final = re.compile(r"P?<([A-Za-z_][A-Za-z0-9_]*)>|'([A-Za-z_][A-Za-z0-9_]*)'")
_REFERENCE: Final = re.compile(r"\\(?:([1-9][0-9]*)|g\{?(-?[0-9]+|[A-Za-z_]\w*)\}?|k(?:<(\w+)>|\{(\w+)\}|'(\w+)'))", re.ASCII)
_LOOKS: Final = {"?=": (True, False), "?!": (True, True), "?<=": (False, False), "?<!": (False, True)}
_FOREIGN: Final = {
    "?>": "an atomic group",
    "?(": "a condition on a group",
    "?|": "a branch reset",
    "?R": "a recursion",
    "?&": "a recursion",
    "?P>": "a recursion",
    "?+": "a recursion",
    "*": "a verb",
}


@lru_cache(maxsize=4096)
def read_regex(pattern: str, flags: str = "") -> Expression | RegexProblem:
    """Return the tree of a pattern, or why it has none.

    Args:
        pattern: as the rule has it, without delimiters.
        flags: letters out of ``ims``, as Sigma's modifiers set them.
    """
    if len(pattern) > LENGTH:
        return RegexProblem(f"the regular expression has more than {LENGTH} characters", "split it", LENGTH)
    try:
        tree = _Reader(pattern, frozenset(flags)).whole()
    except PatternError as error:
        return error.problem
    if size(tree) > SIZE:
        return RegexProblem(f"the regular expression asks for more than {SIZE} characters, its repetitions written out", "repeat less")
    return tree


class _Reader:
    """A place in the pattern, and the flags that hold there."""

    def __init__(self, pattern: str, flags: frozenset[str]) -> None:
        self.text, self.flags, self.place, self.depth = pattern, flags, 0, 0

    def whole(self) -> Expression:
        tree = self.choice()
        if self.place < len(self.text):
            raise PatternError("a closing parenthesis without an opening one", "write \\) for the character", self.place)
        return tree

    def choice(self) -> Expression:
        start = self.place
        branches = [self.chain()]
        while self.text.startswith("|", self.place):
            self.place += 1
            branches.append(self.chain())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches), pack(start, self.place))

    def chain(self) -> Expression:
        start = self.place
        children: list[Expression] = []
        while self.place < len(self.text) and self.text[self.place] not in "|)":
            begin = self.place
            one = self.atom()
            if one is None:
                continue
            one = self.repeated(one, begin)
            if isinstance(one, Literal) and children and isinstance(last := children[-1], Literal) and (both := _together(last, one)):
                children[-1] = both
            else:
                children.append(one)
        return children[0] if len(children) == 1 else Chain(tuple(children), pack(start, self.place))

    def atom(self) -> Expression | None:
        """Return what stands here, or nothing for a comment or a change of flags."""
        start, character = self.place, self.text[self.place]
        self.place += 1
        here = pack(start, self.place)
        match character:
            case ".":
                return CharSet(EVERY if "s" in self.flags else NO_LINE_FEED, here)
            case "^":
                return Anchor(Place.LINE_START if "m" in self.flags else Place.START, here)
            case "$":
                return Anchor(Place.LINE_END if "m" in self.flags else Place.END, here)
            case "(":
                return self.group(start)
            case "[":
                ranges, self.place = read_class(self.text, self.place, "i" in self.flags)
                return CharSet(ranges, pack(start, self.place))
            case "\\":
                return self.escape(start)
            case "*" | "+" | "?":
                raise PatternError("a repetition of nothing", f"write \\{character} for the character", start)
        if self.refused_brace(start):
            raise PatternError("braces without a first number, which engines read differently", "write {0,…}", start)
        if _BRACES.match(self.text, start):
            raise PatternError("a repetition of nothing", "write \\{ for the character", start)
        return self.literal(character, start)

    def literal(self, character: str, start: int) -> Literal:
        return Literal(character, "i" in self.flags and _has_cases(character), pack(start, self.place))

    def escape(self, start: int) -> Expression:
        """Return what a backslash and what follows it mean outside a class; ``place`` is behind the backslash."""
        letter = self.text[self.place : self.place + 1]
        if letter in CLASSES:
            self.place += 1
            return CharSet(CLASSES[letter], pack(start, self.place))
        if letter in ("b", "B", "A"):
            self.place += 1
            place = {"b": Place.WORD_EDGE, "B": Place.NO_WORD_EDGE, "A": Place.START}[letter]
            return Anchor(place, pack(start, self.place))
        if found := _REFERENCE.match(self.text, start):
            self.place = found.end()
            return BackReference(next(name for name in found.groups() if name), pack(start, self.place))
        code, self.place = read_code(self.text, start, ESCAPES)
        return self.literal(chr(code), start)

    def group(self, start: int) -> Expression | None:
        """Return what parentheses hold; ``place`` is behind the opening one."""
        kind = next((mark for mark in _FOREIGN if self.text.startswith(mark, self.place)), None)
        if kind or re.compile(r"\?[0-9]").match(self.text, self.place):
            what = _FOREIGN.get(kind or "", "a recursion")
            raise PatternError(f"{what}, which other engines do not have", "write the expression without it", start)
        if self.text.startswith("?#", self.place):
            self.place = self.closing(start)
            return None
        if self.text.startswith("?P=", self.place):
            name = self.text[self.place + 3 : self.closing(start) - 1]
            self.place = self.closing(start)
            return BackReference(name, pack(start, self.place))
        look = next((mark for mark in ("?<=", "?<!", "?=", "?!") if self.text.startswith(mark, self.place)), None)
        if look:
            self.place += len(look)
            ahead, negated = _LOOKS[look]
            return Look(self.inside(start, self.flags), ahead, negated, pack(start, self.place))
        return self.plain_group(start)

    def plain_group(self, start: int) -> Expression | None:
        flags = self.flags
        if self.text.startswith("?", self.place):
            if name := _NAME.match(self.text, self.place + 1):
                self.place = name.end()
            else:
                changed = self.changed_flags(start)
                if self.text[self.place - 1] == ")":
                    self.flags = changed
                    return None
                flags = changed
        return self.inside(start, flags)

    def changed_flags(self, start: int) -> frozenset[str]:
        """Return the flags that ``(?i-s:`` or ``(?i)`` leave; ``place`` is behind the colon or parenthesis after."""
        found = _FLAGS.match(self.text, self.place + 1)
        if found is None:
            raise PatternError("a group of a kind that is not known", "write (?:…) or (…)", start)
        more, less = found[1], (found[2] or "-")[1:]
        if foreign := set(more + less) - set("ims"):
            raise PatternError(f"the flag {min(foreign)}, which engines read differently", "only i, m and s are flags", start)
        self.place = found.end()
        return (self.flags | set(more)) - set(less)

    def inside(self, start: int, flags: frozenset[str]) -> Expression:
        """Return the content of a group and go behind its end; flags that it sets end with it."""
        self.depth += 1
        if self.depth > DEPTH:
            raise PatternError(f"groups nest more than {DEPTH} deep", "write it flatter", start)
        outside, self.flags = self.flags, flags
        tree = self.choice()
        if not self.text.startswith(")", self.place):
            raise PatternError("a parenthesis that is not closed", "write \\( for the character", start)
        self.place += 1
        self.flags = outside
        self.depth -= 1
        return tree

    def closing(self, start: int) -> int:
        end = self.text.find(")", self.place)
        if end < 0:
            raise PatternError("a parenthesis that is not closed", "write \\( for the character", start)
        return end + 1

    def repeated(self, one: Expression, start: int) -> Expression:
        """Return the atom with the repetition that follows it, if one does."""
        begin = self.place
        bounds = self.bounds(begin)
        if bounds is None:
            return one
        if isinstance(one, Anchor | Look):
            raise PatternError("a repetition of a place", "remove the repetition", begin)
        lazy = self.text.startswith("?", self.place)
        self.place += lazy
        if self.text.startswith("+", self.place):
            message = "a possessive repetition, which other engines do not have" if not lazy else "several repetitions of one thing"
            raise PatternError(message, "remove the second +", self.place)
        if self.text.startswith(("*", "?"), self.place) or _BRACES.match(self.text, self.place):
            raise PatternError("several repetitions of one thing", "put the inner one in (?:…)", self.place)
        return Repeat(one, *bounds, lazy, pack(start, self.place))

    def bounds(self, begin: int) -> tuple[int, int | None] | None:
        """Return least and most of the repetition here, and go behind it."""
        sign = self.text[begin : begin + 1]
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if sign in simple:
            self.place += 1
            return simple[sign]
        if self.refused_brace(begin):
            raise PatternError("braces without a first number, which engines read differently", "write {0,…}", begin)
        found = _BRACES.match(self.text, begin)
        if found is None:
            return None
        self.place = found.end()
        numbers = [int(number[:9]) for number in (found[1], found[3]) if number]
        if max(numbers) > TIMES:
            raise PatternError(f"more than {TIMES} repetitions", "ask for fewer", begin)
        least = numbers[0]
        most = least if not found[2] else numbers[1] if len(numbers) > 1 else None
        if most is not None and most < least:
            raise PatternError("a repetition whose most is less than its least", "swap the numbers", begin)
        return least, most

    def refused_brace(self, begin: int) -> bool:
        return _OPEN_BRACES.match(self.text, begin) is not None


def _together(one: Literal, other: Literal) -> Literal | None:
    """Return two literals as one, where case means the same for both."""
    folded = one.folded or other.folded
    if one.folded != other.folded and _has_cases((other if one.folded else one).text):
        return None
    return Literal(one.text + other.text, folded, pack(unpack(one.offsets)[0], unpack(other.offsets)[1]))


def _has_cases(text: str) -> bool:
    return text.lower() != text.upper()
