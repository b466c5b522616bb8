"""The tree of a detection: what a rule means, independent of Sigma's spelling and of any target.

A field is the name that the rule uses.  Every node carries the packed offsets
of the text that it came from (``Source.span`` turns them into lines).
"""

from __future__ import annotations

import re
from enum import Enum, StrEnum
from typing import TypeAlias

from converter.model import node


class Wild(Enum):
    """A wildcard of a string pattern: any characters (none too, newlines too), or exactly one."""

    MANY = "*"
    ONE = "?"


Parts: TypeAlias = tuple[str | Wild, ...]
"""A string pattern for the whole value: literal texts and wildcards; ``()`` is the empty string.

Literals are never empty and never stand side by side.
"""


class Shape(StrEnum):
    """The simplest operation that means the same as a pattern."""

    EQUALS = "equals"
    CONTAINS = "contains"
    STARTSWITH = "startswith"
    ENDSWITH = "endswith"
    PRESENT = "present"
    WILDCARD = "wildcard"


@node
class Text:
    """The value, as text, is the pattern; without regard to case unless ``cased``."""

    parts: Parts
    cased: bool = False

    @property
    def shape(self) -> Shape:
        """The simplest operation that means the same; ``PRESENT`` is ``*`` alone."""
        parts = self.parts  # asked of every text of every rule, several times: no generator, no pattern to match
        if not parts or (len(parts) == 1 and isinstance(parts[0], str)):
            return Shape.EQUALS
        first, last = parts[0], parts[-1]
        if len(parts) == 3:
            return Shape.CONTAINS if first is Wild.MANY is last and isinstance(parts[1], str) else Shape.WILDCARD
        if len(parts) == 2:
            if last is Wild.MANY and isinstance(first, str):
                return Shape.STARTSWITH
            return Shape.ENDSWITH if first is Wild.MANY and isinstance(last, str) else Shape.WILDCARD
        return Shape.PRESENT if len(parts) == 1 and first is Wild.MANY else Shape.WILDCARD

    @property
    def has_case(self) -> bool:
        """Whether a literal has a letter with two cases."""
        for part in self.parts:  # noqa: SIM110 - asked of every text of every rule, and a generator takes twice the time
            if isinstance(part, str) and part.lower() != part.upper():
                return True
        return False

    @property
    def literal(self) -> str:
        """The one literal of a pattern that is not ``WILDCARD``."""
        for part in self.parts:
            if isinstance(part, str):
                return part
        return ""


@node
class Number:
    """The value is this number, or its decimal text."""

    value: int | float


@node
class Boolean:
    """The value is this truth value, or its lower-case text."""

    value: bool


@node
class Null:
    """The field is missing or holds null."""


@node
class Exists:
    """The field's key is present, whatever its value (or absent, when not ``present``)."""

    present: bool


@node
class Compare:
    """The value is a number (or its text) and stands in this order to ``value``: ``lt``, ``lte``, ``gt``, ``gte``."""

    operator: str
    value: int | float


@node
class TimePart:
    """The value is a time, and this part of it stands in this order to ``value``: ``eq``, ``lt``, ``lte``, ``gt``, ``gte``.

    ``unit`` is ``minute``, ``hour``, ``day``, ``week``, ``month`` or ``year``; the part is what the text writes, in its own zone.
    """

    unit: str
    operator: str
    value: int


@node
class Cidr:
    """The value is an address in the network, written as Sigma has it."""

    network: str


@node
class Regex:
    """The pattern is found in the value; case-sensitive unless ``flags`` holds ``i`` (also ``m``, ``s``)."""

    pattern: str
    flags: str = ""


@node
class FieldRef:
    """The value equals (or contains, starts with, ends with) the value of another field."""

    field: str
    shape: Shape = Shape.EQUALS


Test: TypeAlias = Text | Number | Boolean | Null | Exists | Compare | TimePart | Cidr | Regex | FieldRef


@node
class FieldMatch:
    """One test on one field: an atom.  ``modifiers`` as the author wrote them, for messages."""

    field: str
    test: Test
    offsets: int = 0
    modifiers: tuple[str, ...] = ()


@node
class Keyword:
    """A test on every string value of the event."""

    test: Text | Regex | Number
    offsets: int = 0
    modifiers: tuple[str, ...] = ()


@node
class And:
    """All children; at least one."""

    children: tuple[Node, ...]
    offsets: int = 0


@node
class Or:
    """Any child; at least one."""

    children: tuple[Node, ...]
    offsets: int = 0


@node
class Not:
    """Not the child: two-valued, so true where the child's field is missing."""

    child: Node
    offsets: int = 0


Atom: TypeAlias = FieldMatch | Keyword
Node: TypeAlias = FieldMatch | And | Or | Not | Keyword


def atoms(tree: Node) -> tuple[Atom, ...]:
    """Return the atoms of ``tree``, in reading order."""
    found: list[Atom] = []
    stack: list[Node] = [tree]
    while stack:
        match stack.pop():
            case FieldMatch() | Keyword() as atom:
                found.append(atom)
            case And(children) | Or(children):
                stack.extend(reversed(children))
            case Not(child):
                stack.append(child)
    return tuple(found)


def parts_of(text: str) -> Parts:
    r"""Return Sigma's string ``text`` as a pattern: ``*`` and ``?``, with ``\*``, ``\?``, ``\\`` for the characters.

    A backslash before anything else stands for itself.
    Source: Sigma specification 2.1, "Escaping".
    """
    parts: list[str | Wild] = []
    literal, start = "", 0
    for found in _SPECIAL.finditer(text):
        literal += text[start : found.start()]
        start, token = found.end(), found.group()
        if len(token) == 2:
            literal += token[1]
            continue
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(Wild(token))
    literal += text[start:]
    if literal:
        parts.append(literal)
    return tuple(parts)


def sigma_text(parts: Parts) -> str:
    """Return the pattern as Sigma writes it; the inverse of ``parts_of``.

    Every backslash is doubled, because a single one may meet a following
    wildcard or backslash.
    """
    return "".join(part.value if isinstance(part, Wild) else _LITERAL.sub(r"\\\g<0>", part) for part in parts)


_SPECIAL = re.compile(r"\\[*?\\]|[*?]")
_LITERAL = re.compile(r"[*?\\]")
