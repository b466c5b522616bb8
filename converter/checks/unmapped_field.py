"""S001 unmapped-field: a field that no event of the log source has.

Why it matters: a condition on a name that never occurs is never true, so the
rule looks covered and never fires (under ``not`` it excludes nothing).

Bad::  objectRef.resources: pods        Good::  objectRef.resource: pods
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from converter.checks.finding import Finding, finding, replaced
from converter.checks.subject import Subject
from converter.data import fields
from converter.ir import FieldMatch

CODE = "S001"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each field that the log source's table lacks."""
    source = subject.table
    if source is None or subject.tree is None or subject.rule.taxonomy != "sigma":
        return
    known = fields(source.id)
    names = [name for name in known if not name.endswith("*")]
    asked = {atom.field for atom in subject.atoms if isinstance(atom, FieldMatch)}
    for item in subject.items:
        if item.field not in asked or item.field in known:
            continue
        close = difflib.get_close_matches(item.field[:200], names, n=1)
        help_text = f"did you mean '{close[0]}'?" if close else "see the fields of the log source in converter/data/fields"
        message = f"no event of the {source.title} has the field '{item.field}'"
        near = difflib.get_close_matches(item.field, close, cutoff=0.8)
        fix = replaced(subject.source, item.key, "|".join((close[0], *item.modifiers)), safe=False) if near else None
        yield finding(CODE, subject.source, item.key, message, help_text, fix=fix)
