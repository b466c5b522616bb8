"""What became of one rule: a row of the import report, and the canonical rule's text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from converter.model import Diagnostic, Loss


class Outcome(Enum):
    """What a rule became: one with a detection, one that keeps its query as it is, or nothing."""

    CANONICAL = "canonical"
    OPAQUE = "opaque"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Imported:
    """One rule.  ``text`` is the canonical rule as YAML and ``file`` where it should lie below the output folder; both empty when refused.

    ``kind`` is the rule's type, ``sequence`` or ``sample`` for EQL over
    several events; ``reason`` says why an opaque rule is one, from the closed
    list of ``form.yml``.  ``exact`` says that the rule means what the source
    shows and lacks no parameter; what the source cannot show is told in
    ``diagnostics``.  ``line`` is where the rule stands in a file of several,
    else 0.
    """

    source: str
    name: str
    kind: str
    language: str
    status: Outcome
    exact: bool
    text: str = ""
    file: str = ""
    losses: tuple[Loss, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    reason: str = ""
    line: int = 0
