"""S023 value-type: a value that the field's type cannot be.

Why it matters: where the producer writes numbers, a word is never equal to
one; the condition is never true, and the rule fires without it or not at
all.  Often the field meant is another one.

Bad::  responseStatus.code: ALLOW        Good::  responseStatus.code: 200
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject
from converter.data import Field, Taxonomy, fields
from converter.ir import Boolean, FieldMatch, Number, Text, fits
from converter.ir import Test as Asked

CODE = "S023"
_EMPTY: Final = ("", "-")
"""What producers write where there is no value, whatever the type."""
_TYPES: Final = {"long": "a number", "boolean": "true or false", "ip": "an address"}
_NUMERIC: Final = re.compile(r"[0-9eE.+-]*")
_ADDRESS: Final = re.compile(r"[0-9a-fA-F.:%/]*")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each value that no value of the field's type can be."""
    table = subject.taxonomy
    if table is None or subject.tree is None:
        return
    closed = fields(subject.table.id) if subject.table else {}
    for atom in subject.atoms:
        field = table.field(atom.field) if isinstance(atom, FieldMatch) else None
        if field is None or not isinstance(atom, FieldMatch):
            continue
        if not _can_be(field, atom.test):
            message = f"'{field.name}' is {_TYPES[field.type]} in every event of the {table.title}; this value is none"
            yield finding(CODE, subject.source, atom.offsets, message, _elsewhere(atom.test, table))
        elif field.values and field.name not in closed and not _is_one_of(field, atom.test):
            message = f"'{field.name}' is one of {', '.join(field.values)}; this value is none of them"
            yield finding(CODE, subject.source, atom.offsets, message, _elsewhere(atom.test, table))


def _elsewhere(test: Asked, table: Taxonomy) -> str:
    """Return help: the field of which the value is one of those that its producer writes, where there is one."""
    if isinstance(test, Text) and test.literal:
        for field in table.fields.values():
            for value in field.values:
                if fits(test.parts, value, test.cased):
                    return f"'{field.name}' can be '{value}'"
    return "write a value that the field can have, or name the field that has this one"


def _can_be(field: Field, test: Asked) -> bool:
    """Whether some value of the field's type passes ``test``; true of what this check does not judge."""
    match test:
        case Number():
            return field.type not in ("boolean", "ip")
        case Boolean():
            return field.type not in ("long", "ip")
        case Text(parts):
            return parts == () or parts[0] in _EMPTY or _is_of(field.type, test)
        case _:
            return True


def _is_of(kind: str, test: Text) -> bool:
    literals = [part for part in test.parts if isinstance(part, str)]
    match kind:
        case "long":
            return all(_NUMERIC.fullmatch(part) for part in literals)
        case "boolean":
            return fits(test.parts, "true", test.cased) or fits(test.parts, "false", test.cased)
        case "ip" if literals == list(test.parts):
            return _is_address(test.literal)
        case "ip":
            return all(_ADDRESS.fullmatch(part) for part in literals)
        case _:
            return True


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_one_of(field: Field, test: Asked) -> bool:
    if not isinstance(test, Text) or test.parts == () or test.parts[0] in _EMPTY:
        return True
    return any(fits(test.parts, value, test.cased) for value in field.values)
