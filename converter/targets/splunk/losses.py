"""What a search does not keep of a rule, and what its ``where`` makes good again."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from converter.ir import (
    And,
    Exists,
    FieldMatch,
    Keyword,
    Node,
    Not,
    Null,
    Or,
    Regex,
    RegexProblem,
    Text,
    feature,
    feature_of_test,
    fits,
    regex_finder,
)
from converter.model import Diagnostic, Fidelity, Loss, Severity, Span
from converter.targets.contract import Capabilities, Inexpressible, ResolvedRule
from converter.targets.splunk.entities import XML
from converter.targets.splunk.search import Search
from converter.targets.splunk.where import FILLED, FILLING

_EMPTY: Final = (Text(()), Text((), cased=True))


def losses(tree: Node, search: Search, resolved: ResolvedRule, table: Capabilities) -> tuple[Loss, ...]:
    """Return the losses of the detection, and those of the base search that ``where`` compensates.

    Raises:
        Inexpressible: for a feature that the table does not list.
    """
    compensated = tuple(
        Loss("T220", feature(part), Fidelity.WIDER, "the base search finds more", resolved.rule.source.span(part.offsets), "where")
        for part in search.widened
    )
    return (*_own(tree, resolved, table, False), *compensated)


def _own(tree: Node, resolved: ResolvedRule, table: Capabilities, negated: bool) -> tuple[Loss, ...]:
    match tree:
        case FieldMatch():
            found = _of_test(tree, resolved, table)
            return tuple(replace(one, direction=one.direction.negated) for one in found) if negated else found
        case And() | Or():
            settled = _settled(tree, resolved)
            return tuple(loss for side in _sides(tree) if side not in settled for loss in _own(side, resolved, table, negated))
        case Not(child):
            return _own(child, resolved, table, not negated)
        case Keyword():
            span = resolved.rule.source.span(tree.offsets)
            raise Inexpressible(
                Diagnostic("T210", Severity.ERROR, span, "SPL cannot express a value without a field", help="bind the value to a field")
            )
    assert_never(tree)


def _of_test(tree: FieldMatch, resolved: ResolvedRule, table: Capabilities) -> tuple[Loss, ...]:
    """Return the losses of one test where it is not negated."""
    field, test, kind = tree.field, tree.test, resolved.fields[tree.field].type
    name = feature_of_test(test)
    fidelity = table.fidelity(name, "absent" if isinstance(test, Exists) and not test.present else kind)
    span = resolved.rule.source.span(tree.offsets)
    why = str(table.features.get(name, {}).get(f"why_{kind}", table.why(name)))
    if fidelity is None:
        message = f"SPL cannot express '{name}'" + (f" on the field '{field}': {why}" if why else "")
        raise Inexpressible(Diagnostic("T210", Severity.ERROR, span, message, help="use another test, or disable splunk for this rule"))
    found = [] if fidelity is Fidelity.EXACT else [Loss("T219", name, fidelity, f"{why} (field '{field}')", span)]
    if isinstance(test, Text) and test.parts and name != "value.present":
        if kind != XML and fits(test.parts, "null", test.cased):
            why = f"JSON null is extracted as the text null, which this value fits (field '{field}')"
            return (Loss("T222", name, Fidelity.WIDER, why, span),)
        if kind == FILLED and fits(test.parts, FILLING.literal, test.cased):
            why = f"the add-on gives the text {FILLING.literal} to events without a value, which this value fits (field '{field}')"
            return (Loss("T223", name, Fidelity.WIDER, why, span),)
    return _of_regex(test, field, kind, span) if isinstance(test, Regex) else tuple(found)


def _of_regex(test: Regex, field: str, kind: str, span: Span) -> tuple[Loss, ...]:
    """Return what an expression loses: what is no value to the rule is a text to Splunk, or an empty text no value."""
    found = regex_finder(test.pattern, test.flags)
    if isinstance(found, RegexProblem):
        return ()
    if kind != XML and found("null"):
        why = f"JSON null is extracted as the text null, in which the expression is found (field '{field}')"
        return (Loss("T222", "value.regex", Fidelity.WIDER, why, span),)
    if kind == FILLED and found(FILLING.literal):
        why = f"the add-on gives the text {FILLING.literal} to events without a value, in which the expression is found (field '{field}')"
        return (Loss("T223", "value.regex", Fidelity.WIDER, why, span),)
    if kind == XML and found(""):
        why = f"an empty element is no field, and the expression is found in the empty text (field '{field}')"
        return (Loss("T219", "value.regex", Fidelity.NARROWER, why, span),)
    return ()


def _sides(tree: And | Or) -> tuple[Node, ...]:
    """Return what a conjunction or disjunction joins, those inside of its own kind taken apart."""
    return tuple(side for child in tree.children for side in (_sides(child) if type(child) is type(tree) else (child,)))


def _settled(tree: And | Or, resolved: ResolvedRule) -> frozenset[Node]:
    """Return the tests on null and on the empty text that stand side by side on a field of XML: together they are exact.

    There neither is a field, so ``null or empty`` is ``no field``; each alone takes the other for itself.
    """
    tests = {side: _negated(side) if isinstance(tree, And) else side for side in _sides(tree)}
    found = {side: one for side, one in tests.items() if isinstance(one, FieldMatch) and resolved.fields[one.field].type == XML}
    nulls = {one.field for one in found.values() if isinstance(one.test, Null)}
    empties = {one.field for one in found.values() if one.test in _EMPTY}
    return frozenset(
        side for side, one in found.items() if one.field in nulls & empties and (isinstance(one.test, Null) or one.test in _EMPTY)
    )


def _negated(tree: Node) -> Node | None:
    """Return what a negation negates, nothing for another node."""
    return tree.child if isinstance(tree, Not) else None
