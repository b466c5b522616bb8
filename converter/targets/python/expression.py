"""Print a resolved tree as a Python expression: ``and``, ``or``, ``not`` over calls of small functions, one a line."""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from converter.data import Binding
from converter.ir import (
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
    RegexProblem,
    Shape,
    Text,
    TimePart,
    Wild,
    atoms,
    read_regex,
)
from converter.model import Diagnostic, Rule, Severity
from converter.targets.contract import Inexpressible
from converter.targets.python.pattern import pattern, slow

_INDENT: Final = "    "
_DIGITS: Final = 300

Call: TypeAlias = tuple[str, tuple[str, ...]]
"""A function of ``snippets/`` and its arguments as printed, without the event."""


@dataclass(frozen=True, slots=True)
class Printer:
    """What the printing functions need to know: the rule for places, and the fields."""

    rule: Rule
    fields: Mapping[str, Binding]


def printed(printer: Printer, tree: Node, level: int = 2) -> str:
    """Return the tree as an expression whose lines stand at a level of indentation; raise ``Inexpressible`` for a part without one."""
    match tree:
        case And(children):
            return _and([_operand(printer, child, level) for child in children], level)
        case Or(children):
            return _or([_operand(printer, child, level) for child in children], level)
        case Not(child):
            return _not(_operand(printer, child, level))
        case FieldMatch() | Keyword():
            text = _call(call_of(printer, tree))
            return _not(text) if isinstance(tree.test, Exists) and not tree.test.present else text
    assert_never(tree)


def _operand(printer: Printer, tree: Node, level: int) -> str:
    """Return a child; "and" and "or" stand in parentheses of their own, "not" binds tighter than both."""
    if isinstance(tree, And | Or):
        return _grouped(printed(printer, tree, level + 1), level)
    return printed(printer, tree, level)


def _and(operands: list[str], level: int) -> str:
    return f"\n{_INDENT * level}and ".join(operands)


def _or(operands: list[str], level: int) -> str:
    return f"\n{_INDENT * level}or ".join(operands)


def _not(operand: str) -> str:
    return f"not {operand}"


def _grouped(text: str, level: int) -> str:
    if "\n" not in text:
        return f"({text})"
    return f"(\n{_INDENT * (level + 1)}{text}\n{_INDENT * level})"


def _call(call: Call) -> str:
    name, arguments = call
    return f"{name}({', '.join(('event', *arguments))})"


def helpers(printer: Printer, tree: Node) -> tuple[str, ...]:
    """Return the functions that the expression calls, in order of their first call."""
    return tuple(dict.fromkeys(call_of(printer, atom)[0] for atom in atoms(tree)))


def call_of(printer: Printer, atom: Atom) -> Call:
    """Return the call that decides an atom."""
    match atom:
        case FieldMatch():
            return _field(printer, atom)
        case Keyword():
            return _keyword(printer, atom)
    assert_never(atom)


_ORDER: Final = {"lt": "less_than", "lte": "at_most", "gt": "more_than", "gte": "at_least"}
_RELATED: Final = {Shape.CONTAINS: "contains_field", Shape.STARTSWITH: "startswith_field", Shape.ENDSWITH: "endswith_field"}


def _field(printer: Printer, atom: FieldMatch) -> Call:
    field = _quoted(printer.fields[atom.field].path)
    match atom.test:
        case Text() as test:
            name, arguments = _text(test)
            return name, (field, *arguments)
        case Number(value):
            return "is_number", (field, _number(printer, atom, value))
        case Boolean(truth):
            return "is_bool", (field, repr(truth))
        case Null():
            return "is_null", (field,)
        case Exists():
            return "exists", (field,)
        case Compare(operator, bound):
            return _ORDER[operator], (field, _number(printer, atom, bound))
        case TimePart(unit, operator, wanted):
            return "part_of_time", (field, _quoted(unit), *_between(printer, atom, unit, operator, wanted))
        case Cidr(network):
            return "in_network", (field, _quoted(_network(printer, atom, network)))
        case FieldRef(other, shape):
            return _RELATED.get(shape, "same_as"), (field, _quoted(printer.fields[other].path))
        case Regex():
            return "finds", (field, _regex(printer, atom, atom.test))
    assert_never(atom.test)


def _keyword(printer: Printer, atom: Keyword) -> Call:
    match atom.test:
        case Text(parts, cased):
            return "anywhere", (*map(_part, parts), *_cased(cased))
        case Number(value):
            return "number_anywhere", (_number(printer, atom, value),)
        case Regex():
            return "found_anywhere", (_regex(printer, atom, atom.test),)
    assert_never(atom.test)


def _text(test: Text) -> Call:
    shape = test.shape
    match shape:
        case Shape.EQUALS | Shape.CONTAINS | Shape.STARTSWITH | Shape.ENDSWITH:
            return shape.value, (_quoted(test.literal), *_cased(test.cased))
        case Shape.PRESENT:
            return "has_value", ()
        case Shape.WILDCARD:
            return "like", (*map(_part, test.parts), *_cased(test.cased))
    assert_never(shape)


def _part(part: str | Wild) -> str:
    if isinstance(part, str):
        return _quoted(part)
    return "ANY" if part is Wild.MANY else "ONE"


def _cased(cased: bool) -> tuple[str, ...]:
    return ("cased=True",) if cased else ()


def _quoted(text: str) -> str:
    r"""Return the text as a literal: JSON's escapes are Python's; what is not printable is spelled out."""
    return "".join(letter if letter.isprintable() else _code(letter) for letter in json.dumps(text, ensure_ascii=False))


def _code(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def _number(printer: Printer, atom: Atom, value: float) -> str:
    if (isinstance(value, float) and not math.isfinite(value)) or abs(value) >= 10**_DIGITS:
        raise _inexpressible(printer, atom, "T403", "the number is not finite or too large", "use another number")
    return repr(value)


_RANGES: Final = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "week": (1, 53), "month": (1, 12), "year": (1, 9999)}


def _between(printer: Printer, atom: Atom, unit: str, operator: str, wanted: int) -> tuple[str, str]:
    """Return the least and the most that a part of a time may be."""
    least, most = _RANGES[unit]
    match operator:
        case "eq":
            least, most = wanted, wanted
        case "lt":
            most = wanted - 1
        case "lte":
            most = wanted
        case "gt":
            least = wanted + 1
        case "gte":
            least = wanted
        case _:
            raise AssertionError(f"no order of parts: {operator}")
    return _number(printer, atom, least), _number(printer, atom, most)


def _network(printer: Printer, atom: Atom, network: str) -> str:
    try:
        ipaddress.ip_network(network)
    except ValueError:
        raise _inexpressible(
            printer, atom, "T404", "the network has bits set behind its prefix", "write the network's own address"
        ) from None
    return network


def _regex(printer: Printer, atom: Atom, test: Regex) -> str:
    """Return the pattern as a literal, a raw one where it can be."""
    tree = read_regex(test.pattern, test.flags)
    reason = tree.message if isinstance(tree, RegexProblem) else slow(tree)
    if isinstance(tree, RegexProblem) or reason:
        raise _inexpressible(printer, atom, "T401", reason, "bound the repetitions, or write several tests")
    return _raw(pattern(tree))


def _raw(text: str) -> str:
    return f'r"{text}"' if "\\" in text and '"' not in text else _quoted(text)


def _inexpressible(printer: Printer, atom: Atom, code: str, message: str, help_text: str) -> Inexpressible:
    return Inexpressible(Diagnostic(code, Severity.ERROR, printer.rule.source.span(atom.offsets), message, help=help_text))
