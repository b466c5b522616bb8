"""What every command prints alike: diagnostics, exit codes, the table of a build."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum

from converter.model import Diagnostic, has_errors, ordered


class Exit(IntEnum):
    """The exit codes; of several reasons the highest counts."""

    FINE = 0
    FINDINGS = 1
    USAGE = 2
    INPUT = 3
    ENVIRONMENT = 4


def tell(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics to standard error, each with an empty line after it."""
    for one in ordered(diagnostics):
        say(one.render() + "\n")


def say(text: str) -> None:
    """Print a line to standard error, whatever the terminal's encoding."""
    write(text, sys.stderr)


def put(text: str) -> None:
    """Print a line to standard output, whatever the terminal's encoding."""
    write(text, sys.stdout)


def write(text: str, stream: object) -> None:
    """Write a line of UTF-8, lone surrogates replaced."""
    buffer = getattr(stream, "buffer", None)
    data = (text + "\n").encode("utf-8", "replace")
    if buffer is None:
        stream.write(data.decode("utf-8"))  # type: ignore[attr-defined]
        return
    buffer.write(data)
    buffer.flush()


def bad_input(diagnostics: Iterable[Diagnostic]) -> Exit:
    """Return the exit code of what was read: 3 when something has an error."""
    return Exit.INPUT if has_errors(diagnostics) else Exit.FINE


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return aligned columns, two blanks apart."""
    widths = [max(len(row[index]) for row in (heads, *rows)) for index in range(len(heads))]
    lines = [heads, *rows]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
