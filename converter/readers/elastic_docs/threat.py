"""Read the threat block: bullets of tactics, techniques and sub-techniques, one level for all three.

A technique belongs to the tactic before it, a sub-technique to the technique
before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from converter.readers.elastic_docs import artefacts
from converter.readers.elastic_docs.problem import Findings
from converter.readers.elastic_rules import Attack, Technique, Threat

_FRAMEWORK = re.compile(r"\*\*Framework\*\*:[ \t]*(.*)")
_ENTRY = re.compile(r"[*-][ \t]+(Tactic|Technique|Sub-technique):[ \t]*$")
_FACT = re.compile(r"[ \t]+[*-][ \t]+(Name|ID|Reference URL):[ \t]*(.*)$")


@dataclass(slots=True)
class _Entry:
    """A bullet while it is read."""

    kind: str
    framework: str
    offsets: tuple[int, int]
    facts: dict[str, str] = field(default_factory=dict)


def read_threat(findings: Findings, start: int, end: int) -> tuple[Threat, ...]:
    """Return the tactics between two offsets of the page."""
    entries = _entries(findings, start, end)
    threats: list[Threat] = []
    for entry in entries:
        missing = [name for name in ("Name", "ID", "Reference URL") if not entry.facts.get(name)]
        if missing:
            findings.error("R115", *entry.offsets, f"this {entry.kind.lower()} has no {' and no '.join(missing)}")
            continue
        if entry.kind != "Tactic" and not threats:
            findings.error("R115", *entry.offsets, f"this {entry.kind.lower()} comes before any tactic")
            continue
        _add(findings, threats, entry)
    if not entries:
        findings.error("R115", start, start + len("**Framework**:"), "the threat block names no tactic")
    return tuple(threats)


def _add(findings: Findings, threats: list[Threat], entry: _Entry) -> None:
    identifier, name, reference = entry.facts["ID"], entry.facts["Name"], entry.facts["Reference URL"]
    if entry.kind == "Tactic":
        threats.append(Threat(entry.framework, Attack(identifier, name, reference)))
        return
    last = threats[-1]
    if entry.kind == "Technique":
        threats[-1] = Threat(last.framework, last.tactic, (*last.techniques, Technique(identifier, name, reference)))
        return
    if not last.techniques:
        findings.error("R115", *entry.offsets, "this sub-technique comes before any technique of its tactic")
        return
    parent = last.techniques[-1]
    grown = Technique(parent.id, parent.name, parent.reference, (*parent.subtechniques, Attack(identifier, name, reference)))
    threats[-1] = Threat(last.framework, last.tactic, (*last.techniques[:-1], grown))


def _entries(findings: Findings, start: int, end: int) -> list[_Entry]:
    """Return the bullets in order, each with the facts below it."""
    entries: list[_Entry] = []
    framework = ""
    at = start
    for line in findings.source.text[start:end].split("\n"):
        here, at = (at, at + len(line)), at + len(line) + 1
        if not line.strip():
            continue
        if found := _FRAMEWORK.match(line):
            framework = artefacts.framework(found[1].strip())
            if not framework:
                findings.error("R115", *here, "the framework has no name")
        elif found := _ENTRY.match(line):
            entries.append(_Entry(found[1], framework, here))
        elif entries and (found := _FACT.match(line)):
            _fact(findings, entries[-1], found[1], found[2].strip(), here)
        else:
            findings.warn("R117", *here, "this line belongs to no element and is left out")
    return entries


def _fact(findings: Findings, entry: _Entry, name: str, value: str, here: tuple[int, int]) -> None:
    if name in entry.facts:
        findings.error("R113", *here, f"this {entry.kind.lower()} has two lines {name!r}", help="keep one of the two")
        return
    if name == "Reference URL":
        if value.startswith("[") and not value.endswith(")"):
            findings.error("R115", *here, "the link has no end")
        value = artefacts.reference(value).url
    entry.facts[name] = value
