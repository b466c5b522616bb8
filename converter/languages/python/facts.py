"""What a module may hold, from ``python.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from converter.data import read_facts


@cache
def facts() -> Mapping[str, Any]:
    """Return ``python.yml``."""
    loaded: dict[str, Any] = read_facts(Path(__file__).with_name("python.yml"))
    return loaded
