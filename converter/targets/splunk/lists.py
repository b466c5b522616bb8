"""Splunk: names below an object whose form is not known, where each part may be a list and so another field.

JSON extraction writes ``{}`` behind the name of a list: ``a: {b: [x]}`` is
the field ``a.b{}``.  A test on such a name asks every field that it may be.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Final, assert_never

from converter.data import Binding
from converter.ir import And, Exists, FieldMatch, FieldRef, Keyword, Node, Not, Null, Or
from converter.model import Diagnostic, Severity
from converter.targets.contract import Inexpressible, ResolvedRule

OPEN: Final = "open"
"""The type of a field below an object whose form is not known."""
DEPTH: Final = 4
"""Parts below the object; a test on one more would ask 32 fields."""


def spelled_out(tree: Node, resolved: ResolvedRule) -> tuple[Node, ResolvedRule]:
    """Return the tree with a test for each field that an open name may be, and the rule that knows those fields.

    Raises:
        Inexpressible: for a name with too many parts.
    """
    fields = dict(resolved.fields)
    done = _spelled_out(tree, resolved, fields)
    return done, replace(resolved, fields=fields)


def _spelled_out(tree: Node, resolved: ResolvedRule, fields: dict[str, Binding]) -> Node:
    match tree:
        case FieldMatch(field, test):
            binding = resolved.fields[field]
            if binding.type != OPEN or isinstance(test, FieldRef):
                return tree
            names = _names(tree, binding, resolved)
            fields.update({name: replace(binding, path=name, type="keyword") for name in names})
            children = tuple(replace(tree, field=name) for name in names)
            absent = isinstance(test, Null) or (isinstance(test, Exists) and not test.present)
            return And(children, tree.offsets) if absent else Or(children, tree.offsets)
        case And(children) | Or(children):
            return replace(tree, children=tuple(_spelled_out(child, resolved, fields) for child in children))
        case Not(child):
            return replace(tree, child=_spelled_out(child, resolved, fields))
        case Keyword():
            return tree
    assert_never(tree)


def _names(tree: FieldMatch, binding: Binding, resolved: ResolvedRule) -> tuple[str, ...]:
    """Return the fields that a name may be: without lists first."""
    first, *parts = binding.path.split(".")
    if len(parts) > DEPTH:
        span = resolved.rule.source.span(tree.offsets)
        message = f"SPL cannot express a name whose {len(parts)} parts may each be a list (field '{tree.field}')"
        raise Inexpressible(Diagnostic("T210", Severity.ERROR, span, message, help="test a shorter name, or disable splunk for this rule"))
    forms = product(*((part, f"{part}{{}}") for part in parts))
    return tuple(".".join((first, *form)) for form in forms)
