"""Rules that alert for a part only of what their detection finds, on the one target that can say so; on others they find more (T007)."""

from __future__ import annotations

from converter.model import Fidelity, Loss, Rule


def narrowed(rule: Rule, target: str) -> tuple[Loss, ...]:
    """Return what a target other than Elastic lacks of a rule whose kind there, or filters, narrow its detection."""
    own = rule.target("elastic")
    if target == "elastic" or not own.keys() & {"kind", "filters"}:
        return ()
    from converter.targets.elastic.kinds import kinds

    kind = kinds().get(str(own.get("kind")))
    found = []
    if kind is not None and kind.narrows:
        place = rule.span("x-converter.targets.elastic.kind")
        message = f"on Elastic the rule {kind.narrows}; here it matches each of them"
        found.append(Loss("T007", f"elastic.{kind.name}", Fidelity.WIDER, message, place))
    if own.get("filters"):
        message = "on Elastic filters of the rule's own leave out a part of what its detection finds; here it matches that, too"
        found.append(Loss("T007", "elastic.filters", Fidelity.WIDER, message, rule.span("x-converter.targets.elastic.filters")))
    return tuple(found)
