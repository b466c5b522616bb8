"""Run filters on indexed documents, by Elasticsearch's rules for each type of field.

``case_insensitive`` folds ASCII letters alone.  On a field with a lower-case
normalizer the value of a query is folded too; on one of words (``text``) these
queries see single words as they are indexed, which is not modelled.

Source: Elasticsearch 8.19 "Term-level queries"; server AutomatonQueries.java ("ASCII case insensitive"), KeywordFieldMapper.java.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias, assert_never

from converter.languages.elasticsearch import (
    Automaton,
    Document,
    FieldType,
    Mapping,
    Predicate,
    Refusal,
    Wild,
    any_value,
    begins,
    compares,
    compile_mapping,
    equals,
    exists,
    fits,
    folded,
    folded_expression,
    index_all,
    java_text,
    never,
    searchable,
)
from converter.languages.kql.dsl.syntax import Bool, Exists, Filters, MatchAll, Prefix, Range, Regexp, Term, Tree, Wildcard
from converter.model import Diagnostic, Severity

_WHOLE: Final = frozenset({"keyword", "wildcard"})
"""Types whose index holds whole texts."""

_Clauses: TypeAlias = tuple[Predicate, ...]


def run(filters: Filters, documents: Iterable[object], mappings: Any) -> list[bool] | Diagnostic:  # noqa: ANN401 - JSON
    """Return for each document whether every filter holds; one that the engine does not take is not found.

    Returns:
        A diagnostic when the mappings are not read (R204), the engine refuses
        a filter (R202) or its answer is not modelled (R205).
    """
    mapping = compile_mapping(mappings)
    if not isinstance(mapping, Mapping):
        return mapping
    indexed = index_all(documents, mapping)
    final = next((one.mapping for one in indexed if isinstance(one, Document)), mapping)
    finds = compile_filters(filters, final)
    if isinstance(finds, Diagnostic):
        return finds
    return [isinstance(one, Document) and finds(one) for one in indexed]


def compile_filters(filters: Filters, mapping: Mapping) -> Callable[[Document], bool] | Diagnostic:
    """Return a function that says whether every filter holds on a document (R202, R205 as in ``run``)."""
    at = [0]
    try:
        tests = tuple(_tree(tree, mapping, at) for tree in filters.trees)
    except Refusal as refusal:
        span = filters.source.span(at[0])
        if refusal.unknown:
            return Diagnostic("R205", Severity.ERROR, span, f"what the engine answers is not known: {refusal.message}", refusal.help)
        return Diagnostic("R202", Severity.ERROR, span, f"the engine refuses the filter: {refusal.message}", refusal.help)
    return lambda document: all(test(document) for test in tests)


def _tree(tree: Tree, mapping: Mapping, at: list[int]) -> Predicate:
    """Compile a tree; ``at`` keeps the offsets of the part that is compiled."""
    if isinstance(tree, Bool):
        return _bool(tree, mapping, at)
    at[0] = tree.offsets
    match tree:
        case MatchAll():
            return lambda _document: True
        case Exists(field):
            return _exists(field, mapping)
        case Term() | Prefix() | Wildcard() | Regexp() | Range():
            kind = mapping.find(tree.field)
            return never if kind is None else _on(kind, tree)
    assert_never(tree)


def _bool(tree: Bool, mapping: Mapping, at: list[int]) -> Predicate:
    must = tuple(_tree(one, mapping, at) for one in tree.must)
    should = tuple(_tree(one, mapping, at) for one in tree.should)
    must_not = tuple(_tree(one, mapping, at) for one in tree.must_not)
    return lambda document: _holds(document, must, should, must_not, tree.minimum)


def _holds(document: Document, must: _Clauses, should: _Clauses, must_not: _Clauses, minimum: int) -> bool:
    if not all(test(document) for test in must) or any(test(document) for test in must_not):
        return False
    return not minimum or sum(test(document) for test in should) >= minimum


def _exists(name: str, mapping: Mapping) -> Predicate:
    """Compile ``exists``: a field, or an object with any field below it."""
    if "*" in name:
        raise Refusal("a pattern of names in exists", unknown=True)
    kind = mapping.find(name)
    if kind is not None:
        return exists(kind)
    tests = [exists(one) for path, one in mapping.fields.items() if path.startswith(f"{name}.")]
    return lambda document: any(test(document) for test in tests)


def _on(kind: FieldType, tree: Term | Prefix | Wildcard | Regexp | Range) -> Predicate:
    """Compile a test on a field."""
    searchable(kind)
    if isinstance(tree, Range):
        return compares(kind, tree.operator, tree.value)
    if isinstance(tree, Term) and not tree.folded and kind.type not in ("text", "match_only_text"):
        return equals(kind, tree.value)
    if kind.type == "flattened" and kind.key and isinstance(tree, Term):
        # The engine compares key and value as one text.
        pair = (ascii_folded(kind.key), ascii_folded(java_text(tree.value)))
        return any_value(kind.path, lambda found: (ascii_folded(found[0]), ascii_folded(found[1])) == pair)
    if kind.type == "flattened" and kind.key and isinstance(tree, Prefix) and not tree.folded:
        return begins(kind, tree.text)
    if kind.type not in _WHOLE:
        raise Refusal(f"{type(tree).__name__.lower()} on [{kind.path}], which is of type [{kind.type}]", unknown=True)
    match tree:
        case Term(_, value):
            parts: tuple[str | Wild, ...] = (java_text(value),) if java_text(value) else ()
        case Prefix(_, text):
            parts = (*([text] if text else []), Wild.MANY)
        case Wildcard():
            parts = tree.parts
        case Regexp():
            return _regexp(kind, tree)
    if kind.lowercase:
        parts = tuple(folded(part) if isinstance(part, str) else part for part in parts)
    if not tree.folded:
        return any_value(kind.path, lambda found: fits(parts, found))
    low = tuple(ascii_folded(part) if isinstance(part, str) else part for part in parts)
    return any_value(kind.path, lambda found: fits(low, ascii_folded(found)))


def _regexp(kind: FieldType, tree: Regexp) -> Predicate:
    if kind.lowercase:
        # The engine sends the expression through the normalizer as if it were a value.
        raise Refusal(f"regexp on [{kind.path}], which has a normalizer", unknown=True, help="ask the field itself")
    automaton = Automaton(folded_expression(tree.expression) if tree.folded else tree.expression, tree.states)
    return any_value(kind.path, automaton.describes)


def ascii_folded(text: str) -> str:
    """Return the text with ASCII letters in lower case, all others as they are."""
    return text.lower() if text.isascii() else "".join(char.lower() if char.isascii() else char for char in text)
