"""Elastic: print a resolved rule as a query string of Lucene's, as Kibana's "lucene" language sends it.

The language has no precedence, so that every group stands in brackets and a
negation in its own where it is one of several alternatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

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
    Text,
    TimePart,
    feature,
    feature_of_test,
    scalar_text,
)
from converter.model import node
from converter.targets.contract import ResolvedRule
from converter.targets.elastic import lucene
from converter.targets.elastic.expressions import check_length, described, states, written
from converter.targets.elastic.index import IGNORE_ABOVE, TEXTUAL
from converter.targets.elastic.losses import refused
from converter.targets.elastic.query import EVERYTHING, conjuncts
from converter.targets.elastic.query_string import escape
from converter.targets.elastic.query_string.forms import form, is_too_complex
from converter.targets.elastic.query_string.losses import WHO, is_any_text

CLAUSES: Final = 1024
"""Clauses of a query that every version takes (``indices.query.bool.max_clause_count``; since 8.1 by the heap, never fewer)."""
NESTED: Final = 30
"""Groups in groups, as many as a query in JSON may have (``indices.query.bool.max_nested_depth``)."""
LONGEST: Final = 400_000
"""Characters of a query."""
_OPERATORS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


@node
class _Said:
    """A part of a query: its text, how many clauses without others inside it has, and what it is.

    An atom has a path and the values of which any is wanted, or a text of its own without them; the others are negations and groups.
    """

    text: str
    clauses: int = 1
    kind: str = "atom"
    path: str = ""
    values: tuple[str, ...] = ()


def query(resolved: ResolvedRule, tree: Node) -> str:
    """Return the query string of the log source's guard and a rule's tree, a conjunct a line.

    Raises:
        Inexpressible: for the first part that the language cannot say.
    """
    guard = [_any_of(path, (value,) if isinstance(value, str) else tuple(value)) for path, value in resolved.guard.items()]
    said = guard + [_print(part, resolved, 0) for part in conjuncts(tree)]
    text = "\n  AND ".join(map(_operand, said)) or EVERYTHING
    if sum(one.clauses for one in said) > CLAUSES:
        raise refused(tree, f"more than {CLAUSES} values and tests in one query", "divide the rule into several", resolved, WHO)
    if len(text) > LONGEST:
        raise refused(tree, f"a query of more than {LONGEST} characters", "divide the rule into several", resolved, WHO)
    return text


def _any_of(path: str, values: Sequence[str]) -> _Said:
    return _values(path, tuple(map(escape.quoted, values)))


def _values(path: str, values: tuple[str, ...]) -> _Said:
    """Return the atom for a field with any of these values, as they stand in the query."""
    listed = values[0] if len(values) == 1 else f"({' OR '.join(values)})"
    return _Said(f"{escape.name(path)}:{listed}", len(values), path=path, values=values)


def _print(tree: Node, resolved: ResolvedRule, nested: int) -> _Said:
    if nested > NESTED:
        raise refused(tree, f"more than {NESTED} groups in groups", "write the condition flatter", resolved, WHO)
    match tree:
        case FieldMatch(field):
            return _atom(tree, resolved.fields[field], resolved)
        case And(children):
            return _group([_print(child, resolved, nested + 1) for child in children], "AND", ("group",))
        case Or(children):
            return _or([_print(child, resolved, nested + 1) for child in children])
        case Not(child):
            return _not(_print(child, resolved, nested + 1))
        case Keyword():
            raise refused(tree, f"'{feature(tree)}'", "bind the value to a field", resolved, WHO)
    assert_never(tree)


def _operand(said: _Said, bracketed: Sequence[str] = ("group",)) -> str:
    """Return a part of a group; groups in it get brackets, and among alternatives negations, which would forbid."""
    return f"({said.text})" if said.kind in bracketed else said.text


def _group(said: Sequence[_Said], operator: str, bracketed: Sequence[str]) -> _Said:
    if len(said) == 1:
        return said[0]
    return _Said(f" {operator} ".join(_operand(one, bracketed) for one in said), sum(one.clauses for one in said), "group")


def _or(said: Sequence[_Said]) -> _Said:
    """Return alternatives; values of one field as ``field:(a OR b)``."""
    if len({one.path for one in said}) == 1 and said[0].path:
        return _values(said[0].path, tuple(value for one in said for value in one.values))
    return _group(said, "OR", ("group", "not"))


def _not(said: _Said) -> _Said:
    return _Said(f"NOT {_operand(said, ('group', 'not'))}", said.clauses, "not")


def _atom(tree: FieldMatch, binding: Binding, resolved: ResolvedRule) -> _Said:
    if "*" in binding.path:
        raise refused(tree, f"a field with a star in its name ('{binding.path}')", "name another field", resolved, WHO)
    path = binding.path
    match tree.test:
        case Text():
            return _text(tree, tree.test, binding, resolved)
        case Number(value):
            text = scalar_text(value)
            return _values(path, (text if text.isdigit() and binding.type not in TEXTUAL else escape.quoted(text),))
        case Boolean(value):
            return _values(path, (scalar_text(value),))
        case Null():
            return _not(_present(path))
        case Compare(operator, value):
            return _values(path, (_OPERATORS[operator] + escape.number(scalar_text(value)),))
        case Cidr(network):
            return _values(binding.ip or path, (escape.quoted(network),))
        case Exists(present):
            return _present(path) if present else _not(_present(path))
        case Regex():
            return _values(path, (_search(tree, tree.test, resolved),))
        case FieldRef() | TimePart():
            what = f"'{feature_of_test(tree.test)}'"
            raise refused(tree, what, "use another test, or disable elastic for this rule", resolved, WHO)
    assert_never(tree.test)


def _present(path: str) -> _Said:
    return _Said(f"_exists_:{escape.name(path)}")


def _text(tree: FieldMatch, test: Text, binding: Binding, resolved: ResolvedRule) -> _Said:
    if is_any_text(test):
        return _present(binding.path)
    if sum(len(part) for part in test.parts if isinstance(part, str)) > IGNORE_ABOVE:
        what = f"a value of more than {IGNORE_ABOVE} characters, which the index does not keep"
        raise refused(tree, what, "shorten it", resolved, WHO)
    if is_too_complex(test):
        raise refused(tree, "a pattern that the engine refuses as too complex", "use fewer '?' behind a '*'", resolved, WHO)
    made = form(test, binding)
    return _values(made.path, made.values)


def _search(tree: FieldMatch, test: Regex, resolved: ResolvedRule) -> str:
    """Return a search for a pattern: in the field itself, as a multi-field in lower case has lost what the pattern may ask for."""
    searched = described(tree, test, resolved, WHO)
    made = escape.expression(written(tree, searched, lucene.spelled_out, resolved, WHO))
    check_length(tree, len(made) - len("//"), resolved, WHO)
    states(tree, searched, resolved, WHO)
    return made
