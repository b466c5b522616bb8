"""S004 licence: a rule without a licence, or with a name that is not SPDX's.

Why it matters: nobody may pass on what has no licence, so a bundle refuses the
rule; tools compare the names of the SPDX list, not what people call them.

Bad::  license: Apache 2        Good::  license: Apache-2.0
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from converter.checks.finding import Finding, finding, replaced
from converter.checks.subject import Subject
from converter.data import load
from converter.model import Severity

CODE = "S004"
_WORD = re.compile(r"\(|\)|[^\s()]+")
_OWN = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for a missing licence, or for the name that is none."""
    rule, source = subject.rule, subject.source
    if not rule.license.strip():
        if not subject.license:
            severity = Severity.WARNING if subject.is_ours else Severity.NOTE
            help_text = "add 'license: ' and its SPDX name here, or for all rules in converter.toml under [pack]"
            yield finding(CODE, source, subject.place("license"), "the rule has no licence", help_text, severity=severity)
        return
    wrong = _wrong(rule.license)
    if not wrong:
        return
    known = _known(rule.license if wrong != rule.license else wrong)
    message = f"'{wrong}' is not a name of the SPDX list"
    if known:
        fix = replaced(source, subject.place("license"), known, safe=True, key="license")
        yield finding(CODE, source, subject.place("license"), message, f"write '{known}'", fix=fix)
        return
    close = difflib.get_close_matches(wrong[:100], load("licenses.yml"), n=1, cutoff=0.7)
    help_text = f"did you mean '{close[0]}'?" if close else "see spdx.org/licenses; a licence of your own is 'LicenseRef-…'"
    yield finding(CODE, source, subject.place("license"), message, help_text)


def _wrong(text: str) -> str:
    """Return the first name of an SPDX expression that is none, the whole text when it is no expression."""
    names = load("licenses.yml")
    if text in names or _OWN.fullmatch(text):
        return ""
    words = _WORD.findall(text)
    if not {"AND", "OR", "WITH"} & set(words):
        return text
    for number, word in enumerate(words):
        after_with = number > 0 and words[number - 1] == "WITH"
        if word in ("AND", "OR", "WITH", "(", ")") or after_with or word.rstrip("+") in names or _OWN.fullmatch(word):
            continue
        return str(word)
    return ""


def _known(text: str) -> str:
    """Return the SPDX name of a licence that people write otherwise."""
    wanted = _plain(text)
    names: dict[str, list[str]] = load("licenses.yml")
    return next((name for name, others in names.items() if wanted in map(_plain, (name, *others))), "")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9+.]", "", text.lower())
