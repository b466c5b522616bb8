"""What the engine knows, from ``engine.yml``: operators, transformers, and the release that brought each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from converter.data import read_facts
from converter.languages.falco.syntax import PROFILES

OPERATORS: Final = (
    "exists", "<=", "<", ">=", ">", "==", "=", "!=", "glob", "iglob", "contains", "icontains", "bcontains", "startswith",
    "bstartswith", "endswith", "regex", "intersects", "in", "pmatch",
)  # fmt: skip
"""In the order in which the lexer tries them."""
TRANSFORMERS: Final = ("tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt")
"""The functions that may stand for a field; ``val`` is one on the right side only."""


@cache
def facts() -> Mapping[str, Any]:
    """Return ``engine.yml``."""
    loaded: Mapping[str, Any] = read_facts(Path(__file__).with_name("engine.yml"))
    return loaded


@cache
def known_since(construct: str, profile: str) -> bool:
    """Say whether an engine of this profile reads the construct."""
    since: str = facts()["since"].get(construct, {}).get("profile", PROFILES[0])
    return PROFILES.index(profile) >= PROFILES.index(since)


def profile_of(engine: str) -> str:
    """Return the profile of the oldest engine that reads a file which asks for this version, such as ``0.43.0``."""
    asked = _numbers(engine)
    newer = [profile for profile, entry in facts()["engines"].items() if _numbers(entry["engine"]) <= asked]
    return newer[-1] if newer else PROFILES[0]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
