"""S014 repeated-value: a value stands twice in one list.

Why it matters: the second one changes nothing; often another value was meant.

Bad::  verb: [get, list, get]        Good::  verb: [get, list]
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding, removed
from converter.checks.subject import Subject
from converter.ir import fold

CODE = "S014"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each value that an earlier one of its list equals, case aside where case does not count."""
    for item in subject.items:
        if len(item.values) < 2:
            continue
        cased = "cased" in item.modifiers or "re" in item.modifiers or {"base64", "base64offset"} & set(item.modifiers)
        seen: set[tuple[type, object]] = set()
        for value, place in item.values:
            if isinstance(value, dict | list):
                continue  # no value of a rule, which lowering tells
            key = (type(value), fold(value) if isinstance(value, str) and not cased else value)
            if key in seen:
                fix = removed(subject.source, place, safe=True)
                yield finding(
                    CODE, subject.source, place, f"the value '{value}' stands twice in this list", "delete one of the two", fix=fix
                )
            seen.add(key)
