"""What a module may hold, from ``python.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def facts() -> Mapping[str, Any]:
    """Return ``python.yml``."""
    import yaml  # only where a module is read

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = files("converter.languages.python").joinpath("python.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, on our own file
    return loaded
