"""Falco rules, by the converter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from converter import adapters

if TYPE_CHECKING:
    from converter.targets import Compilation


class FalcoBackend(adapters.Adapter):
    """``sigma convert -t falco``: conditions, or one rules file."""

    name = "Falco (sigma-converter)"
    identifier = "falco"
    formats: ClassVar = {"default": "Falco conditions", "yaml": "one Falco rules file"}
    base = "falco"
    artifacts: ClassVar = {"yaml": "falco-rules"}

    def query(self, compilation: Compilation) -> str:
        """Return the condition."""
        return str(compilation.parts["condition"])


__all__ = ["FalcoBackend"]
