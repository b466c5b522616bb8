"""The page's format as data: ``format.yml``, read once, when the first page is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class Kind:
    """A rule type: its query's language (empty: it has no query) and the parameters that no page shows.

    ``assumed`` says that pages do not show the language and every published
    rule of the kind has this one.
    """

    language: str
    assumed: bool
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogSources:
    """Sigma's log source by data set, by the beginning of an index, by a tag; ``any_source`` are indexes that say nothing."""

    dataset: Mapping[str, Mapping[str, str]]
    index: Mapping[str, Mapping[str, str]]
    tag: Mapping[str, str]
    any_source: tuple[str, ...]
    unknown: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Format:
    """``elements`` maps the label on the page to an attribute of ``Page``.

    ``hidden`` is what no page shows; ``licenses`` maps the vendor's words to
    SPDX; ``opaque`` explains the closed list of reasons for a rule without a
    detection; ``dataset_fields`` are the fields that name a data set.
    """

    elements: Mapping[str, str]
    sections: tuple[str, ...]
    severities: tuple[str, ...]
    kinds: Mapping[str, Kind]
    hidden: tuple[str, ...]
    licenses: Mapping[str, str]
    opaque: Mapping[str, str]
    dataset_fields: tuple[str, ...]
    logsources: LogSources


@cache
def page_format() -> Format:
    """Return the format of a page."""
    data = yaml.safe_load(Path(__file__).with_name("format.yml").read_text(encoding="utf-8"))
    kinds = {
        name: Kind(kind["language"] or "", kind.get("assumed", False), tuple(kind.get("parameters", ())))
        for name, kind in data["kinds"].items()
    }
    sources = data["logsources"]
    return Format(
        elements=data["elements"],
        sections=tuple(data["sections"]),
        severities=tuple(data["severities"]),
        kinds=kinds,
        hidden=tuple(data["hidden"]),
        licenses=data["licenses"],
        opaque=data["opaque"],
        dataset_fields=tuple(data["dataset_fields"]),
        logsources=LogSources(sources["dataset"], sources["index"], sources["tag"], tuple(sources["any_source"]), sources["unknown"]),
    )
