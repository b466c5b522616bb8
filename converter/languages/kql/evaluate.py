"""Run a KQL query on an indexed document, by Elasticsearch's rules for each type of field.

Two translations exist.  ``legacy`` (Kibana 7, and detection rules, which pass
no data view) sends ``match``, ``match_phrase`` and ``query_string``;
``modern`` (current Kibana with a data view) sends ``term`` and ``wildcard`` on
fields of the keyword family, expands wildcard field names and leaves numbers
as text.

Source: Kibana 2adc277e, kbn-es-query/src/kuery/functions/is.ts, range.ts, nested.ts; measured, Elasticsearch 8.19.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal as Choice
from typing import TypeAlias, assert_never

from converter.languages.elasticsearch import (
    DATES,
    KEYWORD_FAMILY,
    UNSEARCHED,
    Document,
    FieldType,
    Mapping,
    Predicate,
    Refusal,
    Value,
    always,
    compares,
    equals,
    everything,
    exists,
    glob,
    java_text,
    never,
    resembles,
    starred,
)
from converter.languages.elasticsearch import matches as matches_field
from converter.languages.kql.clauses import any_of, never_matching, query_string
from converter.languages.kql.query_string import clauses
from converter.languages.kql.syntax import And, Is, Literal, MatchAll, Nested, Not, Or, Pattern, Query, Range, Tree, Word
from converter.model import Diagnostic, Severity, node

Kibana: TypeAlias = Choice["legacy", "modern"]

MAX_DEPTH = 30
"""Levels of ``bool`` that the engine allows (``indices.query.bool.max_nested_depth``)."""

_METADATA = frozenset({"_id", "_index", "_source", "_routing", "_ignored", "_field_names", "_tier", "_version", "_seq_no", "_size"})


def compile_query(query: Query, mapping: Mapping, kibana: Kibana = "legacy") -> Callable[[Document], bool] | Diagnostic:
    """Return a function that says whether a document matches.

    Args:
        query: a query that was read.
        mapping: the mapping of the index; documents must be indexed with it.
        kibana: which translation Kibana sends.

    Returns:
        A diagnostic ``R202`` when the engine refuses the query on this
        mapping, ``R205`` when this package cannot tell what it would answer.
    """
    try:
        done = _Compiler(mapping, kibana).tree(query.tree, 1)
    except _Refused as refused:
        return _diagnostic(query, refused)
    return _diagnostic(query, done) if isinstance(done, _Refused) else done


def check(query: Query, mapping: Mapping, kibana: Kibana = "legacy") -> Diagnostic | None:
    """Return why the engine refuses the query on this mapping; ``None`` when it runs."""
    done = compile_query(query, mapping, kibana)
    return done if isinstance(done, Diagnostic) else None


def matches(query: Query, document: Document, mapping: Mapping | None = None, kibana: Kibana = "legacy") -> bool:
    """Say whether the document matches; a query that the engine refuses matches nothing.

    The document's own mapping counts where dynamic mapping added fields to
    the one that is given.  For many documents ``index_all`` and
    ``compile_query`` do the work once.
    """
    own = document.mapping
    done = compile_query(query, own if mapping is None or len(own.fields) > len(mapping.fields) else mapping, kibana)
    return not isinstance(done, Diagnostic) and done(document)


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """A refusal and the part of the query that it is about."""

    def __init__(self, refusal: Refusal, offsets: int) -> None:
        super().__init__(refusal.message)
        self.refusal, self.offsets = refusal, offsets


def _diagnostic(query: Query, refused: _Refused) -> Diagnostic:
    """Return the refusal as a diagnostic at its place."""
    refusal, span = refused.refusal, query.source.span(refused.offsets)
    if refusal.unknown:
        return Diagnostic("R205", Severity.ERROR, span, f"what the engine answers is not known: {refusal.message}", refusal.help)
    return Diagnostic("R202", Severity.ERROR, span, f"the engine refuses the query: {refusal.message}", refusal.help)


_Result: TypeAlias = Predicate | _Refused


@node
class _Compiler:
    """The mapping and the translation; ``path`` is the nested object around the part that is compiled."""

    mapping: Mapping
    kibana: Kibana
    path: str = ""

    def tree(self, tree: Tree, depth: int) -> _Result:
        """Compile a tree; a late refusal is returned, because a clause beside it may make it moot."""
        if depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} nested bool queries [indices.query.bool.max_nested_depth]"
            raise _Refused(Refusal(message, early=True), tree.offsets)
        match tree:
            case MatchAll():
                return everything
            case And(children):
                return _all_of([self.tree(child, depth + 1) for child in children])
            case Or(children):
                return _any_of([self.tree(child, depth + 1) for child in children])
            case Not(child):
                return _not(self.tree(child, depth + 1))
            case Nested():
                return self._nested(tree, depth)
            case Is() | Range():
                return self._atom(tree)
        assert_never(tree)

    def _atom(self, tree: Is | Range) -> _Result:
        """Compile an atom."""
        try:
            if isinstance(tree, Range):
                return self._range(tree)
            return self._free_text(tree.value) if tree.field is None else self._is(tree.field, tree.value)
        except Refusal as refusal:
            refused = _Refused(refusal, tree.offsets)
        if refused.refusal.early:
            raise refused
        return refused

    def _nested(self, tree: Nested, depth: int) -> _Result:
        """Compile a query on the objects of a nested field."""
        path = self._full(tree.path.text)
        inner = replace(self, path=path).tree(tree.query, depth + 1)
        if path not in self.mapping.nested:
            return _Refused(Refusal(f"[nested] failed to find nested object under path [{path}]"), tree.offsets)
        if isinstance(inner, _Refused):
            return inner
        return lambda document: any(map(inner, _objects(document, path)))

    def _full(self, name: str) -> str:
        """Return a field's path, below the nested object around it."""
        return f"{self.path}.{name}" if self.path else name

    def _is(self, field: Word, value: Word) -> Predicate:
        """Compile ``field:value``."""
        if isinstance(value, Pattern) and value.is_lone and isinstance(field, Pattern) and field.is_lone:
            return everything
        name = self._full(field.text)
        _no_metadata(name)
        if self.kibana == "modern":
            found = self._data_view(field, name)
            if found:
                return any_of([self._wrapped(kind, field, self._modern(kind, value)) for kind in found])
        if isinstance(value, Literal):
            wanted = self._value(value)
            kind = self.mapping.find(name)
            return never_matching if kind is None else matches_field(kind, wanted, phrase=value.quoted) or never_matching
        if value.is_lone:
            return self._exists(name)
        return query_string(clauses(value), *self._expanded(name))

    def _data_view(self, field: Word, name: str) -> list[FieldType]:
        """Return the fields of the data view that a name means; none for an unknown one."""
        if isinstance(field, Literal):
            found = self.mapping.fields.get(name)
            return [] if found is None else [found]
        test = glob((f"{self.path}.", *field.parts) if self.path else field.parts)
        return [kind for path, kind in self.mapping.fields.items() if test(path)]

    def _modern(self, kind: FieldType, value: Word) -> Predicate:
        """Compile a value on a field of the data view."""
        if isinstance(value, Pattern):
            if value.is_lone:
                return exists(kind)
            if kind.type in KEYWORD_FAMILY:
                return resembles(kind, value.parts, by_term=True)
            return query_string(clauses(value), [kind], False)
        if kind.type in DATES and value.value is None:
            return exists(kind)
        wanted = self._value(value)
        if kind.type in KEYWORD_FAMILY:
            return equals(kind, wanted)
        return matches_field(kind, wanted, phrase=value.quoted) or never_matching

    def _wrapped(self, kind: FieldType, field: Word, test: Predicate) -> Predicate:
        """Let a field that a wildcard name found inside a nested object be looked for there."""
        paths = [path for path in self.mapping.nested if kind.path.startswith(f"{path}.")]
        if isinstance(field, Literal) or self.path or not paths:
            return test
        path = max(paths, key=len)
        return lambda document: any(map(test, _objects(document, path)))

    def _value(self, value: Literal) -> Value:
        """Return a literal as the translation sends it."""
        wanted: Value | None = value.value
        if self.kibana == "legacy" and value.number is not None:
            # Infinity has no JSON spelling and becomes null.
            wanted = None if value.number in (float("inf"), float("-inf")) else value.number
        if wanted is None:
            raise Refusal("No text specified for text query", early=True, help="write `not field:*` for a field without a value")
        return wanted

    def _exists(self, name: str) -> Predicate:
        """Compile ``field:*``: a field, a pattern of names, or an object with any field below it."""
        kind = None if "*" in name else self.mapping.find(name)
        if kind is not None:
            return exists(kind)
        found = self._named(name) or self._named(f"{name}.*")
        return any_of([exists(kind) for kind in found]) if found else never

    def _named(self, pattern: str) -> list[FieldType]:
        """Return the fields whose path a pattern covers."""
        if "*" not in pattern:
            return []
        test = glob(starred(pattern))
        return [kind for path, kind in self.mapping.fields.items() if test(path)]

    def _expanded(self, name: str) -> tuple[list[FieldType], bool]:
        """Return the fields that ``query_string`` searches under a name, and whether it forgives their refusals."""
        if "*" not in name:
            kind = self.mapping.find(name)
            return [] if kind is None else [kind], False
        return [kind for kind in self._named(name) if kind.is_searchable and kind.type not in UNSEARCHED], name == "*"

    def _free_text(self, value: Word) -> Predicate:
        """Compile a value without a field: on every field, forgiving what does not fit its type."""
        kinds = list(self.mapping.default_fields)
        if isinstance(value, Pattern):
            if value.is_lone:
                return always
            return query_string(clauses(value), kinds, True, free=True)
        wanted = self._value(value)
        if isinstance(wanted, float | int) and not isinstance(wanted, bool):
            wanted = java_text(wanted)
        return any_of([test for kind in kinds if (test := _lenient(kind, wanted, value.quoted)) is not None])

    def _range(self, tree: Range) -> Predicate:
        """Compile a comparison."""
        name = self._full(tree.field.text)
        _no_metadata(name)
        value = tree.value
        if isinstance(value, Pattern):
            if self.kibana == "legacy":
                raise Refusal("[range] query does not support [type]", early=True, help="compare with a value without a wildcard")
            value = Literal(value.text, True)
        unbounded = value.value is None or value.number in (float("inf"), float("-inf"))
        if self.kibana == "modern":
            unbounded = value.value is None
            found = self._data_view(tree.field, name)
        else:
            kind = self.mapping.find(name)
            found = [] if kind is None else [kind]
        if not found:
            kind = self.mapping.find(name)
            return never if kind is None else compares(kind, tree.operator, self._value(value))
        if unbounded:
            return any_of([exists(kind) for kind in found])
        wanted = self._value(value)
        return any_of([self._wrapped(kind, tree.field, compares(kind, tree.operator, wanted)) for kind in found])


def _lenient(kind: FieldType, value: Value, phrase: bool) -> Predicate | None:
    """Return the test of a free text on one field, ``None`` where it does not fit."""
    try:
        return matches_field(kind, value, phrase=phrase)
    except Refusal:
        return None


def _all_of(results: list[_Result]) -> _Result:
    """Join with and.

    A clause that can match nothing is found before the others are built on
    the shard, so that their refusals are never met.
    """
    if any(result is never for result in results):
        return never
    tests: list[Predicate] = []
    for result in results:
        if isinstance(result, _Refused):
            return result
        tests.append(result)
    return lambda document: all(test(document) for test in tests)


def _any_of(results: list[_Result]) -> _Result:
    """Join with or."""
    tests: list[Predicate] = []
    for result in results:
        if isinstance(result, _Refused):
            return result
        tests.append(result)
    if all(test is never for test in tests):
        return never
    return lambda document: any(test(document) for test in tests)


def _not(result: _Result) -> _Result:
    """Negate: true too for documents without the field."""
    if isinstance(result, _Refused):
        return result
    if result is everything:
        return never
    return lambda document: not result(document)


def _objects(document: Document, path: str) -> Iterable[Document]:
    """Yield the objects of a nested field, also of one inside another."""
    yield from document.nested.get(path, ())
    for outer, objects in document.nested.items():
        if path.startswith(f"{outer}."):
            for one in objects:
                yield from _objects(one, path)


def _no_metadata(name: str) -> None:
    """Refuse fields that the engine adds by itself."""
    if name in _METADATA:
        raise Refusal(f"the metadata field {name} is not modelled", unknown=True)
