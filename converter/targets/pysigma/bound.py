"""What a pipeline may make of a rule: items of our own between those of a file, which count and stop.

Each step can multiply: a name is mapped to several, a placeholder stands for
a list, and the next step multiplies again.  A short file could so ask for
more tests than there is memory for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sigma.exceptions import SigmaTransformationError
from sigma.processing.pipeline import ProcessingItem
from sigma.processing.transformations import PreprocessingTransformation
from sigma.types import Placeholder, SigmaExpansion

LIMIT: Final = 20_000
"""Values of a rule behind any step, as many as a rule may have tests."""
STEP: Final = 200_000
"""Values that one step may make, by the longest list that it holds."""


@dataclass
class Bound(PreprocessingTransformation):
    """Stops when a rule has too many values, or would have with the next step's longest list."""

    factor: int = 1

    def apply(self, rule: Any) -> None:  # noqa: ANN401 - pySigma's signature
        """Count the rule's values.

        Raises:
            SigmaTransformationError: if there are too many.
        """
        lists = self._pipeline.vars if self._pipeline is not None else {}
        # A correlation has no detection of its own: its names are as few as its text has.
        detections = rule.detection.detections.values() if hasattr(rule, "detection") else ()
        total = sum(_size(value, lists) for detection in detections for value in _values(detection))
        if total > LIMIT or total * self.factor > STEP:
            raise SigmaTransformationError(f"the pipeline makes more than {LIMIT} tests of the rule")


def bounded(items: Sequence[ProcessingItem]) -> list[ProcessingItem]:
    """Return the items of a file's pipeline with bounds between them, in nests too."""
    found: list[ProcessingItem] = []
    for item in items:
        nested = getattr(item.transformation, "_nested_pipeline", None)
        if nested is not None:
            inner = bounded(nested.items)
            nested._clear_pipeline()
            nested.items[:] = inner
            nested.set_pipeline()
        found += [ProcessingItem(Bound(_longest(item.transformation))), item]
    return [*found, ProcessingItem(Bound())]


def _longest(transformation: Any) -> int:  # noqa: ANN401 - one of pySigma's
    """Return the length of the longest list among a mapping's values."""
    mapping = getattr(transformation, "mapping", None)
    values = mapping.values() if isinstance(mapping, dict) else ()
    return max((len(one) for one in values if isinstance(one, list)), default=1) or 1


def _values(detection: Any) -> Iterator[Any]:  # noqa: ANN401 - a SigmaDetection
    stack = [detection]
    while stack:
        one = stack.pop()
        if hasattr(one, "detection_items"):
            stack += one.detection_items
        else:
            yield from one.value or (None,)


def _size(value: Any, lists: Any) -> int:  # noqa: ANN401 - a SigmaType; the pipeline's variables
    """Return how many values one may become: the product of the lists that its placeholders stand for."""
    if isinstance(value, SigmaExpansion):
        return sum(_size(one, lists) for one in value.values)
    total = 1
    for part in getattr(value, "s", ()):
        if isinstance(part, Placeholder) and isinstance(lists.get(part.name), list):
            total *= max(1, len(lists[part.name]))
            if total > STEP:
                break
    return total
