"""Elastic: detection rules as TOML with KQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from converter.model import Artifact, Diagnostic, Severity
from converter.targets.contract import Capabilities, Compilation, Inexpressible, Opaque, Options, ResolvedRule, tables
from converter.targets.elastic import query
from converter.targets.elastic.envelope import envelope
from converter.targets.elastic.opaque import opaque
from converter.targets.envelope import UnwritableError, refusal, render

LANGUAGES = ("auto", "kuery")


@dataclass(frozen=True, slots=True)
class _Elastic:
    name: str = "elastic"
    base: str = "elastic"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what KQL can express."""
        return tables("elastic")

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return the rule's KQL and its losses."""
        if isinstance(rule.meaning, Opaque):
            return opaque(rule, rule.meaning, options)
        language = options.get("language", "auto")
        if language not in LANGUAGES:
            span = rule.rule.span("x-converter.targets.elastic.language")
            told = Diagnostic("T101", Severity.ERROR, span, f"the language '{language}' is not printed yet", help="use kuery")
            return Compilation(rule.rule, self.name, str(language), diagnostics=(told,))
        tree = rule.meaning.tree
        try:
            losses = query.losses(tree, rule, self.capabilities(options)["kuery"])
            parts = {"query": query.query(rule, tree)}
            compilation = Compilation(rule.rule, self.name, "kuery", parts, losses, resolved=rule, options=options)
            _written(compilation)
        except Inexpressible as refused:
            return Compilation(rule.rule, self.name, "kuery", diagnostics=(refused.diagnostic,))
        except UnwritableError as error:
            return Compilation(rule.rule, self.name, "kuery", diagnostics=(refusal(rule.rule, error),))
        return compilation

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return a TOML file for each rule."""
        return [Artifact(f"{path}.toml", _written(one), (one.rule.id,)) for one, path in zip(done, paths, strict=True)]


def _written(compilation: Compilation) -> bytes:
    return render("elastic/rule.toml.j2", envelope(compilation))


TARGET = _Elastic()
