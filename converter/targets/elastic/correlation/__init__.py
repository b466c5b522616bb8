"""Elastic: a correlation as a threshold, a sequence or a sample of EQL, or a pipe of ES|QL.

``compiled`` takes the first form that loses nothing, else the one that loses
least.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from converter.ir import referred
from converter.model import Diagnostic, Severity
from converter.targets.contract import Capabilities, Compilation, Correlation, Inexpressible, Options, ResolvedRule, Tried
from converter.targets.elastic import stack
from converter.targets.elastic.correlation.aggregate import aggregate
from converter.targets.elastic.correlation.keys import guessed, merging, valueless
from converter.targets.elastic.correlation.made import Made, rank
from converter.targets.elastic.correlation.sequence import as_joined, runs, sample, sequence
from converter.targets.elastic.correlation.threshold import threshold, with_threshold
from converter.targets.elastic.eql import LANGUAGE as EQL
from converter.targets.elastic.own_query import Kept, kept_query

_FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "event_count": ("threshold", "aggregate", "runs"),
    "value_count": ("threshold", "aggregate"),
    "temporal_ordered": ("sequence",),
    "temporal": ("sample", "aggregate"),
    "value_sum": ("aggregate",),
    "value_avg": ("aggregate",),
    "value_median": ("aggregate",),
    "value_percentile": ("aggregate",),
}
"""What can say each type of correlation, the one to prefer first; runs only where EQL is asked for: a threshold is what people expect."""
_LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "kuery": ("threshold",),
    "kuery+filters": ("threshold",),
    "lucene": ("threshold",),
    "eql": ("sequence", "sample", "runs"),
    "esql": ("aggregate",),
}
"""What is written in a language that the rule asks for."""


def compiled(rule: ResolvedRule, meaning: Correlation, options: Options, tables: Mapping[str, Capabilities]) -> Compilation:
    """Return a correlation as a rule of Elastic's, or why no form of one can say it."""
    linked = meaning.linked
    asked = str(options.get("language", "auto"))
    own = kept_query(rule.rule, options, referred(linked))
    if isinstance(own, Kept):
        return _kept(rule, meaning, options, own)
    stale = () if own is None else (own,)
    forms: Mapping[str, Callable[[], Made]] = {
        "threshold": lambda: threshold(meaning, options, tables, asked),
        "sequence": lambda: sequence(meaning, options),
        "sample": lambda: sample(meaning, options),
        "runs": lambda: runs(meaning, options),
        "aggregate": lambda: aggregate(meaning, options, tables),
    }
    tried: list[Tried] = []
    best: Made | None = None
    without = {"runs", "aggregate"} if options.get("filters") else {"runs"}
    allowed = _LANGUAGES.get(asked, tuple(form for form in forms if form not in without))
    for form in (one for one in _FORMS.get(linked.correlation.type, ()) if one in allowed):
        try:
            made = forms[form]()
            if lacks := stack.refused(rule.rule, {**options, **made.settings}, made.language, made.parts["query"]):
                raise Inexpressible(lacks)
        except Inexpressible as refused:
            tried.append(Tried(form, refusal=refused.diagnostic))
            continue
        tried.append(Tried(form, made.losses))
        if best is None or rank(made.losses)[0] < rank(best.losses)[0]:
            best = made
    if best is None:
        told = next((one.refusal for one in tried if one.refusal), None) or _unsaid(rule, asked)
        return Compilation(rule.rule, "elastic", "" if asked == "auto" else asked, diagnostics=(told, *stale), tried=tuple(tried))
    names = (*linked.correlation.group_by, *linked.correlation.fields)
    losses = (*best.losses, *merging(meaning, linked, names), *guessed(meaning, linked, names))
    notes = (*valueless(meaning, linked, names), *stale)
    kept: dict[str, Any] = {**options, **best.settings}
    return Compilation(
        rule.rule, "elastic", best.language, best.parts, losses, notes, resolved=replace(rule), options=kept, tried=tuple(tried)
    )


def _kept(rule: ResolvedRule, meaning: Correlation, options: Options, kept: Kept) -> Compilation:
    """Return a correlation with the query that it was imported with: a count's beside a threshold, any other is one of EQL's sequences."""
    try:
        made = as_joined(meaning, options, kept) if kept.language == EQL else with_threshold(meaning, options, kept)
    except Inexpressible as refused:
        return Compilation(rule.rule, "elastic", kept.language, diagnostics=(refused.diagnostic,))
    own: dict[str, Any] = {**options, **made.settings}
    return Compilation(rule.rule, "elastic", made.language, made.parts, made.losses, resolved=replace(rule), options=own)


def _unsaid(rule: ResolvedRule, asked: str) -> Diagnostic:
    language = "" if asked == "auto" else f" in {asked}"
    kind = rule.rule.correlation.type if rule.rule.correlation else ""
    return Diagnostic(
        "T130",
        Severity.ERROR,
        rule.rule.span("correlation.type"),
        f"no rule of Elastic's{language} can say a correlation of the type {kind}",
        help="'converter match' and 'converter test' run it; disable elastic for this rule",
    )


__all__ = ["compiled"]
