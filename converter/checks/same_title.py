"""S011 same-title: two rules with one title.

Why it matters: an alert shows the title; two of the same cannot be told apart,
and some targets name their rules by it.

Bad::  title: Suspicious Login, twice        Good::  a title that says how they differ
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject

CODE = "S011"


def check_all(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Finding]]:
    """Yield a finding for each title that an earlier rule has, without regard to case and blanks."""
    first: dict[str, Subject] = {}
    for subject in subjects:
        other = first.setdefault(" ".join(subject.rule.title.casefold().split()), subject)
        if other is not subject:
            span = other.rule.span("title")
            message = f"the title is also that of {span.path}:{span.line}"
            yield subject, finding(CODE, subject.source, subject.place("title"), message, "say in the title how the rules differ")
