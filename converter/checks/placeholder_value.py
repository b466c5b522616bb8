"""S012 placeholder-value: a selection still holds a template's placeholder.

Why it matters: ``CHANGEME`` never occurs in real events, so the rule looks
covered and never fires.

Bad::  user.username: CHANGEME        Good::  user.username: system:admin
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject

CODE = "S012"
_WORDS = re.compile(
    r"change[-_ ]?me|replace[-_ ]?(me|this)|fix[-_ ]?me|to[-_ ]?do|tbd|lorem ipsum|placeholder|insert[-_ ]here"
    r"|your[-_ ][a-z_-]+[-_ ]here|<(your|insert|replace|enter|change)\b[^>]*>|\{\{[^}]*\}\}",
    re.IGNORECASE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each value that is nothing but a placeholder."""
    for item in subject.items:
        if "re" in item.modifiers:
            continue
        for value, place in item.values:
            if isinstance(value, str) and _WORDS.fullmatch(value.strip("*\\/ ")):
                yield finding(CODE, subject.source, place, f"'{value}' is a placeholder", "put the real value, or delete the line")
