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
from decimal import Decimal
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
    Shape,
    Text,
    Wild,
    feature_of_test,
    scalar_text,
)
from converter.model import Diagnostic, Severity
from converter.targets.contract import Inexpressible, ResolvedRule

_OPERATORS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_NUMERIC: Final = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?")
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
            wheres.append(_where(conjunct, resolved))
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
            raise _refused(tree, "a value without a field", "bind the value to a field", resolved)
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
            return _base_text(name, test)
        case Number(value):
            return f"{name}={_base_quoted(scalar_text(value))}"
        case Boolean(value):
            return f"{name}={_base_quoted(scalar_text(value))}"
        case Cidr(network):
            return f"{name}={_base_quoted(network)}"
        case Null() | Exists() | Compare() | Regex() | FieldRef():
            return None
    assert_never(tree.test)


def _base_text(name: str, test: Text) -> str | None:
    text = "".join("*" if isinstance(part, Wild) else _widened(part) for part in test.parts)
    if not text.strip("*"):
        return None
    return f"{name}={_base_quoted(text)}"


def _widened(text: str) -> str:
    return "".join("*" if character in _UNSAFE or not character.isprintable() else character for character in text)


def _base_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _base_name(path: str) -> str:
    return path if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", path) else f'"{path}"'


def _is_exact(tree: Node, resolved: ResolvedRule) -> bool:
    """Whether the base finds exactly the events of ``tree``."""
    match tree:
        case FieldMatch(_, test):
            return _is_exact_test(test)
        case And(children) | Or(children):
            return all(_is_exact(child, resolved) for child in children)
        case Not(child):
            return _is_exact(child, resolved)
        case Keyword():
            return False
    assert_never(tree)


def _is_exact_test(test: object) -> bool:
    match test:
        case Text(parts, cased):
            literals = [part for part in parts if isinstance(part, str)]
            letters = any(character.lower() != character.upper() for part in literals for character in part)
            plain = not any("*" in part or _widened(part) != part for part in literals) and Wild.ONE not in parts
            numeric = test.shape is Shape.EQUALS and _NUMERIC.fullmatch(test.literal)
            return bool(literals) and plain and not numeric and not (cased and letters)
        case Boolean() | Cidr():
            return True
    return False


def _where(tree: Node, resolved: ResolvedRule) -> str:
    """Return ``tree`` as an expression that is true for exactly its events, false or null for all others."""
    match tree:
        case FieldMatch(field):
            return _where_atom(tree, resolved.fields[field], resolved)
        case And(children):
            return _where_and(children, resolved)
        case Or(children):
            return _where_or(children, resolved)
        case Not(child):
            return _where_not(child, resolved)
        case Keyword():
            raise _refused(tree, "a value without a field", "bind the value to a field", resolved)
    assert_never(tree)


def _where_and(children: tuple[Node, ...], resolved: ResolvedRule) -> str:
    return "(" + " AND ".join(_where(child, resolved) for child in children) + ")"


def _where_or(children: tuple[Node, ...], resolved: ResolvedRule) -> str:
    return "(" + " OR ".join(_where(child, resolved) for child in children) + ")"


def _where_not(child: Node, resolved: ResolvedRule) -> str:
    # An expression on a missing field is null, and NOT null drops the event that Sigma keeps.
    return f"NOT coalesce({_where(child, resolved)}, false())"


def _where_atom(tree: FieldMatch, binding: Binding, resolved: ResolvedRule) -> str:
    name = _where_name(binding.path)
    many = binding.path.endswith("{}") or "{}." in binding.path
    match tree.test:
        case Text() as test:
            if any(ord(one) > 255 and not one.isprintable() for part in test.parts if isinstance(part, str) for one in part):
                raise _refused(tree, "a character that is not printed", "leave it out, for example with a wildcard", resolved)
            return _where_text(name, test, many)
        case Number(value):
            return _where_text(name, Text((scalar_text(value),), cased=True), many)
        case Boolean(value):
            return _where_text(name, Text((scalar_text(value),), cased=True), many)
        case Null():
            return _where_null(name, many)
        case Compare(operator, value):
            if many:
                raise _refused(tree, "an order of numbers in a list", "compare a field with one value", resolved)
            # In digits alone: that an expression reads an exponent is not documented.
            return f"tonumber({name}) {_OPERATORS[operator]} {Decimal(scalar_text(value)):f}"
        case Exists(present):
            return f"isnotnull({name})" if present else f"isnull({name})"
        case FieldRef(other, shape):
            return _where_related(tree, name, resolved.fields[other].path, shape, resolved)
        case Cidr() | Regex():
            raise _refused(tree, f"'{feature_of_test(tree.test)}' here", "use another test, or disable splunk for this rule", resolved)
    assert_never(tree.test)


def _where_text(name: str, test: Text, many: bool) -> str:
    if test.shape is Shape.PRESENT:
        return f"(isnotnull({name}) AND NOT coalesce({_where_text(name, Text(('null',), cased=True), many)}, false()))"
    pattern = _pattern(test)
    if many:
        return f'mvfind({name}, "{pattern}") >= 0'
    if test.cased and test.shape is Shape.EQUALS and re.fullmatch(r"[A-Za-z0-9 _.:/@=,+-]*", test.literal):
        return f'{name} == "{test.literal}"'
    return f'match({name}, "{pattern}")'


def _where_related(tree: FieldMatch, name: str, other: str, shape: Shape, resolved: ResolvedRule) -> str:
    if "{}" in name or "{}" in other:
        raise _refused(tree, "a comparison with a field that is a list", "compare fields with one value", resolved)
    mine, theirs = f"lower({name})", f"lower({_where_name(other)})"
    if shape is not Shape.EQUALS:
        raise _refused(tree, "a part of another field", "compare the whole fields", resolved)
    return f"{mine} == {theirs}"


def _where_null(name: str, many: bool) -> str:
    return f"(isnull({name}) OR {_where_text(name, Text(('null',), cased=True), many)})"


def _pattern(test: Text) -> str:
    """Return a regular expression for the whole value, without a backslash that two layers would have to escape."""
    body = ""
    for part in test.parts:
        if part is Wild.MANY:
            body += ".*"
        elif part is Wild.ONE:
            body += "."
        else:
            body += "".join(map(_pattern_character, part))
    return f"(?{'s' if test.cased else 'is'})^{body}$"


def _pattern_character(character: str) -> str:
    if character.isalnum() or character in " _-/:@=,;<>%&!~#":
        return character
    if character in "\\\"`'" or not character.isprintable():
        return f"[\\x{ord(character):02x}]" if ord(character) < 256 else character
    return f"[{character}]" if character not in "^[]" else f"[\\x{ord(character):02x}]"


def _where_name(path: str) -> str:
    return path if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", path) else f"'{path}'"


def _refused(tree: Node, what: str, help_text: str, resolved: ResolvedRule) -> Inexpressible:
    span = resolved.rule.source.span(tree.offsets)
    return Inexpressible(Diagnostic("T210", Severity.ERROR, span, f"SPL cannot express {what}", help=help_text))
