"""The tree of a Falco condition, as the engine's parser builds it.

A condition is text for a C engine: a value may hold bytes that are no UTF-8
(``\\xHH``), which stand here as surrogate escapes.  Positions are packed
offsets into ``Condition.source``, the text after lists were substituted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from converter.model import Source, node

PROFILES = ("0.38", "0.39", "0.44", "dev")
"""Engines by the Falco release from which on they read the same language; ``dev`` is rules engine 0.63.0 after 0.44.0."""
NEWEST = "dev"
"""The profile of the engine that was measured."""


@node
class Field:
    """A field of the event and its argument in brackets; ``None`` without brackets."""

    name: str
    argument: str | None = None
    offsets: int = 0


@node
class Value:
    """A constant: quoted and unescaped, or bare."""

    text: str
    quoted: bool = False
    offsets: int = 0


@node
class Values:
    """A list of constants in parentheses."""

    items: tuple[Value, ...]
    offsets: int = 0


@node
class Call:
    """A transformer on its arguments; ``selector`` is the option letter of ``getopt(…)[x]``."""

    name: str
    arguments: tuple[Argument, ...]
    selector: str | None = None
    offsets: int = 0


@node
class Row:
    """A list among a transformer's arguments: constants, fields and transformers."""

    items: tuple[Argument, ...]
    offsets: int = 0


Operand: TypeAlias = Field | Call
Argument: TypeAlias = Field | Call | Value | Row
Right: TypeAlias = Field | Call | Value | Values


@node
class Exists:
    """The left side has a value."""

    left: Operand
    offsets: int = 0


@node
class Compare:
    """The left side has a value that stands in this relation to the right side.

    ``operator`` as written; ``modifier`` is ``oneof``, ``anyof``, ``allof``
    or empty.  ``val(f)`` on the right side is the field ``f``.
    """

    left: Operand
    operator: str
    right: Right
    modifier: str = ""
    offsets: int = 0


@node
class Macro:
    """A macro by name, and its condition once it is known."""

    name: str
    body: Condition | None = None
    offsets: int = 0


@node
class And:
    """All children, at least two."""

    children: tuple[Node, ...]
    offsets: int = 0


@node
class Or:
    """Any child, at least two."""

    children: tuple[Node, ...]
    offsets: int = 0


@node
class Not:
    """Not the child: true where the child's field is missing."""

    child: Node
    offsets: int = 0


Check: TypeAlias = Exists | Compare | Macro
Node: TypeAlias = Exists | Compare | Macro | And | Or | Not


@node
class Condition:
    """A condition that was read: its text, its tree, and the profile it was read for.

    ``checks`` counts what an evaluation may have to ask, macros unfolded.
    """

    source: Source
    root: Node
    profile: str
    checks: int


def checks(root: Node) -> Iterator[Check]:
    """Yield the checks and macro names below ``root`` in reading order, macros not entered."""
    stack: list[Node] = [root]
    while stack:
        match stack.pop():
            case And(children) | Or(children):
                stack.extend(reversed(children))
            case Not(child):
                stack.append(child)
            case Exists() | Compare() | Macro() as check:
                yield check
