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
        """Return the search that finds the events, and its ``where``."""
        from converter.targets.splunk import query_of

        return "\n".join(query_of(compilation))


__all__ = ["ConverterSplunkBackend"]
