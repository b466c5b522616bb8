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

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from converter.ir import And, Boolean, Cidr, Compare, FieldMatch, Keyword, Node, Not, Null, Number, Or, Parts, Text, Wild
from converter.languages.elasticsearch import DATES, INTEGERS, TOKENIZED, Star
from converter.languages.elasticsearch.to_sigma import Account, Inexpressible, SigmaField, around, literal, single_stars
from converter.languages.kql import syntax
from converter.languages.kql.syntax import Is, Literal, MatchAll, Nested, Pattern, Query, Range, Tree, Word, number_of
from converter.model import Diagnostic, Fidelity, Loss


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
    account = Account(query.source, _LOSSES, "R207", "R206")
    try:
        tree = _Importer(resolve, account).tree(query.tree, False)
    except Inexpressible as stop:
        return stop.diagnostic
    return tree, tuple(account.losses)


_LOSSES: Final = {
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
    "number.spelling": ("value.number", Fidelity.UNKNOWN, "Kibana 7 sends the number, current Kibana the text as written"),
}


@dataclass(slots=True)
class _Importer:
    """Walks the query and collects losses; ``negated`` is the parity of the negations around a part."""

    resolve: Callable[[str], SigmaField | None]
    account: Account

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
                raise self.account.stop("every document", offsets, "the query matches every document, which no Sigma condition says")
            case Nested(offsets=offsets):
                raise self.account.stop(
                    "nested", offsets, "Sigma has no condition on one object of a list", "test the fields without the nested object"
                )
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
            raise self.account.stop(
                "type", tree.offsets, "the engine refuses null as a value", "write `not field:*` for a field without a value"
            )
        if isinstance(tree.field, Pattern) and isinstance(value, Pattern) and tree.field.is_lone and value.is_lone:
            raise self.account.stop("every document", tree.offsets, "the query matches every document, which no Sigma condition says")
        if tree.field is None:
            self.account.lose("free_text", tree.offsets, negated)
            parts = _parts(value) if isinstance(value, Pattern) else literal(value.text)
            return Keyword(Text(parts or ()), tree.offsets)
        known = self._field(tree.field)
        if isinstance(value, Pattern):
            return self._pattern(known, value, tree.offsets, negated)
        if known.type in TOKENIZED:
            return self.account.phrase(known, value.text, value.quoted, tree.offsets, negated)
        return FieldMatch(known.name, self._value(known, value, tree.offsets, negated), tree.offsets)

    def _field(self, word: Word) -> SigmaField:
        """Return what a field name is in the rule."""
        if isinstance(word, Pattern):
            raise self.account.stop(
                "field wildcard", word.offsets, "Sigma has no wildcards in field names", "name the fields, joined with `or`"
            )
        known = self.resolve(word.text)
        if known is None:
            raise self.account.stop("no field", word.offsets, f"the rule has no field for {word.text}")
        return known

    def _value(self, known: SigmaField, value: Literal, offsets: int, negated: bool) -> Text | Number | Boolean | Cidr:
        """Return the test of a whole value."""
        text, kind = value.text, known.type
        if isinstance(value.value, bool) or (kind == "boolean" and text in ("true", "false")):
            return Boolean(text == "true")
        if kind == "boolean":
            raise self.account.stop("type", offsets, f"the engine refuses {text!r} for a boolean field", "write true or false")
        if kind in DATES:
            raise self.account.stop("date", offsets, "Sigma has no dates")
        if kind == "ip":
            return self.account.address(text, offsets)
        if known.is_number:
            number = number_of(text) if text else None
            if number is None or number in (float("inf"), float("-inf")):
                raise self.account.stop("type", offsets, f"the engine refuses {text!r} for a field of numbers", "write a number")
            if kind in INTEGERS and isinstance(number, float):
                self.account.lose("number.decimal", offsets, negated)
            return Number(number)
        number = value.number
        if isinstance(number, int) and str(number) == text:
            # The index holds text: 7.0 is not 7 there.
            return Text(literal(text))
        if number is not None:
            # An unquoted empty text is one too: zero.
            self.account.lose("number.spelling", offsets, negated)
        return Text(literal(text), known.cased and bool(text))

    def _pattern(self, known: SigmaField, value: Pattern, offsets: int, negated: bool) -> Node:
        """Return the test of a value with wildcards."""
        if value.is_lone:
            return FieldMatch(known.name, Text((Wild.MANY,)), offsets)
        kind, parts = known.type, _parts(value)
        if known.is_number or kind in DATES or kind in ("ip", "boolean"):
            message = f"the engine refuses wildcards on a field of type {kind}"
            raise self.account.stop("type", offsets, message, "write the whole value, a comparison, or a network")
        has_space = any(isinstance(part, str) and any(char.isspace() for char in part) for part in value.parts)
        if kind in TOKENIZED:
            self.account.lose("text.phrase" if has_space else "text.word", offsets, negated)
            return FieldMatch(known.name, Text(around(parts)), offsets)
        if has_space:
            self.account.lose("pattern.space", offsets, negated)
        if kind == "flattened" and value.parts[0] is Star.STAR:
            self.account.lose("flattened.leading", offsets, negated)
        elif kind == "flattened" and not (len(value.parts) == 2 and value.parts[1] is Star.STAR):
            self.account.lose("flattened.inner", offsets, negated)
        return FieldMatch(known.name, Text(parts, known.cased), offsets)

    def _range(self, tree: Range, negated: bool) -> Node:
        """Return a comparison with a number."""
        known = self._field(tree.field)
        value = tree.value
        if known.type in DATES:
            raise self.account.stop("date", tree.offsets, "Sigma has no dates")
        number = None if isinstance(value, Pattern) or not value.text or isinstance(value.value, bool) else number_of(value.text)
        is_number = known.is_number
        if number is None or number in (float("inf"), float("-inf")) or (isinstance(value, Literal) and value.quoted and not is_number):
            raise self.account.stop(
                "order of texts", tree.offsets, "Sigma compares numbers only", "write a number, or the values that are meant"
            )
        if not is_number:
            if known.type in ("ip", "boolean", "flattened"):
                raise self.account.stop("type", tree.offsets, f"the engine refuses to compare a field of type {known.type} with a number")
            self.account.lose("range.keyword", tree.offsets, negated)
        return FieldMatch(known.name, Compare(tree.operator, number), tree.offsets)


def _parts(value: Pattern) -> Parts:
    """Return a KQL pattern as a Sigma pattern; stars side by side are one."""
    return single_stars(tuple(part if isinstance(part, str) else Wild.MANY for part in value.parts))
