"""Give a query string to Sigma: the same conditions as nodes, and what they lose on the way.

Clauses become and, or and not as the engine counts them: where one must hold,
those that only may change nothing and are left out.  Sigma tests raw events,
the engine indexed documents; where a type makes a difference that Sigma
cannot say, the loss tells its direction.  Events are taken to hold values as
their fields' types have them.  A part for which there is no condition is
refused, its reason before the colon of the message (``REASONS``).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    FieldMatch,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Parts,
    Regex,
    RegexProblem,
    Text,
    Wild,
    read_regex,
)
from converter.languages.elasticsearch import DATES, INTEGERS, TOKENIZED, Refusal, searched
from converter.languages.elasticsearch import Wild as Sign
from converter.languages.elasticsearch.to_sigma import Account, Inexpressible, SigmaField, around, literal, one_of, single_stars
from converter.languages.lucene.atoms import compared, parts_of, too_long
from converter.languages.lucene.expression import Any, Both, Described, Other, read_expression
from converter.languages.lucene.losses import LOSSES
from converter.languages.lucene.syntax import Body, Expression, Fuzzy, Group, Leaf, MatchAll, Pattern, Phrase, Prefix, Query, Range, Words
from converter.languages.lucene.wildcards import letters, wildcards
from converter.model import Diagnostic, Loss

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_ESCAPED_CAPITAL: Final = re.compile(r"\\[^\W\d_]")
_MAX_NETWORKS: Final = 16


def to_sigma(query: Query, resolve: Callable[[str], SigmaField | None]) -> tuple[Node, tuple[Loss, ...]] | Diagnostic:
    """Return the query as a Sigma condition, with what it loses.

    Args:
        query: the query; offsets of the nodes point into its source.
        resolve: what a field name of the query is in the rule; ``None`` when the rule has no such field.

    Returns:
        A diagnostic ``R294`` when Sigma has no way to say a part of it; its
        message begins with one of ``REASONS`` and a colon.
    """
    account = Account(query.source, LOSSES, "R295", "R294")
    importer = _Importer(resolve, account)
    try:
        node = None if isinstance(query.tree, MatchAll) else importer.group(query.tree, False)
        if node is None:
            raise account.stop("every document", query.tree.offsets, "the query matches every document, which no Sigma condition says")
    except Inexpressible as stop:
        return stop.diagnostic
    return node, tuple(account.losses)


@dataclass(slots=True)
class _Importer:
    """Walks the query and collects losses; ``negated`` is the parity of the negations around a part.

    A node that is ``None`` is every document.
    """

    resolve: Callable[[str], SigmaField | None]
    account: Account

    def group(self, group: Group, negated: bool) -> Node | None:
        """Return clauses side by side."""
        must: list[Body] = []
        should: list[Body] = []
        must_not: list[Body] = []
        for number, clause in enumerate(group.clauses):
            following = group.clauses[number + 1].joined if number + 1 < len(group.clauses) else ""
            if clause.sign == "-":
                must_not.append(clause.body)
            else:
                is_must = clause.sign == "+" or clause.joined == "AND" or following == "AND"
                (must if is_must else should).append(clause.body)
        held = [self.body(one, negated) for one in must or should]
        forbidden = [self._forbidden(one, negated) for one in must_not]
        if not must and None in held:
            held = []
        known = [one for one in held if one is not None]
        if not must and len(known) > 1:
            known = [Or(tuple(known), group.offsets)]
        children = (*known, *forbidden)
        if not children:
            return None
        return children[0] if len(children) == 1 else And(children, group.offsets)

    def _forbidden(self, body: Body, negated: bool) -> Node:
        """Return a clause that must not hold; of any value it is the test for null."""
        inner = self.body(body, not negated)
        if inner is None:
            raise self.account.stop("every document", body.offsets, "what always holds is forbidden, so that the engine finds nothing")
        if isinstance(inner, FieldMatch) and inner.test == Text((Wild.MANY,)):
            return FieldMatch(inner.field, Null(), body.offsets)
        return Not(inner, body.offsets)

    def body(self, body: Body, negated: bool) -> Node | None:
        """Return one clause's content."""
        return self.group(body, negated) if isinstance(body, Group) else self.leaf(body, negated)

    def leaf(self, leaf: Leaf, negated: bool) -> Node | None:
        """Return a value on its field."""
        name = leaf.field
        is_star = isinstance(leaf, Pattern) and leaf.raw == "*"
        if name == "_exists_" and isinstance(leaf, Words | Phrase):
            return FieldMatch(self._known(leaf.text, leaf.offsets).name, Text((Wild.MANY,)), leaf.offsets)
        if name in (None, "*"):
            return None if is_star else self._free(leaf, negated)
        known = self._known(name or "", leaf.offsets)
        if is_star:
            return FieldMatch(known.name, Text((Wild.MANY,)), leaf.offsets)
        wanted = compared(leaf) if isinstance(leaf, Words) else leaf
        match wanted:
            case Words(_, text) | Phrase(_, text, 0):
                return self._value(known, wanted, text, negated)
            case Range():
                return self._range(known, wanted, negated)
            case Fuzzy() | Phrase():
                raise self.account.stop("fuzzy", leaf.offsets, "Sigma has no fuzzy comparison", "write the spellings that are meant")
        if known.is_number or known.type in DATES or known.type in ("ip", "boolean"):
            raise self.account.stop("type", leaf.offsets, f"the engine finds nothing with a pattern on a field of type {known.type}")
        if isinstance(wanted, Expression):
            return self._expression(known, wanted, negated)
        return self._wild(known, wanted, negated)

    def _known(self, name: str, offsets: int) -> SigmaField:
        """Return what a field name is in the rule."""
        if "*" in name:
            raise self.account.stop("field", offsets, "Sigma has no wildcards in field names", "name the fields, joined with OR")
        known = self.resolve(name)
        if known is None:
            raise self.account.stop("no field", offsets, f"the rule has no field for {name}")
        return known

    def _free(self, leaf: Leaf, negated: bool) -> Node:
        """Return free text."""
        match leaf:
            case Words(_, text) | Phrase(_, text, 0) if not (isinstance(leaf, Words) and isinstance(compared(leaf), Range)):
                parts: Parts = literal(text)
            case Prefix(_, text):
                parts = (text, Wild.MANY)
            case Pattern(_, raw):
                parts = _parts(parts_of(raw, False))
            case _:
                raise self.account.stop("field", leaf.offsets, "Sigma looks for texts only where no field is named", "name the field")
        if not parts:
            raise self.account.stop("words", leaf.offsets, "the text has no word")
        self.account.lose("free_text", leaf.offsets, negated)
        return Keyword(Text(parts), leaf.offsets)

    def _value(self, known: SigmaField, leaf: Words | Phrase, text: str, negated: bool) -> Node:
        """Return the test of a whole value."""
        kind, offsets = known.type, leaf.offsets
        if kind in TOKENIZED:
            return self.account.phrase(known, text, isinstance(leaf, Phrase), offsets, negated)
        if kind == "boolean":
            if text not in ("true", "false"):
                raise self.account.stop("type", offsets, f"the engine finds no truth value {text!r}", "write true or false")
            return FieldMatch(known.name, Boolean(text == "true"), offsets)
        if kind in DATES:
            raise self.account.stop("date", offsets, "Sigma has no dates")
        if kind == "ip":
            return FieldMatch(known.name, self.account.address(text, offsets), offsets)
        if known.is_number:
            number = self._number(text, offsets)
            if kind in INTEGERS and isinstance(number, float):
                self.account.lose("number.decimal", offsets, negated)
            return FieldMatch(known.name, Number(number), offsets)
        return FieldMatch(known.name, _text(literal(text), known), offsets)

    def _number(self, text: str, offsets: int) -> int | float:
        """Return the number that a text spells, whole where it is."""
        if not _NUMBER.fullmatch(text):
            raise self.account.stop("type", offsets, f"the engine finds no number {text[:40]!r}", "write a number")
        try:
            return int(text)
        except ValueError:
            number = float(text)
        return int(number) if number.is_integer() and abs(number) < 1 << 53 else number

    def _wild(self, known: SigmaField, leaf: Prefix | Pattern, negated: bool) -> Node:
        """Return the test of a value with wildcards."""
        if isinstance(leaf, Prefix) and known.type in TOKENIZED:
            return self.account.phrase(known, leaf.text, False, leaf.offsets, negated)
        if isinstance(leaf, Pattern) and known.type == "constant_keyword":
            raise self.account.stop("type", leaf.offsets, "the engine finds nothing with a pattern on a constant field")
        if isinstance(leaf, Pattern) and not known.cased and _ESCAPED_CAPITAL.search(leaf.raw):
            raise self.account.stop("type", leaf.offsets, "the engine does not fold a letter behind a backslash", "remove the backslash")
        parts: Parts = (leaf.text, Wild.MANY) if isinstance(leaf, Prefix) else _parts(parts_of(leaf.raw, False))
        if known.type in TOKENIZED:
            self.account.lose("text.word", leaf.offsets, negated)
            return FieldMatch(known.name, Text(around(parts)), leaf.offsets)
        if known.type == "flattened" and isinstance(leaf, Pattern):
            self.account.lose("flattened.leading" if parts[0] is Wild.MANY else "flattened.inner", leaf.offsets, negated)
        return FieldMatch(known.name, _text(parts, known), leaf.offsets)

    def _expression(self, known: SigmaField, leaf: Expression, negated: bool) -> Node:
        """Return the test of a regular expression."""
        if known.type in ("flattened", "constant_keyword") or known.type in TOKENIZED:
            raise self.account.stop("expression", leaf.offsets, f"a regular expression on a field of type {known.type}")
        if too_long(leaf.raw):
            raise self.account.stop("expression", leaf.offsets, "the engine refuses a regular expression of more than 1,000 characters")
        try:
            found = read_expression(leaf.raw)
        except Refusal as refusal:
            raise self.account.stop("expression", leaf.offsets, refusal.message, refusal.help) from None
        return self._described(known, found, leaf.offsets, negated)

    def _described(self, known: SigmaField, found: Described, offsets: int, negated: bool) -> Node:
        """Return the test of an expression that was read."""
        if isinstance(found, Any):
            return Or(tuple(self._described(known, one, offsets, negated) for one in found.parts), offsets)
        if isinstance(found, Both | Other):
            raise self.account.stop("expression", offsets, "Sigma's regular expressions have no intersection and no complement")
        parts = wildcards(found)
        if parts is not None:
            return FieldMatch(known.name, _text(_parts(parts), known), offsets)
        pattern, is_cut = searched(found)
        flags = "s" if known.cased else "is"
        read = read_regex(pattern, flags)
        if isinstance(read, RegexProblem):
            raise self.account.stop("expression", offsets, read.message, read.help)
        if not known.cased and letters(found):
            raise self.account.stop("expression", offsets, "a letter outside of ASCII, which the engine and Sigma fold differently")
        if is_cut:
            self.account.lose("regex.end", offsets, negated)
        return FieldMatch(known.name, Regex(pattern, flags), offsets)

    def _range(self, known: SigmaField, leaf: Range, negated: bool) -> Node:
        """Return a comparison with one or two bounds."""
        kind, offsets = known.type, leaf.offsets
        if leaf.low is None and leaf.high is None:
            return FieldMatch(known.name, Text((Wild.MANY,)), offsets)
        if kind in DATES:
            raise self.account.stop("date", offsets, "Sigma has no dates")
        if kind == "ip":
            return self._networks(known, leaf)
        if not known.is_number:
            raise self.account.stop("order of texts", offsets, "Sigma compares numbers only", "write the values that are meant")
        found: list[Node] = []
        for text, order in ((leaf.low, "gte" if leaf.includes_low else "gt"), (leaf.high, "lte" if leaf.includes_high else "lt")):
            if text is not None:
                found.append(FieldMatch(known.name, Compare(order, self._bound(kind, text, offsets)), offsets))
        if len(found) == 1:
            return found[0]
        self.account.lose("range.list", offsets, negated)
        return And(tuple(found), offsets)

    def _bound(self, kind: str, text: str, offsets: int) -> int | float:
        """Return the number that a value is compared with; beyond the type the engine finds nothing."""
        number = self._number(text, offsets)
        low, high = INTEGERS["long" if kind == "long" else "integer"]
        if kind in INTEGERS and not low <= number <= high:
            raise self.account.stop("type", offsets, f"the engine compares nothing with a number beyond a {kind}, {text[:40]}")
        return number

    def _networks(self, known: SigmaField, leaf: Range) -> Node:
        """Return a range of addresses as the networks that make it up."""
        try:
            low, high = ipaddress.ip_address(leaf.low or ""), ipaddress.ip_address(leaf.high or "")
            if not (leaf.includes_low and leaf.includes_high) or low.version != high.version:
                raise ValueError
            networks = tuple(ipaddress.summarize_address_range(low, high))
        except (ValueError, TypeError):
            raise self.account.stop("type", leaf.offsets, "a range of addresses without two ends that belong to it") from None
        if len(networks) > _MAX_NETWORKS:
            raise self.account.stop("type", leaf.offsets, f"a range of addresses that makes up more than {_MAX_NETWORKS} networks")
        return one_of(tuple(FieldMatch(known.name, Cidr(str(one)), leaf.offsets) for one in networks), leaf.offsets)


def _text(parts: Parts, known: SigmaField) -> Text:
    """Return the test of a text; where no letter has two cases, there is nothing to say of case."""
    has_case = any(isinstance(one, str) and one.lower() != one.upper() for one in parts)
    return Text(parts, known.cased and has_case)


def _parts(parts: tuple[str | Sign, ...]) -> Parts:
    """Return a pattern as Sigma's; stars side by side are one."""
    return single_stars(tuple(part if isinstance(part, str) else Wild.ONE if part is Sign.ONE else Wild.MANY for part in parts))
