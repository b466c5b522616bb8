"""How each target's artifacts are read: independent of the printers, from the file alone."""

import importlib

from converter.model import Diagnostic, Evidence
from converter.verify.readings.reading import Artifact, Events


def read_artifact(target: str, artifact: Artifact, events: Events, *, foreign: bool = False) -> "list[bool] | Diagnostic":
    """Return for each raw event whether the artifact would fire on the target, or why the file cannot be read.

    ``foreign`` asks as if the events came from another log source, where it should never fire.

    Raises:
        ModuleNotFoundError: if there is no reading of the target.
    """
    module = importlib.import_module(f"converter.verify.readings.{target}")
    answers: list[bool] | Diagnostic = module.read(artifact, events, foreign=foreign)
    return answers


def evidence_of(target: str, artifact: Artifact) -> Evidence:
    """Return what our reading of an artifact is worth: nothing for a language of which no engine ever answered us."""
    module = importlib.import_module(f"converter.verify.readings.{target}")
    declared = hasattr(module, "is_unproven") and module.is_unproven(artifact)
    return Evidence.DECLARED if declared else Evidence.READER


__all__ = ["Artifact", "Events", "evidence_of", "read_artifact"]
