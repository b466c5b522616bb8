"""S018 redundant-wildcard: a wildcard where the modifier already has one.

Why it matters: the wildcard changes nothing, and some engines run a pattern
with one at the start far slower.

Bad::  userAgent|contains: '*curl*'        Good::  userAgent|contains: curl
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding, replaced
from converter.checks.subject import Subject

CODE = "S018"
_LEADING = frozenset({"contains", "endswith"})
_TRAILING = frozenset({"contains", "startswith"})


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each value with a star at the end that its modifier leaves open."""
    for item in subject.items:
        modifiers = set(item.modifiers)
        if not modifiers & (_LEADING | _TRAILING) or not modifiers <= _LEADING | _TRAILING | {"all", "cased"}:
            continue
        for value, place in item.values:
            if not isinstance(value, str) or "*" not in value:
                continue
            new = value.lstrip("*") if modifiers & _LEADING else value
            stripped = new.rstrip("*")
            # A star after a backslash may be the character.
            new = stripped if modifiers & _TRAILING and not stripped.endswith("\\") else new
            if new and new != value:
                fix = replaced(subject.source, place, new, safe=True)
                message = f"'|{'|'.join(item.modifiers)}' already leaves this end of '{value}' open"
                yield finding(CODE, subject.source, place, message, f"write '{new}'", fix=fix)
