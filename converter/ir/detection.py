"""From nodes to Sigma's detection section: the inverse of ``lower``, written for people.

A conjunction becomes one map, equal fields become lists (``|all`` where every
value must be there), the rest becomes named selections and a condition:
``selection`` for what must be there, ``filter`` below a negation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias, assert_never

from converter.ir.condition import ConditionError, parse_condition
from converter.ir.nodes import (
    And,
    Atom,
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
    Shape,
    Text,
    TimePart,
    sigma_text,
)

Scalar: TypeAlias = str | int | float | bool | None
Mapping: TypeAlias = dict[str, Scalar | list[Scalar]]
Section: TypeAlias = Mapping | list[Mapping] | list[Scalar]

LEVELS: Final = 80
"""Nodes below each other in a tree that is written as a condition."""

_SHAPES = {Shape.CONTAINS: ("contains",), Shape.STARTSWITH: ("startswith",), Shape.ENDSWITH: ("endswith",)}


def detection_of(tree: Node) -> dict[str, object] | None:
    """Return the detection section that means ``tree``, its condition last.

    Returns:
        ``None`` for what Sigma cannot write: a field without a name or with
        ``|`` in it, or a tree too deep for a condition.
    """
    if _depth(tree) > LEVELS or not all(map(_is_writable, _atoms(tree))):
        return None
    writer = _Writer()
    condition = writer.condition(_flat(tree), negated=False)
    try:
        parse_condition(condition)
    except ConditionError:
        return None
    return {**writer.sections, "condition": condition}


class _Writer:
    """Collects named selections while the condition is written."""

    def __init__(self) -> None:
        self.sections: dict[str, Section] = {}

    def condition(self, tree: Node, *, negated: bool) -> str:
        section = _section(tree)
        if section is not None:
            return self._named(section, negated)
        match tree:
            case Not(child):
                inner = self.condition(child, negated=not negated)
                return f"not {_grouped(inner)}"
            case And(children):
                return " and ".join(_grouped(self.condition(one, negated=negated), "or") for one in _gathered(children))
            case Or(children):
                return " or ".join(self.condition(one, negated=negated) for one in _alternatives(children))
            case FieldMatch() | Keyword():
                raise AssertionError("an atom is a section of its own")
        assert_never(tree)

    def _named(self, section: Section, negated: bool) -> str:
        word = "filter" if negated else "selection"
        for name, known in self.sections.items():
            if name.startswith(word) and repr(known) == repr(section):
                return name
        number = 1 + sum(name.startswith(word) for name in self.sections)
        name = word if number == 1 else f"{word}_{number}"
        self.sections[name] = section
        return name


def _grouped(condition: str, *loose: str) -> str:
    """Return the condition in parentheses if it is a junction of one of the ``loose`` words (of any, when none is given)."""
    depth, words = 0, set()
    for word in condition.replace("(", " ( ").replace(")", " ) ").split():
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0 and word in ("and", "or"):
            words.add(word)
    return f"({condition})" if words & set(loose or ("and", "or")) else condition


def _section(tree: Node) -> Section | None:
    """Return a tree that one selection can hold: keywords, a map, or a list of maps."""
    match tree:
        case Or(children):
            if (plain := _keywords(children)) is not None:
                return plain
            if (item := _item(tree)) is not None:
                return _map([item])
            maps = [_mapping(one) for one in _merged(Or, children)]
            return [one for one in maps if one is not None] if None not in maps else None
        case Keyword():
            return _keywords((tree,)) or _mapping(tree)
        case And() | FieldMatch():
            return _mapping(tree)
        case Not():
            return None
    assert_never(tree)


def _mapping(tree: Node) -> Mapping | None:
    """Return a conjunction of items with different keys as a map."""
    children = _merged(And, tree.children) if isinstance(tree, And) else (tree,)
    items = [_item(one) for one in children]
    found = [one for one in items if one is not None]
    if len(found) < len(items) or len({key for key, _ in found}) < len(found):
        return None
    return _map(found)


def _map(items: Iterable[tuple[str, list[Scalar]]]) -> Mapping:
    return {key: values[0] if len(values) == 1 else values for key, values in items}


def _item(tree: Node) -> tuple[str, list[Scalar]] | None:
    """Return an atom, or atoms on one field under one junction, as key and values."""
    match tree:
        case FieldMatch() | Keyword():
            return _key(tree), [_value(tree)]
        case And(children) | Or(children):
            alike = [one for one in children if isinstance(one, FieldMatch | Keyword)]
            keys = {_key(one) for one in alike}
            if len(alike) < len(children) or len(keys) > 1 or any(isinstance(one.test, Exists) for one in alike):
                return None
            values = _distinct(map(_value, alike))
            every = isinstance(tree, And) and len(values) > 1
            return keys.pop() + ("|all" if every else ""), values
        case Not():
            return None
    assert_never(tree)


def _keywords(children: Sequence[Node]) -> list[Scalar] | None:
    """Return keywords without modifiers as a list of values."""
    words = [one for one in children if isinstance(one, Keyword) and not _modifiers(one)]
    return _distinct(map(_value, words)) if len(words) == len(children) else None


def _merged(kind: type[And] | type[Or], children: Sequence[Node]) -> tuple[Node, ...]:
    """Return the children of a junction with the atoms of one key put together, at the place of the first."""
    groups: dict[object, list[Atom]] = {}
    order: list[object] = []
    for one in children:
        key: object = _key(one) if isinstance(one, FieldMatch | Keyword) and not isinstance(one.test, Exists) else one
        if key not in groups:
            order.append(key)
        if isinstance(one, FieldMatch | Keyword):
            groups.setdefault(key, []).append(one)
        else:
            groups[key] = []
    merged: list[Node] = []
    for key in order:
        atoms = groups[key]
        if not isinstance(key, str):
            merged.append(key)  # type: ignore[arg-type]
        else:
            merged.append(atoms[0] if len(atoms) == 1 else kind(tuple(atoms)))
    return tuple(merged)


def _gathered(children: Sequence[Node]) -> list[Node]:
    """Return the children of a conjunction, those that one map can hold gathered where the first stands."""
    together: list[Node] = []
    keys: set[str] = set()
    result: list[Node] = []
    for one in _merged(And, children):
        item = _item(one)
        if item is None or item[0] in keys or _keywords((one,)) is not None:
            result.append(one)
            continue
        keys.add(item[0])
        if not together:
            result.append(one)
        together.append(one)
    if len(together) > 1:
        result[result.index(together[0])] = And(tuple(together))
    return [_flat(one) for one in result]


def _alternatives(children: Sequence[Node]) -> list[Node]:
    """Return the children of a disjunction, those that one list of maps can hold gathered where the first stands."""
    merged = _merged(Or, children)
    maps = [one for one in merged if _mapping(one) is not None]
    if len(maps) < 2:
        return list(merged)
    gathered = Or(tuple(maps))
    return [gathered if one is maps[0] else one for one in merged if one is maps[0] or _mapping(one) is None]


def _key(atom: Atom) -> str:
    field = atom.field if isinstance(atom, FieldMatch) else ""
    return "|".join((field, *_modifiers(atom)))


def _modifiers(atom: Atom) -> tuple[str, ...]:
    match atom.test:
        case Text() as text:
            # Presence has no case.
            cased = ("cased",) if text.cased and text.shape is not Shape.PRESENT else ()
            return (*_SHAPES.get(text.shape, ()), *cased)
        case Number() | Boolean() | Null():
            return ()
        case Exists():
            return ("exists",)
        case Compare(operator):
            return (operator,)
        case TimePart(unit, operator):
            return (unit,) if operator == "eq" else (unit, operator)
        case Cidr():
            return ("cidr",)
        case Regex(_, flags):
            return ("re", *flags)
        case FieldRef(_, shape):
            return ("fieldref", *_SHAPES.get(shape, ()))
    assert_never(atom.test)


def _value(atom: Atom) -> Scalar:
    match atom.test:
        case Text() as text:
            return sigma_text((text.literal,)) if text.shape in _SHAPES else sigma_text(text.parts)
        case Number(value) | Compare(_, value) | TimePart(_, _, value):
            return value
        case Boolean(value):
            return value
        case Null():
            return None
        case Exists(present):
            return present
        case Cidr(network):
            return network
        case Regex(pattern):
            return pattern
        case FieldRef(field):
            return field
    assert_never(atom.test)


def _distinct(values: Iterable[Scalar]) -> list[Scalar]:
    """Return the values, each once; 1 and true are two values."""
    return list({(type(value), value): value for value in values}.values())


def _flat(tree: Node) -> Node:
    """Return the tree without junctions of one kind in each other, lone children and double negations."""
    match tree:
        case FieldMatch() | Keyword():
            return tree
        case Not(child):
            inner = _flat(child)
            return inner.child if isinstance(inner, Not) else Not(inner, tree.offsets)
        case And(children):
            return _joined(And, [_flat(one) for one in children])
        case Or(children):
            return _joined(Or, [_flat(one) for one in children])
    assert_never(tree)


def _joined(kind: type[And] | type[Or], children: Sequence[Node]) -> Node:
    spread: list[Node] = []
    for one in children:
        spread += one.children if isinstance(one, And | Or) and type(one) is kind else (one,)
    unique = tuple(dict.fromkeys(spread))
    return unique[0] if len(unique) == 1 else kind(unique)


def _is_writable(atom: Atom) -> bool:
    return isinstance(atom, Keyword) or (bool(atom.field) and "|" not in atom.field)


def _atoms(tree: Node) -> Iterable[Atom]:
    stack = [tree]
    while stack:
        match stack.pop():
            case FieldMatch() | Keyword() as atom:
                yield atom
            case And(children) | Or(children):
                stack += children
            case Not(child):
                stack.append(child)


def _depth(tree: Node) -> int:
    deepest, stack = 0, [(tree, 1)]
    while stack:
        one, level = stack.pop()
        deepest = max(deepest, level)
        match one:
            case And(children) | Or(children):
                stack += [(child, level + 1) for child in children]
            case Not(child):
                stack.append((child, level + 1))
            case _:
                pass
    return deepest
