"""The built-in targets by name; each is imported when it is asked for."""

from __future__ import annotations

import importlib
from typing import Final

from converter.targets.contract import Target

NAMES: Final = ("elastic", "splunk", "falco", "python")
"""The built-in targets in the order of tables; all are built by default."""


def target(name: str) -> Target:
    """Return the built-in target of this name.

    Raises:
        KeyError: if there is none.
    """
    if name not in NAMES:
        raise KeyError(name)
    found: Target = importlib.import_module(f"converter.targets.{name}").TARGET
    return found
