"""S009 unused-detection: a named detection that the condition does not use.

Why it matters: it looks as if the rule asked for it (or excluded it), and it
does neither; most often a filter was written and forgotten.

Bad::  selection, filter, condition: selection
Good::  selection, filter, condition: selection and not filter
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject
from converter.ir import used_detections

CODE = "S009"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding at the name of each detection that no condition uses."""
    rule = subject.rule
    if subject.tree is None:
        return
    conditions = rule.detection.get("condition", "")
    names = tuple(str(name) for name in rule.detection if name != "condition")
    used: set[str] = set()
    for text in conditions if isinstance(conditions, list) else [conditions]:
        found = used_detections(text, names)
        if found is None:
            return
        used |= found
    for name, _, key, _ in subject.sections():
        if name not in used and name != "condition":
            help_text = "add it to the condition, or delete it"
            yield finding(CODE, subject.source, key, f"the condition does not use '{name}'", help_text)
