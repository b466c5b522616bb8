"""Elastic: choose the language that keeps a detection's meaning, and divide it between the query and its filters."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from converter.ir import Node
from converter.model import Fidelity, Loss, joined
from converter.targets.contract import Capabilities, Inexpressible, ResolvedRule, Tried
from converter.targets.elastic import eql, esql, filters
from converter.targets.elastic import query as kuery
from converter.targets.elastic import query_string as lucene

Made: TypeAlias = tuple[str, Mapping[str, str], tuple[Loss, ...]]
"""A language, the parts of its text, and their losses."""
Printer: TypeAlias = Callable[[ResolvedRule, Node, Mapping[str, Capabilities]], Made]
"""A way to write a tree; raises ``Inexpressible`` for the first part that its language cannot say."""
KUERY: Final = "kuery"
WITH_FILTERS: Final = "kuery+filters"
LUCENE: Final = "lucene"
_RANK: Final = {Fidelity.EXACT: 0, Fidelity.WIDER: 1, Fidelity.NARROWER: 2, Fidelity.MIXED: 3, Fidelity.UNKNOWN: 4}
"""How much a loss costs: a wider rule finds what it should, a narrower one is blind."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A rule in the language that loses least: the language, the parts of its text, their losses, and what was tried."""

    language: str
    parts: Mapping[str, str]
    losses: tuple[Loss, ...]
    tried: tuple[Tried, ...] = ()


def printed(
    resolved: ResolvedRule, tree: Node, tables: Mapping[str, Capabilities], language: str, among: Collection[str] | None = None
) -> Printed | tuple[Tried, ...]:
    """Return the rule in a language, or why each that was tried cannot say it.

    ``auto`` takes the first that loses nothing, else the one that loses
    least, of equals the first; ``among`` names those that the rule's kind
    allows.
    """
    names = [one for one in PRINTERS if among is None or one in among] if language == "auto" else [language]
    tried: list[Tried] = []
    best: Made | None = None
    for name in names:
        try:
            made = PRINTERS[name](resolved, tree, tables)
        except Inexpressible as refused:
            tried.append(Tried(name, refusal=refused.diagnostic))
            continue
        tried.append(Tried(name, made[2]))
        if best is None or _cost(made) < _cost(best):
            best = made
        if not made[2]:
            break
    return Printed(*best, tuple(tried)) if best is not None else tuple(tried)


def _cost(made: Made) -> tuple[int, int]:
    return _rank(made[2]), len(made[2])


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


def _eql(resolved: ResolvedRule, tree: Node, _tables: Mapping[str, Capabilities]) -> Made:
    lost = eql.losses(tree, resolved)
    return eql.LANGUAGE, {"query": eql.query(resolved, tree)}, lost


def _esql(resolved: ResolvedRule, tree: Node, tables: Mapping[str, Capabilities]) -> Made:
    text, lost = esql.query(resolved, tree, tables[esql.LANGUAGE])
    return esql.LANGUAGE, {"query": text}, lost


def _lucene(resolved: ResolvedRule, tree: Node, tables: Mapping[str, Capabilities]) -> Made:
    lost = lucene.losses(tree, resolved, tables[LUCENE])
    return LUCENE, {"query": lucene.query(resolved, tree)}, lost


def _lost_in_query(part: Node, resolved: ResolvedRule, tables: Mapping[str, Capabilities]) -> tuple[Loss, ...] | None:
    """Return what a conjunct loses in KQL, ``None`` when KQL cannot say it."""
    try:
        lost = kuery.losses(part, resolved, tables[KUERY])
        kuery.query(resolved, (part,))
    except Inexpressible:
        return None
    return lost


PRINTERS: Final[dict[str, Printer]] = {
    KUERY: _kuery,
    WITH_FILTERS: _with_filters,
    eql.LANGUAGE: _eql,
    LUCENE: _lucene,
    esql.LANGUAGE: _esql,
}
"""The languages, in the order in which ``auto`` tries them."""
