"""Read filters of a detection rule, from values whose places are known (``converter.formats``).

Nothing is passed over: a key or kind of query that is not known is an error
at its place (R201 too deep, R205 not modelled, R202 refused by the engine).
"""

from __future__ import annotations

from typing import Any, Final

from converter.formats import Map, Seq
from converter.languages.elasticsearch import USUAL_STATES, Refusal, Wild, parse
from converter.languages.kql.dsl.syntax import Bool, Exists, Filters, MatchAll, Prefix, Range, Regexp, Term, Tree, Value, Wildcard
from converter.model import Diagnostic, Severity, Source

MAX_DEPTH: Final = 30
"""Levels of ``bool`` that the engine allows (``indices.query.bool.max_nested_depth``)."""

_META: Final = frozenset({"alias", "disabled", "field", "group", "index", "key", "negate", "params", "type", "value"})
"""Keys of a filter's ``meta``; only ``disabled`` and ``negate`` change what it finds (Kibana, kbn-es-query filters)."""
_MOST_STATES: Final = 1_000_000
"""``max_determinized_states`` that is read; more would take this program long, too."""
_OPTIONS: Final = {"regexp": ("flags", "max_determinized_states"), "wildcard": ("wildcard",)}
"""What a kind of query may say beside its value and ``case_insensitive``."""
_ORDERS: Final = ("gt", "gte", "lt", "lte")


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """What is wrong and where."""

    def __init__(self, message: str, offsets: int, *, help_text: str = "", code: str = "R205") -> None:
        super().__init__(message)
        self.message, self.offsets, self.help_text, self.code = message, offsets, help_text, code


def read_filters(filters: object, source: Source, offsets: int = 0) -> Filters | Diagnostic:
    """Return the filters of a rule: a list of objects with ``query`` and, if they like, ``meta`` and ``$state``.

    A disabled filter finds every document, as Kibana leaves it out.
    """
    try:
        if not isinstance(filters, Seq):
            raise _Refused("the filters are not a list", offsets)
        trees = tuple(_filter(one, place) for one, place in zip(filters, filters.offsets, strict=True))
    except _Refused as refused:
        return _diagnostic(refused, source)
    return Filters(trees, source)


def read_query(query: object, source: Source, offsets: int = 0) -> Filters | Diagnostic:
    """Return one query of the DSL as a list with it alone."""
    try:
        return Filters((_query(query, offsets, 1),), source)
    except _Refused as refused:
        return _diagnostic(refused, source)


def _diagnostic(refused: _Refused, source: Source) -> Diagnostic:
    return Diagnostic(refused.code, Severity.ERROR, source.span(refused.offsets), refused.message, refused.help_text)


def _filter(value: Any, offsets: int) -> Tree:  # noqa: ANN401 - any TOML value
    entry = _object(value, offsets, "a filter")
    _only(entry, {"$state", "meta", "query"}, "a filter")
    if "query" not in entry:
        raise _Refused("a filter without a query", offsets)
    tree = _query(entry["query"], _place(entry, "query"), 1)
    meta = _object(entry.get("meta", _EMPTY), offsets, "a filter's meta")
    _only(meta, _META, "a filter's meta")
    negate, disabled = _truth(meta, "negate"), _truth(meta, "disabled")
    if disabled:
        return MatchAll(offsets)
    return Bool((), (), (tree,), 0, offsets) if negate else tree


def _query(value: Any, offsets: int, depth: int) -> Tree:  # noqa: ANN401 - any TOML value
    if depth > MAX_DEPTH:
        raise _Refused(f"more than {MAX_DEPTH} nested queries", offsets, code="R201")
    query = _object(value, offsets, "a query")
    if len(query) != 1:
        raise _Refused(f"a query with {len(query)} kinds, not one", offsets)
    kind, body = next(iter(query.items()))
    place = query.offsets[1]
    match kind:
        case "match_all":
            _only(_object(body, place, "match_all"), set(), "match_all")
            return MatchAll(offsets)
        case "bool":
            return _bool(_object(body, place, "bool"), offsets, depth)
        case "exists":
            return _exists(_object(body, place, "exists"), offsets)
        case "term" | "prefix" | "wildcard" | "regexp" | "range":
            return _on_field(kind, _object(body, place, kind), offsets)
    raise _Refused(f"the query '{kind}', which is not read", query.offsets[0])


def _bool(body: Map, offsets: int, depth: int) -> Bool:
    _only(body, {"must", "filter", "should", "must_not", "minimum_should_match"}, "bool")
    parts = {name: _queries(body, name, depth) for name in ("must", "filter", "should", "must_not")}
    must = parts["must"] + parts["filter"]
    # Without a minimum, one of should must hold only where nothing else has to.
    default = int(bool(parts["should"]) and not must)
    minimum = body.get("minimum_should_match", default)
    if isinstance(minimum, bool) or not isinstance(minimum, int) or minimum < 0:
        raise _Refused("a minimum_should_match that is not a whole number", _place(body, "minimum_should_match"))
    return Bool(must, parts["should"], parts["must_not"], minimum, offsets)


def _queries(body: Map, name: str, depth: int) -> tuple[Tree, ...]:
    """Return the clauses of one kind: a list of queries, or one query."""
    value = body.get(name)
    if value is None:
        return ()
    if isinstance(value, Seq):
        return tuple(_query(one, place, depth + 1) for one, place in zip(value, value.offsets, strict=True))
    return (_query(value, _place(body, name), depth + 1),)


def _exists(body: Map, offsets: int) -> Exists:
    _only(body, {"field"}, "exists")
    field = body.get("field")
    if not isinstance(field, str):
        raise _Refused("exists without a field", offsets)
    return Exists(field, offsets)


def _on_field(kind: str, body: Map, offsets: int) -> Tree:
    if len(body) != 1:
        raise _Refused(f"{kind} with {len(body)} fields, not one", offsets)
    field, said = next(iter(body.items()))
    place = body.offsets[1]
    options = _object(said, place, kind) if isinstance(said, dict) else None
    if kind == "range":
        return _range(str(field), options, offsets)
    value = said if options is None else options.get("value", options.get("wildcard"))
    if options is not None:
        names = {"value", "case_insensitive", *_OPTIONS.get(kind, ())}
        _only(options, names, kind)
        if {"value", "wildcard"} <= options.keys():
            raise _Refused("a wildcard with two values", place)
    folded = options is not None and _truth(options, "case_insensitive")
    if kind == "term":
        if not isinstance(value, str | int | float | bool):
            raise _Refused("term without a value", place)
        return Term(str(field), value, folded, offsets)
    if not isinstance(value, str):
        raise _Refused(f"{kind} with a value that is not a text", place)
    if kind == "prefix":
        return Prefix(str(field), value, folded, offsets)
    if kind == "wildcard":
        return Wildcard(str(field), _parts(value, folded, place), folded, offsets)
    return _regexp(str(field), value, folded, _EMPTY if options is None else options, offsets, place)


def _range(field: str, options: Map | None, offsets: int) -> Range:
    if options is None or len(options) != 1 or next(iter(options)) not in _ORDERS:
        raise _Refused("a range with other than one bound", offsets)
    operator, value = next(iter(options.items()))
    if not isinstance(value, str | int | float | bool):
        raise _Refused("a range without a value", offsets)
    bound: Value = value
    return Range(field, operator, bound, offsets)


def _parts(text: str, folded: bool, offsets: int) -> tuple[str | Wild, ...]:
    """Return a wildcard pattern: a backslash takes the next character as it is, at the end it stands for itself."""
    parts: list[str | Wild] = []
    literal, at = "", 0
    while at < len(text):
        char = text[at]
        if char in "*?":
            parts += [literal] if literal else []
            literal = ""
            parts.append(Wild(char))
        elif char == "\\" and at + 1 < len(text):
            at += 1
            if folded and text[at].isascii() and text[at].isalpha():
                message = "a backslash before a letter, which the engine then compares with regard to case"
                raise _Refused(message, offsets, help_text="take it out")
            literal += text[at]
        else:
            literal += char
        at += 1
    return tuple([*parts, literal] if literal else parts)


def _regexp(field: str, text: str, folded: bool, options: Map, offsets: int, place: int) -> Regexp:
    flags, states = options.get("flags", "ALL"), options.get("max_determinized_states", USUAL_STATES)
    if flags not in ("ALL", "NONE"):
        raise _Refused(f"regexp with the flags {flags!r}", place, help_text="write NONE")
    if isinstance(states, bool) or not isinstance(states, int) or not 0 < states <= _MOST_STATES:
        raise _Refused(f"a max_determinized_states that is no whole number up to {_MOST_STATES}", place)
    try:
        return Regexp(field, parse(text), folded, states, offsets)
    except Refusal as refusal:
        code = "R205" if refusal.unknown else "R202"
        told = "is not known" if refusal.unknown else "is refused by the engine"
        raise _Refused(f"{refusal.message} {told}", place, help_text=refusal.help, code=code) from None


def _object(value: Any, offsets: int, what: str) -> Map:  # noqa: ANN401 - any TOML value
    if not isinstance(value, Map):
        raise _Refused(f"{what} is not an object", offsets)
    return value


def _only(body: Map, known: set[str] | frozenset[str], what: str) -> None:
    for number, name in enumerate(body):
        if name not in known:
            raise _Refused(f"'{name}' in {what}, which is not read", body.offsets[2 * number])


def _place(body: Map, name: str) -> int:
    return body.offsets[2 * list(body).index(name) + 1]


def _truth(body: Map, name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise _Refused(f"{name} is neither true nor false", _place(body, name))
    return value


_EMPTY: Final = Map()
_EMPTY.offsets = []
