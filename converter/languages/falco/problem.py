"""Where reading stops: an exception that never leaves the package, and the bounds that cause it."""

from __future__ import annotations

from typing import Final

from converter.model import Diagnostic, Severity, Source

SIZE: Final = 1 << 20
"""Characters of a condition after its lists were substituted."""
LEVELS: Final = 1000
"""The engine's limit on its parser's recursion (falco 13074749 userspace/engine/rule_loader_compiler.cpp:285)."""
CALLS: Final = 32
"""Transformers inside each other; the engine would read a few hundred, but nobody writes them."""
CHECKS: Final = 100_000
"""Checks of a condition when its macros are unfolded."""
VALUE_BYTES: Final = 255
"""Bytes of a constant on the right side (libs 48dfd53c userspace/libsinsp/sinsp_filtercheck.cpp:588-601)."""


class ReadError(Exception):
    """Carries the diagnostic that the public functions return."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def problem(source: Source, offsets: int, code: str, message: str, instead: str = "") -> ReadError:
    """Return the error for ``message`` at ``offsets``; ``instead`` says what to do."""
    return ReadError(Diagnostic(code, Severity.ERROR, source.span(offsets), message, help=instead))
