"""S002 closed-domain: a value that the field never holds.

Why it matters: where the producer writes one of a few values, or lower case
only, any other value is a typing error and its condition is never true.

Bad::  annotations.authorization.k8s.io/decision: allowed
Good::  annotations.authorization.k8s.io/decision: allow
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from converter.checks.finding import Finding, finding, replaced
from converter.checks.subject import Subject
from converter.data import Field, fields
from converter.ir import FieldMatch, Shape, Text, fits, fold

CODE = "S002"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each text that none of the field's values can be."""
    source = subject.table
    if source is None or subject.tree is None or subject.rule.taxonomy != "sigma":
        return
    known = fields(source.id)
    for atom in subject.atoms:
        if not isinstance(atom, FieldMatch) or not isinstance(atom.test, Text) or atom.field not in known:
            continue
        message = _against(known[atom.field], atom.test)
        if message:
            literal = atom.test.literal
            close = difflib.get_close_matches(literal[:200], known[atom.field].values, n=1, cutoff=0.5)
            help_text = f"did you mean '{close[0]}'?" if close else "see what the log source's producer writes"
            whole = close and atom.test.shape is Shape.EQUALS and not set(atom.modifiers) - {"cased"}
            fix = replaced(subject.source, atom.offsets, close[0], safe=False) if whole else None
            yield finding(CODE, subject.source, atom.offsets, message, help_text, fix=fix)


def _against(field: Field, test: Text) -> str:
    if field.values and not any(fits(test.parts, value, test.cased) for value in field.values):
        return f"'{field.name}' is one of {', '.join(field.values)}; this value is none of them"
    if field.lower and test.cased and any(isinstance(part, str) and part != fold(part) for part in test.parts):
        return f"'{field.name}' is always lower case; this value has capitals"
    return ""
