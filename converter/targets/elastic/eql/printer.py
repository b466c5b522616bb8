"""Elastic: print a resolved rule as EQL of single events: ``any where <guard> and <condition>``, one conjunct a line.

A condition on a field that the index need not have (``?field``) is neither
true nor false where it has not; under ``not`` it is guarded, so that it is
false there, as the rule means it.

Source: Elasticsearch, EQL syntax reference; converter/languages/eql/engine.yml.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, assert_never

from converter.ir import And, FieldMatch, Keyword, Node, Not, Or, feature
from converter.model import Diagnostic, Loss, Severity, node
from converter.targets.contract import Inexpressible, ResolvedRule, tables
from converter.targets.elastic import losses as said
from converter.targets.elastic.eql import words
from converter.targets.elastic.eql.terms import WHO, Term, merged, printed, term
from converter.targets.elastic.losses import refused
from converter.targets.elastic.query import conjuncts

LANGUAGE: Final = "eql"
CLAUSES: Final = 1024
"""Queries that one search may hold whatever the node's memory (``indices.query.bool.max_clause_count``)."""
NESTED: Final = 40
"""Groups in groups that a query may have."""
_OPPOSITES: Final = {"is null": "is not null", "is not null": "is null"}


@node
class _Piece:
    """A printed part: conditions, the word that joins them where there are several, and how many queries it becomes."""

    parts: tuple[str, ...]
    word: str = ""
    clauses: int = 1

    @property
    def text(self) -> str:
        """The part as it stands among others: several conditions have brackets around them."""
        return words.joined(self.word, self.parts) if self.word else self.parts[0]


def query(resolved: ResolvedRule, tree: Node) -> str:
    """Return the query of a rule.

    Raises:
        Inexpressible: for the first atom that EQL cannot say, or for a query larger than the engine takes.
    """
    return f"any where {_conditions(resolved, tree, indent=2)}"


def event_query(resolved: ResolvedRule, tree: Node) -> tuple[str, tuple[Loss, ...]]:
    """Return one step of a sequence or a sample, ``[any where …]`` on lines of its own, and what it loses.

    Raises:
        Inexpressible: for the first atom that EQL cannot say.
    """
    lost = losses(tree, resolved)
    return f"[any where {_conditions(resolved, tree, indent=5)}]", lost


def losses(tree: Node, resolved: ResolvedRule) -> tuple[Loss, ...]:
    """Return a loss for each atom that EQL only approximates.

    Raises:
        Inexpressible: for a feature that EQL's table does not list.
    """
    return said.losses(tree, resolved, tables("elastic")[LANGUAGE])


def _conditions(resolved: ResolvedRule, tree: Node, *, indent: int) -> str:
    """Return the conjuncts of the log source's guard and the rule, one a line, all but the first so far in."""
    values = {path: (one,) if isinstance(one, str) else tuple(one) for path, one in resolved.guard.items()}
    guard = [Term("==", words.name(path), tuple(map(words.text, some))) for path, some in values.items()]
    pieces = [_Piece((printed(one),)) for one in guard]
    pieces += [_piece(part, resolved, negated=False, nested=0) for part in conjuncts(tree)]
    if sum(piece.clauses for piece in pieces) > CLAUSES:
        message = f"{WHO} express more than {CLAUSES} queries in one, which the engine refuses"
        told = Diagnostic("T110", Severity.ERROR, resolved.rule.span("detection"), message, help="divide the rule into several")
        raise Inexpressible(told)
    whole = _group("and", pieces)
    return f"\n{' ' * indent}{whole.word} ".join(words.indented(one, indent) for one in whole.parts)


def _piece(tree: Node, resolved: ResolvedRule, *, negated: bool, nested: int) -> _Piece:
    """Return a part of a rule; ``negated`` says that it stands under an odd number of ``not``."""
    if nested > NESTED:
        raise refused(tree, f"more than {NESTED} groups in groups", "write the condition flatter", resolved, WHO)
    match tree:
        case FieldMatch():
            return _of_term(_term(tree, resolved), negated=negated)
        case And(children):
            return _group("and", [_piece(child, resolved, negated=negated, nested=nested + 1) for child in children])
        case Or(children):
            return _group("or", _alternatives(children, resolved, negated=negated, nested=nested + 1))
        case Not(FieldMatch() as atom) if (one := _term(atom, resolved)).operator in _OPPOSITES:
            return _Piece((printed(replace(one, operator=_OPPOSITES[one.operator])),))
        case Not(Not(child)):
            return _piece(child, resolved, negated=negated, nested=nested + 1)
        case Not(child):
            return _negation(_piece(child, resolved, negated=not negated, nested=nested + 1))
        case Keyword():
            raise refused(tree, f"'{feature(tree)}'", "bind the value to a field", resolved, WHO)
    assert_never(tree)


def _term(tree: FieldMatch, resolved: ResolvedRule) -> Term:
    return term(tree, resolved.fields[tree.field], resolved)


def _of_term(one: Term, *, negated: bool) -> _Piece:
    if not (negated and one.asked):
        return _Piece((printed(one),), clauses=one.clauses)
    return _Piece((*(f"{name} != null" for name in one.asked), printed(one)), "and", one.clauses + len(one.asked))


def _alternatives(children: Sequence[Node], resolved: ResolvedRule, *, negated: bool, nested: int) -> list[_Piece]:
    """Return the parts of which any will do: single tests first, those of one field together."""
    terms = merged([_term(child, resolved) for child in children if isinstance(child, FieldMatch)])
    groups = [_piece(child, resolved, negated=negated, nested=nested) for child in children if not isinstance(child, FieldMatch)]
    return [_of_term(one, negated=negated) for one in terms] + groups


def _group(word: str, pieces: Sequence[_Piece]) -> _Piece:
    """Return several parts joined by a word; one alone is itself, and parts with the same word stand beside the others."""
    if len(pieces) == 1:
        return pieces[0]
    parts = [part for piece in pieces for part in (piece.parts if piece.word == word else (piece.text,))]
    return _Piece(tuple(parts), word, sum(piece.clauses for piece in pieces))


def _negation(piece: _Piece) -> _Piece:
    return _Piece((f"not {piece.text}",), clauses=piece.clauses)
