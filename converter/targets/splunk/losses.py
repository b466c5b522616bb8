"""What a search does not keep of a rule, and what its ``where`` makes good again."""

from __future__ import annotations

from typing import assert_never

from converter.ir import And, Exists, FieldMatch, Keyword, Node, Not, Or, Text, feature, feature_of_test, fits
from converter.model import Diagnostic, Fidelity, Loss, Severity
from converter.targets.contract import Capabilities, Inexpressible, ResolvedRule
from converter.targets.splunk.search import Search


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
        case FieldMatch(field, test):
            name = feature_of_test(test)
            kind = "absent" if isinstance(test, Exists) and not test.present else resolved.fields[field].type
            fidelity = table.fidelity(name, kind)
            span = resolved.rule.source.span(tree.offsets)
            if fidelity is None:
                message, help_text = f"SPL cannot express '{name}'", "use another test, or disable splunk for this rule"
                raise Inexpressible(Diagnostic("T210", Severity.ERROR, span, message, help=help_text))
            if (
                isinstance(test, Text)
                and not test.cased
                and any(isinstance(part, str) and not part.isascii() and part.lower() != part.upper() for part in test.parts)
            ):
                why = f"whether Splunk folds letters beyond ASCII is not documented (field '{field}')"
                return (Loss("T221", name, Fidelity.UNKNOWN, why, span),)
            if isinstance(test, Text) and test.parts and name != "value.present" and fits(test.parts, "null", test.cased):
                direction = Fidelity.NARROWER if negated else Fidelity.WIDER
                return (
                    Loss(
                        "T222", name, direction, f"JSON null is extracted as the text null, which this value fits (field '{field}')", span
                    ),
                )
            if fidelity is Fidelity.EXACT:
                return ()
            direction = fidelity.negated if negated else fidelity
            return (Loss("T219", name, direction, f"{table.why(name)} (field '{field}')", span),)
        case And(children) | Or(children):
            return tuple(loss for child in children for loss in _own(child, resolved, table, negated))
        case Not(child):
            return _own(child, resolved, table, not negated)
        case Keyword():
            span = resolved.rule.source.span(tree.offsets)
            raise Inexpressible(
                Diagnostic("T210", Severity.ERROR, span, "SPL cannot express a value without a field", help="bind the value to a field")
            )
    assert_never(tree)
