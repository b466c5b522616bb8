"""Elastic: print a part of a rule as Elasticsearch's query DSL, for the ``filters`` of a rule that KQL alone cannot say.

A text without regard to case is a ``term``, ``prefix`` or ``wildcard`` with
``case_insensitive``, which folds ASCII letters alone; one with other letters
that have case is a regular expression that spells both.  A filter finds a
document without the field only through ``must_not``, as a rule does.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias, assert_never

from converter.data import Binding
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Shape,
    Text,
    TimePart,
    Wild,
    feature,
    feature_of_test,
    fold,
    scalar_text,
)
from converter.targets.contract import ResolvedRule
from converter.targets.elastic import lucene
from converter.targets.elastic.effort import RAISED, USUAL
from converter.targets.elastic.expressions import check_length, described, states, written
from converter.targets.elastic.index import IGNORE_ABOVE, TEXTUAL, is_too_long, path_of
from converter.targets.elastic.losses import FILTERS, refused

Clause: TypeAlias = dict[str, Any]
"""A query as Elasticsearch's JSON has it."""
NESTED: Final = 8
"""Groups in groups that a filter may have: a reader of TOML need not go deeper than 32 levels."""


def entry(tree: Node, resolved: ResolvedRule) -> Clause:
    """Return a conjunct of a rule as a filter of Kibana's; a negation is said in its ``meta``.

    Raises:
        Inexpressible: for the first atom that the DSL cannot say.
    """
    negate = isinstance(tree, Not)
    query = clause(tree.child if isinstance(tree, Not) else tree, resolved)
    return {"$state": {"store": "appState"}, "meta": {"disabled": False, "negate": negate, "type": "custom"}, "query": query}


def clause(tree: Node, resolved: ResolvedRule, nested: int = 0) -> Clause:
    """Return a tree as a query."""
    if nested > NESTED:
        raise refused(tree, f"more than {NESTED} groups in groups", "write the condition flatter", resolved, FILTERS)
    match tree:
        case FieldMatch(field):
            return _atom(tree, resolved.fields[field], resolved)
        case And(children):
            return _all([clause(child, resolved, nested + 1) for child in children])
        case Or(children):
            return _any([clause(child, resolved, nested + 1) for child in children])
        case Not(child):
            return _none(clause(child, resolved, nested + 1))
        case Keyword():
            raise refused(tree, f"'{feature(tree)}'", "bind the value to a field", resolved, FILTERS)
    assert_never(tree)


def _all(clauses: list[Clause]) -> Clause:
    return {"bool": {"must": clauses}}


def _any(clauses: list[Clause]) -> Clause:
    return {"bool": {"minimum_should_match": 1, "should": clauses}}


def _none(one: Clause) -> Clause:
    return {"bool": {"must_not": [one]}}


def _exists(path: str) -> Clause:
    return {"exists": {"field": path}}


def _term(path: str, value: str | float | bool) -> Clause:
    return {"term": {path: {"value": value}}}


def _atom(tree: FieldMatch, binding: Binding, resolved: ResolvedRule) -> Clause:
    match tree.test:
        case Text():
            return _text(tree, tree.test, binding, resolved)
        case Number(value):
            return _term(binding.path, scalar_text(value) if binding.type in TEXTUAL else value)
        case Boolean(value):
            return _term(binding.path, value)
        case Null():
            return _none(_exists(binding.path))
        case Compare(operator, value):
            return {"range": {binding.path: {operator: value}}}
        case Cidr(network):
            return _term(binding.ip or binding.path, network)
        case Exists(present):
            return _exists(binding.path) if present else _none(_exists(binding.path))
        case Regex():
            return _search(tree, tree.test, binding, resolved)
        case FieldRef() | TimePart():
            raise refused(tree, f"'{feature_of_test(tree.test)}'", "use another test, or disable elastic for this rule", resolved, FILTERS)
    assert_never(tree.test)


def _text(tree: FieldMatch, test: Text, binding: Binding, resolved: ResolvedRule) -> Clause:
    if test.parts and test.parts.count(Wild.MANY) == len(test.parts):
        return _exists(binding.path)
    if is_too_long(test):
        raise refused(
            tree, f"a value of more than {IGNORE_ABOVE} characters, which the index does not keep", "shorten it", resolved, FILTERS
        )
    path = path_of(test, binding)
    if path != binding.path:
        # The index there is in lower case, so that its own comparison needs no regard to case.
        low = Text(tuple(fold(part) if isinstance(part, str) else part for part in test.parts), cased=True)
        return _pattern(path, low, folded=False)
    if test.cased or binding.type not in TEXTUAL:
        return _pattern(path, test, folded=False)
    if lucene.has_spellings(test.parts):
        if binding.type == "flattened":
            raise refused(tree, "a letter outside ASCII whatever its case on a flattened field", "add |cased", resolved, FILTERS)
        return _regexp(tree, path, lucene.of_text(test.parts), resolved)
    return _pattern(path, test, folded=True)


def _pattern(path: str, test: Text, *, folded: bool) -> Clause:
    """Return a text as the plainest query that compares it so."""
    options: Clause = {"case_insensitive": True} if folded else {}
    match test.shape:
        case Shape.EQUALS:
            kind, options["value"] = "term", test.literal
        case Shape.STARTSWITH:
            kind, options["value"] = "prefix", test.literal
        case _:
            kind, options["value"] = "wildcard", _wildcard(test)
    return {kind: {path: options}}


def _wildcard(test: Text) -> str:
    return "".join(["*" if part is Wild.MANY else "?" if part is Wild.ONE else _escaped(part) for part in test.parts])


def _escaped(text: str) -> str:
    """Return a literal of a wildcard pattern: its own backslashes and wildcards behind a backslash, letters never."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def _search(tree: FieldMatch, test: Regex, binding: Binding, resolved: ResolvedRule) -> Clause:
    """Return a search for a pattern: in the field itself, as a multi-field in lower case has lost what the pattern may ask for."""
    searched = described(tree, test, resolved, FILTERS)
    expression = written(tree, searched, lucene.of_expression, resolved, FILTERS)
    check_length(tree, len(expression.text), resolved, FILTERS)
    return _regexp(tree, binding.path, expression, resolved, states(tree, searched, resolved, FILTERS, RAISED))


def _regexp(tree: FieldMatch, path: str, expression: lucene.Printed, resolved: ResolvedRule, needed: int = USUAL) -> Clause:
    check_length(tree, len(expression.text), resolved, FILTERS)
    options: Clause = {"case_insensitive": True} if expression.folded else {}
    limit = {"max_determinized_states": needed} if needed != USUAL else {}
    return {"regexp": {path: options | {"flags": "NONE"} | limit | {"value": expression.text}}}
