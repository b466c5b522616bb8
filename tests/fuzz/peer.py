"""pySigma beside us: where both take a detection, the trees are equal; where one refuses, the difference is on a list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from converter.ir import And, FieldMatch, Keyword, Node, Not, Or
from converter.ir.values import LoweringError
from converter.model import Severity
from converter.pack import Loaded

ONLY_WE_REFUSE: Final[Mapping[str, str]] = {
    r"M003 a detection name is expected": "a word of the conditions' grammar is no name",
    r"M003 'of.+' is not expected": "pySigma needs no blank between 'of' and a pattern",
    r"M002 .* (two parts of a time|is a whole number)": "pySigma drops one of two parts, and a fraction, in silence",
    r"M004 the condition names 'not": "pySigma takes a word that begins with 'not' for a negation",
    r"M005 no detection": "pySigma drops a selector that chooses nothing, and what is left means something else",
    r"M006 ": "engines read the expression differently (DECISIONS 12)",
    r"M007 ": "an aggregation, or a time frame of one: it says what no single event has",
    r"M008 a (date|datetime|bytes) is not": "pySigma takes the text that Python prints of it for an expression",
    r"M008 a keyword is": "a null or a truth value by itself, of which no log has an occurrence",
    r"M008 a value cannot be": "pySigma takes the text that Python prints of a map for an expression",
    r"M008 an empty detection": "pySigma drops a selection without items in silence",
    r"M008 the field name .* ends in a dot": "no event has a key without a name; looked up level by level, 'a.' would be 'a'",
    r"M008 the detection's name": "a name that is no text: no condition can name it, and pySigma fails on a selector",
    r"M010 ": "two rules of one file have one id, which pySigma's single rules do not show",
    r"M011 ": "pySigma keeps a placeholder for a pipeline; the specification: a tool that cannot handle it rejects the rule",
    r"M012 fields are compared": "pySigma forgets 'cased' before 'fieldref'",
    r"M012 more than": "five dashes at most (DECISIONS 11)",
}
"""What we refuse and pySigma takes, by the first error, and why."""
ONLY_PYSIGMA_REFUSES: Final[Mapping[str, str]] = {
    r"Unknown modifier '?utf16le": "pySigma 1.5.1 lacks a modifier of the specification",
    r"Detection '.*' not defined": "pySigma reads a name such as 'nothing' as 'not' and 'hing'",
    r"ConditionError: .*[^\x00-\x7f]": "pySigma's white space is ASCII's",
    r"ConditionError: .* found '(\s|\W)": "pySigma's selectors have no '-' and no '.'",
}
"""What pySigma refuses and we take, by what it says, and why."""


def differences(loaded: Loaded, detection: Mapping[str, Any], facts: Counter[str]) -> list[str]:
    """Return where pySigma's tree is another, or its answer to whether this is a rule."""
    text = shown(detection, 20_001)
    dashes = text.count("-") + text.count("/") if "windash" in text else 0
    long = len(text) > 20_000 or len(str(detection.get("condition"))) > 500 or text.count("(") > 60
    if long or dashes > (3 if text.count("windash") > 1 else 12):
        facts["pySigma is not asked"] += 1
        return []
    try:
        trees = _parsed(detection)
    except LoweringError:
        facts["pySigma's tree is not compared"] += 1
        return []
    except Exception as error:
        if loaded.tree is None:
            facts["both refuse"] += 1
            return []
        said = f"{type(error).__name__}: {error}: {detection.get('condition')}"
        reason = next((pattern for pattern in ONLY_PYSIGMA_REFUSES if re.search(pattern, said)), "")
        facts[f"only pySigma refuses: {reason}"] += 1
        return [] if reason else [f"only pySigma refuses: {said[:200]}: {shown(detection)}"]
    if loaded.tree is None:
        first = next(one for one in loaded.diagnostics if one.severity is Severity.ERROR)
        said = f"{first.code} {first.message}"
        reason = next((pattern for pattern in ONLY_WE_REFUSE if re.search(pattern, said)), "")
        facts[f"only we refuse: {reason}"] += 1
        return [] if reason else [f"only we refuse: {first.code} {first.message}: {shown(detection)}"]
    if _means_otherwise(detection):
        facts["pySigma means otherwise (DECISIONS 25)"] += 1
        return []
    facts["pySigma compared"] += 1
    mine = ours(loaded.tree)
    if mine == (trees[0] if len(trees) == 1 else ("or", tuple(trees))):
        return []
    return [f"another tree than pySigma's: {shown(detection)} ours {mine!r:.500} theirs {trees!r:.500}"]


def shown(value: Any, length: int = 500) -> str:
    """Return a section as Python writes it, cut; a number of thousands of digits has no text."""
    try:
        return repr(value)[:length]
    except ValueError:
        return "-" * length


def _means_otherwise(value: Any, key: str = "") -> bool:
    """Whether pySigma 1.5.1 means something else; ``tests/property/test_modifier_chains.py`` has the reasons, item by item.

    Encoded wildcards, letters outside ASCII and marks; ``cased`` before another
    modifier; dashes longer than a hyphen; whole numbers above 2**53.
    """
    if isinstance(value, dict):
        return any(_means_otherwise(one, str(name)) for name, one in value.items())
    names = key.split("|")[1:]
    if "cased" in names[:-1]:
        return True
    if isinstance(value, list):
        return any(_means_otherwise(one, key) for one in value)
    if isinstance(value, int):
        return abs(value) > 2**53
    if not isinstance(value, str):
        return False
    encoded = "base64" in names or "base64offset" in names
    return ("windash" in names and re.search("[\u2013\u2014\u2015]", value) is not None) or (
        encoded and (not value.isascii() or "*" in value or "?" in value or "utf16" in names)
    )


def _parsed(detection: Mapping[str, Any]) -> list[Any]:
    from sigma.rule import SigmaRule

    rule = SigmaRule.from_dict({"title": "t", "logsource": {"category": "any"}, "detection": detection})
    return [theirs(condition.parsed) for condition in rule.detection.parsed_condition]


def ours(tree: Node) -> Any:
    """Return our tree in a form that both have."""
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
    """Return pySigma's tree in a form that both have."""
    from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR, ConditionValueExpression
    from sigma.types import SigmaExpansion

    from converter.ir.values import _test

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
