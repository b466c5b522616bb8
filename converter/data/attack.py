"""MITRE ATT&CK names: from a rule's tags to tactics and techniques.

© MITRE, reproduced under the ATT&CK terms of use; the version stands in
``attack.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from converter.model import node

SITE = "https://attack.mitre.org"


@node
class Technique:
    """A technique or sub-technique: id, name, the page, and the short names of its tactics."""

    id: str
    name: str
    tactics: tuple[str, ...]

    @property
    def url(self) -> str:
        """The technique's page."""
        return f"{SITE}/techniques/{self.id.replace('.', '/')}/"


@node
class Tactic:
    """A tactic: id, name, and the short name that Sigma's tags use (with ``-``)."""

    id: str
    name: str
    shortname: str

    @property
    def url(self) -> str:
        """The tactic's page."""
        return f"{SITE}/tactics/{self.id}/"


@node
class Threat:
    """A tactic with the techniques that the rule names for it; sub-techniques by their technique's id."""

    tactic: Tactic
    techniques: tuple[Technique, ...] = ()
    subtechniques: Mapping[str, tuple[Technique, ...]] | None = None


@cache
def _data() -> Mapping[str, Any]:
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "attack.json").read_text(encoding="utf-8"))
    return loaded


def attack_version() -> str:
    """Return the version of the shipped ATT&CK data."""
    return str(_data()["version"])


def tactic(tag: str) -> Tactic | None:
    """Return the tactic of a tag such as ``attack.execution`` (``_`` and ``-`` alike)."""
    shortname = tag.removeprefix("attack.").replace("_", "-")
    found = _data()["tactics"].get(shortname)
    return Tactic(found[0], found[1], shortname) if found else None


def tactic_named(name: str) -> Tactic | None:
    """Return the tactic with this id or name."""
    for shortname, (number, known) in _data()["tactics"].items():
        if name in (number, known):
            return Tactic(number, known, shortname)
    return None


def technique(tag: str) -> Technique | None:
    """Return the technique of a tag such as ``attack.t1609``, revoked ones too."""
    number = tag.removeprefix("attack.").upper()
    found = _data()["techniques"].get(number)
    return Technique(number, found["name"], tuple(found["tactics"])) if found else None


def retired(tag: str) -> tuple[str, ...] | None:
    """Return what ATT&CK has instead of a technique that it revoked (its id) or deprecated (nothing); ``None`` for one that it has."""
    found = _data()["techniques"].get(tag.removeprefix("attack.").upper(), {})
    if "revoked_by" in found:
        return (str(found["revoked_by"]),)
    return () if found.get("deprecated") else None


@cache
def attack_tags() -> tuple[str, ...]:
    """Return the tags of all tactics and techniques that ATT&CK has today."""
    known = _data()["techniques"].items()
    current = [number.lower() for number, one in known if "revoked_by" not in one and not one.get("deprecated")]
    return tuple(f"attack.{name}" for name in (*_data()["tactics"], *current))


def threats(tags: tuple[str, ...]) -> tuple[Threat, ...]:
    """Return the tactics of a rule's tags in their order, each with the techniques that belong to it.

    A technique without a tactic among the tags stands under its own first
    tactic; a sub-technique brings its technique along.
    """
    named = [found for tag in tags if tag.startswith("attack.") and (found := technique(tag))]
    order = {home.shortname: home for tag in tags if tag.startswith("attack.") and (home := tactic(tag))}
    for one in named:
        if not any(shortname in order for shortname in one.tactics) and one.tactics:
            first = tactic(one.tactics[0])
            if first:
                order[first.shortname] = first
    return tuple(_threat(one, named) for one in order.values())


def _threat(home: Tactic, named: list[Technique]) -> Threat:
    mine = [one for one in named if home.shortname in one.tactics]
    tops = {one.id: one for one in mine if "." not in one.id}
    subs: dict[str, list[Technique]] = {}
    for one in mine:
        if "." in one.id:
            parent = technique(one.id.partition(".")[0])
            if parent:
                tops.setdefault(parent.id, parent)
                subs.setdefault(parent.id, []).append(one)
    return Threat(home, tuple(tops.values()), {key: tuple(value) for key, value in subs.items()})
