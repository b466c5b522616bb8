"""How much of a rule's meaning an output keeps, and on what evidence it is said."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, StrEnum

from converter.model.node import node
from converter.model.source import Span


class Fidelity(Enum):
    """The direction in which an output's meaning departs from the rule's.

    ``WIDER`` matches more events (work for triage), ``NARROWER`` misses
    events (a blind spot), ``MIXED`` does both, ``UNKNOWN`` is not known.
    """

    EXACT = "exact"
    WIDER = "wider"
    NARROWER = "narrower"
    MIXED = "mixed"
    UNKNOWN = "unknown"

    def join(self, other: Fidelity) -> Fidelity:
        """Return the fidelity of a rule that has both losses."""
        if self is other or other is Fidelity.EXACT:
            return self
        if self is Fidelity.EXACT:
            return other
        if Fidelity.UNKNOWN in (self, other):
            return Fidelity.UNKNOWN
        return Fidelity.MIXED

    @property
    def negated(self) -> Fidelity:
        """The fidelity of ``not x`` when this is the fidelity of ``x``."""
        return _NEGATED.get(self, self)


_NEGATED = {Fidelity.WIDER: Fidelity.NARROWER, Fidelity.NARROWER: Fidelity.WIDER}


class Status(StrEnum):
    """What became of a rule on a target: a fidelity, or why there is no output."""

    EXACT = "exact"
    WIDER = "wider"
    NARROWER = "narrower"
    MIXED = "mixed"
    UNKNOWN = "unknown"
    UNSUPPORTED = "unsupported"
    NO_SOURCE = "no-source"
    DISABLED = "disabled"
    ERROR = "error"


class Evidence(StrEnum):
    """On what a status rests: a run in the engine, our reading of the artifact, or the capabilities alone."""

    ENGINE = "engine"
    READER = "reader"
    DECLARED = "declared"


@node
class Loss:
    """One departure from a rule's meaning.

    ``direction`` already counts the negations around it.  ``compensated_by``
    names the part of the same artifact that undoes it (a wide base search and
    its exact ``where``); such a loss does not count.
    """

    code: str
    feature: str
    direction: Fidelity
    message: str
    span: Span | None = None
    compensated_by: str = ""
    accepted: str = ""


def joined(losses: Iterable[Loss]) -> Fidelity:
    """Return the fidelity of an output with these losses."""
    total = Fidelity.EXACT
    for loss in losses:
        if not loss.compensated_by:
            total = total.join(loss.direction)
    return total
