"""What synthesis says of a rule: its example events, and for each test of the rule the two events that show it at work."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from converter.model import node


class SolverMissingError(RuntimeError):
    """python-sat is not installed; the message names the extra that brings it."""

    def __init__(self) -> None:
        super().__init__("example events need python-sat: pip install 'sigma-converter[examples]'")


class Found(Enum):
    """What was found for one test of a rule.

    ``STRICT``: two events that differ in this test alone.  ``FIELD``: they
    differ in other tests of the same field too.  ``APART``: in other fields
    too.  In each of the three, turning this test alone turns the answer of
    both events.  ``TOGETHER``: the answers differ, but only because other
    tests of the field turn with it.  ``MASKED``: there is no such pair
    either.  ``DEAD``: no event gives the test both answers.  ``OPEN``: no
    pair was found, and nothing was proved.
    """

    STRICT = "strict"
    FIELD = "field"
    APART = "apart"
    TOGETHER = "together"
    DEAD = "dead"
    MASKED = "masked"
    OPEN = "open"


COVERED: Final = frozenset({Found.STRICT, Found.FIELD, Found.APART, Found.TOGETHER})
"""The findings that come with a pair of events."""


@node
class ExampleEvent:
    """An event that the rule's producer could write, and the oracle's answer.

    ``outside`` says that a value is none that the field's table knows: it was
    taken because no other shows the test, and a translation may differ on it.
    """

    label: str
    event: Mapping[str, Any]
    expected: bool
    outside: bool = False


@node
class AtomFound:
    """What was found for one test, in the order of ``converter.ir.atoms``.

    Args:
        found: the finding.
        pair: indexes of two events: the test holds in the first and not in the second; empty unless covered.
        idle: it is proved that the rule means the same when this test always says ``constant``; so nothing can show it at work alone.
        because: indexes of other tests that the proof leans on.
        constant: of a dead test its one answer; ``None`` unless idle.
        by_fields: the proof uses what the field's table says that the producer writes.
        reason: why an open one is open.
    """

    found: Found
    pair: tuple[int, ...] = ()
    idle: bool = False
    because: tuple[int, ...] = ()
    constant: bool | None = None
    by_fields: bool = False
    reason: str = ""

    @property
    def covered(self) -> bool:
        """Whether two events show the test at work."""
        return self.found in COVERED


@node
class Synthesis:
    """The example events of a rule, and what they show of each of its tests."""

    events: tuple[ExampleEvent, ...]
    atoms: tuple[AtomFound, ...]

    @property
    def full(self) -> bool:
        """Whether each test of the rule has its pair."""
        return all(one.covered for one in self.atoms)
