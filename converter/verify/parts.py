"""Which parts of a rule its tests decide, and the example events that would decide the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from converter.data import SHIPPED, Tables
from converter.ir import atoms, unevaluable
from converter.model import Span, node
from converter.pack import Loaded
from converter.synthesis import AtomFound, frame, synthesize, told
from converter.verify.coverage import decided
from converter.verify.examples import examples


@node
class Part:
    """One test of a rule's detection.

    Args:
        span: where it stands.
        words: what it asks.
        by_tests: whether the written tests decide it: one matches through it alone, one it alone keeps out.
        found: what synthesis says of it.
        because: the parts that make it idle, in words.
        example: an event that matches, and shows the part together with ``counter``; ``None`` where there is no pair.
        counter: an event that does not match.
    """

    span: Span
    words: str
    by_tests: bool
    found: AtomFound
    because: tuple[str, ...] = ()
    example: Mapping[str, Any] | None = None
    counter: Mapping[str, Any] | None = None

    @property
    def decided(self) -> bool:
        """Whether tests or example events decide the part."""
        return self.by_tests or (self.found.covered and not self.found.idle)


def parts_of_rule(loaded: Loaded, tables: Tables = SHIPPED) -> tuple[Part, ...]:
    """Return the parts of a rule's detection in reading order; none of a rule without one, or that cannot be evaluated.

    Raises:
        SolverMissingError: python-sat is not installed.
    """
    tree = loaded.tree
    if tree is None or unevaluable(tree, loaded.rule.source):
        return ()
    source = tables.source_of(loaded.rule.logsource)
    made = synthesize(tree, tables.fields(source.id) if source else {}, frame(source.id) if source else {})
    shown = decided(tree, [one.event for one in examples(loaded)[0]])
    leaves = atoms(tree)
    found: list[Part] = []
    for leaf, by_tests, one in zip(leaves, shown, made.atoms, strict=True):
        pair = sorted((made.events[index] for index in one.pair), key=lambda event: not event.expected)
        example, counter = (pair[0].event, pair[1].event) if pair else (None, None)
        because = tuple(dict.fromkeys(told(leaves[place]) for place in one.because))
        found.append(Part(loaded.rule.source.span(leaf.offsets), told(leaf), by_tests, one, because, example, counter))
    return tuple(found)
