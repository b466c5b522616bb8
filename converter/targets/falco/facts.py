"""The target's own facts: ``falco.yml`` and ``capabilities.yml``, read on first use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from converter.data import read_facts
from converter.targets.contract import Capabilities


@cache
def facts() -> Mapping[str, Any]:
    """Return ``falco.yml``: profiles, priorities, tags, limits, outputs."""
    return _read("falco.yml")


@cache
def table() -> Mapping[str, Any]:
    """Return ``capabilities.yml``."""
    return _read("capabilities.yml")


@cache
def capabilities_of(profile: str) -> Capabilities:
    """Return what a Falco of this version can express: the table without what came later."""
    versions = list(facts()["profiles"]["versions"])
    later = set(versions[versions.index(profile) + 1 :])
    features = {
        name: {type_: value for type_, value in entry.items() if entry.get("since", {}).get(type_) not in later}
        for name, entry in table()["features"].items()
    }
    return Capabilities("falco", features)


def _read(name: str) -> Mapping[str, Any]:
    loaded: dict[str, Any] = read_facts(Path(__file__).with_name(name))
    return loaded
