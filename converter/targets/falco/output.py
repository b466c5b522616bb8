"""A rule's output text: every percent sign in it must begin a field that the event source has.

Source: libs 48dfd53c userspace/libsinsp/eventformatter.cpp; a literal percent
sign cannot be written (measured with rules engine 0.63.0).
"""

from __future__ import annotations

import re
from typing import Final

from converter.data import bindings, falco_fields
from converter.model import Diagnostic, Rule, Severity
from converter.targets.falco.facts import facts

_NAME: Final = r"[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z][a-zA-Z0-9_]*)+"
_REFERENCE: Final = re.compile(
    rf"%[0-9]{{0,9}}(?:(?P<call>[a-z0-9]+)\()?(?P<field>{_NAME})(?:\[(?P<argument>[^\[\]\"'\s]+)\])?(?P<close>\))?"
)


def output_of(rule: Rule, source: str) -> str | Diagnostic:
    """Return the rule's own output text or the log source's, or T307 for a percent sign that is no field."""
    written = rule.target("falco").get("output")
    if written is None:
        default: str = facts()["sources"][source]["output"]
        return default
    text = str(written)
    span = rule.span("x-converter.targets.falco.output")
    place = 0
    while (place := text.find("%", place)) >= 0:
        found = _REFERENCE.match(text, place)
        if found is None:
            message = "a percent sign without a field after it: Falco has no way to write a literal one"
            return Diagnostic("T307", Severity.ERROR, span, message, help="spell it out, or name a field such as %ka.user.name")
        problem = _problem(found, source)
        if problem:
            return Diagnostic("T307", Severity.ERROR, span, problem, help="see the fields of the event source in Falco's documentation")
        place = found.end()
    return text


def _problem(found: re.Match[str], source: str) -> str:
    field, call = found["field"], found["call"]
    if not _is_known(field, source):
        return f"the output names %{field}, which the event source does not have"
    if call and (call not in facts()["transformers"] or not found["close"]):
        return f"the output calls {call}(), which Falco does not read here"
    if field in facts()["needs_argument"] and found["argument"] is None:
        return f"the output names %{field} without the argument in brackets that it needs"
    return ""


def _is_known(field: str, source: str) -> bool:
    """The tables of the target come first: the view is a long file."""
    known = {one.path.partition("[")[0] for one in bindings("falco", source).values()}
    return (
        field in known
        or field in facts()["output_fields"]
        or field in facts()["sources"][source]["output_fields"]
        or field in falco_fields(source)
    )
