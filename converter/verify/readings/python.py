"""Python: the module is parsed, admitted construct by construct, and only then run in a child process."""

from __future__ import annotations

from converter.languages import python
from converter.model import Diagnostic
from converter.verify.readings.reading import Artifact, Events


def read(artifact: Artifact, events: Events, *, foreign: bool = False) -> list[bool] | Diagnostic:
    """Return for each event what ``match`` says.

    A module is called with events of its log source only, so ``foreign`` ones match nothing.
    """
    if foreign:
        return [False] * len(events)
    return python.run(artifact.data, list(events), artifact.path)
