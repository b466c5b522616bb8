"""Where reading or compiling stops: an exception that never leaves the package, and the bounds that cause it."""

from __future__ import annotations

from typing import Final

from converter.model import Diagnostic, Severity, Source

SIZE: Final = 1_000_000
"""Characters a query may have; the longest published rule has fewer than 20,000."""
DEPTH: Final = 60
"""Brackets, ``not``, calls and signs inside each other, and terms of one arithmetic chain."""
STEPS: Final = 256
"""Items of a sequence, ``runs`` written out; the longest published one has 60."""
SAMPLE_STEPS: Final = 20
"""Items of a sample."""


class Stop(Exception):  # noqa: N818 - never leaves the package
    """A place in the query, and what is wrong there."""

    def __init__(self, code: str, offsets: int, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.offsets, self.message, self.help = code, offsets, message, help

    def diagnostic(self, source: Source) -> Diagnostic:
        """Return it for people."""
        return Diagnostic(self.code, Severity.ERROR, source.span(self.offsets), self.message, self.help)


class Failure(Exception):  # noqa: N818 - never leaves the package
    """The engine's script fails on a document, and with it the search: a division by zero, a text that is no number.

    ``unknown`` when it is this package that cannot tell what the engine would answer.
    """

    def __init__(self, message: str, *, unknown: bool = False) -> None:
        super().__init__(message)
        self.unknown = unknown
