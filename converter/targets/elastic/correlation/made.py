"""What a correlation becomes on Elastic, and why it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from converter.model import Diagnostic, Fidelity, Loss, Rule, Severity, joined, node
from converter.targets.contract import Inexpressible

_RANK: Final = (Fidelity.EXACT, Fidelity.WIDER, Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN)


@node
class Made:
    """A correlation as a rule: the query's language, its parts, what it loses, and the keys of the rule beside it.

    ``settings`` are keys of ``x-converter.targets.elastic``: kind, threshold, from, interval.
    """

    language: str
    parts: Mapping[str, str]
    losses: tuple[Loss, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


def rank(losses: Sequence[Loss]) -> tuple[int, int]:
    """Return how much losses cost together: a wider rule finds what it should, a narrower one is blind."""
    return _RANK.index(joined(losses)), len(losses)


def refusal(rule: Rule, message: str, help_text: str, place: str = "correlation") -> Inexpressible:
    """Return that a kind of rule cannot say a correlation (T130)."""
    return Inexpressible(Diagnostic("T130", Severity.ERROR, rule.span(place), message, help=help_text))


def loss(rule: Rule, code: str, feature: str, direction: Fidelity, message: str, place: str) -> Loss:
    """Return what a rule loses of a correlation, told at a key of it."""
    return Loss(code, feature, direction, message, rule.span(f"correlation.{place}"))
