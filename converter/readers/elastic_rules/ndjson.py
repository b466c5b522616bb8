"""Kibana's export of rules: one JSON object a line, rules first, then what belongs to them.

A line that cannot be read costs that line alone.  Exception lists, action
connectors and the details of the export are recognised and told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from converter.formats import Document, Map, decode, read_json
from converter.model import Diagnostic, Severity, Source, Span
from converter.readers.elastic_rules.document import EMPTY
from converter.readers.elastic_rules.facts import form
from converter.readers.elastic_rules.imported import Imported
from converter.readers.elastic_rules.importer import imported, refused
from converter.readers.elastic_rules.rule import ElasticRule

MAX_LINE: Final = 1 << 20
"""Bytes of a line; a guide of a published rule has 30,000."""
MAX_LINES: Final = 100_000
"""Lines of a file; Kibana exports 10,000 rules at most."""
_GAP: Final = 1 << 16


def import_ndjson_file(path: Path) -> Iterator[Imported | Diagnostic]:
    """Yield what becomes of each rule of an export, and what is told of lines that are none; a closed file is one R020."""
    shown = str(path)
    try:
        with path.open("rb") as file:
            yield from import_ndjson(file, shown)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
        told = Diagnostic("R020", Severity.ERROR, Source(shown, "").start, f"cannot open the export: {reason}", help="name a readable file")
        yield refused(shown, (told,))


def import_ndjson(file: IO[bytes], path: str) -> Iterator[Imported | Diagnostic]:
    """Yield what becomes of each line of an export; ``path`` is the name by which people know it."""
    rules = 0
    for number, line in enumerate(_lines(file), 1):
        if number > MAX_LINES:
            yield _too_large(path, number, f"the export has more than {MAX_LINES} lines; the rest is not read", "split the file")
            return
        if line is None:
            yield _too_large(path, number, f"the line has more than {MAX_LINE} bytes", "shorten the rule")
        elif line.strip():
            found = import_line(line, path, number)
            rules += isinstance(found, Imported)
            yield found
    if not rules:
        told = Diagnostic(
            "R120", Severity.ERROR, Source(path, "").start, "the file holds no rule", help="name an export of rules from Kibana"
        )
        yield refused(path, (told,))


def _too_large(path: str, number: int, message: str, help_text: str) -> Imported:
    told = Diagnostic("R002", Severity.ERROR, Source(path, "").start, message, help=help_text)
    return refused(path, (_at_line(told, number),), line=number)


def import_line(data: bytes, path: str, number: int) -> Imported | Diagnostic:
    """Return what becomes of one line, the file's ``number``-th from 1; a note (R128) for what is no rule."""
    source = decode(data.rstrip(b"\r\n"), path, MAX_LINE)
    document = source if isinstance(source, Diagnostic) else read_json(source)
    if isinstance(document, Diagnostic):
        return refused(path, (_at_line(document, number),), line=number)
    found = _of(document, number)
    if isinstance(found, Diagnostic):
        return _at_line(found, number)
    return replace(
        found,
        diagnostics=tuple(_at_line(one, number) for one in found.diagnostics),
        losses=tuple(replace(one, span=_moved(one.span, number)) for one in found.losses),
    )


def _of(document: Document, number: int) -> Imported | Diagnostic:
    value, source = document.value, document.source
    if not isinstance(value, Map):
        told = Diagnostic("R120", Severity.ERROR, source.span(document.offsets), "the line is no object", help="write one rule a line")
        return refused(source.path, (told,), line=number)
    if "rule_id" not in value or "name" not in value:
        other = next((words for key, words in form().others.items() if key in value), None)
        if other is not None and "query" not in value:
            return Diagnostic("R128", Severity.NOTE, source.start, f"not a rule but {other}; left out", help="import it with Kibana")
    return imported(ElasticRule(source, value, document.offsets, EMPTY, EMPTY), number)


def _lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Yield the lines; ``None`` for one beyond the bound, which is passed over without being held."""
    while line := file.readline(MAX_LINE + 2):
        if len(line) <= MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(_GAP)
        yield None


def _at_line(one: Diagnostic, number: int) -> Diagnostic:
    return replace(one, span=_moved(one.span, number))


def _moved(span: Span | None, number: int) -> Span | None:
    """Return a place in a line as a place in the file, whose ``number``-th line it is."""
    return None if span is None else replace(span, line=span.line + number - 1, end_line=span.end_line + number - 1)
