"""What one test on one field means for each type of field: a function from an indexed document to yes or no.

Every function raises ``Refusal`` where the engine refuses the query.
Source: measured, Elasticsearch 8.19.0 (``engine.yml``), unless a comment says otherwise.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from math import copysign, isfinite, isnan
from typing import Any, Final, TypeAlias, TypeVar

from converter.languages.elasticsearch.analysis import folded, tokens
from converter.languages.elasticsearch.dates import bound
from converter.languages.elasticsearch.document import Document
from converter.languages.elasticsearch.fields import DATES, FLOATS, INTEGERS, STRINGS, TOKENIZED, UNSEARCHED, FieldType
from converter.languages.elasticsearch.refusal import Refusal
from converter.languages.elasticsearch.values import address, boolean_in_query, decimal_of, double_of, network, resolved, rounded_to
from converter.languages.elasticsearch.wildcard import Star

Predicate: TypeAlias = Callable[[Document], bool]
Value: TypeAlias = str | int | float | bool
Parts: TypeAlias = tuple[str | Star, ...]

_Read = TypeVar("_Read")

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def never(document: Document) -> bool:
    """Match nothing; compared by identity, so that a clause that cannot match is known."""
    return False


def always(document: Document) -> bool:
    """Match everything."""
    return True


def everything(document: Document) -> bool:
    """Match everything, by a query that says no more; compared by identity, because its negation is known to match nothing."""
    return True


def any_value(path: str, test: Callable[[Any], bool]) -> Predicate:
    """Match documents with a value of ``path`` that passes."""
    return lambda document: any(map(test, document.values.get(path, ())))


def java_text(value: Value) -> str:
    """Return a value of a query as Java prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, rest = digits[0], "".join(map(str, digits[1:])) or "0"
    return f"{'-' * sign}{first}.{rest}E{int(exponent) + len(digits) - 1}"


def searchable(kind: FieldType) -> None:
    """Refuse a field whose values the engine keeps no index of."""
    if kind.type in UNSEARCHED:
        raise Refusal(f"queries on [{kind.path}] of type [{kind.type}] are not modelled", unknown=True)
    if not kind.is_searchable:
        ending = "." if kind.type in TOKENIZED else " nor has doc values."
        raise Refusal(f"failed to create query: Cannot search on field [{kind.path}] since it is not indexed{ending}")


def matches(kind: FieldType, value: Value, *, phrase: bool = False) -> Predicate | None:
    """Match the value as ``match`` and ``match_phrase`` do; ``None`` for a text without words."""
    searchable(kind)
    if kind.type in TOKENIZED:
        return _words(kind, java_text(value), phrase)
    return equals(kind, value)


def _words(kind: FieldType, text: str, phrase: bool) -> Predicate | None:
    """Match any of the words, or all in this order."""
    wanted = tokens(text)
    if not wanted:
        return None
    path, width = kind.path, len(wanted)
    if not phrase or width == 1:
        words = frozenset(wanted)
        return lambda document: any(not words.isdisjoint(found) for found in document.values.get(path, ()))
    return lambda document: any(
        found[at : at + width] == wanted for found in document.values.get(path, ()) for at in range(len(found) - width + 1)
    )


def equals(kind: FieldType, value: Value) -> Predicate:
    """Match the whole value, as ``term`` does."""
    searchable(kind)
    text = java_text(value)
    match kind.type:
        case "constant_keyword":
            return always if _simple(text, kind.value) else never
        case "flattened":
            wanted: Any = (kind.key, text)
            return any_value(kind.path, (lambda pair: pair == wanted) if kind.key else (lambda pair: pair[1] == text))
        case "boolean":
            wanted = boolean_in_query(text)
        case "ip":
            if "/" in text:
                first, last = _created(network, text)
                return any_value(kind.path, lambda found: first <= found <= last)
            wanted = _created(address, text)
        case name if name in INTEGERS:
            double = _created(double_of, text)
            if not isfinite(double) or not double.is_integer():
                return any_value(kind.path, never_value)
            exact = _created(decimal_of, text)
            low, high = INTEGERS[name]
            if not low <= exact <= high or exact != int(exact):
                return any_value(kind.path, never_value)
            wanted = int(exact)
        case name if name in FLOATS:
            wanted = _sorted(rounded_to(kind, _created(double_of, text)))
            return any_value(kind.path, lambda found: _sorted(found) == wanted)
        case name if name in DATES:
            start, end = _moment(kind, value, up=False), _moment(kind, value, up=True)
            return any_value(kind.path, lambda found: start <= found <= end)
        case _:
            wanted = folded(text) if kind.lowercase else text
    path = kind.path
    return lambda document: wanted in document.values.get(path, ())


def _sorted(value: float) -> tuple[float, float]:
    """Return a floating number as the index orders it: -0.0 comes before 0.0."""
    return value, copysign(1.0, value)


def never_value(value: object) -> bool:
    """Pass no value."""
    return False


def every_value(value: object) -> bool:
    """Pass every value."""
    return True


def _created(read: Callable[[str], _Read], text: str) -> _Read:
    """Return ``read(text)``, its refusal in the words of a query."""
    try:
        return read(text)
    except Refusal as refusal:
        raise Refusal(f"failed to create query: {refusal.message}") from None


def _moment(kind: FieldType, value: Value, *, up: bool) -> int:
    """Return the instant that a date in a query means at the field's resolution; a JSON number is epoch milliseconds."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    found = bound(java_text(value), ("epoch_millis",) if is_number else kind.formats, up=up)
    return resolved(kind, found)


def begins(kind: FieldType, text: str) -> Predicate:
    """Match values, or words, that begin with ``text``."""
    searchable(kind)
    _only_strings(kind, "prefix")
    if kind.type == "constant_keyword":
        return always if _simple(f"{text}*", kind.value) else never
    path = kind.path
    if kind.type == "flattened":
        key = kind.key
        if not key:
            return any_value(path, lambda pair: pair[1].startswith(text))
        return any_value(path, lambda pair: pair[0] == key and pair[1].startswith(text))
    if kind.type in TOKENIZED:
        text = folded(text)
        return any_value(path, lambda words: any(word.startswith(text) for word in words))
    if kind.lowercase:
        text = folded(text)
    return any_value(path, lambda found: found.startswith(text))


def resembles(kind: FieldType, parts: Parts, *, by_term: bool = False) -> Predicate:
    """Match values, or words, that the pattern covers; ``by_term`` as the ``wildcard`` query of current Kibana."""
    searchable(kind)
    _only_strings(kind, "wildcard")
    path = kind.path
    if kind.type == "constant_keyword":
        # elastic/elasticsearch issue 138778: query_string refuses the type.
        if not by_term:
            raise _unfit(kind, "wildcard")
        return always if _simple(_escaped(parts), kind.value) else never
    test = glob(tuple(folded(part) if isinstance(part, str) else part for part in parts) if _is_folded(kind) else parts)
    if kind.type == "flattened":
        # The engine looks through the index of all keys: key, NUL, value.
        if kind.key:
            return any_value(path, lambda pair: test(f"{pair[0]}\0{pair[1]}"))
        return any_value(path, lambda pair: test(pair[1]))
    if kind.type in TOKENIZED:
        return any_value(path, lambda words: any(map(test, words)))
    return any_value(path, test)


def _is_folded(kind: FieldType) -> bool:
    """Say whether the field's index holds lower case only."""
    return kind.lowercase or kind.type in TOKENIZED


def _only_strings(kind: FieldType, query: str) -> None:
    """Refuse a type that has no such query."""
    if kind.type not in STRINGS:
        raise _unfit(kind, query)


def _unfit(kind: FieldType, query: str) -> Refusal:
    """Return the engine's refusal of a query on a type."""
    return Refusal(
        f"Can only use {query} queries on keyword, text and wildcard fields - not on [{kind.path}] which is of type [{kind.type}]",
        help="write the whole value, or a comparison",
    )


def glob(parts: Parts) -> Callable[[str], bool]:
    """Return a test of a whole text against literal texts and stars, in linear time."""
    if Star.STAR not in parts:
        whole = "".join(part for part in parts if isinstance(part, str))
        return lambda text: text == whole
    head = parts[0] if isinstance(parts[0], str) else ""
    tail = parts[-1] if isinstance(parts[-1], str) else ""
    middle = [part for part in parts[bool(head) : len(parts) - bool(tail)] if isinstance(part, str)]
    shortest = len(head) + len(tail)

    def test(text: str) -> bool:
        if len(text) < shortest or not text.startswith(head) or not text.endswith(tail):
            return False
        at, end = len(head), len(text) - len(tail)
        for literal in middle:
            at = text.find(literal, at, end)
            if at < 0:
                return False
            at += len(literal)
        return True

    return test


def _simple(pattern: str, value: str | None) -> bool:
    """Say whether a constant field's value fits: there ``*`` in any text is a wildcard, and nothing is escaped."""
    return value is not None and glob(starred(pattern))(value)


def starred(pattern: str) -> Parts:
    """Return a text in which every ``*`` is a wildcard as literal texts and stars."""
    parts: list[str | Star] = []
    for number, text in enumerate(pattern.split("*")):
        parts += [Star.STAR] if number else []
        parts += [text] if text else []
    return tuple(parts)


def _escaped(parts: Parts) -> str:
    """Return a pattern as current Kibana writes it for a ``wildcard`` query."""
    special = '+-=&|><!(){}[]^"~*?:\\/'
    return "".join("*" if isinstance(part, Star) else "".join(f"\\{c}" if c in special else c for c in part) for part in parts)


def compares(kind: FieldType, order: str, value: Value) -> Predicate:
    """Match values on one side of ``value``; ``order`` is ``lt``, ``lte``, ``gt`` or ``gte``."""
    searchable(kind)
    if kind.type == "flattened" and kind.key:
        raise Refusal("failed to create query: [range] queries on keyed [flattened] fields must include both an upper and a lower bound.")
    return _passing(kind, (_side(kind, order, value),))


def between(kind: FieldType, low: tuple[str, Value], high: tuple[str, Value]) -> Predicate:
    """Match values on one side of each of two; ``low`` and ``high`` are an order and a value as ``compares`` takes them."""
    searchable(kind)
    return _passing(kind, (_side(kind, *low), _side(kind, *high)))


def _passing(kind: FieldType, tests: tuple[Callable[[Any], bool], ...]) -> Predicate:
    """Match documents with a value, or a word, that passes all tests."""

    def test(found: Any) -> bool:  # noqa: ANN401 - an indexed value
        return all(one(found) for one in tests)

    if kind.type == "constant_keyword":
        return always if kind.value is not None and test(kind.value) else never
    if kind.type == "flattened":
        key = kind.key
        return any_value(kind.path, lambda pair: (not key or pair[0] == key) and test(pair[1]))
    if kind.type in TOKENIZED:
        return any_value(kind.path, lambda words: any(map(test, words)))
    return any_value(kind.path, test if len(tests) > 1 else tests[0])


def _side(kind: FieldType, order: str, value: Value) -> Callable[[Any], bool]:
    """Return the test of one indexed value, or word, against a bound."""
    test, text = _COMPARE[order], java_text(value)
    limit: Any
    match kind.type:
        case "boolean":
            limit = boolean_in_query(text)
        case "ip":
            limit = _created(address, text)
        case name if name in INTEGERS:
            # The engine takes not-a-number for zero, itself included; a long has no such value.
            is_zero = text.lstrip("+-") == "NaN" and name != "long"
            limit = 0 if is_zero else _created(decimal_of, text)
            test = _COMPARE[f"{order[:2]}e"] if is_zero else test
            # Shorter types are compared as integers.
            low, high = INTEGERS["long" if name == "long" else "integer"]
            if not low <= limit <= high:
                raise Refusal(f"failed to create query: Value [{text}] is out of range for a field of type [{name}]")
        case name if name in FLOATS:
            # A half float is compared with the single-precision value.
            number = _created(double_of, text)
            if isnan(number):
                # The engine sorts it above all numbers.
                return every_value if order in ("lt", "lte") else never_value
            bound_at = _sorted(rounded_to(replace(kind, type="float") if name == "half_float" else kind, number))
            return lambda found: test(_sorted(found), bound_at)
        case name if name in DATES:
            try:
                limit = _moment(kind, value, up=order in ("gt", "lte"))
            except Refusal as refusal:
                # Date ranges are read before any shard is asked.
                raise Refusal(refusal.message, early=True, unknown=refusal.unknown, help=refusal.help) from None
        case _:
            limit = folded(text) if kind.lowercase else text
    return lambda found: test(found, limit)


def exists(kind: FieldType) -> Predicate:
    """Match documents in whose index the field has a value."""
    if kind.type == "constant_keyword":
        return always if kind.value is not None else never
    path, key = kind.path, kind.key
    if kind.type == "flattened" and key:
        return any_value(path, lambda pair: pair[0] == key)
    return lambda document: path in document.values
