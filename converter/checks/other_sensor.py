"""S024 other-sensor: a field that the log source's producer does not write, but another program does.

Why it matters: the condition is only ever true of events that such a program
made or sent on.  On all others the rule is silent, and under ``not`` it
excludes nothing.  Told where documents list all names of the log source.

Bad::  a file creation with ParentImage, which Sysmon's event 11 lacks
Good::  the same with Image, which it has
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject
from converter.checks.unmapped_field import told
from converter.data import Taxonomy
from converter.ir import FieldMatch

CODE = "S024"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each field that only another program writes, where the rule names it first."""
    table = subject.taxonomy
    if table is None or not table.closed or subject.tree is None:
        return
    asked = {atom.field for atom in subject.atoms if isinstance(atom, FieldMatch)}
    for item in subject.items:
        if item.field in asked and table.other(item.field) and told(item.field, table, valued=True) is None:
            asked.discard(item.field)
            message = f"in the {table.title}, only {table.other(item.field)} write '{item.field}'"
            yield finding(CODE, subject.source, item.key, message, _help(item.field, table))


def _help(name: str, table: Taxonomy) -> str:
    last = name.rpartition(".")[2]
    if last in table.fields:
        return f"the field that every event has is '{last}'"
    return "where such a program is the source, suppress this with that reason"
