"""The files of ``converter import kuery|eql|lucene``: one query each, for the log source that the command names."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from converter.cli.show import Exit, tell

if TYPE_CHECKING:
    from converter.readers.elastic_rules import Imported
    from converter.readers.queries import Types


def imported(language: str, sources: Sequence[str], logsource: str | None, fields: str | None) -> Iterator[Imported]:
    """Yield what becomes of each query; a file that cannot be read is refused (R020).

    Raises:
        click.UsageError: without a log source, or for two files of one name.
    """
    from converter.model import Diagnostic, Severity
    from converter.pack import unreadable
    from converter.readers.queries import MAX_BYTES, import_query_bytes, read_logsource, refused, title_of

    if not logsource:
        raise click.UsageError("a query does not say which events it is for: give --logsource product/category/service")
    parts = read_logsource(logsource)
    if parts is None:
        raise click.UsageError(f"'{logsource[:60]}' is no log source: write product/category/service, such as windows/process_creation")
    titles = [title_of(source) for source in sources]
    double = next((one for at, one in enumerate(titles) if one in titles[:at]), None)
    if double is not None:
        raise click.UsageError(f"two of the queries would be the rule '{double}', of one id: give their files names of their own")
    types = _types(fields) if fields else None
    for source in sources:
        try:
            data = _read(source, MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            problem = unreadable(source, error if isinstance(error, OSError) else OSError(str(error)))
            yield refused(language, source, problem)
            continue
        result = import_query_bytes(language, data, source, parts, types)
        tell(Diagnostic(one.code, Severity.WARNING, one.span, f"{one.direction.value}: {one.message}") for one in result.losses)
        yield result


def _read(source: str, size: int) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read(size)
    from converter.pack import read_bytes

    return read_bytes(Path(source), size)


def _types(fields: str) -> Types:
    """Return the types of a file of mappings; end the command when there are none in it."""
    from converter.cli.mappings import read_mappings
    from converter.model import Diagnostic
    from converter.readers.queries import mapped_types

    mappings = read_mappings(fields)
    types = mappings if isinstance(mappings, Diagnostic) else mapped_types(mappings)
    if isinstance(types, Diagnostic):
        tell([types])
        sys.exit(Exit.INPUT)
    return types
