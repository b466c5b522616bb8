"""Conditions that the engine computes from values: with each combination of the values of the fields, a missing one as null."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingABC
from itertools import product
from typing import Final, assert_never

from converter.languages.eql.atoms import text_lookup
from converter.languages.eql.compute import Result, arithmetic, call, compare
from converter.languages.eql.document import Document
from converter.languages.eql.mapping import Mapping
from converter.languages.eql.pattern import folded
from converter.languages.eql.problem import Failure
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
    fields_of,
)
from converter.languages.eql.types import field_type
from converter.languages.eql.values import text_of

COMBINATIONS: Final = 10_000
"""Combinations of values that are tried for one document."""


def compiled(expression: Expression, mapping: Mapping, holds: Callable[[Result], bool]) -> Callable[[Document], bool]:
    """Return whether any combination of the fields' values gives what ``holds``.

    Each place where a field stands takes a value of its own, as in the
    engine's scripts; ``holds`` of null answers for what is missing.
    """
    places = fields_of(expression)
    paths = [kind.path if (kind := field_type(one, mapping)) is not None else None for one in places]
    offsets = [one.offsets for one in places]

    def answer(document: Document) -> bool:
        given: list[tuple[Result, ...]] = [document.values.get(path, ()) or (None,) if path else (None,) for path in paths]
        count = 1
        for values in given:
            count *= len(values)
        if count > COMBINATIONS:
            raise Failure(f"more than {COMBINATIONS} combinations of values are not tried", unknown=True)
        return any(holds(value_of(expression, dict(zip(offsets, values, strict=True)))) for values in product(*given))

    return answer


def value_of(expression: Expression, values: MappingABC[int, Result]) -> Result:
    """Return what an expression gives.

    Args:
        expression: of fields, constants, functions and operators.
        values: the value of each place where a field stands, by its offsets.

    Raises:
        Failure: where the engine's script fails.
    """
    match expression:
        case Literal(value):
            return value
        case Field(offsets=offsets):
            return values.get(offsets)
        case Call(name, arguments, insensitive):
            return call(name, insensitive, [value_of(one, values) for one in arguments])
        case Negative(child):
            return arithmetic("-", 0, value_of(child, values))
        case Arithmetic(operator, left, right):
            return arithmetic(operator, value_of(left, values), value_of(right, values))
        case Comparison(operator, left, right):
            return compare(operator, value_of(left, values), value_of(right, values))
        case Lookup(value=inner):
            given = value_of(inner, values)
            candidates = [value_of(one, values) for one in expression.candidates]
            return None if given is None else lookup(expression, candidates)(given)
        case And(children):
            return _joined([value_of(one, values) for one in children], False)
        case Or(children):
            return _joined([value_of(one, values) for one in children], True)
        case Not(child):
            found = value_of(child, values)
            return None if found is None else found is not True
    assert_never(expression)


def _joined(found: list[Result], decisive: bool) -> Result:
    """Return ``and`` or ``or`` of three-valued answers; ``decisive`` is the one that settles it."""
    if any(one is decisive for one in found):
        return decisive
    return None if None in found else not decisive


def lookup(expression: Lookup, candidates: list[Result]) -> Callable[[Result], bool]:
    """Return whether a value is one of the candidates, or described by one.

    Raises:
        Stop: for a regular expression that the engine refuses.
    """
    if expression.kind != "in":
        places = [one.offsets for one in expression.candidates]
        tests = [text_lookup(expression, text_of(one), at) for one, at in zip(candidates, places, strict=True)]
        return lambda value: isinstance(value, str) and any(test(value) for test in tests)
    wanted = [folded(one) if expression.insensitive and isinstance(one, str) else one for one in candidates]

    def found(value: Result) -> bool:
        given = folded(value) if expression.insensitive and isinstance(value, str) else value
        return any(one is not None and compare("==", given, one) is True for one in wanted)

    return found
