"""The built-in targets by name; each is imported when it is asked for."""

from __future__ import annotations

import importlib
from typing import Final

from converter.targets.contract import Target

NAMES: Final = ("elastic", "splunk", "falco", "python")
"""The built-in targets in the order of tables; all are built by default."""
CORRELATING: Final = ("elastic",)
"""The targets that correlations are compiled for."""
PACKAGES: Final = ("elastic-ndjson", "splunk-app", "falco-rules", "python-package")
"""The package targets, built by name only: one archive or folder of all rules, made of what another target compiles."""
OPTIONS: Final = {
    "splunk-app": ("form", "app_id", "app_label", "version", "pack_name", "pack_author"),
    "python-package": ("package", "version", "pack_name", "pack_author"),
}
"""The options of a package as a whole, all of them texts; those of its rules are its base's."""
_MODULES: Final = {
    "elastic-ndjson": "elastic.ndjson",
    "splunk-app": "splunk.app",
    "falco-rules": "falco.pack",
    "python-package": "python.package",
}


def target(name: str) -> Target:
    """Return the built-in target of this name, or an installed backend of pySigma's as ``pysigma-<backend>``.

    Raises:
        KeyError: if there is none.
    """
    if name.startswith("pysigma-"):
        bridged: Target = importlib.import_module("converter.targets.pysigma").bridge(name)
        return bridged
    if name not in NAMES and name not in PACKAGES:
        raise KeyError(name)
    found: Target = importlib.import_module(f"converter.targets.{_MODULES.get(name, name)}").TARGET
    return found
