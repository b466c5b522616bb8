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
class Format:
    """``elements`` maps the label on the page to an attribute of ``Page``.

    ``hidden`` is what no page shows; ``opaque`` explains the reasons for a
    rule without a detection that only pages have.
    """

    elements: Mapping[str, str]
    sections: tuple[str, ...]
    severities: tuple[str, ...]
    kinds: Mapping[str, Kind]
    hidden: tuple[str, ...]
    opaque: Mapping[str, str]


@cache
def page_format() -> Format:
    """Return the format of a page."""
    data = yaml.safe_load(Path(__file__).with_name("format.yml").read_text(encoding="utf-8"))
    kinds = {
        name: Kind(kind["language"] or "", kind.get("assumed", False), tuple(kind.get("parameters", ())))
        for name, kind in data["kinds"].items()
    }
    return Format(
        elements=data["elements"],
        sections=tuple(data["sections"]),
        severities=tuple(data["severities"]),
        kinds=kinds,
        hidden=tuple(data["hidden"]),
        opaque=data["opaque"],
    )
