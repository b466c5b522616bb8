"""What is told to the author of a rule: a code, a place, one sentence, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from converter.model.node import node
from converter.model.source import Span

MESSAGE: Final = 400
"""Characters of a message; it can quote a rule, whose names and values have no bound of their own."""
HELP: Final = 2000
"""Characters of a help."""


class Severity(IntEnum):
    """How bad it is; ``ERROR`` stops the rule, never the batch."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word in front of the code."""
        return self.name.lower()


@node
class Diagnostic:
    """One finding.

    ``code`` is a letter for the stage (R read, M meaning, S style, T target
    loss, V verify, B bundle) and three digits that are never reused;
    ``message`` is one sentence in lower case without a full stop; ``help``
    says what to do.  Line ends that a message quotes are spelled out, and
    the middle of what is too long is left out.
    """

    code: str
    severity: Severity
    span: Span | None
    message: str
    help: str = ""

    def __post_init__(self) -> None:
        if len(self.message) > MESSAGE or "\n" in self.message:
            object.__setattr__(self, "message", _shortened(self.message.replace("\n", "\\n"), MESSAGE))
        if len(self.help) > HELP:
            object.__setattr__(self, "help", _shortened(self.help, HELP))

    def render(self) -> str:
        """Return the text that a person reads, without a final newline."""
        lines = [f"{self.severity.label}[{self.code}]: {printable(self.message)}"]
        if self.span is not None:
            lines.append(f" --> {printable(self.span.path)}:{self.span.line}:{self.span.column}")
            if self.span.text.strip():
                lines += _excerpt(self.span)
        if self.help:
            lines.append(f"help: {printable(self.help)}")
        return "\n".join(lines)

    @property
    def sort_key(self) -> tuple[str, int, int, int, str, str]:
        """Order by place, worst first at one place."""
        path, line, column = (self.span.path, self.span.line, self.span.column) if self.span else ("", 0, 0)
        return path, line, column, -self.severity, self.code, self.message


def ordered(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics by place, each only once."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda one: one.sort_key))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Say whether any of the diagnostics stops its rule."""
    return any(one.severity is Severity.ERROR for one in diagnostics)


def printable(text: str) -> str:
    """Return ``text`` with control characters spelled out.

    A rule's text must not move a terminal's cursor or colour what follows.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def _shortened(text: str, length: int) -> str:
    """Return at most so many characters of a text, the end among them: it often says what is wrong."""
    return text if len(text) <= length else f"{text[: length * 3 // 4]}…{text[1 - length // 4 :]}"


_EXCERPT_WIDTH = 160


def _excerpt(span: Span) -> list[str]:
    """Return the source line with carets under the span, cut to a terminal's width."""
    text, first = span.text.replace("\t", " "), span.column - 1
    last = span.end_column - 1 if span.end_line == span.line else len(text)
    if first > _EXCERPT_WIDTH // 2:
        cut = first - _EXCERPT_WIDTH // 4
        text, first, last = "…" + text[cut:], first - cut + 1, last - cut + 1
    if len(text) > _EXCERPT_WIDTH:
        text = text[: _EXCERPT_WIDTH - 1] + "…"
    width = max(1, min(last, len(text)) - first)
    body = "".join(c if c.isprintable() else "·" for c in text)
    pad = " " * len(str(span.line))
    return [f"{pad} |", f"{span.line} | {body}", f"{pad} | " + " " * first + "^" * width]
