"""A rule file of the vendor's repository: TOML with the tables ``metadata``, ``transform`` and ``rule``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from converter.formats import Document, Map, read_toml
from converter.model import Diagnostic, Severity, Source
from converter.readers.elastic_rules.document import EMPTY
from converter.readers.elastic_rules.imported import Imported
from converter.readers.elastic_rules.importer import imported, refused
from converter.readers.elastic_rules.rule import ElasticRule

MAX_BYTES: Final = 1 << 20
"""Bytes of a file."""


def import_toml_file(path: Path) -> Imported:
    """Return what becomes of the rule in a file; a file that cannot be opened is refused (R020)."""
    shown = str(path)
    try:
        with path.open("rb") as file:
            # One byte more than a file may have: enough to see that it is too large.
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
        told = Diagnostic("R020", Severity.ERROR, Source(shown, "").start, f"cannot open the rule: {reason}", help="name a readable file")
        return refused(shown, (told,))
    return import_toml(data, shown)


def import_toml(data: bytes, path: str) -> Imported:
    """Return what becomes of the rule in ``data``; ``path`` is the name by which people know it."""
    document = read_toml(data, path)
    if isinstance(document, Diagnostic):
        return refused(path, (document,))
    rule = _rule(document)
    return refused(path, (rule,)) if isinstance(rule, Diagnostic) else imported(rule)


def _rule(document: Document) -> ElasticRule | Diagnostic:
    tables = {}
    for name in ("rule", "metadata", "transform"):
        table = document.value.get(name, EMPTY)
        if not isinstance(table, Map):
            at = document.value.offsets[2 * list(document.value).index(name)]
            return Diagnostic("R120", Severity.ERROR, document.source.span(at), f"'{name}' is no table", help=f"write [{name}]")
        tables[name] = table
    if not tables["rule"]:
        message = "the file holds no rule: it has no table 'rule'"
        return Diagnostic("R120", Severity.ERROR, document.source.start, message, help="name a rule file of Elastic's")
    unknown = [(key, at) for key, at in zip(document.value, document.value.offsets[::2], strict=True) if key not in tables]
    if unknown:
        message = f"the table '{str(unknown[0][0])[:60]}' has no place in a rule file"
        return Diagnostic("R120", Severity.ERROR, document.source.span(unknown[0][1]), message, help="write it below [rule]")
    at = document.value.offsets[2 * list(document.value).index("rule")]
    return ElasticRule(document.source, tables["rule"], at, tables["metadata"], tables["transform"], is_wrapped=True)
