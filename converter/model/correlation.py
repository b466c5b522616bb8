"""What a correlation rule and a filter say: which rules they are about, and how.

Source: Sigma Correlation Rules 2.1.0 and Sigma Filters 2.1.0; the condition in words and ``value_median`` as pySigma 1.5 reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from converter.model.node import node

TYPES: Final = (
    "event_count",
    "value_count",
    "temporal",
    "temporal_ordered",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
)
"""What a correlation may count or measure."""

UNITS: Final[Mapping[str, int]] = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2629746, "y": 31556952}
"""Seconds of the units of a ``timespan``; month and year are the mean ones of the Gregorian calendar, as in pySigma 1.5."""


@node
class Reference:
    """Another rule, by its id or name as written, and where that stands."""

    text: str
    offsets: int = 0


@node
class Criterion:
    """One comparison of the condition: ``gt``, ``gte``, ``lt``, ``lte``, ``eq`` or ``neq``, and the number."""

    operator: str
    value: int | float


@node
class Correlation:
    """The ``correlation`` section of a rule.

    ``timespan`` is in seconds.  ``criteria`` must all hold (two are a range);
    a temporal correlation without one asks for all rules.  ``expression`` is
    a temporal correlation's condition in words (``a and not b``), ``""`` when
    there is none.  ``fields`` are those whose values are counted or measured;
    ``percentile`` is ``None`` where it is not given.  ``aliases`` has for each
    alias the field by the reference of the rule.  ``generate`` says that the
    rules it refers to are rules of their own besides.
    """

    type: str
    rules: tuple[Reference, ...]
    timespan: int
    group_by: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    expression: str = ""
    fields: tuple[str, ...] = ()
    percentile: float | None = None
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    generate: bool = False


@node
class Filter:
    """The ``filter`` section: a condition that every event of the rules it is about must meet as well.

    ``rules`` is ``()`` for any rule of the log source.  ``detection`` holds
    the selections and their condition, as a rule's ``detection`` does.
    """

    rules: tuple[Reference, ...]
    detection: Mapping[str, Any]
