"""A canonical rule's metadata: what is said about the detection, without the detection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from converter.model.correlation import Correlation, Filter
from converter.model.node import node
from converter.model.source import Source, Span


@node
class LogSource:
    """Sigma's log source; an absent part is ``""``."""

    category: str = ""
    product: str = ""
    service: str = ""

    def __str__(self) -> str:
        parts = {"category": self.category, "product": self.product, "service": self.service}
        return ", ".join(f"{name} {value}" for name, value in parts.items() if value)


@node
class Related:
    """Another rule's id and how this one came from it."""

    id: str
    type: str


@node
class Rule:
    """The header of a rule.  Texts are as written; an absent text is ``""``, an absent list ``()``.

    ``converter`` is the ``x-converter`` key, ``detection`` the section as
    read (``converter.ir`` gives it meaning), ``positions`` the packed offsets
    of top-level values by key and of deeper ones by their dotted path.
    A correlation rule has ``correlation`` in place of a detection and an
    empty log source, a filter has ``filter``; ``is_detection`` is neither.
    """

    source: Source
    title: str
    id: str
    logsource: LogSource
    detection: Mapping[str, Any]
    status: str = ""
    description: str = ""
    references: tuple[str, ...] = ()
    author: str = ""
    date: str = ""
    modified: str = ""
    license: str = ""
    taxonomy: str = "sigma"
    tags: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    falsepositives: tuple[str, ...] = ()
    level: str = ""
    fields: tuple[str, ...] = ()
    name: str = ""
    correlation: Correlation | None = None
    filter: Filter | None = None
    converter: Mapping[str, Any] = field(default_factory=dict)
    positions: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_detection(self) -> bool:
        """Whether the rule is about single events: no correlation and no filter."""
        return self.correlation is None and self.filter is None

    def span(self, key: str = "") -> Span:
        """Return where the value of ``key`` stands: a dotted path; else the nearest key around it, else the file."""
        while key:
            if key in self.positions:
                return self.source.span(self.positions[key])
            key = key.rpartition(".")[0]
        return self.source.start

    def target(self, name: str) -> Mapping[str, Any]:
        """Return ``x-converter.targets.<name>``, empty when absent."""
        options: Mapping[str, Any] = self.converter.get("targets", {}).get(name, {})
        return options
