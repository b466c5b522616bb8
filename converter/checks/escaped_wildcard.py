r"""S016 escaped-wildcard: a backslash takes a wildcard's meaning away.

Why it matters: in Sigma ``\*`` is a star as such, so a path that ends in ``\*``
matches only files with a star in their name, which Windows does not have.

Bad::  Image: C:\Temp\*        Good::  Image: C:\Temp\\*
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from converter.checks.finding import Finding, finding, replaced
from converter.checks.subject import Subject

CODE = "S016"
_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\([*?])")
_PATH = re.compile(r"[A-Za-z]:\\|\\[A-Za-z]{2,}[^\\]*\\|%[A-Za-z]+%\\|HK(LM|CU|EY)", re.IGNORECASE)


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each escaped wildcard of a value that is a Windows path."""
    for item in subject.items:
        if not item.field or {"re", "cidr"} & set(item.modifiers):
            continue
        for value, place in item.values:
            if not isinstance(value, str) or "\\" not in value:
                continue
            found = _ESCAPED.search(value)
            if found and _PATH.search(value[: found.start()] + "\\"):
                new = _ESCAPED.sub(lambda one: one.group()[:-1] + "\\" + one.group(1), value)
                message = f"'\\{found.group(1)}' is the character as such in this path, not a wildcard"
                fix = replaced(subject.source, place, new, safe=False)
                yield finding(CODE, subject.source, place, message, f"for a wildcard after a backslash write '{new}'", fix=fix)
