"""S020 suppression: an entry of x-converter.suppress that is over, without a reason, or without anything to suppress.

Why it matters: a suppression hides findings; one that outlives its cause hides
the next mistake too.

Bad::  suppress: [{code: S003, reason: ' '}]
Good::  suppress: [{code: S003, until: '2027-06-30', reason: events are collected in the lab until summer}]
"""

from __future__ import annotations

from collections.abc import Sequence

from converter.checks.finding import Finding, finding, removed
from converter.checks.subject import Subject
from converter.formats import Seq

CODE = "S020"


def judged(subject: Subject, found: Sequence[Finding], today: str) -> list[Finding]:
    """Return the findings of a rule that no sound entry suppresses, and those about the entries themselves.

    ``today`` is an ISO 8601 date; ``""`` ends nothing.
    """
    entries = subject.rule.converter.get("suppress", ())
    if not isinstance(entries, Seq):
        return list(found)
    codes = {one.code for one in found}
    silent: set[str] = set()
    about: list[Finding] = []
    for entry, place in zip(entries, entries.offsets, strict=True):
        code, until = entry["code"], str(entry.get("until", ""))
        if not entry["reason"].strip():
            about.append(
                finding(CODE, subject.source, place, f"the suppression of {code} gives no reason", "say why the finding is right as it is")
            )
        elif until and today and until < today:
            message = f"the suppression of {code} ended on {until}"
            about.append(finding(CODE, subject.source, place, message, "cure the finding, or judge it again and give a later day"))
        elif code not in codes:
            known = code.startswith("S")
            message = (
                f"nothing is left that the suppression of {code} hides" if known else f"{code} is no check, so it cannot be suppressed"
            )
            help_text = "delete it" if known else "losses are accepted under x-converter.targets.<target>.accept"
            fix = removed(subject.source, place, safe=True, key="x-converter") if known else None
            about.append(finding(CODE, subject.source, place, message, help_text, fix=fix))
        else:
            silent.add(code)
    return [*(one for one in found if one.code not in silent), *about]
