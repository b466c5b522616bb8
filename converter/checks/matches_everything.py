"""S017 matches-everything: the rule matches an event that has nothing in it.

Why it matters: a condition of negations alone, or a test that every value
passes, fires on every event of the log source that is not excluded.

Bad::  condition: not filter        Good::  condition: selection and not filter
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject
from converter.ir import Exists, FieldMatch, Null, Text, Wild, evaluate, unevaluable

CODE = "S017"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for a rule that an empty event satisfies without asking for absence, and for texts that all values fit."""
    tree, rule = subject.tree, subject.rule
    if tree is None:
        return
    asks = any(isinstance(atom, FieldMatch) and isinstance(atom.test, Null | Exists) for atom in subject.atoms)
    if not asks and not unevaluable(tree, rule.source) and evaluate(tree, {}):
        place = next((where for name, _, _, where in subject.sections() if name == "condition"), 0)
        message = "the rule matches every event that it does not exclude"
        yield finding(CODE, subject.source, place, message, "add a selection that says what the rule looks for")
    for atom in subject.atoms:
        if isinstance(atom, FieldMatch) and isinstance(atom.test, Text) and atom.modifiers and _is_open(atom.test):
            message = f"every value of '{atom.field}' fits this"
            yield finding(CODE, subject.source, atom.offsets, message, "write the field with '*' alone if any value is meant")


def _is_open(test: Text) -> bool:
    return bool(test.parts) and all(part is Wild.MANY for part in test.parts)
