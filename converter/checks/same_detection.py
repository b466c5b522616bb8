"""S010 same-detection: two rules of one log source that mean the same.

Why it matters: both fire on every event, so one incident becomes two alerts,
and a correction of the one forgets the other.

Bad::  a copied rule with a new id and title        Good::  one rule
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from converter.checks.finding import Finding, finding
from converter.checks.sameness import Shape, shape
from converter.checks.subject import Subject

CODE = "S010"


def check_all(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Finding]]:
    """Yield a finding for each rule whose detection an earlier one has."""
    first: dict[tuple[object, ...], Subject] = {}
    for subject in subjects:
        if subject.tree is None:
            continue
        rule = subject.rule
        meaning: Shape = shape(subject.tree)
        key = (rule.logsource, rule.taxonomy, meaning)
        other = first.setdefault(key, subject)
        if other is subject:
            continue
        span = other.rule.span("detection")
        message = f"the rule matches the same events as '{other.rule.title}' in {span.path}:{span.line}"
        place = rule.positions.get("detection", 0)
        yield subject, finding(CODE, subject.source, place, message, "keep one of the two, or correct the one that was copied")
