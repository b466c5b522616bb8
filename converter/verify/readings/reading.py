"""What verify needs of an artifact: for each raw event, whether the artifact would fire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, TypeAlias

from converter.model import node
from converter.verify.own_view import OwnView

Events: TypeAlias = Sequence[Mapping[str, Any]]


@node
class Artifact:
    """An artifact file as read from disk, with what stands beside it: ``context`` holds other files of the target by name.

    ``view`` is the pack's own word on what the target sees, ``None`` where the shipped view of ``source`` holds.
    """

    path: str
    data: bytes
    rule: str
    source: str
    context: Mapping[str, bytes] = field(default_factory=dict)
    view: OwnView | None = None
