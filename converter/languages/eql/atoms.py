"""Tests of one value of a field: what the engine sends as term, terms, range, wildcard, prefix and regexp queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from converter.languages.elasticsearch import DATES, Automaton, FieldType, Refusal, folded_expression, parse
from converter.languages.eql.compute import Result, inside, ordered
from converter.languages.eql.document import Document
from converter.languages.eql.mapping import is_number, is_text
from converter.languages.eql.pattern import folded, matcher, parts_of
from converter.languages.eql.problem import Stop
from converter.languages.eql.syntax import Call, Lookup
from converter.languages.eql.values import Address, Value, WrongValueError, address, instant, network, number_in, text_of

ValueTest: TypeAlias = Callable[[Value], bool]
_WHOLE_INSTANT = 19
"""Characters of a date with its seconds; a shorter one stands for a stretch of time."""


def any_value(path: str, test: ValueTest) -> Callable[[Document], bool]:
    """Return whether any value of a field passes the test."""
    return lambda document: any(test(value) for value in document.values.get(path, ()))


def value_test(operator: str, kind: FieldType, value: Result, offsets: int) -> ValueTest:
    """Return the test of a field's value against a constant.

    Raises:
        Stop: ``R283`` when the engine refuses the constant for this type.
    """
    try:
        return _value_test(operator, kind, value, offsets)
    except WrongValueError as wrong:
        message = f"{wrong}, and {kind.path} is a field of type {kind.type}"
        raise Stop("R283", offsets, message, "write a value of the field's type") from None


def _value_test(operator: str, kind: FieldType, value: Result, offsets: int) -> ValueTest:
    if is_text(kind):
        text = text_of(value)
        return _text_test(operator, text.lower() if kind.lowercase else text)
    if is_number(kind):
        return _number_test(operator, value)
    if kind.type == "ip":
        return _address_test(operator, text_of(value))
    if kind.type in DATES:
        return _date_test(operator, value, offsets)
    return _boolean_test(operator, value, offsets)


def _text_test(operator: str, text: str) -> ValueTest:
    if operator == "==":
        return lambda value: value == text
    return lambda value: isinstance(value, str) and ordered(operator, value, text)


def _number_test(operator: str, value: Result) -> ValueTest:
    number = number_in(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise WrongValueError(f"{value!r} is no number")
    bound = number
    if operator == "==":
        return lambda given: given == bound
    return lambda given: isinstance(given, int | float) and ordered(operator, given, bound)


def _address_test(operator: str, text: str) -> ValueTest:
    if operator == "==":
        block = network(text) if "/" in text else network(str(address(text)))
        return lambda value: not isinstance(value, str | int | float) and inside(value, block)
    bound = _as_number(address(text))
    return lambda value: not isinstance(value, str | int | float) and ordered(operator, _as_number(value), bound)


def _as_number(value: Address) -> int:
    """Return an address as 128 bits; one of version 4 stands in ``::ffff:0:0/96``."""
    return int(value) | (0xFFFF << 32) if value.version == 4 else int(value)


def _date_test(operator: str, value: Result, offsets: int) -> ValueTest:
    if isinstance(value, str) and (len(value) < _WHOLE_INSTANT or "||" in value or value.startswith("now")):
        raise Stop("R285", offsets, "dates with parts left out, and date arithmetic, are not modelled", "write the date with its seconds")
    moment = instant(value)
    if operator == "==":
        return lambda given: given == moment
    return lambda given: isinstance(given, int) and ordered(operator, given, moment)


def _boolean_test(operator: str, value: Result, offsets: int) -> ValueTest:
    wanted = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
    if not isinstance(wanted, bool):
        raise WrongValueError(f"{value!r} is neither true nor false")
    if operator != "==":
        raise Stop("R283", offsets, f"`{operator}` between truth values", "compare with == or !=")
    return lambda given: given is wanted


def lookup_test(lookup: Lookup, kind: FieldType, candidate: Result, offsets: int) -> ValueTest:
    """Return the test of a field's value against one candidate of ``in``, ``like``, ``:`` or ``regex``.

    Raises:
        Stop: ``R283`` when the engine refuses it, ``R285`` when its answer is not known.
    """
    if lookup.kind == "in" and not (lookup.insensitive and isinstance(candidate, str) and is_text(kind)):
        return value_test("==", kind, candidate, offsets)
    text = text_of(candidate)
    test = text_lookup(lookup, text.lower() if kind.lowercase and lookup.kind != "regex" else text, offsets)
    return lambda value: isinstance(value, str) and test(value)


def text_lookup(lookup: Lookup, text: str, offsets: int) -> Callable[[str], bool]:
    """Return the test of a text against one candidate.

    Raises:
        Stop: for a regular expression that the engine refuses, or whose meaning is not known.
    """
    match lookup.kind:
        case "regex":
            return _expression(text, lookup.insensitive, offsets)
        case "like":
            return matcher(parts_of(text), insensitive=lookup.insensitive)
        case _:
            wanted = folded(text) if lookup.insensitive else text
            return lambda value: (folded(value) if lookup.insensitive else value) == wanted


def _expression(text: str, insensitive: bool, offsets: int) -> Callable[[str], bool]:
    try:
        tree = parse(text, eql=True)
        return Automaton(folded_expression(tree) if insensitive else tree).describes
    except Refusal as error:
        code, prefix = ("R285", "what the engine answers is not known") if error.unknown else ("R283", "the engine refuses the query")
        raise Stop(code, offsets, f"{prefix}: {error.message}", error.help) from None


def function_test(call: Call, kind: FieldType, constants: list[str]) -> ValueTest:
    """Return the test of a function that the engine turns into a query on the field.

    ``startsWith`` is a prefix; the text of ``endsWith`` and ``stringContains``
    goes into a wildcard query as it stands, so that ``*`` and ``?`` in it are
    wildcards and a backslash takes their meaning away.

    Raises:
        Stop: ``R283`` for a network that is none.
    """
    if call.name == "cidrMatch":
        tests = [_block_test(text, call.arguments[index + 1].offsets) for index, text in enumerate(constants)]
        return lambda value: any(test(value) for test in tests)
    text = constants[0].lower() if kind.lowercase else constants[0]
    if call.name == "startsWith":
        prefix = folded(text) if call.insensitive else text
        return lambda value: isinstance(value, str) and (folded(value) if call.insensitive else value).startswith(prefix)
    if not text and call.name == "stringContains":
        return lambda _: False
    pattern = f"*{text}" if call.name == "endsWith" else f"*{text}*"
    test = matcher(parts_of(pattern, escapes=True), insensitive=call.insensitive)
    return lambda value: isinstance(value, str) and test(value)


def _block_test(text: str, offsets: int) -> ValueTest:
    """Return whether an address lies in a network; a text that is an address counts where nothing says that the field has that type."""
    try:
        block = network(text)
    except WrongValueError as wrong:
        raise Stop("R283", offsets, str(wrong), "write a network as 10.0.0.0/8") from None

    def test(value: Value) -> bool:
        if isinstance(value, str):
            try:
                value = address(value)
            except WrongValueError:
                return False
        return not isinstance(value, int | float) and inside(value, block)

    return test
