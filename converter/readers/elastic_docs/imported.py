"""What became of one page: a row of the import report, and the rule's text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from converter.model import Diagnostic, Loss


class Outcome(Enum):
    """What a page became: a rule with a detection, a rule that keeps the query as it is, or nothing."""

    CANONICAL = "canonical"
    OPAQUE = "opaque"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Imported:
    """One page.  ``text`` is the rule as YAML and ``file`` where it should lie below the output folder; both empty when refused.

    ``kind`` is the rule's type, ``sequence`` for EQL over several events.
    ``exact`` says that the rule means the query that the page shows and lacks
    no parameter; what no page shows is told in ``diagnostics``.
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
