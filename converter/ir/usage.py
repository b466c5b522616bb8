"""Which detections a condition uses."""

from __future__ import annotations

from converter.ir.condition import Condition, ConditionError, Junction, Name, Negation, Selector, parse_condition, selected


def used_detections(text: str, names: tuple[str, ...]) -> frozenset[str] | None:
    """Return the names of the detections that a condition uses, ``None`` when it cannot be read."""
    try:
        return frozenset(_used(parse_condition(text), names))
    except ConditionError:
        return None


def _used(tree: Condition, names: tuple[str, ...]) -> set[str]:
    match tree:
        case Name(name):
            return {name}
        case Selector(_, pattern):
            return set(selected(pattern, names))
        case Negation(operand):
            return _used(operand, names)
        case Junction(_, operands):
            return {name for one in operands for name in _used(one, names)}
