"""Print a resolved tree as a Falco condition.

Falco compares with regard to case, has no operators for the elements of a
list but sets, and takes JSON's null for the text ``null``.  Where that leaves
a choice the wider form is printed, so ``negated`` goes down the tree: within
a ``not`` the wider condition is the one whose inside is narrower.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import groupby
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
    fits,
    read_regex,
    regex_finder,
    scalar_text,
    trimmed,
)
from converter.model import Diagnostic, Rule, Severity
from converter.targets.contract import Inexpressible
from converter.targets.falco import pattern, quote
from converter.targets.falco.network import addresses

NULL: Final = "null"
"""What JSON's null is to a condition."""
NATIVE: Final = "native"
"""The type of a field of system calls, which holds no JSON."""
COMMAND: Final = "command"
"""The type of a command line, which ends in a blank where it has no arguments."""
_BREAK: Final = "\n"


@dataclass(frozen=True, slots=True)
class Printer:
    """What the printing functions need to know: the rule for places, and the target's fields."""

    rule: Rule
    fields: Mapping[str, Binding]


@dataclass(frozen=True, slots=True)
class Equality:
    """A check that a set can hold: field (or call), the operator for a set, and the value as printed."""

    operand: str
    operator: str
    value: str

    def __str__(self) -> str:
        return _equality(self, (self.value,))


def printed(printer: Printer, tree: Node, negated: bool = False) -> str:
    """Return the tree as a condition; a part that Falco cannot say raises ``Inexpressible``."""
    match tree:
        case And(children):
            return _and(printer, children, negated)
        case Or(children):
            return _or(printer, children, negated)
        case Not(child):
            return _not(printed(printer, child, not negated))
        case FieldMatch():
            return str(_field(printer, tree, negated))
        case Keyword():
            raise _inexpressible(printer, tree, "T301", "Falco has no field with all values of an event", "bind the value to a field")
    assert_never(tree)


def _and(printer: Printer, children: tuple[Node, ...], negated: bool) -> str:
    texts: list[str] = []
    for child in children:
        if isinstance(child, Or):
            checks = _checks(printer, child.children, negated)
            texts.append(_grouped(" or ".join(checks)) if len(checks) > 1 else checks[0])
        else:
            texts.append(printed(printer, child, negated))
    return " and ".join(texts)


def _or(printer: Printer, children: tuple[Node, ...], negated: bool) -> str:
    return " or ".join(_checks(printer, children, negated))


def _checks(printer: Printer, children: tuple[Node, ...], negated: bool) -> list[str]:
    """Return what "or" joins; equalities of one field that stand together become a set."""
    parts: list[Equality | str] = []
    for child in children:
        if isinstance(child, FieldMatch):
            parts.append(_field(printer, child, negated))
        else:
            text = printed(printer, child, negated)
            parts.append(_grouped(text) if isinstance(child, And) else text)
    texts: list[str] = []
    for key, group in groupby(parts, lambda part: (part.operand, part.operator) if isinstance(part, Equality) else None):
        members = list(group)
        equalities = [part for part in members if isinstance(part, Equality)]
        if key is None:
            texts += [str(part) for part in members]
        else:
            texts.append(_equality(equalities[0], tuple(part.value for part in equalities)))
    return texts


def _not(text: str) -> str:
    return f"not {_grouped(text)}"


def _grouped(text: str) -> str:
    return f"({text})"


def _equality(one: Equality, values: tuple[str, ...]) -> str:
    if len(values) == 1 and one.operator == "in":
        return f"{one.operand} = {values[0]}"
    return f"{one.operand} {one.operator} ({', '.join(values)})"


def _quoted(text: str) -> str:
    return quote.quoted(text)


def _field(printer: Printer, atom: FieldMatch, negated: bool) -> Equality | str:
    """Return an atom's check; what cannot be quoted is the author's to change."""
    binding = printer.fields[atom.field]
    try:
        return _check(printer, atom, binding, negated)
    except quote.UnquotableError as error:
        raise _inexpressible(printer, atom, error.code, str(error), error.help) from error


def _check(printer: Printer, atom: FieldMatch, binding: Binding, negated: bool) -> Equality | str:
    match atom.test:
        case Text() as test:
            return _list_text(test, binding, negated) if binding.list else _text(test, binding, negated)
        case Number(value):
            return Equality(binding.path, _set_operator(binding), _quoted(scalar_text(value)))
        case Boolean(truth):
            return Equality(binding.path, _set_operator(binding), _quoted(scalar_text(truth)))
        case Null():
            return _null(binding, negated)
        case Exists(present):
            return _exists(binding) if present else f"not {_exists(binding)}"
        case Compare(operator, bound):
            return _compare(printer, atom, binding.path, operator, bound)
        case TimePart():
            raise _inexpressible(printer, atom, "T301", "Falco has no parts of a time", "compare the text of the field")
        case Cidr(network):
            return f"{binding.path} regex {_quoted(_network(printer, atom, network))}"
        case Regex() as test:
            return _regex(printer, atom, test, negated)
        case FieldRef(other, shape):
            return _related(binding, printer.fields[other], shape, negated)
    assert_never(atom.test)


def is_plain(test: Text, binding: Binding) -> bool:
    """Say whether a comparison with regard to case means the same: the text, or the field, has one spelling only."""
    if test.cased or all(isinstance(part, Wild) or part.lower() == part.upper() for part in test.parts):
        return True
    if not all(isinstance(part, Wild) or part.isascii() for part in test.parts):
        return False
    return binding.field.lower or (test.shape is Shape.EQUALS and binding.spelling(test.literal) in binding.field.values)


def has_null(binding: Binding) -> bool:
    """Say whether JSON's null is a text in the field: fields of system calls are made of no JSON."""
    return binding.type not in (NATIVE, COMMAND)


def matches_null(test: Text, binding: Binding) -> bool:
    """Say whether the pattern describes the text that JSON's null is to Falco."""
    return has_null(binding) and fits(test.parts, NULL, test.cased)


def _text(test: Text, binding: Binding, negated: bool) -> Equality | str:
    if binding.type == COMMAND and test.shape in (Shape.EQUALS, Shape.ENDSWITH) and " " not in test.literal:
        return _bare_command(test, binding)
    if test.shape is Shape.EQUALS:
        return Equality(_operand(test, binding), "in", _quoted(_spelling(test, binding)))
    text = _pattern(test, binding)
    if negated and matches_null(test, binding):
        return _grouped(f"{text} and {binding.path} != {_quoted(NULL)}")
    return text


def _bare_command(test: Text, binding: Binding) -> str:
    """Return a test on the end of a command line, which has a blank behind it where there are no arguments."""
    operand, text = _operand(test, binding), _spelling(test, binding)
    if test.shape is Shape.EQUALS:
        return f"{operand} in ({_quoted(text)}, {_quoted(text + ' ')})"
    return _grouped(f"{operand} endswith {_quoted(text)} or {operand} endswith {_quoted(text + ' ')}")


def _pattern(test: Text, binding: Binding) -> str:
    shape = test.shape
    match shape:
        case Shape.CONTAINS:
            return f"{binding.path} {'contains' if test.cased else 'icontains'} {_quoted(test.literal)}"
        case Shape.STARTSWITH:
            return f"{_operand(test, binding)} startswith {_quoted(_spelling(test, binding))}"
        case Shape.ENDSWITH:
            return f"{_operand(test, binding)} endswith {_quoted(_spelling(test, binding))}"
        case Shape.PRESENT:
            return _exists(binding)
        case Shape.WILDCARD | Shape.EQUALS:
            return f"{binding.path} {'glob' if test.cased else 'iglob'} {_quoted(_glob(test))}"
    assert_never(shape)


def _operand(test: Text, binding: Binding) -> str:
    return binding.path if is_plain(test, binding) else f"tolower({binding.path})"


def _spelling(test: Text, binding: Binding) -> str:
    if test.cased:
        return test.literal
    return binding.spelling(test.literal) if is_plain(test, binding) else _lowered(test.literal)


def _lowered(text: str) -> str:
    """Fold what ``tolower`` folds: ASCII letters."""
    return "".join(character.lower() if character.isascii() else character for character in text)


def _glob(test: Text) -> str:
    r"""Return the pattern for ``fnmatch``; a backslash at its end is a class, because no quoted text may end in one."""
    text = "".join(part.value if isinstance(part, Wild) else _glob_literal(part) for part in test.parts)
    return text[:-2] + "[\\\\]" if text.endswith("\\\\") else text


def _glob_literal(text: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]\\" else character for character in text)


def _set_operator(binding: Binding) -> str:
    return "intersects" if binding.list else "in"


def _list_text(test: Text, binding: Binding, negated: bool) -> Equality | str:
    """A list: a set where the spelling is one, else the elements joined with line breaks."""
    shape, path = test.shape, binding.path
    match shape:
        case Shape.EQUALS:
            if is_plain(test, binding):
                return Equality(path, "intersects", _quoted(_spelling(test, binding)))
            return f"{_joined(path, True, True, True)} contains {_quoted(_BREAK + _lowered(test.literal) + _BREAK)}"
        case Shape.CONTAINS:
            return f"{_joined(path, False, False)} {'contains' if test.cased else 'icontains'} {_quoted(test.literal)}"
        case Shape.STARTSWITH:
            return f"{_joined(path, True, False)} {'contains' if test.cased else 'icontains'} {_quoted(_BREAK + test.literal)}"
        case Shape.ENDSWITH:
            return f"{_joined(path, False, True)} {'contains' if test.cased else 'icontains'} {_quoted(test.literal + _BREAK)}"
        case Shape.PRESENT:
            return _grouped(f"{_exists(binding)} and not {_only_nulls(binding)}") if negated and has_null(binding) else _exists(binding)
        case Shape.WILDCARD:
            raise quote.UnquotableError(
                "T301", "Falco has no pattern for the elements of a list", "use |contains, |startswith or |endswith"
            )
    assert_never(shape)


def _joined(path: str, before: bool, after: bool, lower: bool = False) -> str:
    """Return the call that makes one text of a list, each element between line breaks where asked."""
    line_break = _quoted(_BREAK)
    joined = f"join({line_break}, {f'tolower({path})' if lower else path})"
    parts = [line_break] * before + [joined] + [line_break] * after
    return f"concat({', '.join(parts)})" if len(parts) > 1 else joined


def _exists(binding: Binding) -> str:
    return f"{binding.path} exists"


def _only_nulls(binding: Binding) -> str:
    return f"{binding.path} in ({_quoted(NULL)})" if binding.list else f"{binding.path} = {_quoted(NULL)}"


def _null(binding: Binding, negated: bool) -> str:
    """Missing or null; within a negation the text null is not taken for it."""
    missing = f"not {_exists(binding)}"
    return missing if negated or not has_null(binding) else _grouped(f"{missing} or {_only_nulls(binding)}")


_LONGER: Final = {"lt": "<", "lte": "<", "gt": ">", "gte": ">"}
_ORDER: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def _compare(printer: Printer, atom: FieldMatch, path: str, operator: str, bound: float) -> str:
    """Order digits: the longer number is the greater one, of equal length the text decides."""
    if not isinstance(bound, int) or bound < 0:
        message = f"Falco orders texts, and {bound} is no whole number from 0 on"
        raise _inexpressible(printer, atom, "T309", message, "compare with a whole number")
    digits = str(bound)
    size = len(digits)
    return (
        f'({path} glob "[0-9]*" and not {path} glob "*[!0-9]*"'
        f" and (len({path}) {_LONGER[operator]} {size} or (len({path}) = {size} and {path} {_ORDER[operator]} {digits})))"
    )


def finds_null(test: Regex, binding: Binding) -> bool:
    """Say whether the expression is found in the text that JSON's null is to Falco."""
    finder = regex_finder(test.pattern, test.flags)
    return has_null(binding) and not isinstance(finder, RegexProblem) and finder(NULL)


def _regex(printer: Printer, atom: FieldMatch, test: Regex, negated: bool) -> str:
    """Return a whole match; without regard to case on the lowered value where that is enough."""
    binding = printer.fields[atom.field]
    tree = read_regex(test.pattern, test.flags)
    if isinstance(tree, RegexProblem):
        raise _inexpressible(printer, atom, "T301", tree.message, tree.help)
    lower = pattern.is_lowered(tree)
    try:
        text = pattern.whole(trimmed(tree), lower, binding.list)
    except pattern.UnprintableError as error:
        raise _inexpressible(printer, atom, "T301", str(error), "write it without, or disable falco for this rule") from error
    operand = f"tolower({binding.path})" if lower else binding.path
    check = f"{f'join({_quoted(_BREAK)}, {operand})' if binding.list else operand} regex {_quoted(text)}"
    if negated and finds_null(test, binding) and not binding.list:
        return _grouped(f"{check} and {binding.path} != {_quoted(NULL)}")
    return check


def _network(printer: Printer, atom: FieldMatch, network: str) -> str:
    try:
        return addresses(IPv4Network(network))
    except ValueError:
        message = (
            "the field is a text to Falco, and an IPv6 address has many spellings"
            if ":" in network
            else "the network has bits set behind its prefix"
        )
        raise _inexpressible(
            printer, atom, "T301", message, "write an IPv4 network's own address, or disable falco for this rule"
        ) from None


def _related(one: Binding, other: Binding, shape: Shape, negated: bool) -> str:
    """Return a comparison of two fields; within a negation JSON's null is no value."""
    operator = {Shape.CONTAINS: "contains", Shape.STARTSWITH: "startswith", Shape.ENDSWITH: "endswith"}.get(shape, "=")
    check = f"tolower({one.path}) {operator} tolower({other.path})"
    guards = [f"{binding.path} != {_quoted(NULL)}" for binding in (one, other) if has_null(binding)]
    return _grouped(" and ".join((check, *guards))) if negated and guards else check


def _inexpressible(printer: Printer, atom: FieldMatch | Keyword, code: str, message: str, help_text: str) -> Inexpressible:
    return Inexpressible(Diagnostic(code, Severity.ERROR, printer.rule.source.span(atom.offsets), message, help=help_text))
