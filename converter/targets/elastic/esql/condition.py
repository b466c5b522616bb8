"""ES|QL's conditions: a rule's tree behind ``WHERE``.

A test on a column without a value is null there, neither true nor false, and
its negation is null too: so under a ``NOT`` each test first asks for the
column (``x IS NOT NULL AND …`` is never null), and where a single column is
negated the missing value is let through (``x IS NULL OR NOT …``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from converter.ir import And, Exists, FieldMatch, Keyword, Node, Not, Null, Or, feature
from converter.targets.contract import ResolvedRule
from converter.targets.elastic.esql.atoms import WIDTH, Rank, Said, among, atom, compared, indented
from converter.targets.elastic.esql.refusal import no
from converter.targets.elastic.esql.words import BREAK, NulError

DEPTH: Final = 25
"""Groups in groups; Elasticsearch reads expressions of 400 levels, our reader brackets of 60, and each group is up to two of them."""


def condition(tree: Node, resolved: ResolvedRule, *, within: Rank = Rank.OR, margin: str = "") -> str:
    """Return a tree as an expression that is true of exactly the documents meant, and null or false of the others.

    ``within`` is the loosest operator that it may have without parentheses,
    ``margin`` what stands before each further line.

    Raises:
        Inexpressible: for the first part that ES|QL cannot say.
    """
    try:
        said = _said(tree, resolved, negative=False, depth=0)
    except NulError:
        raise no(tree, "the character NUL", "leave it out", resolved) from None
    return _operand(said, within).replace(BREAK, f"\n{margin}")


def _operand(said: Said, within: Rank) -> str:
    """Return a part of an expression, in brackets where it needs them; what has several lines stands between its own."""
    if said.rank <= within:
        return said.text
    return f"({BREAK}  {indented(said.text)}{BREAK})" if BREAK in said.text else f"({said.text})"


def _said(tree: Node, resolved: ResolvedRule, *, negative: bool, depth: int) -> Said:
    if depth > DEPTH:
        raise no(tree, f"more than {DEPTH} groups in groups", "write the condition flatter", resolved)
    if negative and isinstance(tree, And | Or):
        plain = _said(tree, resolved, negative=False, depth=depth)
        if plain.pure and len(plain.columns) == 1:
            return _guarded(plain, negative)
    match tree:
        case FieldMatch():
            return _guarded(atom(tree, resolved), negative)
        case And(children):
            return _joined("AND", [_said(child, resolved, negative=negative, depth=depth + 1) for child in children])
        case Or(children):
            return _joined("OR", [_any(group, resolved, negative, depth + 1) for group in _groups(children, resolved)])
        case Not(child):
            return _not(child, resolved, negative=negative, depth=depth + 1)
        case Keyword():
            raise no(tree, f"'{feature(tree)}': it has no search in all fields", "bind the value to a field", resolved)
    assert_never(tree)


def _guarded(said: Said, negative: bool) -> Said:
    """Return a test that is false, not null, where one of its columns has no value."""
    if not negative or not said.columns:
        return said
    tests = [*(f"{column} IS NOT NULL" for column in said.columns), _operand(said, Rank.NOT)]
    return Said(_laid_out(tests, "AND"), (), Rank.AND)


def _joined(operator: str, parts: list[Said]) -> Said:
    if len(parts) == 1:
        return parts[0]
    text = _laid_out([_operand(one, Rank.NOT) for one in parts], operator)
    columns = tuple(dict.fromkeys(column for one in parts for column in one.columns))
    return Said(text, columns, Rank[operator], all(one.pure for one in parts))


def _laid_out(operands: list[str], operator: str) -> str:
    """Return operands on one line, or each on a line of its own where they are long."""
    long = sum(map(len, operands)) > WIDTH or any(BREAK in one for one in operands)
    return f"{BREAK if long else ' '}{operator} ".join(operands)


def _any(group: list[Node], resolved: ResolvedRule, negative: bool, depth: int) -> Said:
    if len(group) == 1:
        return _said(group[0], resolved, negative=negative, depth=depth)
    return _guarded(among([one for one in group if isinstance(one, FieldMatch)], resolved), negative)


def _groups(children: tuple[Node, ...], resolved: ResolvedRule) -> list[list[Node]]:
    """Return the children of an Or, whole values that one column is compared with as one group: ``x IN (…)``."""
    found: list[list[Node]] = []
    places: dict[str, list[Node]] = {}
    for child in children:
        told = compared(child, resolved) if isinstance(child, FieldMatch) else None
        if told is None:
            found.append([child])
        elif told[0] in places:
            places[told[0]].append(child)
        else:
            places[told[0]] = [child]
            found.append(places[told[0]])
    return found


def _not(child: Node, resolved: ResolvedRule, *, negative: bool, depth: int) -> Said:
    """Return a negation; what is negated has a value for every document, so that its negation has, too."""
    if isinstance(child, FieldMatch) and isinstance(child.test, Null | Exists):
        opposite = Exists(True) if isinstance(child.test, Null) else Exists(not child.test.present)
        return atom(FieldMatch(child.field, opposite, child.offsets, child.modifiers), resolved)
    if not negative:
        plain = _said(child, resolved, negative=False, depth=depth)
        if plain.pure and len(plain.columns) == 1:
            return Said(f"{plain.columns[0]} IS NULL OR NOT {_operand(plain, Rank.ATOM)}", (), Rank.OR, pure=False)
    said = _said(child, resolved, negative=not negative, depth=depth)
    return replace(said, text=f"NOT {_operand(said, Rank.ATOM)}", columns=(), rank=Rank.NOT, pure=False)
