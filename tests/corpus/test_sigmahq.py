"""Every rule of SigmaHQ: read, lowered, and equal to pySigma's own tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from converter.ir import And, FieldMatch, Keyword, Node, Not, Or, lower
from converter.ir.values import _test
from converter.model import Rule
from converter.readers import read_rules

pytestmark = pytest.mark.corpus


def ours(tree: Node) -> Any:
    match tree:
        case And(children):
            return ("and", tuple(ours(child) for child in children))
        case Or(children):
            return ("or", tuple(ours(child) for child in children))
        case Not(child):
            return ("not", ours(child))
        case FieldMatch(field, test):
            return (field, test)
        case Keyword(test):
            return (None, test)


def theirs(tree: Any) -> Any:
    from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR, ConditionValueExpression
    from sigma.types import SigmaExpansion

    match tree:
        case ConditionAND() | ConditionOR():
            children = tuple(theirs(child) for child in tree.args)
            return children[0] if len(children) == 1 else ("and" if isinstance(tree, ConditionAND) else "or", children)
        case ConditionNOT():
            return ("not", theirs(tree.args[0]))
        case ConditionFieldEqualsValueExpression() | ConditionValueExpression():
            field = getattr(tree, "field", None)
            if isinstance(tree.value, SigmaExpansion):
                values = tuple((field, _test(value, 0)) for value in tree.value.values)
                return values[0] if len(values) == 1 else ("or", values)
            return (field, _test(tree.value, 0))


def test_lowering_equals_pysigma(corpora: Path) -> None:
    """Each rule's tree is the one that pySigma parses, and only placeholders are refused."""
    from sigma.rule import SigmaRule

    different, refused, seen = [], [], 0
    for path in sorted((corpora / "corpora" / "sigmahq").rglob("*.yml")):
        rules, problems = read_rules(path.read_bytes(), path.name)
        for rule in rules:
            seen += 1
            tree = lower(rule)
            if isinstance(tree, tuple):
                refused.append((path.name, tree[0].code))
                continue
            conditions = SigmaRule.from_dict(_plain(rule)).detection.parsed_condition
            expected = [theirs(condition.parsed) for condition in conditions]
            if ours(tree) != (expected[0] if len(expected) == 1 else ("or", tuple(expected))):
                different.append(path.name)
        assert not [one for one in problems if one.severity > 2], problems
    assert seen > 2000
    assert different == []
    assert {code for _, code in refused} <= {"M011"}


def _plain(rule: Rule) -> dict[str, Any]:
    return {"title": rule.title, "logsource": {"category": "any"}, "detection": dict(rule.detection)}
