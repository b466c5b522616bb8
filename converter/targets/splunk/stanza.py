"""The stanza of a saved search: schedule, severity, and the fields that an alert shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from converter.model import Rule
from converter.targets.contract import Compilation

SEVERITY: Final = {"informational": 2, "low": 2, "medium": 3, "high": 4, "critical": 5}
"""Sigma's level to ``alert.severity``: 2 info, 3 warn, 4 error, 5 severe (savedsearches.conf, Splunk 10.0)."""
TITLE: Final = 40


def stanza_of(compilation: Compilation) -> dict[str, Any]:
    """Return the values of ``templates/splunk/savedsearch.conf.j2``."""
    rule, options = compilation.rule, compilation.options
    suppress = options.get("suppress", {})
    return {
        "name": f"{rule.title[:TITLE].strip()} - {rule.id[:8]}",
        "description": _description(compilation),
        "search": "\n".join(_lines(compilation)),
        "cron": options.get("cron", "*/5 * * * *"),
        "earliest": options.get("earliest", "-10m@m"),
        "latest": options.get("latest", "-5m@m"),
        "severity": SEVERITY.get(rule.level, 3),
        "suppress_fields": ",".join(suppress.get("fields", ())),
        "suppress_period": suppress.get("period", ""),
    }


def query_of(compilation: Compilation) -> list[str]:
    """Return the search's first lines, which find the events: macro, log source and base search, then ``where``."""
    assert compilation.resolved is not None, "a compilation with parts has its resolved rule"
    macro = compilation.options.get("macro", compilation.resolved.source.targets["splunk"]["macro"])
    guard = " ".join(map(_guard, compilation.resolved.guard.items()))
    lines = [" ".join(part for part in (f"`{macro}`", guard, compilation.parts["base"]) if part)]
    return [*lines, f"| where {compilation.parts['where']}"] if compilation.parts["where"] else lines


def _lines(compilation: Compilation) -> list[str]:
    assert compilation.resolved is not None, "a compilation with parts has its resolved rule"
    lines, needs = query_of(compilation), compilation.resolved.source.targets["splunk"]
    output: dict[str, str] = needs["output"]
    names = " ".join(output)
    lines += [
        "| rename " + ", ".join(f'"{field}" AS {name}' for name, field in output.items()),
        f'| fillnull value="unknown" {names}',
        "| stats count min(_time) AS firstTime max(_time) AS lastTime "
        + " ".join(f"values({field}) AS {name}" for name, field in needs["values"].items())
        + f" by {names}",
        f"| `{filter_macro(compilation.rule)}`",
    ]
    return lines


def _guard(field: tuple[str, str | Sequence[str]]) -> str:
    """Return the term that selects a log source among the events of its input: a field with one value, or one of several."""
    name, value = field
    return f"{name}={value}" if isinstance(value, str) else f"{name} IN ({', '.join(value)})"


def filter_macro(rule: Rule) -> str:
    """Return the name of the rule's own macro, where a site keeps its exceptions."""
    slug = re.sub("[^a-z0-9]+", "_", rule.title.lower()).strip("_")[:60].strip("_")
    return f"{slug or 'rule'}_{rule.id[:8]}_filter"


def _description(compilation: Compilation) -> str:
    rule = compilation.rule
    source = rule.converter.get("source", "")
    lines = [
        rule.description.strip() or rule.title,
        f"Rule {rule.id}, by {rule.author or 'unknown'}, licence {rule.license or 'not stated'}."
        + (f" Adapted from {source}" if source else ""),
    ]
    accepted = {loss.code: loss for loss in compilation.losses if loss.accepted}
    lines += [f"Accepted loss {code} ({one.direction.value}): {one.message} ({one.accepted})" for code, one in accepted.items()]
    return " ".join(lines)


def macros_of(done: Sequence[Compilation]) -> list[tuple[str, str]]:
    """Return the macros that compilations need, by name."""
    found: dict[str, str] = {}
    for one in done:
        found |= one.needs["macros"]
    return sorted(found.items())
