"""Splunk: print a detection as a base search and a ``where`` for what the base finds too much.

The base is fast, compares without regard to case and knows only ``*``; it may
be wider than the rule, never narrower.  A conjunct whose base is not exact is
said again, exactly, in ``where``, which compares with regard to case and is
null on missing fields.  A negated part that the base only approximates is
left out of it: negated, it would miss events.

Source: Splunk, Search Manual 9.3, "Expressions and predicates"; Search
Reference, "where", "search"; pages "Wildcards" and "Backslashes".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, assert_never

from converter.data import Binding
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Regex,
    RegexProblem,
    Shape,
    Text,
    TimePart,
    Wild,
    read_regex,
    scalar_text,
)
from converter.targets.contract import ResolvedRule
from converter.targets.splunk.entities import XML, is_misled
from converter.targets.splunk.pattern import required
from converter.targets.splunk.where import networks, refused, where

_NUMERIC: Final = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?")
_NETWORK: Final = re.compile(r"[0-9A-Fa-f:.]+/[0-9]+")
"""What ``search`` reads as a network: such a value also finds the addresses in it."""
_UNSAFE: Final = "*`$"
"""Characters that a base search cannot hold as themselves, beside those that no line can: they become ``*`` there."""


@dataclass(frozen=True, slots=True)
class Search:
    """The two stages of a detection, ``""`` where one is not needed; ``widened`` are the parts that only ``where`` makes exact."""

    base: str
    where: str
    widened: tuple[Node, ...]


def search(tree: Node, resolved: ResolvedRule) -> Search:
    """Return the stages of a rule's detection.

    Raises:
        Inexpressible: for the first atom that SPL cannot say.
    """
    bases: list[str] = []
    wheres: list[str] = []
    widened: list[Node] = []
    for conjunct in conjuncts(tree):
        base = _base(conjunct, resolved)
        if base is not None:
            bases.append(base)
        if base is None or not _is_exact(conjunct, resolved):
            wheres.append(where(conjunct, resolved))
            widened.append(conjunct)
    return Search(" ".join(bases), " AND ".join(wheres), tuple(widened))


def conjuncts(tree: Node) -> tuple[Node, ...]:
    """Return the parts that must all hold."""
    if not isinstance(tree, And):
        return (tree,)
    return tuple(part for child in tree.children for part in conjuncts(child))


def _base(tree: Node, resolved: ResolvedRule) -> str | None:
    """Return a search term that finds at least the events of ``tree``, ``None`` when only a scan does."""
    match tree:
        case FieldMatch(field):
            return _base_atom(tree, resolved.fields[field])
        case And(children):
            return _base_and(children, resolved)
        case Or(children):
            return _base_or(children, resolved)
        case Not(child):
            return _base_not(child, resolved)
        case Keyword():
            raise refused(tree, "a value without a field", "bind the value to a field", resolved)
    assert_never(tree)


def _base_and(children: tuple[Node, ...], resolved: ResolvedRule) -> str | None:
    found = [base for child in children if (base := _base(child, resolved)) is not None]
    return f"({' '.join(found)})" if found else None


def _base_or(children: tuple[Node, ...], resolved: ResolvedRule) -> str | None:
    found = [_base(child, resolved) for child in children]
    return None if None in found else f"({' OR '.join(one for one in found if one is not None)})"


def _base_not(child: Node, resolved: ResolvedRule) -> str | None:
    base = _base(child, resolved)
    return f"NOT ({base})" if base is not None and _is_exact(child, resolved) else None


def _base_atom(tree: FieldMatch, binding: Binding) -> str | None:
    name = _base_name(binding.path)
    match tree.test:
        case Text() as test:
            return _base_text(name, test, binding)
        case Number(value):
            return f"{name}={_base_quoted(scalar_text(value))}"
        case Boolean(value):
            return f"{name}={_base_quoted(scalar_text(value))}"
        case Cidr(network):
            terms = [f"{name}={_base_quoted(one)}" for one in networks(network, binding)]
            return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"
        case Regex(expression, flags):
            return _base_regex(name, expression, flags, binding)
        case Null() | Exists() | Compare() | TimePart() | FieldRef():
            return None
    assert_never(tree.test)


def _base_regex(name: str, expression: str, flags: str, binding: Binding) -> str | None:
    """Return a term for a text that every match holds, ``None`` where there is none."""
    tree = read_regex(expression, flags)
    text = "" if isinstance(tree, RegexProblem) else required(tree)
    return _base_text(name, Text((Wild.MANY, text, Wild.MANY)), binding) if text else None


def _base_text(name: str, test: Text, binding: Binding) -> str | None:
    text = re.sub(r"[*]+", "*", "".join("*" if isinstance(part, Wild) else _widened(part, binding) for part in test.parts))
    if not text.strip("*"):
        return None
    return f"{name}={_base_quoted(text)}"


def _widened(text: str, binding: Binding) -> str:
    if binding.type == XML:  # as it is, and as an entity: some inputs resolve them
        text = text.replace("<", "*").replace(">", "*").replace("&", "&*")
    return "".join("*" if _is_unsafe(character) else character for character in text)


def _is_unsafe(character: str) -> bool:
    """Whether a base may not hold a character as itself; that ``search`` folds letters beyond ASCII is not documented."""
    return character in _UNSAFE or not character.isprintable() or (not character.isascii() and character.lower() != character.upper())


def _base_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _base_name(path: str) -> str:
    return path if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", path) else f'"{path}"'


def _is_exact(tree: Node, resolved: ResolvedRule) -> bool:
    """Whether the base finds exactly the events of ``tree``."""
    match tree:
        case FieldMatch(field, test):
            return _is_exact_test(test, resolved.fields[field])
        case And(children) | Or(children):
            return all(_is_exact(child, resolved) for child in children)
        case Not(child):
            return _is_exact(child, resolved)
        case Keyword():
            return False
    assert_never(tree)


def _is_exact_test(test: object, binding: Binding) -> bool:
    match test:
        case Text(parts, cased):
            literals = [part for part in parts if isinstance(part, str)]
            letters = any(character.lower() != character.upper() for part in literals for character in part)
            plain = not any("*" in part or _widened(part, binding) != part for part in literals) and Wild.ONE not in parts
            numeric = test.shape is Shape.EQUALS and (_NUMERIC.fullmatch(test.literal) or _NETWORK.fullmatch(test.literal))
            misled = binding.type == XML and is_misled(test)
            return bool(literals) and plain and not misled and not numeric and not (cased and letters)
        case Boolean() | Cidr():
            return True
    return False
