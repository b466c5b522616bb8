"""Kibana's filters beside a rule's query, as conditions: those in Elasticsearch's DSL that Sigma can say.

Kibana has written filters in several forms; what an older one says at the top
of the filter (``exists``) current ones say under ``query``.  Of a filter's
``meta`` only ``negate`` and ``disabled`` change what it finds.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final, assert_never

from converter.formats import Map, Seq
from converter.ir import And, Boolean, Cidr, Compare, FieldMatch, Node, Not, Null, Number, Or, Parts, Text, Wild
from converter.languages.elasticsearch import DATES, FLOATS, INTEGERS, TOKENIZED
from converter.languages.kql import dsl
from converter.model import Diagnostic, Fidelity, Loss, Severity, Source
from converter.readers.elastic_rules.query import Known, Resolve

_META: Final = ("disabled", "negate")
_OLD: Final = ("exists", "range", "term", "wildcard", "prefix", "bool", "match_all", "match_phrase")
_DEPTH: Final = 40
"""Levels of ``bool`` that are looked through; the engine allows 30."""
_FOLDED: Final = "the engine folds ASCII letters only, the rule all letters"
_WORDS: Final = "the index splits the field into words and compares them one by one; the rule compares characters"


class UnsaidFilterError(Exception):
    """Raised for a filter that has no condition under the names that are asked for: why, and where."""

    def __init__(self, message: str, offsets: int) -> None:
        super().__init__(message)
        self.message, self.offsets = message, offsets


@dataclass(frozen=True, slots=True)
class FilterNodes:
    """Filters that were read; each can be said under any names."""

    filters: dsl.Filters

    @property
    def is_query(self) -> bool:
        """Whether KQL can say them all: presence, and whole values with regard to case."""
        return all(map(_in_query, self.filters.trees))

    def nodes(self, resolve: Resolve) -> tuple[Node, ...]:
        """Return the conditions, all of which must hold; a filter that always holds has none.

        Raises:
            UnsaidFilterError: where the type of a field keeps Sigma from saying one.
        """
        return tuple(one for one in (_node(tree, resolve, []) for tree in self.filters.trees) if not isinstance(one, bool))

    def losses(self, resolve: Resolve) -> tuple[Loss, ...]:
        """Return what the conditions lose under these names, under which ``nodes`` says them."""
        found: list[tuple[str, str, Fidelity, int]] = []
        for tree in self.filters.trees:
            _node(tree, resolve, found)
        span = self.filters.source.span
        return tuple(Loss("R207", feature, direction, message, span(offsets)) for feature, message, direction, offsets in found)


def read_filters(value: object, source: Source, offsets: int) -> FilterNodes | Diagnostic:
    """Return a rule's filters as conditions, or why one of them has none (R205, R206)."""
    if not isinstance(value, Seq):
        return Diagnostic("R205", Severity.ERROR, source.span(offsets), "the filters are not a list", "write a list of filters")
    entries = Seq(map(_current, value))
    entries.offsets = value.offsets
    found = dsl.read_filters(entries, source, offsets)
    if isinstance(found, Diagnostic):
        return found
    nodes = FilterNodes(found)
    try:
        for tree in found.trees:
            if _node(tree, Known, []) is False:
                raise UnsaidFilterError("the filter lets no document pass", tree.offsets)
    except UnsaidFilterError as stop:
        return unsaid(stop, source)
    return nodes


def unsaid(stop: UnsaidFilterError, source: Source) -> Diagnostic:
    """Return why a filter has no condition, at its place."""
    return Diagnostic("R206", Severity.ERROR, source.span(stop.offsets), stop.message, "write it as a part of the query")


def _current(entry: object) -> object:
    """Return a filter in the form that current Kibana writes."""
    if not isinstance(entry, Map):
        return entry
    places = {key: (entry.offsets[2 * at], entry.offsets[2 * at + 1]) for at, key in enumerate(entry)}
    kept: dict[str, object] = {key: one for key, one in entry.items() if key not in _OLD}
    if isinstance(meta := kept.get("meta"), Map):
        kept["meta"] = _only(meta, _META)
    old = next((key for key in _OLD if key in entry), None)
    if old is not None and "query" not in entry:
        kept["query"] = _only(entry, (old,))
        places["query"] = places[old]
    if "query" in kept:
        kept["query"] = _without_phrases(kept["query"], _DEPTH)
    made = Map(kept)
    made.offsets = [place for key in kept for place in places[key]]
    return made


def _without_phrases(query: object, depth: int) -> object:
    """Return a query with ``term`` for ``match_phrase``, which it is on a field of whole texts; ``_on_field`` tells of others."""
    if isinstance(query, Seq):
        made = Seq([_without_phrases(one, depth) for one in query])
        made.offsets = query.offsets
        return made
    if not isinstance(query, Map) or not depth:
        return query
    if len(query) == 1 and isinstance(phrase := query.get("match_phrase"), Map):
        body = Map({key: one.get("query", one) if isinstance(one, dict) else one for key, one in phrase.items()})
        body.offsets = phrase.offsets
        return _same_places(Map({"term": body}), query)
    if len(query) == 1 and isinstance(inner := query.get("bool"), Map):
        parts = _same_places(Map({key: _without_phrases(one, depth - 1) for key, one in inner.items()}), inner)
        return _same_places(Map({"bool": parts}), query)
    return query


def _same_places(made: Map, other: Map) -> Map:
    made.offsets = other.offsets
    return made


def _only(value: Map, names: tuple[str, ...]) -> Map:
    made = Map({key: one for key, one in value.items() if key in names})
    made.offsets = [place for at, key in enumerate(value) if key in names for place in value.offsets[2 * at : 2 * at + 2]]
    return made


def _in_query(tree: dsl.Tree) -> bool:
    match tree:
        case dsl.Bool(must, should, must_not):
            return all(map(_in_query, (*must, *should, *must_not)))
        case dsl.Term():
            return not tree.folded
        case dsl.Exists() | dsl.MatchAll() | dsl.Range():
            return True
        case dsl.Prefix() | dsl.Wildcard() | dsl.Regexp():
            return False
    assert_never(tree)


_Lost = list[tuple[str, str, Fidelity, int]]


def _node(tree: dsl.Tree, resolve: Resolve, lost: _Lost, negated: bool = False) -> Node | bool:
    """Return a query of the DSL as a condition, or what it is of every document."""
    match tree:
        case dsl.MatchAll():
            return True
        case dsl.Bool():
            return _bool(tree, resolve, lost, negated)
        case dsl.Exists(field):
            return FieldMatch(resolve(field).name, Text((Wild.MANY,)))
        case dsl.Term() | dsl.Prefix() | dsl.Wildcard() | dsl.Range():
            return _on_field(tree, resolve(tree.field), lost, negated)
        case dsl.Regexp(offsets=offsets):
            raise UnsaidFilterError("a regular expression in a filter is kept as it is", offsets)
    assert_never(tree)


def _bool(tree: dsl.Bool, resolve: Resolve, lost: _Lost, negated: bool) -> Node | bool:
    parts: list[Node | bool] = [_node(one, resolve, lost, negated) for one in tree.must]
    parts += [_not(_node(one, resolve, lost, not negated)) for one in tree.must_not]
    should = [_node(one, resolve, lost, negated) for one in tree.should]
    if tree.minimum > 1:
        raise UnsaidFilterError("a filter that asks for several of its parts is kept as it is", tree.offsets)
    if tree.minimum == 1:
        nodes = tuple(one for one in should if not isinstance(one, bool))
        parts.append(True if True in should else nodes[0] if len(nodes) == 1 else Or(nodes) if nodes else False)
    if any(one is False for one in parts):
        return False
    held = tuple(one for one in parts if not isinstance(one, bool))
    return True if not held else held[0] if len(held) == 1 else And(held)


def _not(node: Node | bool) -> Node | bool:
    if isinstance(node, bool):
        return not node
    if isinstance(node, FieldMatch) and node.test == Text((Wild.MANY,)):
        return FieldMatch(node.field, Null())
    return node.child if isinstance(node, Not) else Not(node)


def _on_field(tree: dsl.Term | dsl.Prefix | dsl.Wildcard | dsl.Range, known: Known, lost: _Lost, negated: bool) -> Node:
    kind, offsets = known.type, tree.offsets
    if kind in DATES:
        raise UnsaidFilterError("Sigma has no dates", offsets)
    if isinstance(tree, dsl.Range):
        if isinstance(tree.value, bool) or not isinstance(tree.value, int | float) or not (kind in INTEGERS or kind in FLOATS):
            raise UnsaidFilterError("Sigma compares numbers only", offsets)
        return FieldMatch(known.name, Compare(tree.operator, tree.value))
    if isinstance(tree, dsl.Term) and (special := _special(tree, kind)) is not None:
        return FieldMatch(known.name, special)
    if kind in INTEGERS or kind in FLOATS or kind in ("ip", "boolean") or (kind == "flattened" and isinstance(tree, dsl.Wildcard)):
        raise UnsaidFilterError(f"a filter of this form on a field of type {kind} is kept as it is", offsets)
    parts = _parts(tree)
    if kind in TOKENIZED:
        direction = Fidelity.MIXED
        lost.append(("value.contains", _WORDS, direction, offsets))
    if tree.folded and not all(part.isascii() for part in parts if isinstance(part, str)):
        lost.append(("value.cased", _FOLDED, Fidelity.NARROWER if negated else Fidelity.WIDER, offsets))
    has_text = any(isinstance(part, str) for part in parts)
    return FieldMatch(known.name, Text(parts, known.cased and not tree.folded and has_text))


def _special(tree: dsl.Term, kind: str) -> Number | Boolean | Cidr | Text | None:
    """Return the test of a value that is no text."""
    value = tree.value
    if kind == "boolean":
        if value in (True, False, "true", "false"):
            return Boolean(value in (True, "true"))
    elif kind in INTEGERS or kind in FLOATS:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Number(value)
    elif kind == "ip" and isinstance(value, str):
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return None
        return Text((value,)) if "/" not in value and network.version == 4 else Cidr(str(network))
    return None


def _parts(tree: dsl.Term | dsl.Prefix | dsl.Wildcard) -> Parts:
    match tree:
        case dsl.Term(_, value):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            return (text,) if text else ()
        case dsl.Prefix(_, text):
            return (*((text,) if text else ()), Wild.MANY)
        case dsl.Wildcard():
            return _merged(tuple(part if isinstance(part, str) else Wild(part.value) for part in tree.parts))
    assert_never(tree)


def _merged(parts: Parts) -> Parts:
    return tuple(one for at, one in enumerate(parts) if not (one is Wild.MANY and at and parts[at - 1] is Wild.MANY))
