"""S001 unmapped-field: a field that no event of the log source has.

Why it matters: a condition on a name that never occurs is never true, so the
rule looks covered and never fires (under ``not`` it excludes nothing).

Bad::  objectRef.resources: pods        Good::  objectRef.resource: pods
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from converter.data import fields, source_of
from converter.ir import FieldMatch, atoms
from converter.model import Diagnostic, Severity
from converter.pack import Loaded

CODE = "S001"


def check(loaded: Loaded) -> Iterator[Diagnostic]:
    """Yield a finding for each field that the log source's table lacks."""
    source = source_of(loaded.rule.logsource)
    if source is None or loaded.tree is None:
        return
    known = fields(source.id)
    for atom in atoms(loaded.tree):
        if isinstance(atom, FieldMatch) and atom.field not in known:
            close = difflib.get_close_matches(atom.field, known, n=1)
            help_text = f"did you mean '{close[0]}'?" if close else "see the fields of the log source in converter/data/fields"
            message = f"no event of the {source.title} has the field '{atom.field}'"
            yield Diagnostic(CODE, Severity.WARNING, loaded.rule.source.span(atom.offsets), message, help=help_text)
