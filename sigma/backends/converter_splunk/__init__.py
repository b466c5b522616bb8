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

        lines = query_of(compilation)
        if compilation.resolved is not None and not compilation.resolved.source.id:
            lines[0] = lines[0].partition("` ")[2]  # a source that only the pipeline knows has no macro of its own
        return "\n".join(lines)


__all__ = ["ConverterSplunkBackend"]
