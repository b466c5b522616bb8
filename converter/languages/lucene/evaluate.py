"""Run a query string on an indexed document, as Kibana and the detection engine send it.

They send ``query_string`` with ``analyze_wildcard`` and no fields, so that the
default fields are all of them and the engine forgives: a part that does not
fit a field's type finds nothing there, and the rest of the query counts.

Source: Elasticsearch 8.19 QueryStringQueryBuilder.java ("lenient"), QueryStringQueryParser.java;
Lucene 9 QueryParserBase.java ("addClause").
"""

from __future__ import annotations

from collections.abc import Callable

from converter.languages.elasticsearch import UNSEARCHED, Document, FieldType, Mapping, Predicate, Refusal, exists, glob, starred
from converter.languages.lucene.atoms import check_distance, compared, on_field, too_long
from converter.languages.lucene.syntax import Body, Expression, Fuzzy, Group, Leaf, MatchAll, Pattern, Phrase, Query, Words
from converter.model import Diagnostic, Severity, node

_METADATA = frozenset({"_id", "_index", "_source", "_routing", "_ignored", "_field_names", "_tier", "_version", "_seq_no", "_size"})


def compile_query(query: Query, mapping: Mapping) -> Callable[[Document], bool] | Diagnostic:
    """Return a function that says whether a document matches.

    Args:
        query: a query that was read.
        mapping: the mapping of the index; documents must be indexed with it.

    Returns:
        A diagnostic ``R292`` when the engine refuses the query, ``R293`` when
        this package cannot tell what it would answer.
    """
    if isinstance(query.tree, MatchAll):
        return _always
    compiler = _Compiler(mapping)
    try:
        return compiler.group(query.tree) or _never
    except _Refused as refused:
        span, refusal = query.source.span(refused.offsets), refused.refusal
        if refusal.unknown:
            return Diagnostic("R293", Severity.ERROR, span, f"what the engine answers is not known: {refusal.message}", refusal.help)
        return Diagnostic("R292", Severity.ERROR, span, f"the engine refuses the query: {refusal.message}", refusal.help)


def check(query: Query, mapping: Mapping) -> Diagnostic | None:
    """Return why the engine refuses the query on this mapping, or why its answer is not known; ``None`` when it runs."""
    done = compile_query(query, mapping)
    return done if isinstance(done, Diagnostic) else None


def matches(query: Query, document: Document, mapping: Mapping | None = None) -> bool:
    """Say whether the document matches; a query without a known answer matches nothing.

    The document's own mapping counts where dynamic mapping added fields to
    the one that is given.
    """
    own = document.mapping
    done = compile_query(query, own if mapping is None or len(own.fields) > len(mapping.fields) else mapping)
    return not isinstance(done, Diagnostic) and done(document)


def _always(document: Document) -> bool:
    return True


def _never(document: Document) -> bool:
    return False


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """A refusal and the part of the query that it is about."""

    def __init__(self, refusal: Refusal, offsets: int) -> None:
        super().__init__(refusal.message)
        self.refusal, self.offsets = refusal, offsets


@node
class _Compiler:
    """The mapping; each method returns a test, or ``None`` for what analysis took away."""

    mapping: Mapping

    def group(self, group: Group) -> Predicate | None:
        """Compile clauses side by side."""
        found: list[tuple[str, Predicate]] = []
        for clause in group.clauses:
            test = self.body(clause.body)
            if found and clause.joined == "AND" and found[-1][0] != "must_not":
                found[-1] = ("must", found[-1][1])
            if test is None:
                continue
            must = clause.sign == "+" or clause.joined == "AND"
            found.append(("must_not" if clause.sign == "-" else "must" if must else "should", test))
        return _boolean(found) if found else None

    def body(self, body: Body) -> Predicate | None:
        """Compile one clause's content."""
        if isinstance(body, Group):
            return self.group(body)
        try:
            return self.leaf(body)
        except Refusal as refusal:
            raise _Refused(refusal, body.offsets) from None

    def leaf(self, leaf: Leaf) -> Predicate | None:
        """Compile a value on its field or fields."""
        name = leaf.field
        if isinstance(leaf, Fuzzy):
            check_distance(leaf.distance)
        if name == "_exists_" and isinstance(leaf, Words | Phrase):
            return self.present(leaf.text)
        if isinstance(leaf, Pattern) and leaf.raw == "*":
            return _always if name in (None, "*") else self.present(name or "")
        if isinstance(leaf, Expression) and too_long(leaf.raw):
            raise Refusal(f"The length of regex [{len(leaf.raw)}] used in the [query_string] has exceeded the allowed maximum of [1000].")
        wanted = compared(leaf) if isinstance(leaf, Words) else leaf
        tests: list[Predicate] = []
        kinds = self.kinds(name)
        for kind in kinds:
            test = _forgiving(kind, wanted)
            if test is not None:
                tests.append(test)
        if not kinds:
            return _never
        return _any_of(tests) if tests else None

    def kinds(self, name: str | None) -> list[FieldType]:
        """Return the fields that a name means: one, those that a pattern covers, or all of them."""
        if name is None or name == "*":
            return list(self.mapping.default_fields)
        if name in _METADATA:
            raise Refusal(f"the metadata field {name} is not modelled", unknown=True)
        if "*" in name:
            return [kind for kind in self.named(name) if kind.is_searchable and kind.type not in UNSEARCHED]
        kind = self.mapping.find(name)
        return [] if kind is None else [kind]

    def named(self, pattern: str) -> list[FieldType]:
        """Return the fields whose path a pattern covers."""
        test = glob(starred(pattern))
        return [kind for path, kind in self.mapping.fields.items() if test(path)]

    def present(self, name: str) -> Predicate:
        """Compile the test for any value: of a field, of an object's fields, or of those that a pattern covers."""
        if name in _METADATA:
            raise Refusal(f"the metadata field {name} is not modelled", unknown=True)
        kind = None if "*" in name else self.mapping.find(name)
        if kind is not None:
            return exists(kind)
        found = (self.named(name) if "*" in name else []) or self.named(f"{name}.*")
        return _any_of([exists(one) for one in found]) if found else _never


def _forgiving(kind: FieldType, leaf: Leaf) -> Predicate | None:
    """Return the test of a part on one field; one that the engine refuses there finds nothing."""
    try:
        return on_field(kind, leaf)
    except Refusal as refusal:
        if refusal.unknown:
            raise
        return _never


def _any_of(tests: list[Predicate]) -> Predicate:
    if len(tests) == 1:
        return tests[0]
    return lambda document: any(test(document) for test in tests)


def _boolean(found: list[tuple[str, Predicate]]) -> Predicate:
    """Join clauses: all that must, none that must not, and one of the others where nothing must."""
    must = tuple(test for occur, test in found if occur == "must")
    should = () if must else tuple(test for occur, test in found if occur == "should")
    must_not = tuple(test for occur, test in found if occur == "must_not")

    def test(document: Document) -> bool:
        if not all(one(document) for one in must) or any(one(document) for one in must_not):
            return False
        return not should or any(one(document) for one in should)

    return test
