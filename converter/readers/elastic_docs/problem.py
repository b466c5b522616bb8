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


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with one page, in the order in which it was found."""

    source: Source
    found: list[Diagnostic] = field(default_factory=list)

    def error(self, code: str, start: int, end: int, message: str, help: str = CUT_HELP) -> None:
        """Add what makes the page unusable."""
        self.found.append(Diagnostic(code, Severity.ERROR, self.source.span(pack(start, end)), message, help=help))

    def warn(self, code: str, start: int, end: int, message: str, help: str = "") -> None:
        """Add what a person should look at before using the rule."""
        self.found.append(Diagnostic(code, Severity.WARNING, self.source.span(pack(start, end)), message, help=help))

    def note(self, code: str, start: int, end: int, message: str, help: str = "") -> None:
        """Add what was done and may interest."""
        self.found.append(Diagnostic(code, Severity.NOTE, self.source.span(pack(start, end)), message, help=help))
