"""What ES|QL loses of a rule, by ``capabilities/esql.yml``: a column for each field's type and what its values are like there."""

from __future__ import annotations

from typing import Final, assert_never

from converter.data import Binding
from converter.ir import (
    And,
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
    Test,
    Text,
    Wild,
    feature,
    feature_of_test,
)
from converter.model import Fidelity, Loss
from converter.targets.contract import Capabilities, ResolvedRule
from converter.targets.elastic.esql.refusal import no
from converter.targets.elastic.index import LONG, WHOLE
from converter.targets.elastic.losses import no_mixed_network

TEXTS: Final = (*WHOLE, "constant_keyword", "text", "match_only_text")
"""Types whose column holds whole texts; of a text field ES|QL sees the text itself, not its words."""
EMPTINESS: Final = ("value.empty", "value.present", "value.null", "value.exists")
_LEFT_OUT: Final = "the target leaves out the producer's word for what it does not know, which then counts as missing"


def losses(tree: Node, resolved: ResolvedRule, table: Capabilities, *, negated: bool = False) -> tuple[Loss, ...]:
    """Return a loss for each atom that ES|QL only approximates.

    Raises:
        Inexpressible: for a feature that the table does not list.
    """
    match tree:
        case FieldMatch(field, test):
            return _atom(tree, resolved.fields[field], test, resolved, table, negated)
        case And(children) | Or(children):
            return tuple(loss for child in children for loss in losses(child, resolved, table, negated=negated))
        case Not(child):
            return losses(child, resolved, table, negated=not negated)
        case Keyword():
            raise no(tree, f"'{feature(tree)}': it has no search in all fields", "bind the value to a field", resolved)
    assert_never(tree)


def _atom(tree: FieldMatch, binding: Binding, test: Test, resolved: ResolvedRule, table: Capabilities, negated: bool) -> tuple[Loss, ...]:
    name, kind = feature_on(test), column(test, binding, resolved)
    fidelity = table.fidelity(name, kind)
    if fidelity is None:
        lists = " of several values" if binding.many else ""
        article = "an" if binding.type[:1] in "aeiou" else "a"
        since = table.features.get(name, {}).get("since", {}).get(kind)
        early = f" before Elastic {since}" if since else ""
        what = f"'{name}' on {article} {binding.type} field{lists} ('{binding.path}'){early}"
        raise no(tree, what, "use another test, or disable elastic for this rule", resolved)
    no_mixed_network(tree, test, resolved, "ES|QL cannot")
    if isinstance(test, Compare | Number) and binding.type == "long" and not -LONG <= test.value < LONG:
        raise no(tree, "a number beyond those that the field holds", "use a smaller one", resolved)
    if fidelity is Fidelity.EXACT:
        return ()
    why = _LEFT_OUT if kind == "left_out" else table.why(f"{name}.{kind}") or table.why(name)
    direction = fidelity.negated if negated else fidelity
    return (Loss("T119", name, direction, f"{why} (field '{tree.field}')", resolved.rule.source.span(tree.offsets)),)


def feature_on(test: Test) -> str:
    """Return the feature of a test: stars alone ask for presence."""
    stars = isinstance(test, Text) and bool(test.parts) and all(part is Wild.MANY for part in test.parts)
    return "value.present" if stars else feature_of_test(test)


def column(test: Test, binding: Binding, resolved: ResolvedRule) -> str:
    """Return the column of the table: the field's type, or what makes its type not matter."""
    name = feature_on(test)
    if binding.type == "flattened":
        return "flattened"  # neither it nor its keys are columns
    if isinstance(test, Exists) and not test.present:
        return "absent"
    if name in EMPTINESS and (binding.gone or not resolved.guard or resolved.source.targets["elastic"].get("keeps_empty")):
        return "left_out" if binding.changed and name != "value.empty" else "as_is"
    if isinstance(test, Cidr) and binding.ip:
        return "ip"
    if isinstance(test, FieldRef):
        other = resolved.fields[test.field]
        if binding.many or other.many:
            return "many"
        if not all(one.type in (*TEXTS, "long", "boolean") for one in (binding, other)):
            return "others"
        kept = not resolved.guard or resolved.source.targets["elastic"].get("keeps_empty")
        return "texts" if kept or other.gone or other.type not in TEXTS else "dropped"
    if isinstance(test, Null | Exists):
        return binding.type
    many = "many_" if binding.many else ""
    if binding.type not in TEXTS:
        return many + binding.type
    if binding.lowered and (isinstance(test, Regex) or (isinstance(test, Text) and test.cased and test.has_case)):
        return "lowered"
    return f"{many}text"
