"""What a language of Elastic's loses of a tree, by its table: a column for each field's type, or for what makes its type not matter."""

from __future__ import annotations

from ipaddress import IPv6Network
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
    Or,
    Regex,
    Test,
    Text,
    Wild,
    feature,
    feature_of_test,
)
from converter.model import Diagnostic, Fidelity, Loss, Severity
from converter.targets.contract import Capabilities, Inexpressible, ResolvedRule
from converter.targets.elastic.index import LONG, TEXTUAL, WHOLE, path_of

KQL: Final = "KQL cannot"
FILTERS: Final = "neither KQL nor a filter can"
"""Who is named where a filter was the last resort."""
_WHO: Final = {"kuery": KQL, "eql": "EQL cannot", "lucene": "Lucene cannot", "esql": "ES|QL cannot"}
"""Who is named where a language's table does not list a feature; filters beside KQL otherwise."""
_LEFT_OUT: Final = "the target leaves out the producer's word for what it does not know, which then counts as missing"
_EMPTINESS: Final = frozenset(("value.empty", "value.present", "value.null", "value.exists"))
"""Features that a pipeline which drops empty values changes; a rule in the documents' own names has none before it."""
_WRAPPED: Final = "::ffff:0:0/96"


def refused(tree: Node, what: str, help_text: str, resolved: ResolvedRule, who: str = KQL) -> Inexpressible:
    """Return the refusal (T110) of a part that a language cannot say."""
    span = resolved.rule.source.span(tree.offsets)
    return Inexpressible(Diagnostic("T110", Severity.ERROR, span, f"{who} express {what}", help=help_text))


def no_mixed_network(tree: FieldMatch, test: Test, resolved: ResolvedRule, who: str) -> None:
    """Refuse a network of version 6 with addresses of version 4 in it: the index keeps those as ``::ffff:0:0/96``.

    Raises:
        Inexpressible: as it would find them, or some of them, which the rule does not mean.
    """
    if isinstance(test, Cidr) and ":" in test.network and IPv6Network(test.network).overlaps(IPv6Network(_WRAPPED)):
        what = "a network of version 6 that has addresses of version 4 in it"
        raise refused(tree, what, "name the networks that are meant", resolved, who)


def losses(tree: Node, resolved: ResolvedRule, table: Capabilities, most: int | None = None) -> tuple[Loss, ...]:
    """Return a loss for each atom that the table's language only approximates, the first ``most`` of them.

    Raises:
        Inexpressible: for a feature that the table does not list.
    """
    found: list[Loss] = []
    _collect(tree, resolved, table, found, most, negated=False)
    return tuple(found)


def _collect(tree: Node, resolved: ResolvedRule, table: Capabilities, found: list[Loss], most: int | None, *, negated: bool) -> None:
    match tree:
        case FieldMatch():
            if (loss := _of_atom(tree, resolved, table, negated=negated)) is not None:
                found.append(loss)
            return
        case And(children) | Or(children):
            for child in children:
                _collect(child, resolved, table, found, most, negated=negated)
                if most is not None and len(found) >= most:
                    return
            return
        case Not(child):
            _collect(child, resolved, table, found, most, negated=not negated)
            return
        case Keyword():
            raise refused(tree, f"'{feature(tree)}'", "bind the value to a field", resolved, _WHO.get(table.language, FILTERS))
    assert_never(tree)


def _of_atom(tree: FieldMatch, resolved: ResolvedRule, table: Capabilities, *, negated: bool) -> Loss | None:
    test, binding = tree.test, resolved.fields[tree.field]
    name = feature_of_test(test)
    if name == "value.wildcard" and isinstance(test, Text) and all(part is Wild.MANY for part in test.parts):
        name = "value.present"
    kind = _kind(test, binding, name, resolved)
    fidelity = table.fidelity(name, kind)
    if fidelity is None:
        what = f"'{name}' on {_article(binding.type)} field ('{binding.path}')"
        raise refused(tree, what, "use another test, or disable elastic for this rule", resolved, _WHO.get(table.language, FILTERS))
    if isinstance(test, Cidr):
        no_mixed_network(tree, test, resolved, _WHO.get(table.language, FILTERS))
    elif isinstance(test, Compare) and binding.type == "long" and not -LONG <= test.value < LONG:
        what = "a number beyond those that the field holds"
        raise refused(tree, what, "use a smaller one", resolved, _WHO.get(table.language, FILTERS))
    if fidelity is Fidelity.EXACT:
        return None
    code = "T118" if fidelity is Fidelity.NARROWER and isinstance(test, Text) and name != "value.present" else "T119"
    message = f"{_LEFT_OUT if kind == 'left_out' else table.why(name)} (field '{tree.field}')"
    return Loss(code, name, fidelity.negated if negated else fidelity, message, resolved.rule.source.span(tree.offsets))


def _kind(test: Test, binding: Binding, name: str, resolved: ResolvedRule) -> str:
    """Return the column of the table: the field's type, or what makes its type not matter."""
    if isinstance(test, Text) and name not in _EMPTINESS:  # nearly all of them
        kind = _text_kind(test, binding) if binding.type in TEXTUAL else binding.type
        if binding.type != "flattened" or kind == "lowered":
            return kind
        return "flattened" if kind == "keyword" else "flattened_cased"
    if isinstance(test, Exists) and not test.present:
        return "absent"
    if isinstance(test, Cidr) and binding.ip:
        return "ip"
    if isinstance(test, FieldRef):
        return _pair_kind(binding, resolved.fields[test.field], resolved)
    if name in _EMPTINESS and (binding.gone or not resolved.guard or resolved.source.targets["elastic"].get("keeps_empty")):
        return "left_out" if binding.changed and name != "value.empty" else "as_is"
    if isinstance(test, Regex) and binding.lowered and binding.type in TEXTUAL:
        return "lowered"
    return "keyword" if binding.type in WHOLE else binding.type


def _pair_kind(binding: Binding, other: Binding, resolved: ResolvedRule) -> str:
    """Return the column for two fields that are compared; an empty text, which is dropped, begins and ends every text."""
    if not (binding.type in WHOLE and other.type in WHOLE):
        return "others"
    kept = other.gone or not resolved.guard or resolved.source.targets["elastic"].get("keeps_empty")
    return "texts" if kept else "dropped"


def _text_kind(test: Text, binding: Binding) -> str:
    """Return the column for a text on a field that holds whole texts: what becomes of its case there."""
    if not test.has_case:
        return "cased"
    if test.cased:
        return "lowered" if binding.lowered else "cased"
    if binding.field.one_spelling:
        return "one_spelling"
    return "caseless" if path_of(test, binding) != binding.path else "keyword"


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
