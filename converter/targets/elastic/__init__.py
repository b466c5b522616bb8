"""Elastic: detection rules as TOML, in the language of Elastic's that keeps a rule's meaning, of any of Kibana's kinds.

The parts of a ``Compilation``: ``query`` holds the query, which jobs of
machine learning and saved queries do without; ``filters``, where there are
any, a list of Kibana's filters, all of which must hold
beside the query: ``{"$state": …, "meta": {"disabled", "negate", "type"},
"query": <DSL>}``.  Its ``language`` is that of the query, or
``kuery+filters``, for which an artifact says ``kuery``, as Kibana does.
What else stands in a rule comes from its options when an artifact is laid
out (``keys``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import assert_never

from converter.ir import Node
from converter.model import Artifact, Diagnostic, Severity, node
from converter.targets.contract import Capabilities, Compilation, Correlation, Detection, Opaque, Options, ResolvedRule, Tried, tables
from converter.targets.elastic import esql
from converter.targets.elastic.detection import PRINTERS, WITH_FILTERS, Printed, printed
from converter.targets.elastic.envelope import envelope
from converter.targets.elastic.finished import finished
from converter.targets.elastic.kinds import allowed, foreign
from converter.targets.elastic.opaque import opaque
from converter.targets.elastic.own_query import Kept, kept_query
from converter.targets.elastic.stack import has_kind, version_of
from converter.targets.envelope import render


@node
class _Elastic:
    name: str = "elastic"
    base: str = "elastic"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what KQL can express, and what filters can."""
        return _tables(options)

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return the rule's query, its filters and their losses, as its kind and its stack have them."""
        match rule.meaning:
            case Opaque():
                return finished(opaque(rule, rule.meaning, options))
            case Correlation():
                return finished(_correlated(rule, rule.meaning, options))
            case Detection(tree):
                return finished(_detected(rule, tree, options))
        assert_never(rule.meaning)

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return a TOML file for each rule."""
        return [Artifact(f"{path}.toml", _written(one), (one.rule.id,)) for one, path in zip(done, paths, strict=True)]


def _tables(options: Options) -> Mapping[str, Capabilities]:
    """Return what each language can express, ES|QL as the stack has it that is built for."""
    version = version_of(options)
    return tables("elastic") if "stack" not in options or isinstance(version, str) else _tables_of(version)


@cache
def _tables_of(version: tuple[int, int]) -> Mapping[str, Capabilities]:
    known = tables("elastic")
    return {**known, esql.LANGUAGE: esql.as_of(known[esql.LANGUAGE], version)}


def _detected(rule: ResolvedRule, tree: Node, options: Options) -> Compilation:
    """Return a detection in the language that the rule names, or of those of its kind in the one that loses least."""
    kept = kept_query(rule.rule, options)
    if isinstance(kept, Kept):
        return _kept(rule, kept, options)
    stale = () if kept is None else (kept,)
    language, among = str(options.get("language", "auto")), [one for one in allowed(options) if has_kind(options, one)]
    if language not in ("auto", *PRINTERS):
        span = rule.rule.span("x-converter.targets.elastic.language")
        told = Diagnostic(
            "T101", Severity.ERROR, span, f"the language '{language}' is not printed yet", help=f"use {' or '.join(PRINTERS)}"
        )
        return Compilation(rule.rule, "elastic", language, diagnostics=(told,))
    if language not in ("auto", *allowed(options)) and allowed(options):
        return Compilation(rule.rule, "elastic", language, diagnostics=(foreign(rule.rule, options, language),))
    made = printed(_searching(rule, options), tree, _tables(options), language, among or None)
    if not isinstance(made, Printed):
        return Compilation(rule.rule, "elastic", _told(language), diagnostics=(_reason(made), *stale), tried=made)
    return Compilation(
        rule.rule, "elastic", made.language, made.parts, made.losses, stale, resolved=rule, options=options, tried=made.tried
    )


def _kept(rule: ResolvedRule, kept: Kept, options: Options) -> Compilation:
    """Return a rule with the query that it was imported with, where its kind has one in that language."""
    if kept.language not in allowed(options):
        return Compilation(rule.rule, "elastic", kept.language, diagnostics=(foreign(rule.rule, options, kept.language),))
    return Compilation(rule.rule, "elastic", kept.language, kept.parts, kept.losses, resolved=rule, options=options)


def _searching(rule: ResolvedRule, options: Options) -> ResolvedRule:
    """Return a rule with the indices that its options name, which ES|QL has in its text."""
    if not options.get("index"):
        return rule
    elastic = {**rule.source.targets["elastic"], "index": list(options["index"])}
    return replace(rule, source=replace(rule.source, targets={**rule.source.targets, "elastic": elastic}))


def _correlated(rule: ResolvedRule, meaning: Correlation, options: Options) -> Compilation:
    """Return a correlation as a rule of its own kind."""
    from converter.targets.elastic.correlation import compiled

    return compiled(rule, meaning, options, _tables(options))


def _reason(tried: Sequence[Tried]) -> Diagnostic:
    """Return why no language can say a rule: what keeps filters from it, where they were tried, as they say most."""
    refusals = {one.language: one.refusal for one in tried if one.refusal is not None}
    return refusals.get(WITH_FILTERS) or next(iter(refusals.values()))


def _told(language: object) -> str:
    """Return the language that a refused rule is reported under."""
    return "kuery" if language == "auto" else str(language)


def _written(compilation: Compilation) -> bytes:
    return render("elastic/rule.toml.j2", envelope(compilation))


TARGET = _Elastic()
