"""Splunk: a saved search per rule, and the macros of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from converter.model import Artifact
from converter.targets.contract import Capabilities, Compilation, Detection, Inexpressible, Options, ResolvedRule, tables
from converter.targets.envelope import render
from converter.targets.splunk.lists import spelled_out
from converter.targets.splunk.losses import losses
from converter.targets.splunk.search import search
from converter.targets.splunk.stanza import filter_macro, macros_of, query_of, stanza_of


@dataclass(frozen=True, slots=True)
class _Splunk:
    name: str = "splunk"
    base: str = "splunk"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what a search can express."""
        return tables("splunk")

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return the rule's base search and ``where``, their losses and the macros they need."""
        assert isinstance(rule.meaning, Detection), "opaque rules are not compiled"
        tree = rule.meaning.tree
        try:
            stages = search(*spelled_out(tree, rule))
            found = losses(tree, stages, rule, self.capabilities(options)["spl"])
        except Inexpressible as refused:
            return Compilation(rule.rule, self.name, "spl", diagnostics=(refused.diagnostic,))
        needs = rule.source.targets["splunk"]
        macros = {str(options.get("macro", needs["macro"])): needs["definition"], filter_macro(rule.rule): "search *"}
        parts = {"base": stages.base, "where": stages.where}
        return Compilation(rule.rule, self.name, "spl", parts, found, needs={"macros": macros}, resolved=rule, options=options)

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return a .conf file for each rule, and ``macros.conf`` for all."""
        files = [
            Artifact(f"{path}.conf", render("splunk/savedsearch.conf.j2", stanza_of(one)), (one.rule.id,))
            for one, path in zip(done, paths, strict=True)
        ]
        shared = render("splunk/macros.conf.j2", {"macros": macros_of(done)})
        return [*files, Artifact("macros.conf", shared, tuple(one.rule.id for one in done))]


__all__ = ["TARGET", "query_of"]
TARGET = _Splunk()
