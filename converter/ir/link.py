"""What several rules are together: ids that occur once."""

from __future__ import annotations

from collections.abc import Sequence

from converter.model import Diagnostic, Rule, Severity


def link(rules: Sequence[Rule]) -> tuple[Diagnostic, ...]:
    """Return M010 for every rule whose id another rule has: at the first it names the second, at the others the first."""
    by_id: dict[str, list[Rule]] = {}
    for rule in rules:
        by_id.setdefault(rule.id, []).append(rule)
    found: list[Diagnostic] = []
    for same in by_id.values():
        for number, rule in enumerate(same if len(same) > 1 else ()):
            other = same[0 if number else 1].span("id")
            message = f"the id {rule.id} is also that of {other.path}:{other.line}"
            found.append(Diagnostic("M010", Severity.ERROR, rule.span("id"), message, help="give one of the rules an id of its own"))
    return tuple(found)
