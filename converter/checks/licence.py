"""S004 licence: a rule without a licence, or with a name that is not SPDX's.

Why it matters: nobody may pass on what has no licence, so a bundle refuses the
rule; tools compare the names of the SPDX list, not what people call them.

Bad::  license: Apache 2        Good::  license: Apache-2.0
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding, replaced
from converter.checks.subject import Subject
from converter.data import BadLicenseError, license_named, read_license
from converter.model import Severity

CODE = "S004"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for a missing licence, or for the name that is none."""
    rule, source = subject.rule, subject.source
    if not rule.license.strip():
        if not subject.license:
            severity = Severity.WARNING if subject.is_ours else Severity.NOTE
            help_text = "add 'license: ' and its SPDX name here, or for all rules in converter.toml under [pack]"
            yield finding(CODE, source, subject.place("license"), "the rule has no licence", help_text, severity=severity)
        return
    try:
        read_license(rule.license)
    except BadLicenseError as error:
        name = license_named(rule.license)
        fix = replaced(source, subject.place("license"), name, safe=True, key="license") if name else None
        yield finding(CODE, source, subject.place("license"), str(error), f"write '{name}'" if name else error.help, fix=fix)
