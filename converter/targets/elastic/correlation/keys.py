"""Which fields of the documents a correlation groups by and counts: one for each of its names in each rule's documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from converter.data import Binding
from converter.ir import FieldMatch, Linked, Node, Number, Or, Part, Text, field_of, fold, scalar_text
from converter.model import Diagnostic, Fidelity, Loss, Severity
from converter.targets.contract import Correlation, Input
from converter.targets.elastic.correlation.made import loss, refusal
from converter.targets.elastic.query import conjuncts

GROUPED: Final = ("keyword", "constant_keyword", "wildcard", "flattened", "long", "ip", "boolean", "date")
"""Types whose values can be grouped and counted by a search; a text has no values, only words."""
HELD: Final = tuple(one for one in GROUPED if one != "flattened")
"""Types of which EQL can join events; it does not know flattened fields."""
SHOWN: Final = HELD
"""Types of the columns of ES|QL that can be grouped."""


def input_of(meaning: Correlation, part: Part) -> Input:
    """Return the rule about single events that a part is."""
    return meaning.inputs[part.rule.id]


def fields_of(
    meaning: Correlation, linked: Linked, part: Part, names: Iterable[str], types: Sequence[str] = GROUPED
) -> tuple[Binding, ...]:
    """Return the fields of a part's documents that some names of the correlation stand for, each once.

    Raises:
        Inexpressible: for a field whose values the index does not keep whole (T130).
    """
    found: dict[str, Binding] = {}
    for name in names:
        field = field_of(linked, part, name)
        for binding in input_of(meaning, part).named[field]:
            found.setdefault(binding.path, _checked(meaning, field, binding, types))
    return tuple(found.values())


def _checked(meaning: Correlation, field: str, binding: Binding, types: Sequence[str]) -> Binding:
    if binding.type in types:
        return binding
    message = f"Elastic cannot group or count by the field '{field}' ('{binding.path}') here: it is of the type {binding.type}"
    raise refusal(meaning.linked.rule, message, "use a field that the index keeps whole", "correlation.group-by")


_ALIKE: Final = {"constant_keyword": "keyword", "wildcard": "keyword", "flattened": "keyword"}


def alike(meaning: Correlation, several: Sequence[Sequence[Binding]]) -> None:
    """Raise ``Inexpressible`` (T130) where the rules' fields to group by are never equal, or one whole and one in parts."""
    if len({len(one) for one in several}) > 1:
        message = "the rules have the values to group by whole in one field and in parts in several"
        raise refusal(meaning.linked.rule, message, "group by fields that both have whole", "correlation.group-by")
    for place in zip(*several, strict=True):
        if len({_ALIKE.get(one.type, one.type) for one in place}) > 1:
            message = "the rules have values to group by in fields of different types: " + ", ".join(
                f"'{one.path}' {one.type}" for one in place
            )
            raise refusal(meaning.linked.rule, message, "group by fields of one type", "correlation.group-by")


def shared(meaning: Correlation, linked: Linked, names: Sequence[str]) -> tuple[Binding, ...]:
    """Return the fields for names where they are the same in all rules' documents.

    Raises:
        Inexpressible: where they are not (T130).
    """
    first, *others = (fields_of(meaning, linked, part, names) for part in linked.parts)
    for other in others:
        if [one.path for one in other] != [one.path for one in first]:
            message = "a threshold counts by the same fields in all events, and these rules have their values in different ones"
            raise refusal(meaning.linked.rule, message, "correlate rules of one log source", "correlation.group-by")
    return first


def merging(meaning: Correlation, linked: Linked, names: Sequence[str]) -> Iterator[Loss]:
    """Yield a loss for each field in which Elastic has one value for several of the event's (T133)."""
    for field, binding in _named(meaning, linked, names):
        how = (
            "in lower case"
            if binding.lowered
            else "as addresses, which have several spellings"
            if binding.type == "ip"
            else "with parts written in another way"
            if binding.replaced or binding.digits
            else ""
        )
        if how:
            message = f"Elastic keeps the values of the field '{field}' {how}, so events of several values can be taken together"
            yield loss(meaning.linked.rule, "T133", "correlation.group", Fidelity.WIDER, message, "group-by")


def guessed(meaning: Correlation, linked: Linked, names: Sequence[str]) -> Iterator[Loss]:
    """Yield a loss for each field whose type nobody gave (T507)."""
    for field, binding in _named(meaning, linked, names):
        if not binding.typed:
            shown = f"'{field}'" + f" ('{binding.path}')" * (field != binding.path)
            message = f"nothing says of which type the field {shown} is on elastic; it is taken for a keyword"
            yield loss(meaning.linked.rule, "T507", "field.type", Fidelity.UNKNOWN, message, "group-by")


def valueless(meaning: Correlation, linked: Linked, names: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield what is to be known of events without a value (T134): where the pipeline drops empty texts, those are in no group."""
    fields = dict.fromkeys(
        f"'{field}'"
        for field, one, binding in _all(meaning, linked, names)
        if binding.changed or (one.rule.guard and not one.rule.source.targets["elastic"].get("keeps_empty"))
    )
    if fields:
        words = " or ".join(fields)
        message = f"an event whose {words} is empty, or the producer's word for none, has no value there on Elastic and does not count"
        yield Diagnostic(
            "T134", Severity.NOTE, meaning.linked.rule.span("correlation.group-by"), message, help="nothing to do unless such events matter"
        )


def _named(meaning: Correlation, linked: Linked, names: Sequence[str]) -> Iterator[tuple[str, Binding]]:
    yield from {one.path: (field, one) for field, _, one in _all(meaning, linked, names)}.values()


def _all(meaning: Correlation, linked: Linked, names: Sequence[str]) -> Iterator[tuple[str, Input, Binding]]:
    """Yield what names stand for in the events of each rule: the field there, the rule, and the document's field."""
    for part in linked.parts:
        own = [field_of(linked, part, name) for name in names]
        if isinstance(part.meaning, Linked):
            yield from _all(meaning, part.meaning, own)
        else:
            one = input_of(meaning, part)
            yield from ((field, one, binding) for field in own for binding in one.named[field])


def are_apart(inputs: list[Input]) -> bool:
    """Whether no document can match two of the rules: they lie in other data streams, or differ in a field of one value."""
    return all(_differ(one, other) for number, one in enumerate(inputs) for other in inputs[number + 1 :])


def _differ(one: Input, other: Input) -> bool:
    mine, theirs = one.rule.guard, other.rule.guard
    for path in mine.keys() & theirs.keys():
        left, right = ({value} if isinstance(value, str) else set(value) for value in (mine[path], theirs[path]))
        if path.startswith("data_stream.") and left.isdisjoint(right):
            return True
    asked, against = _values(one), _values(other)
    return any(asked[path].isdisjoint(against[path]) for path in asked.keys() & against.keys())


def _values(one: Input) -> dict[str, set[str]]:
    """Return for fields of one value that a rule asks for by whole values which those are, by path."""
    found: dict[str, set[str]] = {}
    for part in conjuncts(one.tree):
        atoms = part.children if isinstance(part, Or) else (part,)
        asked = [_whole(atom) for atom in atoms]
        names = {atom.field for atom in atoms if isinstance(atom, FieldMatch)}
        if len(names) != 1 or None in asked:
            continue
        binding = one.rule.fields[names.pop()]
        if not binding.many:
            found.setdefault(binding.path, {value for value in asked if value is not None})
    return found


def _whole(atom: Node) -> str | None:
    """Return the one value that a test asks for, its case aside; ``None`` for any other test."""
    if not isinstance(atom, FieldMatch):
        return None
    match atom.test:
        case Number(value):
            return scalar_text(value)
        case Text(parts) if len(parts) == 1 and isinstance(parts[0], str):
            return fold(parts[0])
    return None
