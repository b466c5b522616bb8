"""The tests on one field, and which of them a value passes: the oracle's answers, found fast.

A rule may ask a field for thousands of texts; those without wildcards inside
are looked up by their length, the rest is asked one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Final, TypeAlias, assert_never

from converter.data import Field
from converter.ir import (
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldRef,
    Found,
    Null,
    Number,
    Regex,
    RegexProblem,
    Shape,
    Test,
    Text,
    TimePart,
    Wild,
    fits,
    fold,
    holds,
    regex_finder,
    scalar_text,
)
from converter.model import node

Scalar: TypeAlias = str | int | float | bool
ValueTest: TypeAlias = Text | Number | Boolean | Compare | TimePart | Cidr | Regex
"""A test that a single value passes or not."""

_FEW: Final = 80
"""Texts up to which each is looked for; more are looked up by their length."""

_LOOKED_UP: Final = (Shape.EQUALS, Shape.CONTAINS, Shape.STARTSWITH, Shape.ENDSWITH)


class Missing:
    """The one value of a field that an event does not have."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = Missing()


@node
class Column:
    """The tests on a field by their numbers in the rule; the name ``None`` stands for all values of the event.

    References to other fields stand apart: what they say depends on two values.
    ``plain`` are the tests on the field itself, as bits; ``literals``, ``heads``, ``tails`` and
    ``equal`` are the texts, folded, that it may hold anywhere, begin with, end in and be, most of them by their length.
    """

    name: str | None
    known: Field | None
    tests: Mapping[int, ValueTest] = field(default_factory=dict)
    null: int = 0
    present: int = 0
    absent: int = 0
    references: Mapping[int, FieldRef] = field(default_factory=dict)
    plain: int = 0
    literals: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    few: tuple[tuple[str, int], ...] = ()
    heads: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    tails: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    equal: Mapping[str, int] = field(default_factory=dict)
    _asked: tuple[tuple[int, Callable[[Scalar], bool]], ...] = ()
    _seen: dict[tuple[type, Scalar], int] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """What it costs to ask a value, in tests that are asked one by one."""
        return 1 + len(self._asked) + len(self.few) // 8

    @property
    def scalar(self) -> bool:
        """Whether the field is known to hold one value at most."""
        return self.known is not None and not self.known.many and not self.known.each

    def of(self, value: Scalar) -> int:
        """Return the bits of the tests that one value passes, tests of presence left out."""
        key = (type(value), value)
        if key not in self._seen:
            self._seen[key] = self._passed(value)
        return self._seen[key]

    def _passed(self, value: Scalar) -> int:
        text = fold(scalar_text(value))
        found = self.equal.get(text, 0)
        for length, literals in self.heads.items():
            found |= literals.get(text[:length], 0)
        for length, literals in self.tails.items():
            found |= literals.get(text[-length:], 0)
        for literal, bit in self.few:
            if literal in text:
                found |= bit
        for length, literals in self.literals.items():
            for start in range(len(text) - length + 1):
                found |= literals.get(text[start : start + length], 0)
        for bit, test in self._asked:
            if test(value):
                found |= bit
        return found

    def mask(self, value: Any) -> int:  # noqa: ANN401 - any JSON value, or MISSING
        """Return the bits of the tests that hold where ``value`` stands at the field."""
        if value is MISSING:
            return self.null | self.absent
        elements = value if isinstance(value, list) else [value]
        found = self.present
        if all(one is None for one in elements):
            found |= self.null
        for one in elements:
            if one is not None and not isinstance(one, Mapping):
                found |= self.of(one)
        return found


def column(name: str | None, known: Field | None, tests: Iterable[tuple[int, Test]]) -> Column:
    """Return the tests of a field, ready to be asked."""
    values: dict[int, ValueTest] = {}
    references: dict[int, FieldRef] = {}
    null = present = absent = 0
    texts: dict[Shape, dict[int, dict[str, int]]] = {shape: {} for shape in _LOOKED_UP}
    asked: list[tuple[int, Callable[[Scalar], bool]]] = []
    for number, test in tests:
        bit = 1 << number
        match test:
            case Null():
                null |= bit
            case Exists(there):
                present, absent = (present | bit, absent) if there else (present, absent | bit)
            case FieldRef():
                references[number] = test
            case Text() | Number() | Boolean() | Compare() | TimePart() | Cidr() | Regex():
                values[number] = test
                said = around(test) if name is None else test
                if isinstance(said, Text) and not said.cased and said.shape in _LOOKED_UP and said.literal:
                    alike = texts[said.shape].setdefault(len(said.literal), {})
                    alike[fold(said.literal)] = alike.get(fold(said.literal), 0) | bit
                else:
                    asked.append((bit, passes(said)))
            case _:
                assert_never(test)
    contained, equal = texts[Shape.CONTAINS], {text: bit for alike in texts[Shape.EQUALS].values() for text, bit in alike.items()}
    few = tuple((text, bit) for literals in contained.values() for text, bit in literals.items())
    few, contained = (few, {}) if len(few) <= _FEW else ((), contained)
    plain = sum(1 << one for one in values) | null | present | absent
    return Column(
        name,
        known,
        values,
        null,
        present,
        absent,
        references,
        plain,
        contained,
        few,
        texts[Shape.STARTSWITH],
        texts[Shape.ENDSWITH],
        equal,
        tuple(asked),
    )


def around(test: ValueTest) -> ValueTest:
    """Return what a keyword asks of one value: a text may stand anywhere in it, a number is the whole text."""
    match test:
        case Text(parts, cased):
            inner = parts[bool(parts[:1] == (Wild.MANY,)) :]
            inner = inner[: len(inner) - bool(inner[-1:] == (Wild.MANY,))]
            return Text((Wild.MANY, *inner, Wild.MANY) if inner else (Wild.MANY,), cased)
        case Number(value):
            return Text((scalar_text(value),), True)
        case _:
            return test


def passes(test: ValueTest) -> Callable[[Scalar], bool]:
    """Return the function that says whether a value passes a test; the oracle's own, but for texts and expressions."""
    match test:
        case Text(parts, cased):
            return _texts(parts, cased)
        case Regex(pattern, flags):
            finder = regex_finder(pattern, flags)
            if isinstance(finder, RegexProblem):
                return _never
            return lambda value: finder(scalar_text(value))
        case Number() | Boolean() | Compare() | TimePart() | Cidr():
            return lambda value: holds(test, Found(True, (value,)), {})
    assert_never(test)


def _never(value: Scalar) -> bool:
    """An expression that cannot be searched for; the callers refuse such rules before."""
    del value
    return False


def _texts(parts: tuple[str | Wild, ...], cased: bool) -> Callable[[Scalar], bool]:
    if any(part is Wild.ONE for part in parts):
        return lambda value: fits(parts, scalar_text(value), cased)
    whole = not any(isinstance(part, Wild) for part in parts)
    first = parts[0] if parts and isinstance(parts[0], str) else ""
    last = parts[-1] if len(parts) > 1 and isinstance(parts[-1], str) else ""
    middle = [part for part in parts[bool(first) : len(parts) - bool(last)] if isinstance(part, str)]
    if not cased:
        first, last, middle = fold(first), fold(last), [fold(part) for part in middle]

    def asked(value: Scalar) -> bool:
        text = scalar_text(value) if cased else fold(scalar_text(value))
        if whole:
            return text == first
        if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for part in middle:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    return asked
