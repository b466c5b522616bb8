"""What a rule loses as a query string, by the table: each atom under the column of its field's type, or of what makes that not matter."""

from __future__ import annotations

from typing import Final, assert_never

from converter.data import Binding
from converter.ir import And, Cidr, Compare, Exists, FieldMatch, Keyword, Node, Not, Or, Regex, Test, Text, Wild, feature, feature_of_test
from converter.model import Fidelity, Loss
from converter.targets.contract import Capabilities, ResolvedRule
from converter.targets.elastic.index import LONG, TEXTUAL
from converter.targets.elastic.losses import no_mixed_network, refused
from converter.targets.elastic.query_string.forms import form

WHO: Final = "Lucene's query string cannot"
"""Who is named in a refusal."""
_LEFT_OUT: Final = "the target leaves out the producer's word for what it does not know, which then counts as missing"
_EMPTINESS: Final = ("value.empty", "value.present", "value.null", "value.exists")
"""Features that a pipeline which drops empty values changes; a rule in the documents' own names has none before it."""
_CASE: Final = {
    "too_long": "an expression that spells each letter twice would be longer than the engine takes, so that case counts",
    "flattened": "a flattened field is compared with regard to case",
    "constant_keyword": "a constant field is compared with regard to case",
}
"""Columns under which a text is compared with regard to case though the rule has none, and why."""
_REASONS: Final = {
    "left_out": _LEFT_OUT,
    "ip": "an address is found in every spelling",
    "text": "a text is compared by words, those of more than 255 characters in pieces",
    **_CASE,
}
"""Why a column loses something, where the table's reason is of the feature as a whole."""


def losses(tree: Node, resolved: ResolvedRule, table: Capabilities, *, negated: bool = False) -> tuple[Loss, ...]:
    """Return a loss for each atom that the language only approximates.

    Raises:
        Inexpressible: for a feature that the table does not list for the field.
    """
    match tree:
        case FieldMatch(field, test):
            return _of_atom(tree, test, resolved.fields[field], resolved, table, negated)
        case And(children) | Or(children):
            return tuple(loss for child in children for loss in losses(child, resolved, table, negated=negated))
        case Not(child):
            return losses(child, resolved, table, negated=not negated)
        case Keyword():
            raise refused(tree, f"'{feature(tree)}'", "bind the value to a field", resolved, WHO)
    assert_never(tree)


def _of_atom(
    tree: FieldMatch, test: Test, binding: Binding, resolved: ResolvedRule, table: Capabilities, negated: bool
) -> tuple[Loss, ...]:
    name = "value.present" if is_any_text(test) else feature_of_test(test)
    column = _column(test, binding, name, resolved)
    fidelity = table.fidelity(name, column)
    if fidelity is None:
        what = f"'{name}' on a field of type {binding.type} ('{binding.path}')"
        raise refused(tree, what, "use another test, or disable elastic for this rule", resolved, WHO)
    no_mixed_network(tree, test, resolved, WHO)
    if isinstance(test, Compare) and binding.type == "long" and not -LONG <= test.value < LONG:
        raise refused(tree, "a number beyond those that the field holds", "use a smaller one", resolved, WHO)
    if fidelity is Fidelity.EXACT:
        return ()
    why = table.why(name) if name in _EMPTINESS and column != "left_out" else _REASONS.get(column, table.why(name))
    message = f"{why} (field '{tree.field}')"
    code = "T118" if column in _CASE and name not in _EMPTINESS else "T119"
    span = resolved.rule.source.span(tree.offsets)
    return (Loss(code, name, fidelity.negated if negated else fidelity, message, span),)


def is_any_text(test: Test) -> bool:
    """Say whether a test holds for every text: stars alone."""
    return isinstance(test, Text) and bool(test.parts) and all(part is Wild.MANY for part in test.parts)


def _column(test: Test, binding: Binding, name: str, resolved: ResolvedRule) -> str:
    """Return the column of the table."""
    if isinstance(test, Exists) and not test.present:
        return "absent"
    if isinstance(test, Cidr) and binding.ip:
        return "ip"
    if name == "value.empty" and binding.type not in TEXTUAL:
        return "no_value"
    if name in _EMPTINESS and (binding.gone or not resolved.guard or resolved.source.targets["elastic"].get("keeps_empty")):
        return "left_out" if binding.changed and name != "value.empty" else "as_is"
    if isinstance(test, Text) and name not in _EMPTINESS:
        return form(test, binding).column
    if isinstance(test, Regex) and binding.lowered:
        return "lowered"
    return "keyword" if binding.type in TEXTUAL and binding.type != "flattened" else binding.type
