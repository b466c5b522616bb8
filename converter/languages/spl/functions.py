"""The functions of ``where`` and ``eval`` that are read, and what they take and give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from converter.model import node

ANY: Final = 64
"""Arguments of a function without a bound of its own."""


@node
class Signature:
    """How many arguments a function takes and whether it gives a truth value.

    ``pattern`` is the place of a regular expression, ``network`` of a CIDR
    block; both must be strings in quotes.
    ``wild`` is the place of a ``like`` pattern, a string too.  A function whose ``same`` is a
    place gives what that argument gives.  ``condition`` is the place of a
    truth value, ``plain`` that of a string without anything special to
    regular expressions or to what they are replaced by.
    """

    least: int
    most: int
    boolean: bool
    pattern: int = -1
    network: int = -1
    wild: int = -1
    same: int = -1
    condition: int = -1
    plain: tuple[int, ...] = ()


FUNCTIONS: Final[Mapping[str, Signature]] = {
    "match": Signature(2, 2, True, pattern=1),
    "like": Signature(2, 2, True, wild=1),
    "cidrmatch": Signature(2, 2, True, network=0),
    "in": Signature(2, 1000, True),
    "isnull": Signature(1, 1, True),
    "isnotnull": Signature(1, 1, True),
    "true": Signature(0, 0, True),
    "false": Signature(0, 0, True),
    "null": Signature(0, 0, False),
    "coalesce": Signature(1, ANY, False, same=0),
    "if": Signature(3, 3, False, same=1, condition=0),
    "lower": Signature(1, 1, False),
    "upper": Signature(1, 1, False),
    "len": Signature(1, 1, False),
    "tonumber": Signature(1, 1, False),
    "mvcount": Signature(1, 1, False),
    "mvfind": Signature(2, 2, False, pattern=1),
    "mvfilter": Signature(1, 1, False, condition=0),
    "replace": Signature(3, 3, False, plain=(1, 2)),
}
"""Source: Splunk Search Reference, "Evaluation functions"."""
