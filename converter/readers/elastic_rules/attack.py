"""A rule's threat block as tags, and as it stands where tags cannot give it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from converter.data import Threat as KnownThreat
from converter.data import tactic_named, threats

_FRAMEWORK = "MITRE ATT&CK"


@dataclass(frozen=True, slots=True)
class Attack:
    """A tactic or a sub-technique, as the rule names it."""

    id: str
    name: str
    reference: str


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique and its sub-techniques, as the rule names them."""

    id: str
    name: str
    reference: str
    subtechniques: tuple[Attack, ...] = ()


@dataclass(frozen=True, slots=True)
class Threat:
    """One tactic of a framework with the techniques that follow it."""

    framework: str
    tactic: Attack
    techniques: tuple[Technique, ...] = ()


def attack_tags(threat: Sequence[Threat]) -> tuple[str, ...]:
    """Return Sigma's tags for the tactics and techniques, in the rule's order."""
    tags: dict[str, None] = {}
    for one in threat:
        if one.framework != _FRAMEWORK:
            continue
        if known := tactic_named(one.tactic.id) or tactic_named(one.tactic.name):
            tags[f"attack.{known.shortname}"] = None
        for technique in one.techniques:
            tags |= {f"attack.{number.lower()}": None for number in (technique.id, *(sub.id for sub in technique.subtechniques))}
    return tuple(tags)


def threat_block(threat: Sequence[Threat]) -> list[dict[str, Any]]:
    """Return the threat block as Elastic's rules have it."""
    return [
        {"framework": one.framework, "tactic": _named(one.tactic)}
        | ({"technique": list(map(_named, one.techniques))} if one.techniques else {})
        for one in threat
    ]


def is_derivable(threat: Sequence[Threat]) -> bool:
    """Say whether tags and the shipped ATT&CK data give back the block as it is: names, addresses and order."""
    return list(map(_known, threats(attack_tags(threat)))) == threat_block(threat)


def _named(one: Attack | Technique) -> dict[str, Any]:
    named: dict[str, Any] = {"id": one.id, "name": one.name, "reference": one.reference}
    if isinstance(one, Technique) and one.subtechniques:
        named["subtechnique"] = list(map(_named, one.subtechniques))
    return named


def _known(one: KnownThreat) -> dict[str, Any]:
    subtechniques = one.subtechniques or {}
    techniques = tuple(
        Technique(
            technique.id,
            technique.name,
            technique.url,
            tuple(Attack(sub.id, sub.name, sub.url) for sub in subtechniques.get(technique.id, ())),
        )
        for technique in one.techniques
    )
    return threat_block([Threat(_FRAMEWORK, Attack(one.tactic.id, one.tactic.name, one.tactic.url), techniques)])[0]
