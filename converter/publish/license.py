"""A rule's licence: an SPDX license expression, checked before anything is passed on."""

from __future__ import annotations

from converter.data import LICENSE_FORM, BadLicenseError, License, read_license
from converter.model import Diagnostic, Rule, Severity


def license_of(rule: Rule, default: str = "") -> License | Diagnostic:
    """Return the rule's licence, else the pack's; or why it is none: B030 when it is missing, B031 when it is no SPDX expression."""
    text = rule.license if rule.license.strip() else default
    if not text.strip():
        message = f"the rule '{rule.title}' has no licence"
        return Diagnostic("B030", Severity.ERROR, rule.span("title"), message, help=f"add 'license:'; {LICENSE_FORM}")
    try:
        return read_license(text)
    except BadLicenseError as error:
        return Diagnostic("B031", Severity.ERROR, rule.span("license"), str(error), help=error.help)
