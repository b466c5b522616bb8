"""Elastic: choose the language that keeps a detection's meaning, and divide it between the query and its filters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias

from converter.ir import Node
from converter.model import Diagnostic, Fidelity, Loss, joined, node
from converter.targets.contract import Capabilities, Inexpressible, ResolvedRule, Tried
from converter.targets.elastic import eql, esql, filters
from converter.targets.elastic import query as kuery
from converter.targets.elastic import query_string as lucene
from converter.targets.elastic.losses import losses

Made: TypeAlias = tuple[str, Mapping[str, Any], tuple[Loss, ...]]
"""A language, the parts of its text, and their losses."""
Alone: TypeAlias = str | tuple[Loss, ...] | Diagnostic
"""A conjunct in KQL, or what is lost of it there, or why KQL cannot say it."""
Printer: TypeAlias = Callable[[ResolvedRule, Node, Mapping[str, Capabilities]], Made]
"""A way to write a tree; raises ``Inexpressible`` for the first part that its language cannot say."""
KUERY: Final = "kuery"
WITH_FILTERS: Final = "kuery+filters"
LUCENE: Final = "lucene"
_RANK: Final = {Fidelity.EXACT: 0, Fidelity.WIDER: 1, Fidelity.NARROWER: 2, Fidelity.MIXED: 3, Fidelity.UNKNOWN: 4}
"""How much a loss costs: a wider rule finds what it should, a narrower one is blind."""


@node
class Printed:
    """A rule in the language that loses least: the language, the parts of its text, their losses, and what was tried."""

    language: str
    parts: Mapping[str, Any]
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
    if names[:2] == [KUERY, WITH_FILTERS] and (found := _exactly(resolved, tree, tables)):
        return found
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


def _exactly(resolved: ResolvedRule, tree: Node, tables: Mapping[str, Capabilities]) -> Printed | None:
    """Return the rule in KQL, or in KQL and filters, where that loses nothing: what filters are for is what KQL alone would lose."""
    alone = [_in_query(part, resolved, tables, most=1) for part in kuery.conjuncts(tree)]
    try:
        made = _with_filters(resolved, tree, tables, alone)
    except Inexpressible:
        return None
    if made[2]:
        return None
    refusal = next((one for one in alone if isinstance(one, Diagnostic)), None)
    first = Tried(KUERY, tuple(loss for one in alone if isinstance(one, tuple) for loss in one), refusal)
    return Printed(*made, (first,) if made[0] == KUERY else (first, Tried(made[0])))


def _cost(made: Made) -> tuple[int, int]:
    return _rank(made[2]), len(made[2])


def _rank(found: tuple[Loss, ...]) -> int:
    return _RANK[joined(found)]


def _kuery(resolved: ResolvedRule, tree: Node, tables: Mapping[str, Capabilities]) -> Made:
    lost = losses(tree, resolved, tables[KUERY])
    return KUERY, {"query": kuery.query(resolved, kuery.conjuncts(tree))}, lost


def _with_filters(resolved: ResolvedRule, tree: Node, tables: Mapping[str, Capabilities], alone: Sequence[Alone] | None = None) -> Made:
    """Divide the conjuncts: to the query what KQL says as well, to a filter of its own each of the others.

    ``alone`` is what KQL makes of each, where somebody asked already.
    """
    asked: list[str] = []
    entries: list[filters.Clause] = []
    lost: list[Loss] = []
    conjuncts = kuery.conjuncts(tree)
    for part, query in zip(conjuncts, alone or [_in_query(one, resolved, tables) for one in conjuncts], strict=True):
        if isinstance(query, str):
            asked.append(query)
            continue
        try:
            left = losses(part, resolved, tables[WITH_FILTERS])
            one = filters.entry(part, resolved)
        except Inexpressible:
            if isinstance(query, Diagnostic):
                raise
            left = query
        if not isinstance(query, Diagnostic) and (_rank(query), len(query)) <= (_rank(left), len(left)):
            asked.append(kuery.operand(part, resolved))
            lost += query
        else:
            entries.append(one)
            lost += left
    parts: dict[str, Any] = {"query": kuery.joined(resolved, asked)}
    if entries:
        parts["filters"] = entries
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


def _in_query(part: Node, resolved: ResolvedRule, tables: Mapping[str, Capabilities], most: int | None = None) -> Alone:
    """Return a conjunct in KQL, else the losses of it there, ``most`` of them, else why KQL cannot say it.

    With ``most`` a part that loses something is not printed.
    """
    try:
        lost = losses(part, resolved, tables[KUERY], most)
        text = "" if lost and most else kuery.operand(part, resolved)
    except Inexpressible as refused:
        return refused.diagnostic
    return lost or text


PRINTERS: Final[dict[str, Printer]] = {
    KUERY: _kuery,
    WITH_FILTERS: _with_filters,
    eql.LANGUAGE: _eql,
    LUCENE: _lucene,
    esql.LANGUAGE: _esql,
}
"""The languages, in the order in which ``auto`` tries them."""
