"""A counter-example for a translation that was refused: an event on which the output would differ from the rule."""

from __future__ import annotations

from converter.data import SHIPPED, Tables
from converter.ir import evaluate, unevaluable
from converter.model import Diagnostic, has_errors
from converter.pack import Outcome
from converter.targets import target
from converter.verify.compare import Disagreement, asked_of, seen
from converter.verify.own_view import own_view
from converter.verify.readings import Artifact, read_artifact


def counter_example(outcome: Outcome, tables: Tables = SHIPPED) -> Disagreement | None:
    """Return an event that shows a refused loss, ``None`` when the rule's events show none.

    The output is made in memory only, read as ``verify`` reads files, and run
    on the rule's own test events and their variants.
    """
    loaded, compilation = outcome.loaded, outcome.compilation
    source = seen(loaded.rule, outcome.target, tables)
    if source is not None and compilation is not None and compilation.resolved is not None:
        used = compilation.resolved.source.id
        source = next((one for one in tables.sources_of(loaded.rule.logsource) if one.id == used), source)
    if compilation is None or not compilation.parts or has_errors(compilation.diagnostics) or loaded.tree is None or source is None:
        return None
    if unevaluable(loaded.tree, loaded.rule.source):
        return None
    artifacts = {one.path: one.data for one in target(outcome.target).package([compilation], ["rule"], compilation.options)}
    path = next((name for name in artifacts if name.startswith("rule.")), None)
    asked, _ = asked_of(loaded, loaded.tree, tables)
    if path is None or not asked:
        return None
    artifact = Artifact(path, artifacts[path], loaded.rule.id, source.id, artifacts, own_view(tables, outcome.target, source))
    answers = read_artifact(outcome.target, artifact, [one.event for one in asked])
    if isinstance(answers, Diagnostic):
        return None
    for variant, got in zip(asked, answers, strict=True):
        expected = evaluate(loaded.tree, variant.event)
        if expected is not got:
            return Disagreement(variant.label, variant.event, expected, got)
    return None
