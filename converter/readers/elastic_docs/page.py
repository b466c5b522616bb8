"""What one page of Elastic's documentation says about a prebuilt rule.

A ``Page`` holds every element that a page shows and nothing else: an element
that the page shows as ``None`` is ``None`` (or an empty list), a section that
it does not have is ``None``.  Traces that the documentation's two conversions
left in the texts are already undone; where that is not certain,
``diagnostics`` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from converter.model import Diagnostic, Source, Span
from converter.readers.elastic_rules import Threat


@dataclass(frozen=True, slots=True)
class Reference:
    """One link: ``url`` is the rule's own as far as the page still shows it, ``target`` where the page's link leads."""

    url: str
    text: str
    target: str

    @property
    def is_rewritten(self) -> bool:
        """Whether the page no longer shows the address that stood in the rule."""
        return not self.url.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Page:
    """A prebuilt rule's page.  ``from_`` is the look-back (``now-9m``); texts have no blank lines around them.

    ``slug`` is the rule's name in addresses, without the package's version;
    ``package`` that version (``8.4.2``), empty on pages that have none.
    ``query_at`` is the query's offset in ``source``.  ``positions`` has the
    packed offsets of each element's value by the name of its attribute.
    """

    source: Source
    name: str
    slug: str
    package: str
    url: str
    description: str
    type: str
    index: tuple[str, ...] = ()
    severity: str = ""
    risk_score: int | None = None
    interval: str | None = None
    from_: str | None = None
    max_signals: int | None = None
    references: tuple[Reference, ...] = ()
    tags: tuple[str, ...] = ()
    version: int | None = None
    authors: tuple[str, ...] = ()
    license: str | None = None
    guide: str | None = None
    setup: str | None = None
    query: str | None = None
    query_at: int = 0
    threat: tuple[Threat, ...] = ()
    positions: Mapping[str, int] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()

    def span(self, element: str) -> Span:
        """Return where ``element`` stands; the page's beginning when the page does not show it."""
        return self.source.span(self.positions.get(element, 0))
