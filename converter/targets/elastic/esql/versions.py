"""What older versions of Elasticsearch lack of ES|QL: functions that a column of the table needs (``since`` there)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from converter.ir import FieldMatch, Node, atoms
from converter.targets.contract import Capabilities, ResolvedRule
from converter.targets.elastic.esql.losses import column, feature_on

BASE: Final = (8, 14)
"""The first version whose ES|QL is no preview."""


def as_of(table: Capabilities, version: tuple[int, int]) -> Capabilities:
    """Return the table of a version: what needs a later one is unsupported."""
    return Capabilities(table.language, {name: _row(row, version) for name, row in table.features.items()})


def _row(row: Mapping[str, Any], version: tuple[int, int]) -> Mapping[str, Any]:
    late = {kind: "unsupported" for kind, since in row.get("since", {}).items() if _number(since) > version}
    return {**row, **late} if late else row


def min_stack(tree: Node, resolved: ResolvedRule, table: Capabilities) -> tuple[int, int]:
    """Return the first version of Elasticsearch that has all functions of a tree, as major and minor number."""
    found = [BASE]
    for one in atoms(tree):
        if isinstance(one, FieldMatch):
            since = table.features.get(feature_on(one.test), {}).get("since", {})
            told = since.get(column(one.test, resolved.fields[one.field], resolved))
            found += [_number(told)] if told else []
    return max(found)


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)
