"""What an expression of ``where`` or ``eval`` gives for one row's fields.

Texts compare exactly.  A missing field is null; a comparison or test of null
is null, ``NOT`` null is null, ``AND`` and ``OR`` are three-valued, and a row
whose expression is null is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from converter.languages.spl.evaluate_search import in_network, number, ordered
from converter.languages.spl.functions import FUNCTIONS
from converter.languages.spl.pattern import is_in
from converter.languages.spl.reading import Reading
from converter.languages.spl.syntax import Call, Field, Number, Relation, Text, WhereAnd, WhereNode, WhereNot, WhereOr, fields_of

Scalar = str | float | bool
Result = Scalar | tuple[str, ...] | None
"""A value: text, number, truth value, several texts, or null."""


def value(found: WhereNode, fields: Mapping[str, tuple[str, ...]], reading: Reading) -> Result:
    """Return what the expression gives."""
    match found:
        case Field(name):
            values = fields.get(name, ())
            return None if not values else values[0] if len(values) == 1 else values
        case Text(text):
            return text
        case Number(text):
            return float(text)
        case WhereNot(child):
            truth = value(child, fields, reading)
            return None if truth is None else not truth
        case WhereAnd(children):
            return _joined(children, False, fields, reading)
        case WhereOr(children):
            return _joined(children, True, fields, reading)
        case Relation(left, operator, right):
            one, other = value(left, fields, reading), value(right, fields, reading)
            return _tested(lambda left_one, right_one: related(left_one, operator, right_one), (one, other), reading)
        case Call("mvfilter", (test,)):
            return _filtered(test, fields, reading)
        case Call(function, arguments):
            return _called(function, tuple(value(one, fields, reading) for one in arguments), reading)
    assert_never(found)


def as_text(found: Result) -> tuple[str, ...]:
    """Return a value as a field holds it; no values for null."""
    if found is None:
        return ()
    if isinstance(found, tuple):
        return found
    if isinstance(found, bool):
        return ("true" if found else "false",)
    if isinstance(found, float):
        return (str(int(found)) if found.is_integer() else repr(found),)
    return (found,)


def related(left: Scalar, operator: str, right: Scalar) -> bool | None:
    """Compare two values: as numbers when one is a number and the other looks like one, else as texts.

    Two texts that both look like numbers are ordered as numbers but are equal
    only when they are the same text.
    """
    one, other = _number(left), _number(right)
    texts = isinstance(left, str) and isinstance(right, str)
    if operator in ("=", "!="):
        equal = left == right if texts else one is not None and one == other
        return equal is (operator == "=")
    if one is not None and other is not None:
        return ordered(one, operator, other)
    return ordered(str(left), operator, str(right)) if texts else None


def _number(found: Scalar) -> float | None:
    """Return a value as a number when it is one or looks like one."""
    return number(found) if isinstance(found, str) else float(found)


def _joined(children: tuple[WhereNode, ...], decisive: bool, fields: Mapping[str, tuple[str, ...]], reading: Reading) -> bool | None:
    """Return the three-valued ``AND`` (``decisive`` false) or ``OR`` (true) of the children."""
    unknown = False
    for child in children:
        truth = value(child, fields, reading)
        if truth is decisive:
            return decisive
        unknown = unknown or truth is None
    return None if unknown else not decisive


def _tested(test: Callable[..., bool | None], arguments: tuple[Result, ...], reading: Reading) -> bool | None:
    """Return a test of values, null where one is null or has several values, as the reading says."""
    truth = _any(test, arguments, reading)
    return False if truth is None and reading.null_is_false else truth


def _any(test: Callable[..., bool | None], arguments: tuple[Result, ...], reading: Reading) -> bool | None:
    """Return the test of single values, or of one after the other of several."""
    for place, argument in enumerate(arguments):
        if argument is None:
            return None
        if isinstance(argument, tuple):
            if not reading.any_of_many:
                return None
            before, after = arguments[:place], arguments[place + 1 :]
            return any(_any(test, (*before, one, *after), reading) is True for one in argument)
    return test(*arguments)


def _filtered(test: WhereNode, fields: Mapping[str, tuple[str, ...]], reading: Reading) -> Result:
    """Return the values of the test's one field for which it holds, one at a time."""
    (name,) = fields_of(test)
    kept = tuple(text for text in fields.get(name, ()) if value(test, {**fields, name: (text,)}, reading) is True)
    return kept[0] if len(kept) == 1 else kept or None


def _called(name: str, arguments: tuple[Result, ...], reading: Reading) -> Result:
    """Return what a function gives."""
    if name in _CONTROL:
        return _CONTROL[name](*arguments)
    if FUNCTIONS[name].boolean:
        return _tested(_TESTS[name], arguments, reading)
    if name == "replace":
        return _replaced(*arguments)
    subject = arguments[0]
    if subject is None:
        return None
    if isinstance(subject, tuple):
        results = [_SCALARS[name](one) for one in subject] if reading.any_of_many else []
        return tuple(text for one in results for text in as_text(one)) or None
    return _SCALARS[name](subject)


def _if(condition: Result, yes: Result, no: Result) -> Result:
    return yes if condition is True else no


def _coalesce(*arguments: Result) -> Result:
    return next((one for one in arguments if one is not None), None)


def _mvcount(values: Result) -> Result:
    return float(len(as_text(values))) if values is not None else None


def _replaced(values: Result, pattern: Result, by: Result) -> Result:
    """Return the text, or each of several, with one plain text in place of another."""
    texts = tuple(text.replace(str(pattern), str(by)) for text in as_text(values))
    return texts[0] if len(texts) == 1 else texts or None


def _mvfind(values: Result, pattern: Result) -> Result:
    return next((float(place) for place, text in enumerate(as_text(values)) if is_in(str(pattern), text)), None)


_CONTROL: Mapping[str, Callable[..., Result]] = {
    "true": lambda: True,
    "false": lambda: False,
    "null": lambda: None,
    "isnull": lambda one: one is None,
    "isnotnull": lambda one: one is not None,
    "if": _if,
    "coalesce": _coalesce,
    "mvcount": _mvcount,
    "mvfind": _mvfind,
}


def _match(text: Scalar, pattern: str) -> bool:
    return is_in(pattern, as_text(text)[0])


def _like(text: Scalar, pattern: str) -> bool:
    parts = ((".*" if one == "%" else "." if one == "_" else rf"\x{{{ord(one):x}}}") for one in pattern)
    return _match(text, rf"(?s)\A{''.join(parts)}\z")


def _cidrmatch(network: str, text: Scalar) -> bool:
    return in_network(as_text(text)[0], network)


def _in(text: Scalar, *values: Scalar) -> bool:
    return any(related(text, "=", one) is True for one in values)


_TESTS: Mapping[str, Callable[..., bool | None]] = {"match": _match, "like": _like, "cidrmatch": _cidrmatch, "in": _in}


def _tonumber(text: Scalar) -> Result:
    return _number(text)


_SCALARS: Mapping[str, Callable[[Scalar], Result]] = {
    "lower": lambda text: as_text(text)[0].lower(),
    "upper": lambda text: as_text(text)[0].upper(),
    "len": lambda text: float(len(as_text(text)[0])),
    "tonumber": _tonumber,
}
