"""From a query to a rule: whether its kind has what it gives, what its stack lacks, and whether an artifact can hold it."""

from __future__ import annotations

from dataclasses import replace

from converter.model import Fidelity, Loss, has_errors
from converter.targets.contract import Compilation, Detection, Opaque
from converter.targets.elastic import stack
from converter.targets.elastic.envelope import envelope
from converter.targets.elastic.keys import OWN_FILTERS, all_keys, carries, clash
from converter.targets.elastic.kinds import PLACE, unfit
from converter.targets.envelope import UnwritableError, refusal


def finished(done: Compilation) -> Compilation:
    """Return a compilation with the losses and warnings of its kind and its stack, or with what refuses it."""
    if has_errors(done.diagnostics) or done.resolved is None:
        return done
    rule, options = done.rule, done.options
    plain = isinstance(done.resolved.meaning, Detection)
    problem = (
        clash(rule, options)
        or unfit(rule, options, done.language, detection=plain)
        or stack.refused(rule, options, done.language, done.parts.get("query", ""))
    )
    try:
        if problem is None and carries(options):
            envelope(done)
    except UnwritableError as error:
        problem = refusal(rule, error)
    if problem is not None:
        return Compilation(rule, done.target, done.language, diagnostics=(problem,), tried=done.tried)
    losses, warnings = stack.told(rule, all_keys(done), options) if options.get("stack") else ((), ())
    if not isinstance(done.resolved.meaning, Opaque) and options.get("filters"):
        losses = (*losses, _narrowed(done))
    return replace(done, losses=(*done.losses, *losses), diagnostics=(*done.diagnostics, *warnings)) if losses or warnings else done


def _narrowed(done: Compilation) -> Loss:
    """Return that the rule's own filters let through fewer events than its detection says (T108), which it accepts by giving them."""
    message = "the filters of the rule's own let through a part only of what its detection finds"
    place = done.rule.span(f"{PLACE}.filters")
    return Loss(OWN_FILTERS, "elastic.filters", Fidelity.NARROWER, message, place, accepted="the rule gives these filters")
