"""Give a KQL query to Sigma: the same conditions as nodes, and what they lose on the way.

The query is taken as the detection engine runs it (the ``legacy``
translation) on the field types that the caller knows.  Sigma tests raw
events, the engine tests indexed documents; where a type makes a difference
that Sigma cannot say, the loss tells its direction.

Events are taken to hold values as their fields' types have them.  What an
index does to others is no loss here: 7.9 or "07" in a ``long``, a text beyond
``ignore_above``, an IPv4 address spelled as one of version 6.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from converter.ir import And, Boolean, Cidr, Compare, FieldMatch, Keyword, Node, Not, Null, Number, Or, Parts, Text, Wild
from converter.languages.elasticsearch import DATES, FLOATS, INTEGERS, TOKENIZED, Star, tokens
from converter.languages.kql import syntax
from converter.languages.kql.syntax import Is, Literal, MatchAll, Nested, Pattern, Query, Range, Tree, Word, number_of
from converter.model import Diagnostic, Fidelity, Loss, Severity


@dataclass(frozen=True, slots=True)
class SigmaField:
    """What a field of the query is in the rule: its name there, its type in the index, and whether case counts.

    ``type`` is an Elasticsearch type; ``keyword`` when it is not known.
    ``cased`` is false when the field's values have one spelling only, or when
    the index folds case.
    """

    name: str
    type: str = "keyword"
    cased: bool = True


def to_sigma(query: Query, resolve: Callable[[str], SigmaField | None]) -> tuple[Node, tuple[Loss, ...]] | Diagnostic:
    """Return the query as a Sigma condition, with what it loses.

    Args:
        query: the query; offsets of the nodes point into its source.
        resolve: what a field name of the query is in the rule; ``None`` when the rule has no such field.

    Returns:
        A diagnostic ``R206`` when Sigma has no way to say a part of it: an
        empty query, nested objects, wildcards in field names, dates, or
        what the engine itself refuses.
    """
    importer = _Importer(query, resolve)
    try:
        tree = importer.tree(query.tree, False)
    except _Inexpressible as stop:
        return stop.diagnostic
    return tree, tuple(importer.losses)


class _Inexpressible(Exception):  # noqa: N818 - never leaves this module
    """Why a part of the query has no place in Sigma."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


_LOSSES = {
    "text.word": (
        "value.contains",
        Fidelity.WIDER,
        "the index splits the field into words; the rule looks for the text anywhere, also inside words",
    ),
    "text.phrase": (
        "value.contains",
        Fidelity.MIXED,
        "the index splits the field into words and compares them one by one; the rule compares characters",
    ),
    "free_text": (
        "keyword",
        Fidelity.MIXED,
        "free text is looked for in the words of every indexed field; the rule looks in all values",
    ),
    "pattern.space": (
        "value.wildcard",
        Fidelity.UNKNOWN,
        "Kibana without a data view takes a wildcard value with a space for several conditions; the rule takes it for one",
    ),
    "flattened.leading": (
        "value.wildcard",
        Fidelity.NARROWER,
        "on a flattened field the engine also finds the text under other keys of the object",
    ),
    "flattened.inner": ("value.wildcard", Fidelity.WIDER, "on a flattened field the engine finds nothing with a wildcard inside the value"),
    "number.decimal": ("value.number", Fidelity.WIDER, "the index drops decimals, so that the engine never finds this number"),
    "number.spelling": ("value.number", Fidelity.UNKNOWN, "Kibana 7 sends the number, current Kibana the text as written"),
    "range.keyword": ("value.compare", Fidelity.MIXED, "if the index holds the field as text, the engine compares texts, the rule numbers"),
}


@dataclass(slots=True)
class _Importer:
    """Walks the query and collects losses; ``negated`` is the parity of the negations around a part."""

    query: Query
    resolve: Callable[[str], SigmaField | None]
    losses: list[Loss] = field(default_factory=list)

    def tree(self, tree: Tree, negated: bool) -> Node:
        """Return the node of a part."""
        match tree:
            case syntax.And(children, offsets):
                return And(tuple(self.tree(child, negated) for child in children), offsets)
            case syntax.Or(children, offsets):
                return Or(tuple(self.tree(child, negated) for child in children), offsets)
            case syntax.Not(child, offsets):
                return self._not(child, offsets, negated)
            case Is():
                return self._is(tree, negated)
            case Range():
                return self._range(tree, negated)
            case MatchAll(offsets):
                raise self._stop(offsets, "the query matches every document, which no Sigma condition says")
            case Nested(offsets=offsets):
                raise self._stop(offsets, "Sigma has no condition on one object of a list", "test the fields without the nested object")
        assert_never(tree)

    def _not(self, child: Tree, offsets: int, negated: bool) -> Node:
        """Return a negation; of ``field:*`` it is the test for null."""
        inner = self.tree(child, not negated)
        if isinstance(inner, FieldMatch) and inner.test == Text((Wild.MANY,)):
            return FieldMatch(inner.field, Null(), offsets)
        return Not(inner, offsets)

    def _is(self, tree: Is, negated: bool) -> Node:
        """Return ``field:value``."""
        value = tree.value
        if isinstance(value, Literal) and value.value is None:
            raise self._stop(tree.offsets, "the engine refuses null as a value", "write `not field:*` for a field without a value")
        if tree.field is None:
            self._lose("free_text", tree.offsets, negated)
            parts = _parts(value) if isinstance(value, Pattern) else _literal(value.text)
            return Keyword(Text(parts or ()), tree.offsets)
        known = self._field(tree.field)
        if isinstance(value, Pattern):
            return self._pattern(known, value, tree.offsets, negated)
        if known.type in TOKENIZED:
            return self._words(known, value, tree.offsets, negated)
        return FieldMatch(known.name, self._value(known, value, tree.offsets, negated), tree.offsets)

    def _field(self, word: Word) -> SigmaField:
        """Return what a field name is in the rule."""
        if isinstance(word, Pattern):
            raise self._stop(word.offsets, "Sigma has no wildcards in field names", "name the fields, joined with `or`")
        known = self.resolve(word.text)
        if known is None:
            raise self._stop(word.offsets, f"the rule has no field for {word.text}")
        return known

    def _value(self, known: SigmaField, value: Literal, offsets: int, negated: bool) -> Text | Number | Boolean | Cidr:
        """Return the test of a whole value."""
        text, kind = value.text, known.type
        if isinstance(value.value, bool) or (kind == "boolean" and text in ("true", "false")):
            return Boolean(text == "true")
        if kind == "boolean":
            raise self._stop(offsets, f"the engine refuses {text!r} for a boolean field", "write true or false")
        if kind in DATES:
            raise self._stop(offsets, "Sigma has no dates")
        if kind == "ip":
            return self._address(text, offsets)
        if kind in INTEGERS or kind in FLOATS:
            number = number_of(text) if text else None
            if number is None or number in (float("inf"), float("-inf")):
                raise self._stop(offsets, f"the engine refuses {text!r} for a field of numbers", "write a number")
            if kind in INTEGERS and isinstance(number, float):
                self._lose("number.decimal", offsets, negated)
            return Number(number)
        number = value.number
        if isinstance(number, int) and str(number) == text:
            # The index holds text: 7.0 is not 7 there.
            return Text(_literal(text))
        if number is not None and text:
            self._lose("number.spelling", offsets, negated)
        return Text(_literal(text), known.cased and bool(text))

    def _address(self, text: str, offsets: int) -> Text | Cidr:
        """Return the test of an address or a network."""
        try:
            if "/" in text:
                return Cidr(str(ipaddress.ip_network(text, strict=False)))
            address = ipaddress.ip_address(text)
        except ValueError:
            raise self._stop(offsets, f"the engine refuses {text!r} for a field of addresses") from None
        # An address of version 6 has several spellings.
        return Text((text,)) if address.version == 4 else Cidr(f"{address}/128")

    def _pattern(self, known: SigmaField, value: Pattern, offsets: int, negated: bool) -> Node:
        """Return the test of a value with wildcards."""
        if value.is_lone:
            return FieldMatch(known.name, Text((Wild.MANY,)), offsets)
        kind, parts = known.type, _parts(value)
        if kind in INTEGERS or kind in FLOATS or kind in DATES or kind in ("ip", "boolean"):
            message = f"the engine refuses wildcards on a field of type {kind}"
            raise self._stop(offsets, message, "write the whole value, a comparison, or a network")
        has_space = any(isinstance(part, str) and any(char.isspace() for char in part) for part in value.parts)
        if kind in TOKENIZED:
            self._lose("text.phrase" if has_space else "text.word", offsets, negated)
            return FieldMatch(known.name, Text(_around(parts)), offsets)
        if has_space:
            self._lose("pattern.space", offsets, negated)
        if kind == "flattened" and value.parts[0] is Star.STAR:
            self._lose("flattened.leading", offsets, negated)
        elif kind == "flattened" and not (len(value.parts) == 2 and value.parts[1] is Star.STAR):
            self._lose("flattened.inner", offsets, negated)
        return FieldMatch(known.name, Text(parts, known.cased), offsets)

    def _words(self, known: SigmaField, value: Literal, offsets: int, negated: bool) -> Node:
        """Return the test of a value on a field that is split into words."""
        found = tokens(value.text)
        if not found:
            raise self._stop(offsets, "the value has no word, so that the engine finds nothing")
        if value.quoted and len(found) > 1:
            self._lose("text.phrase", offsets, negated)
            return FieldMatch(known.name, Text(_around(_literal(value.text))), offsets)
        self._lose("text.word", offsets, negated)
        tests = tuple(FieldMatch(known.name, Text(_around((word,))), offsets) for word in found)
        return tests[0] if len(tests) == 1 else Or(tests, offsets)

    def _range(self, tree: Range, negated: bool) -> Node:
        """Return a comparison with a number."""
        known = self._field(tree.field)
        value = tree.value
        if known.type in DATES:
            raise self._stop(tree.offsets, "Sigma has no dates")
        number = None if isinstance(value, Pattern) or not value.text or isinstance(value.value, bool) else number_of(value.text)
        is_number = known.type in INTEGERS or known.type in FLOATS
        if number is None or number in (float("inf"), float("-inf")) or (isinstance(value, Literal) and value.quoted and not is_number):
            raise self._stop(tree.offsets, "Sigma compares numbers only", "write a number, or the values that are meant")
        if not is_number:
            if known.type in ("ip", "boolean", "flattened"):
                raise self._stop(tree.offsets, f"the engine refuses to compare a field of type {known.type} with a number")
            self._lose("range.keyword", tree.offsets, negated)
        return FieldMatch(known.name, Compare(tree.operator, number), tree.offsets)

    def _lose(self, reason: str, offsets: int, negated: bool) -> None:
        """Note a loss."""
        feature, direction, message = _LOSSES[reason]
        self.losses.append(Loss("R207", feature, direction.negated if negated else direction, message, self.query.source.span(offsets)))

    def _stop(self, offsets: int, message: str, help: str = "") -> _Inexpressible:
        """Return the exception that ends the import."""
        return _Inexpressible(Diagnostic("R206", Severity.ERROR, self.query.source.span(offsets), message, help))


def _literal(text: str) -> Parts:
    """Return a text as a pattern without wildcards."""
    return (text,) if text else ()


def _parts(value: Pattern) -> Parts:
    """Return a KQL pattern as a Sigma pattern; stars side by side are one."""
    found: list[str | Wild] = []
    for part in value.parts:
        if isinstance(part, str):
            found.append(part)
        elif not found or found[-1] is not Wild.MANY:
            found.append(Wild.MANY)
    return tuple(found)


def _around(parts: Parts) -> Parts:
    """Return the pattern with any text before and after it."""
    head: Parts = () if parts and parts[0] is Wild.MANY else (Wild.MANY,)
    tail: Parts = () if parts and parts[-1] is Wild.MANY else (Wild.MANY,)
    return (*head, *parts, *tail)
