"""Python: the module is parsed, admitted construct by construct, and only then run in a child process."""

from __future__ import annotations

from converter.languages import python
from converter.model import Diagnostic
from converter.verify.readings.reading import Artifact, Events


def read(artifact: Artifact, events: Events) -> list[bool] | Diagnostic:
    """Return for each event what ``match`` says."""
    return python.run(artifact.data, list(events), artifact.path)
