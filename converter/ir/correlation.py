"""A correlation with the rules that it refers to: what it means is ``ir.occurrences``."""

from __future__ import annotations

from typing import TypeAlias

from converter.ir.condition import Condition
from converter.ir.nodes import Node
from converter.model import Correlation, Rule, node


@node
class Part:
    """One rule of a correlation: the reference as written, the rule, and what it means."""

    reference: str
    rule: Rule
    meaning: Meaning


@node
class Linked:
    """A correlation rule, its section, and its rules in the order of the section.

    ``expression`` is the tree of a temporal condition in words, whose names
    are references; ``None`` when there is none.  A part can be a correlation
    itself; parts never lead back to the rule.
    """

    rule: Rule
    correlation: Correlation
    parts: tuple[Part, ...]
    expression: Condition | None = None


Meaning: TypeAlias = Node | Linked


def leaves(linked: Linked) -> tuple[Part, ...]:
    """Return the parts that are about single events, of the correlation and of those that it refers to, each once."""
    found: dict[str, Part] = {}
    stack = [linked]
    met = {linked.rule.id}  # a correlation that several refer to is entered once, or ten levels could take for ever
    while stack:
        for part in stack.pop().parts:
            if isinstance(part.meaning, Linked):
                if part.rule.id not in met:
                    met.add(part.rule.id)
                    stack.append(part.meaning)
            else:
                found.setdefault(part.rule.id, part)
    return tuple(found.values())
