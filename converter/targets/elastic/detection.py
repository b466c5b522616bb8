"""Elastic: choose the language that keeps a detection's meaning, and divide it between the query and its filters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, TypeAlias

from converter.ir import Node
from converter.model import Fidelity, Loss, joined
from converter.targets.contract import Capabilities, Inexpressible, ResolvedRule
from converter.targets.elastic import filters
from converter.targets.elastic import query as kuery

Made: TypeAlias = tuple[str, Mapping[str, str], tuple[Loss, ...]]
"""A language, the parts of its text, and their losses."""
KUERY: Final = "kuery"
WITH_FILTERS: Final = "kuery+filters"
_RANK: Final = {Fidelity.EXACT: 0, Fidelity.WIDER: 1, Fidelity.NARROWER: 2, Fidelity.MIXED: 3, Fidelity.UNKNOWN: 4}
"""How much a loss costs: a wider rule finds what it should, a narrower one is blind."""


def printed(resolved: ResolvedRule, tree: Node, tables: Mapping[str, Capabilities], language: str) -> Made:
    """Return the rule in a language; ``auto`` takes filters only where they lose less than KQL alone.

    Raises:
        Inexpressible: for the first part that the language cannot say; of
            ``auto``, what keeps filters from saying it.
    """
    if language == KUERY:
        return _kuery(resolved, tree, tables)
    if language == WITH_FILTERS:
        return _with_filters(resolved, tree, tables)
    try:
        alone = _kuery(resolved, tree, tables)
    except Inexpressible:
        return _with_filters(resolved, tree, tables)
    if not alone[2]:
        return alone
    try:
        divided = _with_filters(resolved, tree, tables)
    except Inexpressible:
        return alone
    return divided if (_rank(divided[2]), len(divided[2])) < (_rank(alone[2]), len(alone[2])) else alone


def _rank(found: tuple[Loss, ...]) -> int:
    return _RANK[joined(found)]


def _kuery(resolved: ResolvedRule, tree: Node, tables: Mapping[str, Capabilities]) -> Made:
    lost = kuery.losses(tree, resolved, tables[KUERY])
    return KUERY, {"query": kuery.query(resolved, kuery.conjuncts(tree))}, lost


def _with_filters(resolved: ResolvedRule, tree: Node, tables: Mapping[str, Capabilities]) -> Made:
    """Divide the conjuncts: to the query what KQL says as well, to a filter of its own each of the others."""
    asked: list[Node] = []
    entries: list[filters.Clause] = []
    lost: list[Loss] = []
    for part in kuery.conjuncts(tree):
        alone = _lost_in_query(part, resolved, tables)
        if alone == ():
            asked.append(part)
            continue
        try:
            left = kuery.losses(part, resolved, tables[WITH_FILTERS])
            one = filters.entry(part, resolved)
        except Inexpressible:
            if alone is None:
                raise
            left = alone
        if alone is not None and (_rank(alone), len(alone)) <= (_rank(left), len(left)):
            asked.append(part)
            lost += alone
        else:
            entries.append(one)
            lost += left
    parts = {"query": kuery.query(resolved, asked)}
    if entries:
        parts["filters"] = json.dumps(entries, ensure_ascii=False)
    return WITH_FILTERS if entries else KUERY, parts, tuple(lost)


def _lost_in_query(part: Node, resolved: ResolvedRule, tables: Mapping[str, Capabilities]) -> tuple[Loss, ...] | None:
    """Return what a conjunct loses in KQL, ``None`` when KQL cannot say it."""
    try:
        lost = kuery.losses(part, resolved, tables[KUERY])
        kuery.query(resolved, (part,))
    except Inexpressible:
        return None
    return lost
