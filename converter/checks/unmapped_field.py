"""S001 unmapped-field: a field that no event of the log source has.

Why it matters: a condition on a name that never occurs is never true, so the
rule looks covered and never fires (under ``not`` it excludes nothing).  Names
are compared letter by letter: ``ProcessID`` does not find ``ProcessId``.
Where events may have names that no document lists, such as the Windows
Security log, only a name that is nearly a listed one is told.

Bad::  objectRef.resources: pods        Good::  objectRef.resource: pods

Bad::  hostPath: '*'        Good::  requestObject.spec.volumes.hostPath.path: '*'
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from converter.checks.close_names import LONGEST, case_only, meant, slipped
from converter.checks.finding import Finding, Fix, finding, replaced
from converter.checks.subject import Item, Subject
from converter.data import Taxonomy
from converter.ir import Exists, FieldMatch, FieldRef, Null

CODE = "S001"


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a name, and the name that was meant, where one is known."""

    message: str
    help: str
    real: str = ""


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each field that events of the log source cannot have."""
    table = subject.taxonomy
    if table is None:
        return
    asked = _asked(subject)
    for atom in subject.atoms:
        if isinstance(atom, FieldMatch) and isinstance(atom.test, FieldRef):
            wrong = told(atom.test.field, table, valued=True)
            if wrong:
                yield finding(CODE, subject.source, atom.offsets, wrong.message, wrong.help)
    for item in subject.items:
        wrong = told(item.field, table, valued=asked[item.field]) if item.field in asked else None
        if wrong:
            yield finding(CODE, subject.source, item.key, wrong.message, wrong.help, fix=_fix(subject, item, wrong.real))


def _asked(subject: Subject) -> Mapping[str, bool]:
    """Return the fields that a rule asks for, and whether for a value or for presence alone.

    A rule that has no meaning yet, as one whose placeholders nobody fills, still names fields.
    """
    asked: dict[str, bool] = {}
    if subject.tree is None:
        for item in subject.items:
            if item.field:
                valued = "exists" not in item.modifiers and any(value is not None for value, _ in item.values)
                asked[item.field] = asked.get(item.field, False) or valued
    for atom in subject.atoms:
        if isinstance(atom, FieldMatch):
            asked[atom.field] = asked.get(atom.field, False) or not isinstance(atom.test, Exists | Null)
    return asked


def told(name: str, table: Taxonomy, *, valued: bool) -> Told | None:
    """Return what is wrong with a name, ``None`` for one of the log source's; ``valued``: a value is compared, not presence alone."""
    if name in table.fields:
        return None
    if name in table.instead and (table.closed or not table.other(name)):
        row = table.instead[name]
        message = f"no event of the {table.title} has the field '{name}': {row.why}"
        return Told(message, f"its value stands at '{row.use}'" if row.use else "use a field of the log source", row.use)
    if table.other(name):
        real = slipped(name, table.names)
        return _unknown(name, table, real) if real else None
    if table.field(name):
        real = case_only(name, table.names)
        return _unknown(name, table, real) if real else None
    if table.is_object(name):
        below = next(one for one in table.fields if one.startswith(f"{name}.")).replace(".*", ".<name>")
        message = f"'{name}' is an object of the {table.title}, which has no text to compare with"
        return Told(message, f"name a field below it, such as '{below}'") if valued else None
    if not table.closed:
        real = slipped(name, table.names)
        return _unknown(name, table, real) if real else None
    return _unknown(name, table, meant(name, table))


def _unknown(name: str, table: Taxonomy, real: str) -> Told:
    message = f"no event of the {table.title} has the field '{name}'"
    if real and real.lower() == name.lower():
        return Told(message, f"did you mean '{real}'? names are compared letter by letter, capitals included", real)
    return Told(message, f"did you mean '{real}'?" if real else f"its fields are listed in converter/data/taxonomy/{table.id}.yml", real)


def _fix(subject: Subject, item: Item, real: str) -> Fix | None:
    """Return the fix that writes the name that was meant, when it is nearly the one that stands there."""
    if not real or not difflib.get_close_matches(item.field[:LONGEST], [real], cutoff=0.8):
        return None
    return replaced(subject.source, item.key, "|".join((real, *item.modifiers)), safe=False)
