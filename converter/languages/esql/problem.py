"""Where reading or running stops: an exception that never leaves the package, and the bounds that cause it."""

from __future__ import annotations

from typing import Final

from converter.model import Diagnostic, Severity, Source

SIZE: Final = 1_000_000
"""Characters a query may have, as in Elasticsearch (EsqlParser.MAX_LENGTH)."""
DEPTH: Final = 60
"""Brackets, ``not``, calls and signs inside each other, and terms of one arithmetic chain; the longest published rule has 12."""
COMMANDS: Final = 500
"""Commands of a pipe."""


class Stop(Exception):  # noqa: N818 - never leaves the package
    """A place in the query, and what is wrong there."""

    def __init__(self, code: str, offsets: int, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.offsets, self.message, self.help = code, offsets, message, help

    def diagnostic(self, source: Source) -> Diagnostic:
        """Return it for people."""
        return Diagnostic(self.code, Severity.ERROR, source.span(self.offsets), self.message, self.help)
