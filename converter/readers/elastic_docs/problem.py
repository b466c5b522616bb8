"""The reader's diagnostics, collected while a page is read (R110 to R119).

R110 cannot be opened · R111 element missing, or no rule page · R112 value not
understood · R113 shown twice · R114 query section broken · R115 threat block
broken · R116 what stood in the rule is not certain · R117 text that no
element owns, or a cut end · R118 what no page shows · R119 not a detection.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from converter.model import Diagnostic, Severity, Source, pack

CUT_HELP = "the page is cut, or it is not a prebuilt rule's page; save it again as Markdown"

VALUE_HELP = "put the value that the rule has in the vendor's repository, or save the page again"


MAX_FINDINGS = 50
"""Errors, and as many warnings and notes together, that are told about one page."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with one page, in the order in which it was found."""

    source: Source
    found: list[Diagnostic] = field(default_factory=list)
    _told: dict[bool, int] = field(default_factory=dict)

    def error(self, code: str, start: int, end: int, message: str, help: str = CUT_HELP) -> None:
        """Add what makes the page unusable."""
        self._add(Severity.ERROR, code, pack(start, end), message, help)

    def warn(self, code: str, start: int, end: int, message: str, help: str = "") -> None:
        """Add what a person should look at before using the rule."""
        self._add(Severity.WARNING, code, pack(start, end), message, help)

    def note(self, code: str, start: int, end: int, message: str, help: str = "") -> None:
        """Add what was done and may interest."""
        self._add(Severity.NOTE, code, pack(start, end), message, help)

    def _add(self, severity: Severity, code: str, offsets: int, message: str, help: str) -> None:
        stops = severity is Severity.ERROR
        self._told[stops] = self._told.get(stops, 0) + 1
        if self._told[stops] <= MAX_FINDINGS:
            self.found.append(Diagnostic(code, severity, self.source.span(offsets), message, help=help))
