"""Which fields of the documents a correlation groups by and counts: one for each of its names in each rule's documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from converter.data import Binding
from converter.ir import Linked, Part, field_of
from converter.model import Diagnostic, Fidelity, Loss, Severity
from converter.targets.contract import Correlation, Input
from converter.targets.elastic.correlation.made import loss, refusal

GROUPED: Final = ("keyword", "constant_keyword", "wildcard", "flattened", "long", "ip", "boolean", "date")
"""Types whose values can be grouped and counted; a text has no values, only words."""


def input_of(meaning: Correlation, part: Part) -> Input:
    """Return the rule about single events that a part is."""
    return meaning.inputs[part.rule.id]


def fields_of(meaning: Correlation, linked: Linked, part: Part, names: Iterable[str]) -> tuple[Binding, ...]:
    """Return the fields of a part's documents that some names of the correlation stand for, each once.

    Raises:
        Inexpressible: for a field whose values the index does not keep whole (T130).
    """
    found: dict[str, Binding] = {}
    for name in names:
        field = field_of(linked, part, name)
        binding = input_of(meaning, part).named[field]
        if binding.type not in GROUPED:
            message = f"Elastic cannot group or count by the field '{field}' ('{binding.path}'), which is of the type {binding.type}"
            raise refusal(meaning.linked.rule, message, "use a field that the index keeps whole", "correlation.group-by")
        found.setdefault(binding.path, binding)
    return tuple(found.values())


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
            message = f"nothing says of which type the field '{field}' is on elastic; it is taken for a keyword"
            yield loss(meaning.linked.rule, "T507", "field.type", Fidelity.UNKNOWN, message, "group-by")


def valueless(meaning: Correlation, linked: Linked, names: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield what is to be known of groups without a value (T134): where the pipeline drops empty texts, they are no group."""
    fields = dict.fromkeys(
        f"'{field}'"
        for field, one, binding in _all(meaning, linked, names)
        if binding.changed or not one.rule.source.targets.get("elastic", {}).get("keeps_empty")
    )
    if fields:
        words = " or ".join(fields)
        message = f"an event whose {words} is empty, or the producer's word for none, has no value on Elastic and is in no group there"
        yield Diagnostic(
            "T134", Severity.NOTE, meaning.linked.rule.span("correlation.group-by"), message, help="nothing to do unless such events matter"
        )


def _named(meaning: Correlation, linked: Linked, names: Sequence[str]) -> Iterator[tuple[str, Binding]]:
    yield from {field: one for field, _, one in _all(meaning, linked, names)}.items()


def _all(meaning: Correlation, linked: Linked, names: Sequence[str]) -> Iterator[tuple[str, Input, Binding]]:
    """Yield what names stand for in the events of each rule: the field there, the rule, and the document's field."""
    for part in linked.parts:
        own = [field_of(linked, part, name) for name in names]
        if isinstance(part.meaning, Linked):
            yield from _all(meaning, part.meaning, own)
        else:
            one = input_of(meaning, part)
            yield from ((field, one, one.named[field]) for field in own)
