"""S022 rule-id: an id that no generator of UUIDs makes.

Why it matters: hand-made ids meet: the next author counts on from the same
number, and a target keeps one rule per id.

Bad::  id: 00000000-0000-0000-0000-000000000001
Good::  id: 7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject

CODE = "S022"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for an id without a version from 1 to 8 or with another variant than RFC 9562's."""
    rule = subject.rule
    if "id" in rule.positions and not (rule.id[14] in "12345678" and rule.id[19] in "89ab"):
        message = f"the id {rule.id} is no UUID that a generator makes"
        help_text = "make a random one: python3 -c 'import uuid; print(uuid.uuid4())'"
        yield finding(CODE, subject.source, subject.place("id"), message, help_text)
