"""The example events that a rule gives by itself, beside those of its tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from converter.data import Field
from converter.ir import Node, atoms
from converter.model import node
from converter.synthesis import SolverMissingError, frame, synthesize
from converter.verify.variants import Variant

WORK: Final = 500_000
"""Tests times events of a rule; of a larger one some events are left out, evenly."""
MISSING_SOLVER: Final = f"only the events of the rules' own tests were asked: {SolverMissingError()}"
"""What a command says when the events could not be made."""


@node
class Synthesized:
    """A rule's own events, and for each of its tests whether it is proved that no event could show it at work."""

    events: tuple[Variant, ...]
    idle: tuple[bool, ...]


def synthesized(tree: Node, known: Mapping[str, Field], source: str) -> Synthesized:
    """Return the events that the producer of a log source (its id) could write; none where python-sat is missing (``has_solver``)."""
    try:
        made = synthesize(tree, known, frame(source))
    except SolverMissingError:
        return Synthesized((), (False,) * len(atoms(tree)))
    step = 1 + len(made.atoms) * len(made.events) // WORK
    # A value that the producer never writes may be translated otherwise without a rule losing an event.
    events = tuple(Variant(f"example event: {one.label}", one.event) for one in made.events[::step] if not one.outside)
    return Synthesized(events, tuple(one.idle for one in made.atoms))


def has_solver() -> bool:
    """Whether python-sat is installed."""
    from importlib.util import find_spec

    return find_spec("pysat") is not None
