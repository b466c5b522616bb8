"""An expression as a function of a row, with its type: three-valued, and null for a column of several values where one is asked.

A type that does not fit is the engine's refusal (R303); what the engine
answers and this package does not know is R304.

Source: elastic/elasticsearch EsqlDataTypeConverter.java, EqualsTests, string.csv-spec, boolean.csv-spec (facts of what they show).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, assert_never

from converter.languages.esql.calls import compile_call
from converter.languages.esql.compute import LONG, UNITS, arithmetic
from converter.languages.esql.facts import casts
from converter.languages.esql.pattern import like, rlike
from converter.languages.esql.problem import Stop
from converter.languages.esql.syntax import (
    Among,
    And,
    Arithmetic,
    Call,
    Cast,
    Comparison,
    Duration,
    Expression,
    Field,
    IsNull,
    Like,
    Literal,
    Match,
    Negative,
    Not,
    Or,
    Parameter,
    Star,
)
from converter.languages.esql.values import (
    BOOLEAN,
    DATE,
    DECIMAL,
    DURATION,
    IP,
    NULL,
    NUMBERS,
    TEXT,
    UNSUPPORTED,
    WHOLE,
    Moment,
    One,
    Value,
    address_of,
    moment_of,
    packed,
    single,
)
from converter.model import node

Run: TypeAlias = Callable[[Mapping[str, Value]], Any]
"""What an expression gives for the columns of a row."""


@node
class Compiled:
    """An expression's type and its value for a row; ``constant`` is that of one without columns, else ``None``."""

    type: str
    run: Run
    constant: Value = None


_COMPARES: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_expression(tree: Expression, columns: Mapping[str, str]) -> Compiled:
    """Return an expression over columns of these types.

    Raises:
        Stop: ``R303`` for what the engine refuses, ``R304`` for what is not modelled.
    """
    match tree:
        case Literal(value):
            return _constant(value)
        case Field(name, offsets):
            return _field(name, columns, offsets)
        case Call():
            return _call(tree, columns)
        case Cast(child, name, offsets):
            function = casts().get(name)
            if function is None:
                raise Stop("R304", offsets, f"a cast to {name} is not run", "use a function")
            return _call(Call(function, (child,), (), offsets), columns)
        case Negative(child, offsets):
            return _sum(Arithmetic("-", Literal(0, offsets), child, offsets), columns)
        case Arithmetic():
            return _sum(tree, columns)
        case Comparison() | Among() | Like() | IsNull() | And() | Or() | Not():
            return Compiled(BOOLEAN, _condition(tree, columns))
        case Duration(amount, unit, offsets):
            if unit not in UNITS:
                raise Stop("R304", offsets, f"a stretch of {unit} has no fixed length, and is not run", "use days or smaller units")
            nanos = amount * UNITS[unit]
            return Compiled(DURATION, lambda _: nanos, nanos)
        case Match(offsets=offsets):
            raise Stop("R304", offsets, "a search with `:` is not run", "compare with == or LIKE")
        case Parameter(_, offsets):
            raise Stop("R303", offsets, "a parameter without a value", "write the value")
        case Star(offsets):
            raise Stop("R303", offsets, "`*` stands for columns only inside of COUNT", "name a column")
    assert_never(tree)


def compile_condition(tree: Expression, columns: Mapping[str, str]) -> Run:
    """Return a condition: true, false or null (``None``) for a row."""
    found = compile_expression(tree, columns)
    if found.type not in (BOOLEAN, NULL):
        raise Stop("R303", tree.offsets, f"a condition of type {found.type}", "a condition is true or false: compare with ==")
    return lambda row: single(found.run(row))


def _constant(value: object) -> Compiled:
    kinds = {bool: BOOLEAN, int: WHOLE, float: DECIMAL, str: TEXT, type(None): NULL}
    ones = value if isinstance(value, tuple) else (value,)
    found = {kinds[type(one)] for one in ones}
    kind = DECIMAL if found == {WHOLE, DECIMAL} else found.pop()
    given: Value = packed(list(value)) if isinstance(value, tuple) else value  # type: ignore[assignment]
    return Compiled(kind, lambda _: given, given)


def _field(name: str, columns: Mapping[str, str], offsets: int) -> Compiled:
    kind = columns.get(name)
    if kind is None:
        raise Stop("R303", offsets, f"Unknown column [{name}]", "the index has no such field, and ES|QL refuses a query with one")
    if kind == UNSUPPORTED:
        raise Stop("R303", offsets, f"Cannot use field [{name}] with unsupported type", "ES|QL reads no flattened or nested field")
    return Compiled(kind, lambda row: row.get(name))


def _call(tree: Call, columns: Mapping[str, str]) -> Compiled:
    if tree.name in ("CASE", "COALESCE"):
        return _chosen(tree, columns)
    arguments = [compile_expression(one, columns) for one in tree.arguments]
    types = [one.type for one in arguments]
    offsets = [one.offsets for one in tree.arguments]
    kind, run = compile_call(tree, types, [one.constant for one in arguments], offsets)
    runs = [one.run for one in arguments]
    return Compiled(kind, lambda row: run([one(row) for one in runs]))


def _chosen(tree: Call, columns: Mapping[str, str]) -> Compiled:
    """Return ``CASE`` (condition, value, …, otherwise) or ``COALESCE``."""
    if not tree.arguments or (tree.name == "CASE" and len(tree.arguments) < 2):
        raise Stop("R303", tree.offsets, f"{tree.name} without arguments", "give conditions and values")
    found = [compile_expression(one, columns) for one in tree.arguments]
    pairs = len(found) // 2 * 2 if tree.name == "CASE" else 0
    conditions, values = found[:pairs:2], found[1:pairs:2] + found[pairs:]
    for condition, written in zip(conditions, tree.arguments[::2], strict=False):
        if condition.type not in (BOOLEAN, NULL):
            raise Stop("R303", written.offsets, f"a condition of type {condition.type}", "a condition is true or false")
    kinds = {one.type for one in values} - {NULL}
    kind = DECIMAL if kinds == {WHOLE, DECIMAL} else next(iter(kinds), NULL)
    if len(kinds) > 1 and kind != DECIMAL:
        raise Stop("R303", tree.offsets, f"{tree.name} of values of the types {', '.join(sorted(kinds))}", "convert them to one type")

    def coalesce(row: Mapping[str, Value]) -> Value:
        return next((one for value in values if (one := value.run(row)) is not None), None)

    def case(row: Mapping[str, Value]) -> Value:
        for condition, value in zip(conditions, values, strict=False):
            if condition.run(row) is True:
                return value.run(row)  # type: ignore[no-any-return]
        return values[-1].run(row) if len(found) > pairs else None

    return Compiled(kind, case if tree.name == "CASE" else coalesce)


def _sum(tree: Arithmetic, columns: Mapping[str, str]) -> Compiled:
    left, right = compile_expression(tree.left, columns), compile_expression(tree.right, columns)
    if NULL in (left.type, right.type):
        return Compiled(NULL, lambda _: None)
    if left.type == DATE and right.type == DURATION and tree.operator in "+-":
        sign = 1 if tree.operator == "+" else -1
        return Compiled(DATE, lambda row: _moved(single(left.run(row)), sign * right.run(row)))
    if left.type not in NUMBERS or right.type not in NUMBERS:
        what = f"`{tree.operator}` of the types {left.type} and {right.type}"
        raise Stop("R303", tree.offsets, what, "numbers are added, and stretches of time to dates")

    def run(row: Mapping[str, Value]) -> int | float | None:
        one, other = single(left.run(row)), single(right.run(row))
        return arithmetic(tree.operator, one, other) if isinstance(one, int | float) and isinstance(other, int | float) else None

    return Compiled(WHOLE if left.type == right.type == WHOLE else DECIMAL, run)


def _moved(moment: One | None, nanos: int) -> Moment | None:
    if not isinstance(moment, Moment) or not -LONG <= moment.nanos + nanos < LONG:
        return None
    return Moment(moment.nanos + nanos)


def _condition(tree: Comparison | Among | Like | IsNull | And | Or | Not, columns: Mapping[str, str]) -> Run:
    match tree:
        case Comparison(sign, left, right, offsets):
            return _compared(sign, left, right, offsets, columns)
        case Among(value, candidates, offsets):
            return _any([_compared("==", value, one, offsets, columns) for one in candidates])
        case Like():
            return _like(tree, columns)
        case IsNull(value, negated):
            found = compile_expression(value, columns).run
            return lambda row: (found(row) is None) is not negated
        case And(children):
            return _all([compile_condition(child, columns) for child in children])
        case Or(children):
            return _any([compile_condition(child, columns) for child in children])
        case Not(child):
            inner = compile_condition(child, columns)
            return lambda row: None if (one := inner(row)) is None else not one
    assert_never(tree)


def _all(parts: list[Run]) -> Run:
    def run(row: Mapping[str, Value]) -> bool | None:
        unknown = False
        for part in parts:
            found = part(row)
            if found is False:
                return False
            unknown = unknown or found is None
        return None if unknown else True

    return run


def _any(parts: list[Run]) -> Run:
    def run(row: Mapping[str, Value]) -> bool | None:
        unknown = False
        for part in parts:
            found = part(row)
            if found is True:
                return True
            unknown = unknown or found is None
        return None if unknown else False

    return run


def _compared(sign: str, left: Expression, right: Expression, offsets: int, columns: Mapping[str, str]) -> Run:
    one, other = compile_expression(left, columns), compile_expression(right, columns)
    one, other = _cast(one, other, left, offsets), _cast(other, one, right, offsets)
    if NULL in (one.type, other.type):
        return lambda _: None
    if one.type != other.type and not (one.type in NUMBERS and other.type in NUMBERS):
        what = f"first argument of [{sign}] is [{one.type}] so second argument must also be [{one.type}] but was [{other.type}]"
        raise Stop("R303", offsets, what, "convert one of them, or write a value of the column's type")
    if one.type == BOOLEAN and sign not in ("==", "!="):
        raise Stop("R303", offsets, f"`{sign}` between truth values", "compare with == or !=")
    test, first, second = _COMPARES[sign], one.run, other.run

    def run(row: Mapping[str, Value]) -> bool | None:
        a, b = single(first(row)), single(second(row))
        return None if a is None or b is None else test(a, b)

    return run


def _cast(found: Compiled, other: Compiled, tree: Expression, offsets: int) -> Compiled:
    """Return a text constant as the type that it is compared with: a date, an address or a truth value."""
    if not isinstance(tree, Literal) or found.type != TEXT or other.type not in (DATE, IP, BOOLEAN) or not isinstance(found.constant, str):
        return found
    text = found.constant
    value: Value = {DATE: moment_of, IP: address_of, BOOLEAN: _truth}[other.type](text)
    if value is None:
        raise Stop("R303", offsets, f"Cannot convert string [{text}] to [{other.type}]", "write a value of the column's type")
    return Compiled(other.type, lambda _: value, value)


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _like(tree: Like, columns: Mapping[str, str]) -> Run:
    value = compile_expression(tree.value, columns)
    if value.type not in (TEXT, NULL):
        raise Stop("R303", tree.offsets, f"argument of [{tree.kind}] must be [string], found value type [{value.type}]", "use TO_STRING")
    read = like if tree.kind == "LIKE" else rlike
    tests = [read(str(one.value), one.offsets) for one in tree.patterns]

    def run(row: Mapping[str, Value]) -> bool | None:
        text = single(value.run(row))
        return any(test(text) for test in tests) if isinstance(text, str) else None

    return run
