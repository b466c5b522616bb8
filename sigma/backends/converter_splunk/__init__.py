"""Splunk searches with an exact ``where``, by the converter; ``splunk`` is another package's."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from converter import adapters

if TYPE_CHECKING:
    from converter.targets import Compilation


class ConverterSplunkBackend(adapters.Adapter):
    """``sigma convert -t converter_splunk``: searches, or stanzas of savedsearches.conf."""

    name = "Splunk, wide search and exact where (sigma-converter)"
    identifier = "converter_splunk"
    formats: ClassVar = {"default": "SPL searches", "conf": "stanzas of savedsearches.conf", "macros": "macros.conf for them"}
    base = "splunk"
    artifacts: ClassVar = {"conf": "splunk", "macros": "splunk"}
    shared: ClassVar = {"macros": "macros.conf"}

    def query(self, compilation: Compilation) -> str:
        """Return the search behind the log source's macro, and its ``where``."""
        known = compilation.resolved is not None and compilation.resolved.source.id
        macro = f"`{next(iter(compilation.needs['macros']))}` " if known else ""
        where = f"\n| where {compilation.parts['where']}" if compilation.parts["where"] else ""
        return f"{macro}{compilation.parts['base']}".rstrip() + where


__all__ = ["ConverterSplunkBackend"]
