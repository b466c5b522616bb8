"""Elastic: detection rules as TOML with KQL, and with filters in Elasticsearch's DSL where KQL alone would lose meaning.

The parts of a ``Compilation``: ``query`` holds the KQL; ``filters``, where
there are any, the JSON text of a list of Kibana's filters, all of which must
hold beside the query: ``{"$state": …, "meta": {"disabled", "negate", "type"},
"query": <DSL>}``.  Its ``language`` is ``kuery`` or ``kuery+filters``; an
artifact says ``kuery`` for both, as Kibana does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from converter.model import Artifact, Diagnostic, Severity
from converter.targets.contract import Capabilities, Compilation, Correlation, Opaque, Options, ResolvedRule, Tried, tables
from converter.targets.elastic.detection import PRINTERS, WITH_FILTERS, Printed, printed
from converter.targets.elastic.envelope import envelope
from converter.targets.elastic.opaque import opaque
from converter.targets.envelope import UnwritableError, refusal, render


@dataclass(frozen=True, slots=True)
class _Elastic:
    name: str = "elastic"
    base: str = "elastic"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what KQL can express, and what filters can."""
        return tables("elastic")

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return the rule's KQL, its filters and their losses."""
        if isinstance(rule.meaning, Opaque):
            return opaque(rule, rule.meaning, options)
        if isinstance(rule.meaning, Correlation):
            return _correlated(rule, rule.meaning, options)
        language = str(options.get("language", "auto"))
        if language not in ("auto", *PRINTERS):
            span = rule.rule.span("x-converter.targets.elastic.language")
            told = Diagnostic(
                "T101", Severity.ERROR, span, f"the language '{language}' is not printed yet", help=f"use {' or '.join(PRINTERS)}"
            )
            return Compilation(rule.rule, self.name, language, diagnostics=(told,))
        made = printed(rule, rule.meaning.tree, self.capabilities(options), language)
        if not isinstance(made, Printed):
            return Compilation(rule.rule, self.name, _told(language), diagnostics=(_reason(made),), tried=made)
        compilation = Compilation(
            rule.rule, self.name, made.language, made.parts, made.losses, resolved=rule, options=options, tried=made.tried
        )
        try:
            _written(compilation)
        except UnwritableError as error:
            return Compilation(rule.rule, self.name, _told(language), diagnostics=(refusal(rule.rule, error),), tried=made.tried)
        return compilation

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return a TOML file for each rule."""
        return [Artifact(f"{path}.toml", _written(one), (one.rule.id,)) for one, path in zip(done, paths, strict=True)]


def _correlated(rule: ResolvedRule, meaning: Correlation, options: Options) -> Compilation:
    """Return a correlation as a rule of its own kind, refused where its texts cannot stand in a file."""
    from converter.targets.elastic.correlation import compiled

    found = compiled(rule, meaning, options, tables("elastic"))
    try:
        if found.parts:
            _written(found)
    except UnwritableError as error:
        return Compilation(rule.rule, "elastic", found.language, diagnostics=(refusal(rule.rule, error),), tried=found.tried)
    return found


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
