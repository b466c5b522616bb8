"""What several rules are together: ids that occur once."""

from __future__ import annotations

from collections.abc import Sequence

from converter.model import Diagnostic, Rule, Severity


def link(rules: Sequence[Rule]) -> tuple[Diagnostic, ...]:
    """Return M010 for every rule whose id an earlier rule has."""
    first: dict[str, Rule] = {}
    found: list[Diagnostic] = []
    for rule in rules:
        if rule.id in first:
            other = first[rule.id].span("id")
            message = f"the id {rule.id} is also that of {other.path}:{other.line}"
            found.append(Diagnostic("M010", Severity.ERROR, rule.span("id"), message, help="give this rule an id of its own"))
        else:
            first[rule.id] = rule
    return tuple(found)
