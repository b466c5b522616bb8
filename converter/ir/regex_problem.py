"""The error that the pattern's readers raise among themselves; ``read_regex`` returns it as a value."""

from __future__ import annotations

from converter.ir.regex import RegexProblem


class PatternError(ValueError):
    """Why a pattern has no tree."""

    def __init__(self, message: str, help_text: str, offset: int) -> None:
        super().__init__(message)
        self.problem = RegexProblem(message, help_text, offset)
