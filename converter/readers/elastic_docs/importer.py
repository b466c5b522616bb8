"""Import one page: from a file or its bytes to the row of the report and the rule's text."""

from __future__ import annotations

from pathlib import Path

from converter.model import Diagnostic, Severity, Source
from converter.readers.elastic_docs.canonical import to_canonical
from converter.readers.elastic_docs.page import Page
from converter.readers.elastic_docs.read import MAX_BYTES, read_page
from converter.readers.elastic_rules import Imported, Outcome


def import_file(path: Path) -> Imported:
    """Return what becomes of the page in a file; a file that cannot be opened is refused (R110)."""
    shown = str(path)
    try:
        with path.open("rb") as file:
            # One byte more than a page may have: enough to see that it is too large.
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
        message = f"cannot open the page: {reason}"
        diagnostic = Diagnostic("R110", Severity.ERROR, Source(shown, "").start, message, help="name a readable file")
        return _refused(shown, (diagnostic,))
    return import_page(data, shown)


def import_page(data: bytes, path: str) -> Imported:
    """Return what becomes of the page in ``data``; ``path`` is the name by which people know it."""
    page = read_page(data, path)
    return to_canonical(page) if isinstance(page, Page) else _refused(path, page)


def _refused(path: str, diagnostics: tuple[Diagnostic, ...]) -> Imported:
    return Imported(path, "", "", "", Outcome.REFUSED, exact=False, diagnostics=diagnostics)
