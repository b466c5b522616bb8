"""S008 tactics: a technique without a tactic of its own among the tags.

Why it matters: the threat block puts a technique under its tactic; when the
tags name others only, each target shows a tactic that the author did not mean.

Bad::  tags: [attack.exfiltration, attack.t1609]
Good::  tags: [attack.execution, attack.t1609]
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding
from converter.checks.subject import Subject
from converter.data import load, retired, tactic, technique

CODE = "S008"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each technique none of whose tactics is among the rule's, when it has any."""
    named = {home.shortname for tag in subject.rule.tags if tag.startswith("attack.") and (home := tactic(tag))}
    later = load("tags.yml")["came_from"]
    named |= {later[name] for tag in subject.rule.tags if (name := tag.removeprefix("attack.")) in later}
    if not named:
        return
    for number, tag in enumerate(subject.rule.tags):
        found = technique(tag) if tag.startswith("attack.t") else None
        if found is None or not found.tactics or named & set(found.tactics) or retired(tag) is not None:
            continue
        place = subject.tag_place(number)
        message = f"{found.id} {found.name} is no technique of the rule's tactics"
        help_text = "add " + " or ".join(f"'attack.{name}'" for name in found.tactics) + ", or another technique"
        yield finding(CODE, subject.source, place, message, help_text)
