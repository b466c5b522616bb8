"""A rule's output text: every percent sign in it must begin a field that the event source has.

Source: libs 48dfd53c userspace/libsinsp/eventformatter.cpp; a literal percent
sign cannot be written (measured with rules engine 0.63.0).
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from converter.data import Source, bindings, falco_fields
from converter.model import Diagnostic, Severity
from converter.targets.contract import ResolvedRule
from converter.targets.falco.facts import facts

_NAME: Final = r"[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z][a-zA-Z0-9_]*)+"
_REFERENCE: Final = re.compile(
    rf"%[0-9]{{0,9}}(?:(?P<call>[a-z0-9]+)\()?(?P<field>{_NAME})(?:\[(?P<argument>[^\[\]\"'\s]+)\])?(?P<close>\))?"
)


def output_of(resolved: ResolvedRule) -> str | Diagnostic:
    """Return the rule's own output text or the log source's, or T307 for a percent sign that is no field.

    Where neither has one, it names the fields of the detection.
    """
    rule, own = resolved.rule, resolved.source.targets["falco"]
    written = rule.target("falco").get("output", own.get("output"))
    if written is None and resolved.source.id in facts()["sources"]:
        default: str = facts()["sources"][resolved.source.id]["output"]
        return default
    if not written:
        return "Sigma rule (" + " ".join(f"{path}=%{path}" for path in dict.fromkeys(one.path for one in resolved.fields.values())) + ")"
    text = str(written)
    span = rule.span("x-converter.targets.falco.output")
    place = 0
    while (place := text.find("%", place)) >= 0:
        found = _REFERENCE.match(text, place)
        if found is None:
            message = "a percent sign without a field after it: Falco has no way to write a literal one"
            return Diagnostic("T307", Severity.ERROR, span, message, help="spell it out, or name a field such as %ka.user.name")
        problem = _problem(found, resolved.source)
        if problem:
            return Diagnostic("T307", Severity.ERROR, span, problem, help="see the fields of the event source in Falco's documentation")
        place = found.end()
    return text


def _problem(found: re.Match[str], source: Source) -> str:
    field, call = found["field"], found["call"]
    if not _is_known(field, source):
        return f"the output names %{field}, which the event source does not have"
    if call and (call not in facts()["transformers"] or not found["close"]):
        return f"the output calls {call}(), which Falco does not read here"
    if field in facts()["needs_argument"] and found["argument"] is None:
        return f"the output names %{field} without the argument in brackets that it needs"
    return ""


def _is_known(field: str, source: Source) -> bool:
    """The tables of the target come first: the view is a long file."""
    known = {path.partition("[")[0] for path in source.targets["falco"].get("fields", ())}
    if field in known or field in facts()["output_fields"]:
        return True
    with suppress(FileNotFoundError):  # a log source that only a pack has: its rows are all
        known |= {one.path.partition("[")[0] for one in bindings("falco", source.id).values()}
        return field in known or field in facts()["sources"][source.id]["output_fields"] or field in falco_fields(source.id)
    return False
