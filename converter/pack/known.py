"""The baseline against today's outcomes: what it knew, what it should know, what it no longer needs to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from converter.model import Diagnostic, Severity, Source, Status
from converter.pack.acceptances import REFUSED, Policy
from converter.pack.baseline import NAME, Baseline
from converter.pack.compile import Outcome
from converter.pack.loaded import Pack, Unread
from converter.pack.walk import told


def is_known(outcome: Outcome, policy: Policy) -> bool:
    """Whether the baseline holds every error for which a rule is refused on a target."""
    codes = _codes(outcome.diagnostics)
    return bool(codes) and all((outcome.loaded.rule.id, outcome.target, code) in policy.baseline.refused for code in codes)


def is_known_unread(unread: Unread, policy: Policy) -> bool:
    """Whether the baseline holds every error for which a file gives no rule."""
    path = _path(unread, policy)
    return all((path, code) in policy.baseline.unread for code in _codes(unread.diagnostics))


def recorded(outcomes: Sequence[Outcome], pack: Pack, policy: Policy, *, whole: bool) -> Baseline:
    """Return the baseline with what is refused today; entries of rules and targets that were not compiled stay.

    ``outcomes`` were compiled without the baseline's losses; after a ``whole``
    pack nothing of the old baseline stays for the targets compiled.
    """
    compiled = {(one.loaded.rule.id, one.target) for one in outcomes}
    targets = {one.target for one in outcomes}

    def is_kept(rule: str, target: str) -> bool:
        return (rule, target) not in compiled and not (whole and target in targets)

    losses = {entry for entry in policy.baseline.losses if is_kept(entry[0], entry[1])}
    refused = {entry for entry in policy.baseline.refused if is_kept(entry[0], entry[1])}
    for one in outcomes:
        if one.allowed or one.status in (Status.NO_SOURCE, Status.DISABLED):
            continue
        rule = one.loaded.rule.id
        if one.status in (Status.ERROR, Status.UNSUPPORTED):
            refused |= {(rule, one.target, code) for code in _codes(one.diagnostics)}
        else:
            open_losses = (loss for loss in one.losses if not loss.accepted and not loss.compensated_by and loss.direction in REFUSED)
            losses |= {(rule, one.target, loss.code, loss.feature) for loss in open_losses}
    below = {_path(unread, policy) for unread in pack.unread}
    unread = {(path, code) for path, code in policy.baseline.unread if not whole and path not in below}
    unread |= {(_path(one, policy), code) for one in pack.unread for code in _codes(one.diagnostics)}
    return Baseline(frozenset(losses), frozenset(refused), frozenset(unread))


def unused(outcomes: Sequence[Outcome], pack: Pack, policy: Policy, *, whole: bool) -> tuple[Diagnostic, ...]:
    """Return P012 when entries of the baseline no longer apply to what was compiled."""
    baseline = policy.baseline
    compiled = {(one.loaded.rule.id, one.target) for one in outcomes}
    targets = {one.target for one in outcomes}
    losses = {(one.loaded.rule.id, one.target, loss.code, loss.feature) for one in outcomes for loss in one.losses}
    refused = {(one.loaded.rule.id, one.target, code) for one in outcomes for code in _codes(one.diagnostics)}
    unread = {(_path(one, policy), code) for one in pack.unread for code in _codes(one.diagnostics)}

    def is_judged(rule: str, target: str) -> bool:
        return (rule, target) in compiled or (whole and target in targets)

    count = sum(is_judged(*entry[:2]) for entry in baseline.losses - losses)
    count += sum(is_judged(*entry[:2]) for entry in baseline.refused - refused)
    count += len(baseline.unread - unread) if whole else 0
    if not count:
        return ()
    place = Source(told(policy.config.root / NAME), "").start
    message = f"{count} {'entry' if count == 1 else 'entries'} of the baseline no longer {'applies' if count == 1 else 'apply'}"
    return (Diagnostic("P012", Severity.WARNING, place, message, help="write it again: converter build --write-baseline"),)


def _codes(diagnostics: Sequence[Diagnostic]) -> set[str]:
    return {one.code for one in diagnostics if one.severity is Severity.ERROR}


def _path(unread: Unread, policy: Policy) -> str:
    return Path(os.path.relpath(os.path.abspath(unread.file.path), policy.config.root)).as_posix()
