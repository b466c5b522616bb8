"""Where reading stops: an exception that never leaves the package, and the bounds that cause it."""

from __future__ import annotations

from typing import Final

from converter.model import Diagnostic, Severity, Source

SIZE: Final = 200_000
"""Characters of a search, before and after its macros are expanded."""
DEPTH: Final = 60
"""Nested parentheses, ``NOT`` and function calls of an expression."""


class ReadError(Exception):
    """Carries the diagnostic that ``read`` returns."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def problem(source: Source, offsets: int, code: str, message: str, instead: str = "") -> ReadError:
    """Return the error for ``message`` at ``offsets``; ``instead`` says what to do."""
    return ReadError(Diagnostic(code, Severity.ERROR, source.span(offsets), message, help=instead))
