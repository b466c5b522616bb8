"""The points where Splunk's meaning is not certain, each as a choice that a caller can turn.

No Splunk server stands behind this package.  Where the documentation is
silent, or its text and other people's measurements differ, the evaluator
takes the reading named here; ``engine.yml`` says why.  A search that gives
the same answer in every reading does not depend on the open points.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from converter.model import node


@node
class Reading:
    """One choice for every open point; all false is the default.

    Attributes:
        null_is_false: in ``where``, a comparison or test of a missing field
            is false, so ``NOT`` makes it true; by default it is null and
            ``NOT`` leaves it null.
        any_of_many: in ``where``, a test of a field with several values holds
            when it holds for one; by default it is null.
        number_equality: in ``search``, ``f=7`` also finds ``7.0`` and ``07``;
            by default only the text ``7``.
        star_needs_text: in ``search``, ``f=*`` does not find an empty value;
            by default it does.
        unequal_needs_all: in ``search``, ``f!=v`` holds when no value is
            ``v``; by default when one value differs.
        missing_is_unmatched: ``regex f!="…"`` drops an event without ``f``;
            by default it keeps it.
    """

    null_is_false: bool = False
    any_of_many: bool = False
    number_equality: bool = False
    star_needs_text: bool = False
    unequal_needs_all: bool = False
    missing_is_unmatched: bool = False


DEFAULT: Final = Reading()
"""The reading that the evaluator takes unless told otherwise."""

READINGS: Final = (DEFAULT, *(Reading(**{one.name: True}) for one in fields(Reading)))
"""The default and each open point turned alone."""
