"""S006 dates: a date that no calendar has, written with slashes, or later than the change after it.

Why it matters: reviewers sort by these dates, and targets copy them; one that
cannot be true says that nobody looked.

Bad::  date: 2024/03/01        Good::  date: 2024-03-01
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from converter.checks.finding import Edit, Finding, Fix, finding
from converter.checks.subject import Subject
from converter.model import unpack

CODE = "S006"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each date that is wrong, and for a rule changed before it was written."""
    rule, source = subject.rule, subject.source
    days: dict[str, datetime.date] = {}
    for key in ("date", "modified"):
        text = str(getattr(rule, key))
        if not text:
            continue
        place = subject.place(key)
        written = source.text[slice(*unpack(place))].strip("'\"")
        try:
            days[key] = datetime.date.fromisoformat(text)
        except ValueError:
            yield finding(CODE, source, place, f"'{written}' is no day", "write it as YYYY-MM-DD")
            continue
        if "/" in written:
            start, end = unpack(place)
            fix = Fix((Edit(start, end, source.text[start:end].replace("/", "-")),), True, key)
            yield finding(CODE, source, place, f"'{written}' is the form of Sigma 1", f"write '{text}'", fix=fix)
    if len(days) == 2 and days["modified"] < days["date"]:
        message = f"the rule was modified on {rule.modified}, before its date {rule.date}"
        yield finding(CODE, source, subject.place("modified"), message, "correct one of the two")
