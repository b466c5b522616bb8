"""The closed list of what a detection can ask of a target; capabilities.yml files speak of these names."""

from __future__ import annotations

from typing import Final, assert_never

from converter.ir.nodes import (
    And,
    Boolean,
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
    Shape,
    Test,
    Text,
    TimePart,
    Wild,
)

FEATURES: Final = (
    "condition.and",
    "condition.or",
    "condition.not",
    "keyword",
    "value.equals",
    "value.empty",
    "value.contains",
    "value.startswith",
    "value.endswith",
    "value.wildcard",
    "value.single_wildcard",
    "value.present",
    "value.cased",
    "value.number",
    "value.boolean",
    "value.null",
    "value.exists",
    "value.compare",
    "value.time_part",
    "value.cidr",
    "value.regex",
    "value.fieldref",
)


def feature(tree: Node) -> str:
    """Return the name of what the root of ``tree`` asks; ``value.cased`` stands beside a text's shape."""
    match tree:
        case FieldMatch(_, test):
            return feature_of_test(test)
        case And():
            return "condition.and"
        case Or():
            return "condition.or"
        case Not():
            return "condition.not"
        case Keyword():
            return "keyword"
    assert_never(tree)


def feature_of_test(test: Test) -> str:
    """Return the name of what a test asks."""
    match test:
        case Text():
            return _text_feature(test)
        case Number():
            return "value.number"
        case Boolean():
            return "value.boolean"
        case Null():
            return "value.null"
        case Exists():
            return "value.exists"
        case Compare():
            return "value.compare"
        case TimePart():
            return "value.time_part"
        case Cidr():
            return "value.cidr"
        case Regex():
            return "value.regex"
        case FieldRef():
            return "value.fieldref"
    assert_never(test)


def _text_feature(test: Text) -> str:
    if not test.parts:
        return "value.empty"
    shape = test.shape
    if shape is Shape.WILDCARD and Wild.ONE in test.parts:
        return "value.single_wildcard"
    return _OF_SHAPE[shape]


_OF_SHAPE: Final = {shape: f"value.{shape.value}" for shape in Shape}
