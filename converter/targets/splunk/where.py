"""Splunk: print a node as an expression of ``where``, which says exactly what it means.

``where`` compares with regard to case and is null on missing fields.

Source: Splunk, Search Reference 9.0, "where" and "Evaluation functions".
"""

from __future__ import annotations

import re
from decimal import Decimal
from ipaddress import ip_network
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
    spellings,
)
from converter.model import Diagnostic, Severity
from converter.targets.contract import Inexpressible, ResolvedRule
from converter.targets.splunk import pattern, times
from converter.targets.splunk.entities import XML, is_misled, resolved_text

_OPERATORS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
FILLED: Final = "filled"
"""The type of a field that an add-on gives a text to where the event has none."""
FILLING: Final = Text(("success",), cased=True)
"""That text, in the one field that there is: ``errorCode`` of CloudTrail (Splunk_TA_aws 8.1.2, props.conf)."""
_PATTERN_WILD: Final = {Wild.MANY: ".*", Wild.ONE: "."}
_NULL: Final = Text(("null",), cased=True)
"""What JSON null is extracted as."""


def where(tree: Node, resolved: ResolvedRule) -> str:
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
            raise refused(tree, "a value without a field", "bind the value to a field", resolved)
    assert_never(tree)


def _where_and(children: tuple[Node, ...], resolved: ResolvedRule) -> str:
    return "(" + " AND ".join(where(child, resolved) for child in children) + ")"


def _where_or(children: tuple[Node, ...], resolved: ResolvedRule) -> str:
    return "(" + " OR ".join(dict.fromkeys(where(child, resolved) for child in children)) + ")"


def _where_not(child: Node, resolved: ResolvedRule) -> str:
    # An expression on a missing field is null, and NOT null drops the event that Sigma keeps.
    return f"NOT coalesce({where(child, resolved)}, false())"


def _where_atom(tree: FieldMatch, binding: Binding, resolved: ResolvedRule) -> str:
    name = _where_name(binding.path)
    match tree.test:
        case Text() as test:
            if any(ord(one) > 255 and not one.isprintable() for part in test.parts if isinstance(part, str) for one in part):
                raise refused(tree, "a character that is not printed", "leave it out, for example with a wildcard", resolved)
            return _where_text(binding, test)
        case Number(value):
            return _where_text(binding, Text((scalar_text(value),), cased=True))
        case Boolean(value):
            return _where_text(binding, Text((scalar_text(value),), cased=True))
        case Null():
            return _where_null(binding)
        case Compare(operator, value):
            # In digits alone: that an expression reads an exponent is not documented.
            return _where_any(binding, f"tonumber({name}) {_OPERATORS[operator]} {Decimal(scalar_text(value)):f}")
        case TimePart(unit, operator, value):
            part = times.part(unit, operator, value)
            if part is None:
                raise refused(tree, f"the {unit} of a time", "compare months and days", resolved)
            return _where_any(binding, f'(match({name}, "{times.TIME}") AND match({name}, "{part}"))')
        case Exists(present):
            return _where_exists(binding, present)
        case FieldRef(other, shape):
            return _where_related(tree, name, resolved.fields[other].path, shape, resolved)
        case Cidr(network):
            tests = [f'cidrmatch("{one}", {name})' for one in networks(network, binding)]
            return _where_any(binding, tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})")
        case Regex() as test:
            return _where_regex(tree, binding, test, resolved)
    assert_never(tree.test)


def _where_text(binding: Binding, test: Text) -> str:
    name = _where_name(binding.path)
    if test.shape is Shape.PRESENT:
        return f"isnotnull({name})" if binding.type == XML else f"(isnotnull({name}) AND {_where_real_text(binding)})"
    if binding.type == XML and not test.parts:
        return f"isnull({name})"
    if test.cased and test.shape is Shape.EQUALS and not _is_many(binding) and re.fullmatch(r"[A-Za-z0-9 _.:/@=,+-]*", test.literal):
        return f'{name} == "{test.literal}"'
    subject = resolved_text(name, binding) if is_misled(test) else name
    return _where_found(binding, subject, _pattern(test))


def _where_found(binding: Binding, subject: str, pattern: str) -> str:
    """Return that a pattern is found in the text, or in one of several."""
    return f'mvfind({subject}, "{pattern}") >= 0' if _is_many(binding) else f'match({subject}, "{pattern}")'


def _where_regex(tree: FieldMatch, binding: Binding, test: Regex, resolved: ResolvedRule) -> str:
    """Return a search for an expression, in XML's texts with their entities resolved."""
    found = read_regex(test.pattern, test.flags)
    if isinstance(found, RegexProblem):
        raise refused(tree, found.message, found.help, resolved)
    try:
        printed = pattern.printed(found)
    except pattern.UnprintableError as error:
        raise refused(tree, str(error), "write it without, or disable splunk for this rule", resolved) from error
    return _where_found(binding, resolved_text(_where_name(binding.path), binding), printed)


def _where_any(binding: Binding, test: str) -> str:
    """Return that a test on a field holds, or holds for one of several values."""
    return f"mvcount(mvfilter({test})) > 0" if _is_many(binding) else test


def _is_many(binding: Binding) -> bool:
    return binding.path.endswith("{}") or "{}." in binding.path


def networks(network: str, binding: Binding) -> tuple[str, ...]:
    """Return the networks that a value must lie in one of: IPv4 addresses may be written as IPv6 where no producer's form is known."""
    block = ip_network(network)
    if block.version == 6 or binding.field.type == "ip":
        return (network,)
    # In hexadecimal: AppInspect takes the dotted form for an address of somebody's network, and warns.
    high, low = divmod(int(block.network_address), 1 << 16)
    return (network, f"::ffff:{high:x}:{low:x}/{block.prefixlen + 96}")


def _where_related(tree: FieldMatch, name: str, other: str, shape: Shape, resolved: ResolvedRule) -> str:
    if "{}" in name or "{}" in other:
        raise refused(tree, "a comparison with a field that is a list", "compare fields with one value", resolved)
    mine, theirs = f"lower({name})", f"lower({_where_name(other)})"
    if shape is not Shape.EQUALS:
        raise refused(tree, "a part of another field", "compare the whole fields", resolved)
    return f"{mine} == {theirs}"


def _where_null(binding: Binding) -> str:
    name = _where_name(binding.path)
    if binding.type == XML:
        return f"isnull({name})"
    return f"(isnull({name}) OR {_where_stand_in(binding)})"


def _where_real_text(binding: Binding) -> str:
    return f"NOT coalesce({_where_stand_in(binding)}, false())"


def _where_stand_in(binding: Binding) -> str:
    """Return that the text only stands for a value that is not there."""
    tests = [_where_text(binding, one) for one in ((_NULL, FILLING) if binding.type == FILLED else (_NULL,))]
    return tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})"


def _where_exists(binding: Binding, present: bool) -> str:
    name = _where_name(binding.path)
    if binding.type != FILLED:
        return f"isnotnull({name})" if present else f"isnull({name})"
    filling = _where_text(binding, FILLING)
    return f"NOT coalesce({filling}, false())" if present else f"({filling} OR isnull({name}))"


def _pattern(test: Text) -> str:
    r"""Return a regular expression for the whole value, without a backslash that two layers would have to escape.

    Its end is ``\z``: ``$`` also stands before a line feed that ends the value.
    """
    parts = test.parts
    start = "" if parts[:1] == (Wild.MANY,) else "^"
    end = "" if parts[-1:] == (Wild.MANY,) else r"\z"
    inner = parts[not start : len(parts) - (not end)]
    body = "".join(
        _PATTERN_WILD[part] if isinstance(part, Wild) else "".join(_pattern_letter(one, test.cased) for one in part) for part in inner
    )
    flags = "" if test.cased else "i"
    flags += "s" if any(isinstance(part, Wild) for part in inner) else ""
    return (f"(?{flags})" if flags else "") + start + body + end


def _pattern_letter(character: str, cased: bool) -> str:
    """Return a character in each of its spellings: what ``(?i)`` folds beyond ASCII depends on an option of PCRE."""
    if cased or character.isascii() or character.lower() == character.upper():
        return _pattern_character(character)
    return f"(?-i:{'|'.join(spellings(character))})"


def _pattern_character(character: str) -> str:
    if character.isalnum() or character in " _-/:@=,;<>%&!~#" or (not character.isascii() and character.isprintable()):
        return character  # beyond ASCII never in brackets, which hold single bytes unless PCRE's option for UTF is set
    if character in "\\\"`'" or not character.isprintable():
        return f"[\\x{ord(character):02x}]" if ord(character) < 256 else character
    return f"[{character}]" if character not in "^[]" else f"[\\x{ord(character):02x}]"


def _where_name(path: str) -> str:
    return path if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", path) else f"'{path}'"


def refused(tree: Node, what: str, help_text: str, resolved: ResolvedRule) -> Inexpressible:
    """Return what a printer raises for a part that SPL cannot say."""
    span = resolved.rule.source.span(tree.offsets)
    return Inexpressible(Diagnostic("T210", Severity.ERROR, span, f"SPL cannot express {what}", help=help_text))
