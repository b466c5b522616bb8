"""What a sequence or sample asks of a Sigma correlation: a detection for each event, the fields that join them, the time span.

A plain description: which correlation says it, and what that loses, is
decided where correlations are built.
"""

from __future__ import annotations

from collections.abc import Callable

from converter.ir import Node
from converter.languages.elasticsearch.to_sigma import SigmaField
from converter.languages.eql.syntax import Event, Query, Sample, Step
from converter.languages.eql.to_sigma.events import event_to_sigma, pipe_losses
from converter.model import Diagnostic, Loss, Severity, node


@node
class PlanStep:
    """One event: its condition, what that loses, and its join keys, as many as at every other step.

    ``by`` holds the keys' names in the rule.  ``missing`` events must not
    happen; ``runs`` is how often the event happens in a row.  ``offsets``
    point into the query.
    """

    node: Node
    losses: tuple[Loss, ...]
    by: tuple[str, ...]
    missing: bool = False
    runs: int = 1
    offsets: int = 0


@node
class Plan:
    """A sequence (``ordered``) or a sample.

    ``optional`` says for each join key whether events without it join each
    other.  ``maxspan_ms`` counts from the first event to the last, inclusive;
    ``None`` is without end.  ``until`` ends what is pending for its keys.
    ``losses`` are those of the whole; each step has its own.
    """

    ordered: bool
    steps: tuple[PlanStep, ...]
    optional: tuple[bool, ...]
    maxspan_ms: int | None = None
    until: PlanStep | None = None
    losses: tuple[Loss, ...] = ()


def plan(query: Query, resolve: Callable[[str], SigmaField | None], *, category: str | None = "event.category") -> Plan | Diagnostic:
    """Return what a sequence or sample asks of a correlation.

    Args:
        query: the query; offsets of the nodes point into its source.
        resolve: what a field name of the query is in the rule; ``None`` when the rule has no such field.
        category: the index's field of categories; ``None`` when the rule's log source says the category.

    Returns:
        A diagnostic ``R286`` when Sigma has no way to say one of the events,
        a key is no field of the rule, or the query is no sequence.
    """
    body = query.body
    if isinstance(body, Event):
        return _refused(query, body.offsets, "single event", "a query of single events is no correlation", "ask `to_sigma`")
    cut = pipe_losses(query)
    if isinstance(cut, Diagnostic):
        return cut
    steps: list[PlanStep] = []
    written = (*body.steps, *((body.until,) if not isinstance(body, Sample) and body.until is not None else ()))
    for one in written:
        step = _step(query, one, resolve, category)
        if isinstance(step, Diagnostic):
            return step
        steps.append(step)
    optional = tuple(key.optional for key in body.steps[0].by)
    if isinstance(body, Sample):
        return Plan(False, tuple(steps), optional, losses=cut)
    until = steps.pop() if body.until is not None else None
    return Plan(True, tuple(steps), optional, body.maxspan_ms, until, cut)


def _step(query: Query, step: Step, resolve: Callable[[str], SigmaField | None], category: str | None) -> PlanStep | Diagnostic:
    keys: list[str] = []
    for key in step.by:
        known = resolve(key.name)
        if known is None:
            return _refused(query, key.offsets, "no field", f"the rule has no field for {key.name}", "map the field")
        keys.append(known.name)
    said = event_to_sigma(query, step.event, resolve, category=category)
    if isinstance(said, Diagnostic):
        return said
    return PlanStep(said[0], said[1], tuple(keys), step.missing, step.runs, step.offsets)


def _refused(query: Query, offsets: int, name: str, message: str, help: str) -> Diagnostic:
    return Diagnostic("R286", Severity.ERROR, query.source.span(offsets), f"{name}: {message}", help)
