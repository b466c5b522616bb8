"""Counts as Elastic's threshold rules: a query, the fields that its events are grouped by, and a number.

A threshold is a least number of events (``value``) or of distinct values of
one field (``cardinality``) within what a run sees.  An event that lacks one of
the fields is in no group, one with several values in the group of each, as
the oracle has it.

Kibana runs the query with a composite aggregation over the fields, and takes
a group's events up to its last alert for told (elastic/kibana,
rule_types/threshold: build_threshold_aggregation.ts, threshold history);
read, not run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Any, Final

from converter.ir import Linked, atoms
from converter.model import Criterion, Fidelity, Loss
from converter.targets.contract import Capabilities, Correlation, Inexpressible, Options
from converter.targets.elastic.correlation.keys import input_of, shared
from converter.targets.elastic.correlation.made import Made, loss, rank, refusal
from converter.targets.elastic.correlation.window import Window, counted, window
from converter.targets.elastic.detection import PRINTERS, Printed, printed
from converter.targets.elastic.own_query import Kept

LANGUAGES: Final = ("kuery", "kuery+filters", "lucene")
"""The languages of a threshold rule's query."""
JOINED: Final = {"kuery": "or", "lucene": "OR"}
"""The word between the queries of several rules; filters stand beside a query and cannot be one of several."""
CLAUSES: Final = 1024
"""Clauses of a query that every version takes (``indices.query.bool.max_clause_count``)."""


def threshold(meaning: Correlation, options: Options, tables: Mapping[str, Capabilities], language: str) -> Made:
    """Return a count as a threshold rule, its query in a language or in the one that loses least.

    Raises:
        Inexpressible: where a threshold rule cannot count this.
    """
    _check(meaning)
    used, parts, lost = _query(meaning, tables, language)
    asked, seen, losses = _asked(meaning, options)
    return Made(used, parts, (*lost, *losses), {"kind": "threshold", "threshold": asked, **seen.settings})


def with_threshold(meaning: Correlation, options: Options, kept: Kept) -> Made:
    """Return a count as a threshold rule with the query that the rule was imported with.

    Raises:
        Inexpressible: where a threshold rule cannot count this.
    """
    _check(meaning)
    asked, seen, losses = _asked(meaning, options)
    return Made(kept.language, kept.parts, (*kept.losses, *losses), {"kind": "threshold", "threshold": asked, **seen.settings})


def _check(meaning: Correlation) -> None:
    """Raise ``Inexpressible`` (T130) for a correlation that counts no events, or asks for no least number of them."""
    linked = meaning.linked
    correlation = linked.correlation
    if correlation.type not in ("event_count", "value_count") or any(isinstance(part.meaning, Linked) for part in linked.parts):
        message = f"a threshold rule cannot say a correlation of the type {correlation.type}"
        if correlation.type in ("event_count", "value_count"):
            message = "a threshold rule counts events, not where another correlation holds"
        raise refusal(linked.rule, message, "correlate rules about single events", "correlation.type")
    lower_bound(linked)


def _asked(meaning: Correlation, options: Options) -> tuple[dict[str, Any], Window, tuple[Loss, ...]]:
    """Return the threshold, what a run sees, and what both lose."""
    linked = meaning.linked
    correlation = linked.correlation
    lowest, losses = lower_bound(linked)
    paths = [one.path for one in shared(meaning, linked, correlation.group_by)]
    asked: dict[str, Any] = {"field": paths, "value": lowest}
    if correlation.type == "value_count":
        counts = shared(meaning, linked, correlation.fields)
        if len(counts) != 1:
            message = "a threshold rule counts the distinct values of one field, not of several together"
            raise refusal(linked.rule, message, "count the values of one field", "correlation.condition")
        asked = {"field": paths, "value": 1, "cardinality": [{"field": counts[0].path, "value": lowest}]}
    seen = window(correlation, options)
    return asked, seen, (*losses, *counted(linked.rule, seen, correlation.timespan))


def lower_bound(linked: Linked) -> tuple[int, tuple[Loss, ...]]:
    """Return the least number that meets a condition, and what is lost of its other criteria (T132).

    A count grows from one event to the next, so that a group which meets an
    upper bound too met it on the way.

    Raises:
        Inexpressible: for a condition without a lower bound.
    """
    criteria = linked.correlation.criteria
    least = [one for one in map(_least, criteria) if one is not None]
    if not least:
        message = "Elastic's rules alert when a number is reached, not when it is not: the condition has no lower bound"
        raise refusal(linked.rule, message, "ask for a least number with 'gte' or 'gt'", "correlation.condition")
    dropped = [one for one in criteria if one.operator not in ("gt", "gte")]
    losses: list[Loss] = []
    if dropped:
        words = " and ".join(f"{one.operator}: {one.value}" for one in dropped)
        message = f"only the least number is asked for, {max(least)}: the upper bound of '{words}' is left out"
        losses.append(loss(linked.rule, "T132", "correlation.bound", Fidelity.WIDER, message, "condition"))
    return max(1, *least), tuple(losses)


def _least(one: Criterion) -> int | None:
    """Return the least whole number that meets a criterion, ``None`` where all small ones do."""
    value = Fraction(str(one.value))
    match one.operator:
        case "gt":
            return floor(value) + 1
        case "gte" | "eq":
            return -floor(-value)
    return None


def _query(meaning: Correlation, tables: Mapping[str, Capabilities], language: str) -> tuple[str, Mapping[str, str], tuple[Loss, ...]]:
    """Return the query of the rules, of several any."""
    inputs = list(dict.fromkeys(part.rule.id for part in meaning.linked.parts))
    first = input_of(meaning, meaning.linked.parts[0])
    if len(inputs) == 1:
        found = printed(first.rule, first.tree, tables, language, LANGUAGES)
        if isinstance(found, Printed):
            return found.language, found.parts, found.losses
        raise Inexpressible(next(one.refusal for one in found if one.refusal is not None))
    refused: list[Inexpressible] = []
    best: tuple[str, Mapping[str, str], tuple[Loss, ...]] | None = None
    for one in JOINED if language == "auto" else [language]:
        if one not in PRINTERS or one not in JOINED:
            continue
        try:
            made = _joined(meaning, inputs, tables, one)
        except Inexpressible as error:
            refused.append(error)
            continue
        if best is None or rank(made[2]) < rank(best[2]):
            best = made
    if best is not None:
        return best
    raise refused[0] if refused else refusal(meaning.linked.rule, f"several rules cannot be one query in {language}", "use kuery or lucene")


def _joined(
    meaning: Correlation, inputs: Sequence[str], tables: Mapping[str, Capabilities], language: str
) -> tuple[str, Mapping[str, str], tuple[Loss, ...]]:
    size = sum(len(atoms(one.tree)) + len(one.rule.guard) for one in map(meaning.inputs.__getitem__, inputs))
    if size > CLAUSES:
        message = f"the rules have {size} tests together, and Elastic takes {CLAUSES} in one query"
        raise refusal(meaning.linked.rule, message, "correlate fewer rules", "correlation.rules")
    texts, losses = [], list[Loss]()
    for rule in inputs:
        one = meaning.inputs[rule]
        _, parts, lost = PRINTERS[language](one.rule, one.tree, tables)
        texts.append(f"({parts['query']})")
        losses += lost
    return language, {"query": f"\n{JOINED[language]} ".join(texts)}, tuple(losses)
