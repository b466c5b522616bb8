"""From a rule that pySigma's transformations changed to nodes: items, values and conditions as they are now.

Objects of pySigma come in as they are; what survived of an item keeps the
place that its ``source`` names (see ``targets/pysigma``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from converter.ir.aggregation import without_aggregation
from converter.ir.lower import _joined, _Lowering
from converter.ir.nodes import And, FieldMatch, Node, Null, Or
from converter.ir.values import LoweringError, _node, _signed
from converter.model import Diagnostic, Rule, Severity, ordered

Origin: TypeAlias = Callable[[Any], tuple[int, Sequence[int], tuple[str, ...]]]
"""From a detection or an item of one to the packed offsets of its value, of each of its values as they were written, and its modifiers."""


def lower_piped(sigma: Any, rule: Rule, origin: Origin) -> Node | tuple[Diagnostic, ...]:  # noqa: ANN401 - a SigmaRule, never imported here
    """Return what a ``SigmaRule`` means as it is now, or everything that is wrong with it.

    ``rule`` is where it came from: its source and the places of its conditions.
    """
    return _Piped(rule, origin).whole(sigma)


def _window(detection: Any) -> str | None:  # noqa: ANN401 - a SigmaDetection
    """Return Sigma 1's window of an aggregation, which pySigma reads as a keyword; ``None`` for a detection."""
    items: list[Any] = getattr(detection, "detection_items", [])
    if len(items) != 1 or getattr(items[0], "field", "") is not None or len(items[0].value) != 1:
        return None
    return str(items[0].value[0])


class _Piped:
    """Collects the diagnostics of one rule."""

    def __init__(self, rule: Rule, origin: Origin) -> None:
        self._rule, self._origin = rule, origin
        self._lowering = _Lowering(rule)

    def whole(self, sigma: Any) -> Node | tuple[Diagnostic, ...]:  # noqa: ANN401
        window = _window(sigma.detection.detections.get("timeframe"))
        if window is not None:
            self._lowering.tell("M007", self._rule.positions.get("detection", 0), *without_aggregation(window))
        found = {
            name: self._detection(name, one) for name, one in sigma.detection.detections.items() if name != "timeframe" or window is None
        }
        nodes = {name: node for name, node in found.items() if node is not None}
        self._lowering.measure(found)
        texts = [one.condition for one in sigma.detection.parsed_condition]
        trees = [
            self._lowering._condition(text, place, nodes, tuple(found))
            for text, place in zip(texts, self._conditions(len(texts)), strict=True)
        ]
        tree = _joined(Or, trees, 0)
        if self._lowering.diagnostics or tree is None:
            return ordered(self._lowering.diagnostics)
        return tree

    def _conditions(self, count: int) -> list[int]:
        """Return the places of the conditions as they were written."""
        section = self._rule.detection
        if "condition" not in section:
            return [0] * count
        offsets = self._lowering.place("condition")
        each = getattr(section["condition"], "offsets", [offsets])
        return list(each) if len(each) == count else [offsets] * count

    def _detection(self, name: str, detection: Any) -> Node | None:  # noqa: ANN401
        """Return a detection's items under its linking; one that was emptied is told, as it would mean all events or none."""
        if not detection.detection_items:
            place = self._rule.positions.get("detection", 0)
            self._lowering.diagnostics.append(
                Diagnostic(
                    "T506",
                    Severity.ERROR,
                    self._rule.source.span(place),
                    f"the pipeline drops every item of '{name}', so that it would mean nothing or everything",
                    help="give drop_detection_item a narrower condition, or leave the detection out of the rule's condition",
                )
            )
            return None
        kind = And if detection.item_linking.__name__ == "ConditionAND" else Or
        items = [self._detection(name, one) if hasattr(one, "detection_items") else self._item(one) for one in detection.detection_items]
        return _joined(kind, items, self._origin(detection)[0])

    def _item(self, item: Any) -> Node | None:  # noqa: ANN401
        offsets, each, modifiers = self._origin(item)
        try:
            return self._linked(item, offsets, each if len(each) == len(item.value) else [offsets] * len(item.value), modifiers)
        except LoweringError as error:
            self._lowering.tell(error.code, error.offsets or offsets, error.message, error.help)
            return None

    def _linked(self, item: Any, offsets: int, each: Sequence[int], modifiers: tuple[str, ...]) -> Node:  # noqa: ANN401
        if item.field is not None and not (isinstance(item.field, str) and item.field):
            raise LoweringError("M008", f"the field name {item.field!r} of the pipeline is not text", "correct the pipeline")
        if not item.value:
            if item.field is None:
                raise LoweringError("M008", "an empty list of keywords", "add a value")
            return _signed(item, FieldMatch(item.field, Null(), offsets, modifiers), offsets)
        nodes = tuple(_node(item.field, one, place, modifiers) for one, place in zip(item.value, each, strict=True))
        kind = And if item.value_linking.__name__ == "ConditionAND" else Or
        tree = nodes[0] if len(nodes) == 1 else kind(nodes, offsets)
        return _signed(item, tree, offsets)
