"""Every modifier, alone and before every other, on every kind of value: our answer is pySigma's, or one of the differences listed here.

pySigma's answer is read from its own objects by this file, not by the
converter, so that a mistake in reading them would be seen.
"""

from __future__ import annotations

import importlib.metadata
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sigma.modifiers import modifier_mapping
from sigma.rule import SigmaDetectionItem

from converter.formats import Map, Seq
from converter.ir import lower
from converter.ir.nodes import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Text,
    TimePart,
)
from converter.model import Diagnostic, LogSource, Rule, Source
from sigma import types as sigma

NAMES = (*sorted(modifier_mapping), "utf16le")
PARTS = ("minute", "hour", "day", "week", "month", "year")
ENCODED = ("base64", "base64offset")
VALUES: tuple[Any, ...] = (
    *("a-b /c", "-x", "10.0.0.0/8", "a*b", r"c:\x\*", "%x%", "", "5", "(", "é", "\u2013x", r"\d(?=a)"),
    *(5, 1.5, -1, True, None),
    *(["a", "b"], [1, 2], ["a", 1, None], [True, False], []),
)


def place(values: Any) -> Seq:
    """Return a list as the reader gives it."""
    found = Seq(values)
    found.offsets = [0] * len(found)
    return found


def ours(key: str, value: Any) -> Any:
    """Return the meaning of one item as plain values, or the code with which it is refused."""
    section = Map({"s": Map({key: place(value) if isinstance(value, list) else value}), "condition": "s"})
    section.offsets, section["s"].offsets = [0] * 4, [0] * 2
    found = lower(Rule(Source("r.yml", ""), "t", "i", LogSource(), section))
    if isinstance(found, tuple):
        assert all(isinstance(one, Diagnostic) for one in found)
        return found[0].code
    return plain(found)


def plain(node: Any) -> Any:
    """Return a node as nested tuples; a negation, a junction, or a test with what it compares."""
    match node:
        case Not(child):
            return ("not", plain(child))
        case And(children) | Or(children):
            return (type(node).__name__.lower(), *map(plain, children))
        case FieldMatch(_, test) | Keyword(test):
            return plain_test(test)
    raise AssertionError(node)


def plain_test(test: Any) -> Any:
    """Return a test as a tuple of its name and what it compares."""
    match test:
        case Text(parts, cased):
            return ("cased" if cased else "text", *(part if isinstance(part, str) else (part.value,) for part in parts))
        case Number(value) | Boolean(value) | Exists(value):
            return (type(test).__name__.lower(), value)
        case Null():
            return ("null",)
        case Compare(operator, value):
            return (operator, value)
        case TimePart(unit, operator, value):
            return (unit, value) if operator == "eq" else (operator, (unit, value))
        case Cidr(network):
            return ("cidr", network)
        case Regex(pattern, flags):
            return ("re", pattern, flags)
        case FieldRef(field, shape):
            return ("fieldref", field, shape.value)
    raise AssertionError(test)


def theirs(key: str, value: Any) -> Any:
    """Return what pySigma makes of an item, in the same form, or "refused"."""
    try:
        item = SigmaDetectionItem.from_mapping(key.replace("utf16le", "wide"), value)
    except Exception:
        return "refused"
    found = [of_value(one) for one in item.value] or [("null",)]
    tree = found[0] if len(found) == 1 else ("and" if item.value_linking.__name__ == "ConditionAND" else "or", *found)
    return ("not", tree) if item.negated else tree


def of_value(value: Any) -> Any:
    """Return one of pySigma's values."""
    match value:
        case sigma.SigmaExpansion():
            found = [of_value(one) for one in value.values]
            return found[0] if len(found) == 1 else ("or", *found)
        case sigma.SigmaString():
            special = {sigma.SpecialChars.WILDCARD_MULTI: ("*",), sigma.SpecialChars.WILDCARD_SINGLE: ("?",)}
            parts: list[Any] = []
            for part in value.s:
                if isinstance(part, sigma.Placeholder):
                    return ("placeholder", part.name)
                one = special.get(part, part) if not isinstance(part, str) else part
                if isinstance(one, str) and parts and isinstance(parts[-1], str):
                    parts[-1] += one
                elif one:
                    parts.append(one)
            return ("cased" if isinstance(value, sigma.SigmaCasedString) else "text", *parts)
        case sigma.SigmaTimestampPart():
            return (value.timestamp_part.name.lower(), value.number)
        case sigma.SigmaNumber():
            return ("number", value.number)
        case sigma.SigmaBool():
            return ("boolean", value.boolean)
        case sigma.SigmaNull():
            return ("null",)
        case sigma.SigmaExists():
            return ("exists", value.exists)
        case sigma.SigmaRegularExpression():
            return ("re", str(value.regexp), "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags)))
        case sigma.SigmaCIDRExpression():
            return ("cidr", value.cidr)
        case sigma.SigmaCompareExpression():
            number = of_value(value.number)
            return (value.op.name.lower(), number[1] if number[0] == "number" else number)
        case sigma.SigmaFieldReference():
            shape = {(True, True): "contains", (True, False): "startswith", (False, True): "endswith", (False, False): "equals"}
            return ("fieldref", value.field, shape[value.starts_with, value.ends_with])
    raise AssertionError(value)


@dataclass(frozen=True)
class Difference:
    """Where our answer is not pySigma's: for which modifiers and value, what we answer, and why."""

    name: str
    applies: Callable[[str, tuple[str, ...], Any], bool]
    answer: Callable[[Any], bool]
    reason: str


def parts_in(names: tuple[str, ...]) -> int:
    """Return how many parts of a time a chain names."""
    return sum(name in PARTS for name in names)


def odd_to_encode(names: tuple[str, ...], value: Any) -> bool:
    """Whether pySigma 1.5.1 encodes something else than the text: in a list there are only letters here."""
    return "utf16" in names or (isinstance(value, str) and ("*" in value or not value.isascii()))


DIFFERENCES = (
    Difference(
        "two parts of a time",
        lambda _, names, __: parts_in(names) > 1,
        lambda answer: answer == "M002",
        "pySigma drops the first in silence",
    ),
    Difference(
        "a fraction of a part of a time",
        lambda _, names, value: parts_in(names) == 1 and isinstance(value, float),
        lambda answer: answer == "M002",
        "pySigma cuts it off in silence",
    ),
    Difference(
        "cased before another modifier",
        lambda _, names, __: names[:1] == ("cased",) and len(names) == 2,
        lambda answer: answer == "M012" or "'cased'" in repr(answer),
        "pySigma forgets it where the next one makes a new text; fields are compared without regard to case only",
    ),
    Difference(
        "a long dash",
        lambda _, names, value: "windash" in names and value == "\u2013x",
        lambda answer: isinstance(answer, tuple),
        "the specification varies each of the five, pySigma only - and /",
    ),
    Difference(
        "a placeholder without values",
        lambda _, names, value: "expand" in names and isinstance(value, str) and "%" in value,
        lambda answer: answer == "M011",
        "pySigma keeps it for a pipeline; the specification: a tool that cannot handle it rejects the rule",
    ),
    Difference(
        "what base64 encodes",
        lambda _, names, value: bool({*names} & {*ENCODED}) and odd_to_encode(names, value),
        lambda answer: isinstance(answer, tuple),
        "pySigma 1.5.1 encodes an escaped star with its backslash, counts characters for bytes, and writes the mark of utf16 in UTF-8",
    ),
    Difference(
        "an expression that RE2 refuses",
        lambda _, names, __: names[:1] == ("re",) and not importlib.metadata.version("pysigma").startswith("1."),
        lambda answer: isinstance(answer, tuple),
        "pySigma 2.0.1 asks RE2, if it is installed; a look-around has a meaning, though only some targets can say it",
    ),
    Difference(
        "an expression of another dialect",
        lambda _, names, __: names[:1] == ("re",),
        lambda answer: answer == "M006",
        "engines read it differently (DECISIONS.md, 12)",
    ),
    Difference(
        "a keyword of another type",
        lambda field, _, __: not field,
        lambda answer: answer == "M008",
        "null, a truth value, an order or a network is no keyword: pySigma's backends refuse it",
    ),
)


def compared(field: str, names: tuple[str, ...], value: Any) -> str:
    """Assert that an item has pySigma's meaning or refusal, or is one of the differences; return which."""
    key = "|".join((field, *names))
    our, their = ours(key, value), theirs(key, value)
    if (isinstance(our, str) and their == "refused") or repr(our) == repr(their):
        return "refused" if their == "refused" else "equal"
    known = [one for one in DIFFERENCES if one.applies(field, names, value) and one.answer(our)]
    assert known, (key, value, our, their)
    return known[0].name


@pytest.mark.parametrize(("field", "step"), [("f", 1), ("", 4)], ids=["a field", "keywords"])
def test_every_modifier_and_every_pair(field: str, step: int) -> None:
    """Every chain of up to two modifiers means on every kind of value what pySigma makes of it, or differs as listed; none crashes.

    Of keywords each pair meets every fourth value, and other pairs the others.
    """
    found: Counter[str] = Counter()
    for number, names in enumerate(((), *itertools.product(NAMES), *itertools.product(NAMES, NAMES))):
        for value in VALUES if len(names) < 2 else VALUES[number % step :: step]:
            found[compared(field, names, value)] += 1
    assert found["equal"] > 2000 / step
    assert found["refused"] > 10_000 / step
    assert not found.keys() - {"equal", "refused", *(one.name for one in DIFFERENCES)}
