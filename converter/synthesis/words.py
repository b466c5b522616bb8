"""Tests and events in words that users read."""

from __future__ import annotations

from typing import Final, assert_never

from converter.ir import (
    Atom,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Null,
    Number,
    Regex,
    Shape,
    Text,
    TimePart,
    scalar_text,
    sigma_text,
)

_SHAPES: Final = {Shape.CONTAINS: "contains", Shape.STARTSWITH: "starts with", Shape.ENDSWITH: "ends in", Shape.EQUALS: "is"}
_ORDER: Final = {"eq": "is", "lt": "is below", "lte": "is at most", "gt": "is above", "gte": "is at least"}
_LONGEST: Final = 120


def told(atom: Atom) -> str:
    """Return a test in words, such as ``Image ends in '/nmap'``."""
    return f"{atom.field} {_said(atom)}" if isinstance(atom, FieldMatch) else f"the keyword {_value(atom)}"


def _said(atom: FieldMatch) -> str:
    match atom.test:
        case Text() as text:
            if text.shape is Shape.PRESENT:
                return "has a value"
            verb = _SHAPES.get(text.shape, "looks like")
            shown = text.literal if text.shape in _SHAPES else sigma_text(text.parts)
            return f"{verb} {_quoted(shown)}{' in this case' if text.cased else ''}"
        case Number(value):
            return f"is {scalar_text(value)}"
        case Boolean(truth):
            return f"is {scalar_text(truth)}"
        case Null():
            return "is missing or null"
        case Exists(present):
            return "is there" if present else "is not there"
        case Compare(operator, bound):
            return f"{_ORDER[operator]} {scalar_text(bound)}"
        case TimePart(unit, operator, wanted):
            return f"has a {unit} that {_ORDER[operator]} {wanted}"
        case Cidr(network):
            return f"is in {network}"
        case Regex(pattern):
            return f"fits the expression {_quoted(pattern)}"
        case FieldRef(field, shape):
            return f"{_SHAPES.get(shape, 'is')} the value of {field}"
    assert_never(atom.test)


def _value(atom: Keyword) -> str:
    match atom.test:
        case Text(parts):
            return _quoted(sigma_text(parts) if len(parts) != 1 or not isinstance(parts[0], str) else parts[0])
        case Number(value):
            return scalar_text(value)
        case Regex(pattern):
            return _quoted(pattern)
    assert_never(atom.test)


def _quoted(text: str) -> str:
    return f"'{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}'"


def label(atom: Atom, holds: bool, expected: bool) -> str:
    """Return what an event shows of a test: the answer hangs on it."""
    if expected:
        return f"matches through: {told(atom)}" if holds else f"matches because not: {told(atom)}"
    return f"kept out by this alone: {told(atom)}" if holds else f"only this is missing: {told(atom)}"
