"""A file that the compiler makes."""

from __future__ import annotations

from converter.model.node import node


@node
class Artifact:
    """A file below ``output/<target>/``: its relative path with forward slashes, its bytes, its rules' ids."""

    path: str
    data: bytes
    rules: tuple[str, ...]
