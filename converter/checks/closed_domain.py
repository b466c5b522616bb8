"""S002 closed-domain: a value that the field never holds.

Why it matters: where the producer writes one of a few values, or lower case
only, any other value is a typing error and its condition is never true.

Bad::  annotations.authorization.k8s.io/decision: allowed
Good::  annotations.authorization.k8s.io/decision: allow
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from converter.data import Field, fields, source_of
from converter.ir import FieldMatch, Text, atoms, fits, fold
from converter.model import Diagnostic, Severity
from converter.pack import Loaded

CODE = "S002"


def check(loaded: Loaded) -> Iterator[Diagnostic]:
    """Yield a finding for each text that none of the field's values can be."""
    source = source_of(loaded.rule.logsource)
    if source is None or loaded.tree is None:
        return
    known = fields(source.id)
    for atom in atoms(loaded.tree):
        if not isinstance(atom, FieldMatch) or not isinstance(atom.test, Text) or atom.field not in known:
            continue
        message = _against(known[atom.field], atom.test)
        if message:
            literal = atom.test.literal
            close = difflib.get_close_matches(literal, known[atom.field].values, n=1, cutoff=0.5)
            help_text = f"did you mean '{close[0]}'?" if close else "see what the log source's producer writes"
            yield Diagnostic(CODE, Severity.WARNING, loaded.rule.source.span(atom.offsets), message, help=help_text)


def _against(field: Field, test: Text) -> str:
    if field.values and not any(fits(test.parts, value, test.cased) for value in field.values):
        return f"'{field.name}' is one of {', '.join(field.values)}; this value is none of them"
    if field.lower and test.cased and any(isinstance(part, str) and part != fold(part) for part in test.parts):
        return f"'{field.name}' is always lower case; this value has capitals"
    return ""
