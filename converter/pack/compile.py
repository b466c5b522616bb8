"""Compile one rule for one target, and decide what its status allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from converter.data import Source
from converter.ir import Linked, Node
from converter.model import Diagnostic, Fidelity, Loss, Severity, Status, has_errors, joined, node, ordered
from converter.pack.acceptances import REFUSED, Policy, options_of, signed
from converter.pack.correlated import piped_correlation, resolved_correlation
from converter.pack.loaded import Loaded
from converter.targets import CORRELATING, Compilation, Opaque, ResolvedRule, Target, narrowed, pysigma, resolve, untyped
from converter.targets.pysigma import PREFIX


@node
class Outcome:
    """What became of a rule on a target.

    ``status`` is the fidelity also when it is refused; ``allowed`` says
    whether an artifact may be written.  ``compilation`` is absent when the
    target was not asked.
    """

    loaded: Loaded
    target: str
    status: Status
    allowed: bool
    diagnostics: tuple[Diagnostic, ...] = ()
    losses: tuple[Loss, ...] = ()
    compilation: Compilation | None = None
    reason: str = ""

    @property
    def language(self) -> str:
        """The language of the rule's query on the target."""
        return self.compilation.language if self.compilation else ""


def compile_rule(
    loaded: Loaded, target: Target, flags: Mapping[str, Any], allow: frozenset[Fidelity], policy: Policy | None = None
) -> Outcome:
    """Return what a target makes of a rule.

    ``flags`` are ``-O`` options, ``allow`` the directions of ``--allow``;
    ``policy`` is what the pack says, by default nothing.  A package target
    gives the outcome of its base, with the base's name.
    """
    rule, name = loaded.rule, target.base
    policy = policy or Policy()
    own = rule.target(name)
    if own.get("enabled") is False:
        return Outcome(loaded, name, Status.DISABLED, False, reason=str(own.get("reason", "")))
    if loaded.part_of:
        reason = f"it is only part of the correlation '{loaded.part_of}'; 'generate: true' there keeps it a rule of its own"
        return Outcome(loaded, name, Status.DISABLED, False, reason=reason)
    if loaded.linked is not None and not name.startswith(PREFIX):
        return _correlation(loaded, loaded.linked, target, options_of(rule, name, policy, flags), allow, policy)
    if loaded.is_opaque and not has_errors(loaded.diagnostics):
        return _opaque(loaded, target, options_of(rule, name, policy, flags), policy)
    if loaded.tree is None and loaded.linked is None and not _may_pass(loaded, name, policy):
        return Outcome(loaded, name, Status.ERROR, False, loaded.diagnostics)
    if name.startswith(PREFIX):
        return _bridged(loaded, target, options_of(rule, name, policy, flags), policy)
    options = options_of(rule, name, policy, flags)
    if policy.pipelines or loaded.tree is None:
        resolved = pysigma.through(rule, policy.through, name, policy.tables)
        return compile_resolved(loaded, resolved, target, options, allow, policy, piped=True)
    return _on_best(loaded, loaded.tree, target, options, allow, policy)


def _on_best(loaded: Loaded, tree: Node, target: Target, options: Mapping[str, Any], allow: frozenset[Fidelity], policy: Policy) -> Outcome:
    """Return what the target makes of a rule's log source as the first of its agents records it that loses least.

    ``integration`` among the options names the only one that is asked.
    """
    name = target.base
    sources: Sequence[Source | None] = [one for one in policy.tables.sources_of(loaded.rule.logsource) if name in one.targets]
    wanted = options.get("integration", "auto")
    if wanted != "auto" and sources:
        known = [agent for one in sources if one for agent in one.targets[name].get("integration", ())]
        sources = [one for one in sources if one and wanted in one.targets[name].get("integration", ())]
        if not sources:
            return Outcome(loaded, name, Status.UNSUPPORTED, False, (_no_integration(loaded, str(wanted), known),))
    found: list[Outcome] = []
    for source in sources or (None,):
        one = compile_resolved(loaded, resolve(loaded.rule, tree, name, policy.tables, source), target, options, allow, policy)
        if one.status is Status.EXACT:
            return one
        found.append(one)
    return min(found, key=lambda one: (not one.allowed, _ORDER.index(one.status)))


_ORDER: Final = (
    Status.EXACT,
    Status.WIDER,
    Status.NARROWER,
    Status.MIXED,
    Status.UNKNOWN,
    Status.UNSUPPORTED,
    Status.NO_SOURCE,
    Status.DISABLED,
    Status.ERROR,
)
"""Statuses by how much is lost."""


def _no_integration(loaded: Loaded, wanted: str, known: Sequence[str]) -> Diagnostic:
    message = f"the integration '{wanted}' does not record the log source ({loaded.rule.logsource})"
    help_text = "these do: " + ", ".join(dict.fromkeys(known))
    return Diagnostic("T103", Severity.ERROR, loaded.rule.span("logsource"), message, help=help_text)


def compile_resolved(
    loaded: Loaded,
    resolved: ResolvedRule | Status | tuple[Diagnostic, ...],
    target: Target,
    options: Mapping[str, Any],
    allow: frozenset[Fidelity],
    policy: Policy,
    *,
    piped: bool = False,
) -> Outcome:
    """Return what a target makes of a rule in its names, or of what kept it from there; ``piped`` names are a pipeline's."""
    name = target.base
    if isinstance(resolved, Status):
        return Outcome(loaded, name, resolved, False)
    if isinstance(resolved, tuple):
        return Outcome(loaded, name, Status.UNSUPPORTED, False, resolved)
    if piped:  # a query that is kept knows nothing of what a pipeline does
        options = {key: value for key, value in options.items() if key != "kept"}
    compilation = target.compile(resolved, options)
    if more := (*untyped(resolved, name), *narrowed(loaded.rule, name)):
        compilation = replace(compilation, losses=(*compilation.losses, *more))
    if piped:
        compilation = replace(compilation, diagnostics=(*compilation.diagnostics, *pysigma.unlisted(resolved, name)))
    if compilation.status is Status.UNSUPPORTED:
        return Outcome(loaded, name, Status.UNSUPPORTED, False, ordered(compilation.diagnostics), compilation.losses, compilation)
    return _judged(loaded, compilation, allow, policy)


def _correlation(
    loaded: Loaded, linked: Linked, target: Target, options: Mapping[str, Any], allow: frozenset[Fidelity], policy: Policy
) -> Outcome:
    """Return what the target makes of a correlation, by the first of the agents that loses least."""
    name = target.base
    if name not in CORRELATING:
        return Outcome(loaded, name, Status.UNSUPPORTED, False, (_no_correlation(loaded, name),))
    if policy.pipelines:
        resolved = piped_correlation(linked, name, policy.tables, policy.through)
        return compile_resolved(loaded, resolved, target, options, allow, policy, piped=True)
    found: list[Outcome] = []
    for resolved in resolved_correlation(linked, name, policy.tables, str(options.get("integration", "auto"))):
        one = compile_resolved(loaded, resolved, target, options, allow, policy)
        if one.status is Status.EXACT:
            return one
        found.append(one)
    return min(found, key=lambda one: (not one.allowed, _ORDER.index(one.status)))


def _no_correlation(loaded: Loaded, target: str) -> Diagnostic:
    message = f"correlations cannot be expressed on {target} yet"
    help_text = "'converter match' and 'converter test' run them; disable the target for this rule"
    return Diagnostic("T006", Severity.ERROR, loaded.rule.span("correlation"), message, help=help_text)


def _may_pass(loaded: Loaded, name: str, policy: Policy) -> bool:
    """Whether a rule that has no meaning here may get one from a pipeline, or be left to pySigma."""
    able = {"M011", "M012"} if name.startswith(PREFIX) else {"M011"} if policy.pipelines else set()
    errors = [one for one in loaded.diagnostics if one.severity is Severity.ERROR]
    # What is beyond a bound of ours is beyond pySigma's time too: it writes every spelling of a dash.
    return all(one.code in able and "'windash'" not in one.message for one in errors)


def _bridged(loaded: Loaded, target: Target, options: Mapping[str, Any], policy: Policy) -> Outcome:
    """Return what a backend of pySigma's makes of a rule: to name the target is to accept that its meaning is unknown."""
    source = Source("", str(loaded.rule.logsource), {}, {target.base: {}})
    resolved = ResolvedRule(loaded.rule, Opaque("sigma", ""), source, {}, {}, policy.through, loaded.linked)
    compilation = target.compile(resolved, options)
    built = compilation.status is not Status.UNSUPPORTED
    return Outcome(loaded, target.base, compilation.status, built, ordered(compilation.diagnostics), compilation.losses, compilation)


def _opaque(loaded: Loaded, target: Target, options: Mapping[str, Any], policy: Policy) -> Outcome:
    """Return what becomes of a rule that holds a target's own query: that target copies it, no other takes it."""
    rule, name = loaded.rule, target.base
    holder = next((one for one, own in rule.converter.get("targets", {}).items() if "query" in own or "opaque" in own), "")
    if holder != name:
        return Outcome(loaded, name, Status.DISABLED, False, reason=f"the rule is an opaque one of {holder}")
    known = policy.tables.source_of(rule.logsource)
    source = known if known and name in known.targets else Source("", str(rule.logsource), {}, {name: {}})
    meaning = Opaque(str(options.get("kind", "query")), str(options.get("query", "")))
    compilation = target.compile(ResolvedRule(rule, meaning, source, {}, {}), options)
    built = compilation.status is not Status.UNSUPPORTED
    return Outcome(loaded, name, compilation.status, built, ordered(compilation.diagnostics), compilation.losses, compilation)


def _judged(loaded: Loaded, compilation: Compilation, allow: frozenset[Fidelity], policy: Policy) -> Outcome:
    """Apply the acceptances of rule and pack, then what is allowed by flag."""
    total = joined(compilation.losses)
    losses = signed(loaded, compilation.target, compilation.losses, policy) if compilation.losses else ()
    if losses:
        compilation = replace(compilation, losses=losses)
    open_losses = joined(loss for loss in losses if not loss.accepted)
    allowed = open_losses not in REFUSED or open_losses in allow
    diagnostics = [*compilation.diagnostics]
    for loss in losses:
        if not loss.compensated_by and not loss.accepted and loss.direction in REFUSED:
            severity = Severity.WARNING if allowed else Severity.ERROR
            text = f"{compilation.target}: {loss.message}"
            diagnostics.append(Diagnostic(loss.code, severity, loss.span, text, help=_help(loss, compilation.target)))
    return Outcome(loaded, compilation.target, Status(total.value), allowed, ordered(diagnostics), losses, compilation)


_MEANS = {
    Fidelity.NARROWER: "it misses events",
    Fidelity.MIXED: "it misses events and matches others",
    Fidelity.UNKNOWN: "what it matches is not known",
    Fidelity.WIDER: "it matches more events",
}


def _help(loss: Loss, target: str) -> str:
    if loss.code == "T507":
        return f"give its type: 'converter fields import {target}' reads it from the index's mapping; or accept T507 with a reason"
    return f"{_MEANS[loss.direction]}; change the rule, or accept {loss.code} with a reason under x-converter.targets.{target}.accept"
