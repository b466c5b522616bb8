"""An event for a set of answers: a value for each field, put together, or what is learned where one has none."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from converter.data import Field
from converter.ir import (
    FieldMatch,
    FieldRef,
    Keyword,
    Parts,
    Shape,
    Text,
    Wild,
    holds,
    lookup,
    scalar_text,
)
from converter.model import node
from converter.synthesis.candidates import fitting
from converter.synthesis.column import MISSING, Column, ValueTest, around, column
from converter.synthesis.frame import around_fields
from converter.synthesis.gates import Layout, bits
from converter.synthesis.lemma import excludes, implies, impossible, keyword_implied
from converter.synthesis.shape import shaped
from converter.synthesis.solver import Kind
from converter.synthesis.value import Conflict, Value, Wish, value_for

_PLACES: Final = ("message", "msg", "Message", "text", "note")
_PAIRS: Final = 4000
"""Pairs of tests that are held against each other to explain one conflict."""

Clause = tuple[Kind, tuple[int, ...]]


@node
class Built:
    """An event with exactly the wished answers; ``outside`` where a value is none that the producer writes."""

    event: dict[str, Any]
    outside: bool


@node
class Builder:
    """The fields of a rule."""

    layout: Layout
    fields: Mapping[str, Field]
    seed: int
    columns: tuple[Column, ...]
    keywords: Column | None
    place: str
    carried: Mapping[str, Any]
    spent: list[int] = field(default_factory=lambda: [0])
    _values: dict[tuple[Any, ...], Value | Conflict] = field(default_factory=dict)

    def group(self, number: int) -> int:
        """Return the tests that a test shares its field with, as bits; of a keyword, all."""
        atom = self.layout.tests[number]
        if isinstance(atom, Keyword):
            return (1 << len(self.layout.tests)) - 1
        names = {atom.field}
        if isinstance(atom.test, FieldRef):
            names.add(atom.test.field)
        found = 0
        for one in self.columns:
            refers = {one.name, *(ref.field for ref in one.references.values())}
            if names & refers:
                found |= one.plain | sum(1 << ref for ref in one.references)
        return found | (self.keywords.plain if self.keywords else 0)

    def build(self, truths: int, inside: bool, flipped: int | None = None) -> Built | list[Clause]:
        """Return an event in which exactly these tests hold, or clauses that rule the answers out."""
        found = self._fields(self.columns, truths, inside, flipped)
        if not isinstance(found, Built) and any(one.references for one in self.columns):
            # A value that another refers to may have to come first, or last.
            found = self._fields(self.columns[::-1], truths, inside, flipped)
        if not isinstance(found, Built):
            return found
        values, outside = found.event, found.outside
        if self.keywords is not None:
            added = self._keyword_value(values, truths)
            if isinstance(added, list):
                return added
            values |= added
        return Built(shaped(values, self.fields, self.carried), outside)

    def _fields(self, columns: Iterable[Column], truths: int, inside: bool, flipped: int | None) -> Built | list[Clause]:
        """Return a value for each field, by its name."""
        avoid = self.keywords.plain & ~truths if self.keywords else 0
        values: dict[str, Any] = {}
        outside = False
        for one in columns:
            test = one.tests.get(flipped) if flipped is not None and not truths >> flipped & 1 else None
            found = self._value(one, Wish(truths & one.plain, inside, test, avoid, self.keywords), values, truths)
            if isinstance(found, Conflict):
                return self._learned(one, found, truths, inside)
            values[str(one.name)] = found.value
            outside = outside or found.outside
        return Built({str(one.name): values[str(one.name)] for one in self.columns}, outside)

    def holds_what_was_wished(self, event: Mapping[str, Any], truths: int) -> bool:
        """Whether each field's value is found in the event, and passes the tests that it should."""
        for one in self.columns:
            found = lookup(event, str(one.name))
            if one.mask(list(found.values) if found.present else MISSING) & one.plain != truths & one.plain:
                return False
            for number, ref in one.references.items():
                if holds(ref, found, event) is not bool(truths >> number & 1):
                    return False
        if self.keywords is None:
            return True
        said = 0
        for value in _scalars(event):
            said |= self.keywords.of(value)
        return said == truths & self.keywords.plain

    def _value(self, one: Column, wish: Wish, values: Mapping[str, Any], truths: int) -> Value | Conflict:
        ties = [tie for other in self.columns for tie in _ties(one, other, truths)]
        if not ties:
            key = (one.name, wish.truths, wish.inside, wish.flipped, wish.avoid)
            if key not in self._values:
                self._values[key] = value_for(one, wish, self.seed, self.spent)
            return self._values[key]
        hints: list[Any] = []
        also: list[Text] = []
        for subject, ref, wanted in ties:
            other = ref.field if subject == one.name else subject
            given = next(iter(_scalars(values.get(other, MISSING))), None)
            if wanted and given is not None:
                hints.append(given)
                if subject == one.name:
                    also.append(_referred(ref.shape, scalar_text(given)))
            elif wanted and ref.shape is Shape.EQUALS:
                mate = next(column for column in self.columns if column.name == other)
                also += [test for number, test in mate.tests.items() if isinstance(test, Text) and truths >> number & 1] or [_ANY]
            elif wanted:
                also.append(_ANY)

        def related(value: Any) -> bool:  # noqa: ANN401 - any JSON value
            said = {**values, str(one.name): value}
            return all(_refers(said, subject, ref) is wanted for subject, ref, wanted in ties if subject in said and ref.field in said)

        tied = Wish(wish.truths, wish.inside, wish.flipped, wish.avoid, wish.keywords, tuple(hints), tuple(also), related)
        return value_for(one, tied, self.seed, self.spent)

    def _keyword_value(self, values: Mapping[str, Any], truths: int) -> dict[str, Any] | list[Clause]:
        """Return a further field that holds the keywords which no other value satisfies."""
        assert self.keywords is not None
        wished = truths & self.keywords.plain
        said = 0
        for value in _scalars(values):
            said |= self.keywords.of(value)
        missing = wished & ~said
        if not missing:
            return {}
        asked = Column(None, None, {one: self.keywords.tests[one] for one in bits(missing)})
        hit = 0
        for text in _some(fitting([around(test) for test in asked.tests.values()], (), None, self.seed)):
            found = self.keywords.of(text)
            if found & missing == missing and not found & ~wished:
                return {self.place: text}
            hit |= found & ~wished if found & missing == missing else 0
        parts: list[Any] = []
        for number, test in asked.tests.items():
            for text in _some(fitting([around(test)], (), None, self.seed)):
                found = self.keywords.of(text)
                if found >> number & 1 and not found & ~wished:
                    parts.append(text)
                    break
                hit |= found & ~wished if found >> number & 1 else 0
            else:
                return self._learned(self.keywords, Conflict(1 << number, hit), truths, False)
        return {self.place: parts}

    def _learned(self, one: Column, conflict: Conflict, truths: int, inside: bool) -> list[Clause]:
        """Return what a conflict teaches: sound clauses where they are found, else that these answers have no value."""
        positive, hit = list(bits(conflict.positive)), list(bits(conflict.hit))
        clauses: list[Clause] = []
        for pair, (first, second) in enumerate((first, second) for first in positive for second in hit):
            if pair >= _PAIRS:
                break
            if self.implies(first, second):
                clauses.append((Kind.SOUND, (-first - 1, second + 1)))
        known = one.known
        tests = [number for number in positive if number in one.tests]
        if known is not None:
            clauses += [(Kind.FIELDS, (-number - 1,)) for number in tests if impossible(one.tests[number], known)]
        if one.scalar:
            pairs = ((first, second) for at, first in enumerate(tests) for second in tests[at + 1 :])
            for pair, (first, second) in enumerate(pairs):
                if pair >= _PAIRS:
                    break
                if excludes(one.tests[first], one.tests[second]):
                    clauses.append((Kind.FIELDS, (-first - 1, -second - 1)))
        if any(kind is Kind.SOUND for kind, _ in clauses) or (inside and clauses):
            return clauses
        tied = [number for other in self.columns for number, ref in other.references.items() if one.name in (other.name, ref.field)]
        if tied:
            mates = [other for other in self.columns if other.plain and (other is one or other.references or one.references)]
            every = sorted({number for other in mates for number in bits(other.plain)} | set(tied))
            return [*clauses, (_unseen(inside), tuple(-number - 1 if truths >> number & 1 else number + 1 for number in every))]
        lost = [-number - 1 for number in positive] + [number + 1 for number in hit]
        if not conflict.positive:
            lost = [number + 1 if not truths >> number & 1 else -number - 1 for number in bits(one.plain | conflict.hit)]
        return [*clauses, (_unseen(inside), tuple(lost))]

    def implies(self, first: int, second: int) -> bool:
        """Whether a test of a field, or a keyword, implies another one of the field, or a keyword."""
        one, other = self.layout.tests[first], self.layout.tests[second]
        if isinstance(other, Keyword):
            said = around(one.test) if isinstance(one, Keyword) else one.test
            return keyword_implied(said, other.test)
        if isinstance(one, Keyword) or not isinstance(one.test, ValueTest) or not isinstance(other.test, ValueTest):
            return False
        return one.field == other.field and implies(one.test, other.test)


def builder(layout: Layout, fields: Mapping[str, Field], carried: Mapping[str, Any], seed: int) -> Builder:
    """Return the columns of a rule, in reading order; a field that is only referred to comes before those that refer to it."""
    by_name: dict[str | None, list[tuple[int, Any]]] = {}
    for number, atom in enumerate(layout.tests):
        if isinstance(atom, FieldMatch) and isinstance(atom.test, FieldRef):
            by_name.setdefault(atom.test.field, [])
        by_name.setdefault(atom.field if isinstance(atom, FieldMatch) else None, []).append((number, atom.test))
    words = by_name.pop(None, None)
    columns = tuple(column(name, fields.get(name) if name else None, tests) for name, tests in by_name.items())
    place = _place(fields, by_name)
    keywords = column(None, None, words) if words else None
    beside = around_fields(carried, [str(name) for name in by_name])
    if keywords is not None and any(keywords.of(value) for value in _scalars(beside)):
        beside = {}  # a keyword would be found in it
    return Builder(layout, fields, seed, columns, keywords, place, beside)


def _place(fields: Mapping[str, Field], asked: Container[str | None]) -> str:
    """Return where a keyword is put: a text that the log source's events have and the rule does not ask for, else under a usual name."""
    known = [name for name, one in fields.items() if one.long and "*" not in name] + [one for one in _PLACES if one in fields]
    return next((one for one in (*known, *_PLACES) if one not in asked), "text of the event")


def presence(builder: Builder) -> Iterator[Clause]:
    """Yield what is true of every event about missing fields: a test on a value needs one."""
    refers = [(one, number, ref) for one in builder.columns for number, ref in one.references.items()]
    for one in builder.columns:
        needs = [*one.tests, *(number for owner, number, ref in refers if one.name in (owner.name, ref.field))]
        null, present, absent = (next(iter(bits(mask)), None) for mask in (one.null, one.present, one.absent))
        for number in needs:
            yield from ((Kind.SOUND, (-number - 1, -other - 1)) for other in (null, absent) if other is not None)
            if present is not None:
                yield Kind.SOUND, (-number - 1, present + 1)
        if absent is not None and null is not None:
            yield Kind.SOUND, (-absent - 1, null + 1)
        if present is not None and null is not None:
            yield Kind.SOUND, (present + 1, null + 1)
        if present is not None and absent is not None:
            yield Kind.SOUND, (-present - 1, -absent - 1)
            yield Kind.SOUND, (present + 1, absent + 1)


def relations(builder: Builder) -> Iterator[Clause]:
    """Yield what references between the same two fields say of each other: who equals also begins, ends and contains."""
    refers = [(one.name, ref.field, ref.shape, number) for one in builder.columns for number, ref in one.references.items()]
    for name, other, shape, number in refers:
        for one in builder.columns:
            anything = [
                test
                for test, said in one.tests.items()
                if isinstance(said, Text) and said.parts and all(part is Wild.MANY for part in said.parts)
            ]
            yield from ((Kind.SOUND, (-number - 1, test + 1)) for test in anything if one.name in (name, other))
        for second_name, second_other, second_shape, second in refers:
            same = (name, other) == (second_name, second_other)
            turned = (name, other) == (second_other, second_name)
            closer = shape is Shape.EQUALS or (second_shape is Shape.CONTAINS and same)
            if number != second and closer and (same or (turned and shape is Shape.EQUALS)):
                yield Kind.SOUND, (-number - 1, second + 1)


_ANY: Final = Text((Wild.MANY,))


def _unseen(inside: bool) -> Kind:
    return Kind.UNSEEN_INSIDE if inside else Kind.UNSEEN


def _ties(one: Column, other: Column, truths: int) -> Iterator[tuple[str, FieldRef, bool]]:
    for number, ref in other.references.items():
        if one.name in (other.name, ref.field):
            yield str(other.name), ref, bool(truths >> number & 1)


def _refers(values: Mapping[str, Any], subject: str, ref: FieldRef) -> bool:
    event = {name: value for name, value in values.items() if value is not MISSING}
    return holds(ref, lookup(event, subject), event)


def _referred(shape: Shape, text: str) -> Text:
    literal: Parts = (text,) if text else ()
    match shape:
        case Shape.CONTAINS:
            return Text((Wild.MANY, *literal, Wild.MANY))
        case Shape.STARTSWITH:
            return Text((*literal, Wild.MANY))
        case Shape.ENDSWITH:
            return Text((Wild.MANY, *literal))
        case _:
            return Text(literal)


def _scalars(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _scalars(one)
    elif isinstance(value, list):
        for one in value:
            yield from _scalars(one)
    elif value is not None and value is not MISSING:
        yield value


def _some(values: Iterable[Any]) -> Iterator[Any]:
    for _, value in zip(range(1500), values, strict=False):
        yield value
