"""Which losses somebody signed: beside the rule, in the pack's configuration, in its baseline; and which signatures no longer hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.data import SHIPPED, Tables
from converter.formats import Map
from converter.model import Diagnostic, Fidelity, Loss, Rule, Severity, Status, joined, node, ordered
from converter.pack.baseline import REASON, Baseline
from converter.pack.config import Acceptance, Config
from converter.pack.loaded import Loaded
from converter.targets import Pipeline

if TYPE_CHECKING:
    from converter.pack.compile import Outcome

REFUSED = (Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN)
"""Directions that need a signature."""


@node
class Policy:
    """What a pack allows: its configuration, its baseline, and the day (ISO 8601) that ends acceptances; ``""`` ends none.

    ``pipelines`` are pySigma's, which every rule goes through first; ``tables`` the log sources and fields, the pack's own among them.
    """

    config: Config = field(default_factory=lambda: Config(Path.cwd()))
    baseline: Baseline = field(default_factory=Baseline)
    today: str = ""
    pipelines: Sequence[Pipeline] = ()
    tables: Tables = SHIPPED

    @property
    def through(self) -> Sequence[Pipeline]:
        """The pipelines, and one that gives the pack's placeholders their values."""
        if not self.config.placeholders:
            return self.pipelines
        values = {name: list(texts) for name, texts in self.config.placeholders.items()}
        steps = [{"type": "value_placeholders", "include": list(values)}]
        own = Pipeline("placeholders", {"name": "placeholders", "priority": 0, "vars": values, "transformations": steps})
        return (own, *self.pipelines)

    def path(self, loaded: Loaded) -> str:
        """Return a rule's path below the pack, with ``/``; the whole path when it lies elsewhere."""
        return Path(os.path.relpath(os.path.abspath(loaded.file.path), self.config.root)).as_posix()

    def is_over(self, until: str) -> bool:
        """Whether an acceptance until this day no longer holds."""
        return bool(until and self.today) and until < self.today


def beside(rule: Rule, target: str) -> tuple[Acceptance, ...]:
    """Return the acceptances that stand in the rule itself."""
    own = rule.target(target)
    entries: Sequence[Any] = own.get("accept", ()) if isinstance(own, Map) else ()
    return tuple(
        Acceptance(entry["code"], entry["reason"], str(entry.get("until", "")), (target,), (), rule.source.span(entries.offsets[number]))  # type: ignore[attr-defined]
        for number, entry in enumerate(entries)
    )


def signed(loaded: Loaded, target: str, losses: Sequence[Loss], policy: Policy) -> tuple[Loss, ...]:
    """Return the losses with the reason that accepts each; the rule's own signature goes before the pack's, and a target's is the last."""
    entries = [*beside(loaded.rule, target), *_of_pack(loaded, target, policy)]
    valid = [one for one in entries if not policy.is_over(one.until)]
    total = joined(losses)
    return tuple(
        replace(loss, accepted=_reason(loss, total, valid) or _known(loss, loaded, target, policy) or loss.accepted) for loss in losses
    )


def _of_pack(loaded: Loaded, target: str, policy: Policy) -> list[Acceptance]:
    path = policy.path(loaded) if policy.config.accepts else ""
    return [one for one in policy.config.accepts if one.covers(path, target)]


def _reason(loss: Loss, total: Fidelity, entries: Iterable[Acceptance]) -> str:
    return next((one.reason for one in entries if _speaks_of(one, loss, total)), "")


def _known(loss: Loss, loaded: Loaded, target: str, policy: Policy) -> str:
    known = (loaded.rule.id, target, loss.code, loss.feature) in policy.baseline.losses
    return REASON if known and loss.direction in REFUSED and not loss.compensated_by else ""


def _speaks_of(acceptance: Acceptance, loss: Loss, total: Fidelity) -> bool:
    """Whether an acceptance means this loss: by its code, its direction, or the direction of the rule as a whole."""
    return acceptance.code in (loss.code, loss.direction.value) or (acceptance.code == total.value and loss.direction is not Fidelity.EXACT)


def findings(outcomes: Sequence[Outcome], policy: Policy, *, whole: bool) -> tuple[Diagnostic, ...]:
    """Return what is wrong with acceptances: P010 over, P011 without a loss to accept.

    ``outcomes`` are what was compiled; the pack's own entries are judged only
    when that was the ``whole`` pack on every target that they name.
    """
    found: list[Diagnostic] = []
    compiled = {one.target for one in outcomes}
    for outcome in outcomes:
        for entry in beside(outcome.loaded.rule, outcome.target):
            found += _judged(entry, [outcome], policy)
    for entry in policy.config.accepts:
        scope = [one for one in outcomes if entry.covers(policy.path(one.loaded), one.target)]
        if policy.is_over(entry.until) or (whole and set(entry.targets) <= compiled):
            found += _judged(entry, scope, policy)
    return ordered(found)


def _judged(entry: Acceptance, scope: Sequence[Outcome], policy: Policy) -> list[Diagnostic]:
    if policy.is_over(entry.until):
        message = f"the acceptance of {entry.code} ended on {entry.until}"
        return [Diagnostic("P010", Severity.WARNING, entry.span, message, help="judge the loss again: a later day, or another rule")]
    if any(_speaks_of(entry, loss, joined(one.losses)) for one in scope for loss in one.losses if not loss.compensated_by):
        return []
    if any(one.status is Status.UNSUPPORTED for one in scope):
        help_text = "what cannot be expressed cannot be accepted: disable the target for the rule, with a reason"
    else:
        help_text = "delete it"
    return [
        Diagnostic("P011", Severity.WARNING, entry.span, f"nothing is left that the acceptance of {entry.code} accepts", help=help_text)
    ]


def options_of(rule: Rule, target: str, policy: Policy, flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the target's options for a rule: flags over the rule's over the pack's."""
    return {**policy.config.options.get(target, {}), **rule.target(target), **flags}
