"""What the engine says no to, while it is on its way out of the package as a diagnostic."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - never leaves the package
    """The engine refuses a value or a query, in the engine's words.

    ``early`` refusals happen while the query is parsed; the others only when
    the shard builds the query, which it skips for a clause that can match
    nothing.  ``unknown`` marks what this package does not model, where the
    engine may well answer.
    """

    def __init__(self, message: str, *, early: bool = False, unknown: bool = False, help: str = "") -> None:
        super().__init__(message)
        self.message, self.early, self.unknown, self.help = message, early, unknown, help
