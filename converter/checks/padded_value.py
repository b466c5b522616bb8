"""S013 padded-value: a value begins or ends with blanks that belong to the text.

Why it matters: a whole value with a blank at its end equals nothing that the
log holds; the blank is invisible in review.

Bad::  verb: 'create '        Good::  verb: create
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding, replaced
from converter.checks.subject import Subject

CODE = "S013"
_FREE = frozenset({"contains", "re", "base64", "base64offset", "wide", "utf16", "utf16le", "utf16be", "windash", "expand"})
"""Modifiers under which blanks at an end are meant: they keep words apart."""


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for blanks at an end where the value's own end is meant."""
    for item in subject.items:
        if not item.field or _FREE & set(item.modifiers):
            continue
        for value, place in item.values:
            if not isinstance(value, str) or not value.strip():
                continue
            trimmed = value
            if "endswith" not in item.modifiers:
                trimmed = trimmed.lstrip()
            if "startswith" not in item.modifiers:
                trimmed = trimmed.rstrip()
            if trimmed != value:
                end = "beginning" if value.endswith(trimmed) else "end"
                fix = replaced(subject.source, place, trimmed, safe=False)
                yield finding(CODE, subject.source, place, f"'{value}' has blanks at its {end}", f"write '{trimmed}'", fix=fix)
