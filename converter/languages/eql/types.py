"""What type an expression is of, and what the engine refuses before it runs: unknown fields, text fields, wrong arguments.

Source: Elasticsearch, EQL syntax reference, "Limitations" and "Comparison operators"; EQL function reference (supported field types).
"""

from __future__ import annotations

from typing import assert_never

from converter.languages.elasticsearch import DATES, TOKENIZED, FieldType
from converter.languages.eql.facts import functions
from converter.languages.eql.mapping import KNOWN, Mapping, is_number, is_text
from converter.languages.eql.problem import Stop
from converter.languages.eql.syntax import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Field,
    Literal,
    Lookup,
    Negative,
    Not,
    Or,
)


def field_type(field: Field, mapping: Mapping) -> FieldType | None:
    """Return what a field is in the index; ``None`` for an optional one that is not mapped.

    Raises:
        Stop: ``R283`` when the engine refuses it, ``R285`` when its type is not modelled.
    """
    if mapping.within_nested(field.name):
        help = "the engine cannot search objects of a nested field with EQL"
        raise Stop("R283", field.offsets, f"the engine refuses {field.name}, which lies in a nested field", help)
    found = mapping.find(field.name)
    if found is None:
        if field.optional:
            return None
        raise Stop("R283", field.offsets, f"the index has no field {field.name}", f"write `?{field.name}` for a field that may be missing")
    if found.type in TOKENIZED:
        help = "ask a sub-field of type keyword, or filter with a query of another language"
        raise Stop("R283", field.offsets, f"the engine refuses {field.name}, a field of type {found.type}", help)
    if found.unmodelled or found.type not in KNOWN:
        if found.type in ("flattened", "object", "geo_point", "binary"):
            raise Stop("R283", field.offsets, f"the engine refuses {field.name}, a field of type {found.type}", "ask another field")
        raise Stop("R285", field.offsets, found.unmodelled or f"fields of type {found.type} are not modelled", "")
    return found


def type_of(expression: Expression, mapping: Mapping) -> str:
    """Return ``string``, ``number``, ``boolean``, ``ip``, ``date`` or ``null``; arguments of functions are checked.

    Raises:
        Stop: where the engine refuses the expression.
    """
    match expression:
        case Literal(value):
            return _literal_type(value)
        case Field():
            kind = field_type(expression, mapping)
            return "null" if kind is None else category(kind)
        case Call(name, arguments):
            known = functions()[name.lower()]
            for index, argument in enumerate(arguments):
                _check(argument, known.parameter(index), f"argument {index + 1} of {name}", mapping)
            return known.returns
        case Negative(child):
            _check(child, "number", "the operand of `-`", mapping)
            return "number"
        case Arithmetic(operator, left, right):
            for side in (left, right):
                _check(side, "number", f"an operand of `{operator}`", mapping)
            return "number"
        case Comparison() | Lookup() | And() | Or() | Not():
            return "boolean"
    assert_never(expression)


def category(kind: FieldType) -> str:
    """Return the type of a field's values."""
    if is_text(kind):
        return "string"
    if is_number(kind):
        return "number"
    return "date" if kind.type in DATES else kind.type


def _literal_type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def _check(argument: Expression, wanted: str, what: str, mapping: Mapping) -> None:
    """Refuse an argument of another type.

    Raises:
        Stop: ``R283``, or ``R285`` for a date whose text is not modelled.
    """
    found = type_of(argument, mapping)
    if found == "date" and wanted == "any":
        raise Stop("R285", argument.offsets, "how the engine writes a date as text is not modelled", "")
    fits = wanted in ("any", found) or found == "null" or (wanted == "ip" and found == "string" and not isinstance(argument, Field))
    if not fits and not (wanted == "ip" and found == "string" and mapping.open):
        raise Stop("R283", argument.offsets, f"{what} must be of type {wanted}, found {found}", "write the value as that type")
