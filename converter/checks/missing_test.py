"""S003 missing-test: a rule without an event that matches, or without one that does not.

Why it matters: only an event shows that a rule fires, and only a second one
that it does not fire always; outputs cannot be verified without them.

Bad::  no x-converter.tests        Good::  one test with match: true, one with match: false
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject

CODE = "S003"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield one finding when the rule's tests do not show both answers."""
    if subject.loaded.is_opaque or subject.loaded.part_of:
        return  # a part alone alerts nobody: the correlation's tests show it
    tests = subject.rule.converter.get("tests", ())
    answers = {one["match"] for one in tests if "match" in one} | ({True} if any(one.get("match_count") for one in tests) else set())
    if True not in answers:
        yield _told(subject, "no test shows an event that the rule matches", "add one with 'match: true' under x-converter.tests")
    elif False not in answers:
        yield _told(subject, "no test shows an event that the rule does not match", "add one with 'match: false' under x-converter.tests")


def _told(subject: Subject, message: str, help_text: str) -> Finding:
    positions = subject.rule.positions
    place = positions.get("x-converter.tests", positions.get("x-converter", 0))
    return finding(CODE, subject.source, place, message, help_text)
