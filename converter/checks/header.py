"""S005 header: the rule does not say what its alert means, who wrote it, when, or how serious it is.

Why it matters: whoever gets the alert at night sees these lines only; levels
become severities, and without one every target takes its own default.  A note:
it fails nothing.

Bad::  title and detection alone
Good::  description, author, date, status and level beside them
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject
from converter.model import Severity

CODE = "S005"
_KEYS = ("description", "author", "date", "status", "level")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield one note that names what is missing or blank."""
    rule = subject.rule
    missing = [key for key in _KEYS if not str(getattr(rule, key)).strip()]
    if missing:
        names = " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
        help_text = "add " + ", ".join(f"'{key}:'" for key in missing)
        yield finding(CODE, subject.source, subject.place("title"), f"the rule has no {names}", help_text, severity=Severity.NOTE)
