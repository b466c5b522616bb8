"""Say whether a Falco condition matches an event, by the engine's rules.

Two-valued: a check on a field without a value is false whatever its operator,
``!=`` too, and ``not`` is plain negation.  Texts are bytes: equality and
order are ``strcmp``, letters fold in ASCII only.  ``engine.yml`` has the
facts and their cases.

Source: libs 48dfd53c userspace/libsinsp/filter_compare.cpp:238-508 and
sinsp_filtercheck.cpp:806-1225; measured with rules engine 0.63.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from converter.languages.falco import syntax
from converter.languages.falco.glob import matches_glob
from converter.languages.falco.regex import matches_regex
from converter.languages.falco.syntax import And, Compare, Condition, Exists, Macro, Node, Not, Or, Value
from converter.languages.falco.transform import Lookup, Values, c_string, encoded, extract

_ORDERS: Final[dict[str, Callable[[bytes | int, bytes | int], bool]]] = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,  # type: ignore[operator]  # both are bytes or both are numbers
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
}
_TEXTS: Final[dict[str, Callable[[bytes, bytes], bool]]] = {
    "contains": lambda value, part: part in value,
    "icontains": lambda value, part: part.lower() in value.lower(),
    "startswith": bytes.startswith,
    "endswith": bytes.endswith,
    "glob": lambda value, pattern: matches_glob(pattern, value, fold=False),
    "iglob": lambda value, pattern: matches_glob(pattern, value, fold=True),
    "regex": matches_regex,
}


def matches(condition: Condition, lookup: Lookup) -> bool:
    """Say whether the event behind ``lookup`` matches.

    The condition must have passed ``check`` with the fields that ``lookup``
    knows.  Not recursive: conditions may be hundreds of levels deep.

    Raises:
        ValueError: if a macro has no body, or ``check`` would have refused.
        ImportError: for ``regex`` where the package google-re2 is missing.
    """
    answer = False
    pending: list[tuple[Node, int]] = [(condition.root, 0)]
    while pending:
        node, asked = pending.pop()
        match node:
            case And(children) | Or(children):
                decided = asked > 0 and answer is isinstance(node, Or)
                if not decided and asked < len(children):
                    pending += (node, asked + 1), (children[asked], 0)
            case Not(child):
                if asked:
                    answer = not answer
                else:
                    pending += (node, 1), (child, 0)
            case Macro(name, body):
                if body is None:
                    raise ValueError(f"macro {name} has no body")
                pending.append((body.root, 0))
            case Exists(left):
                answer = extract(left, lookup) is not None
            case Compare():
                answer = _compare(node, lookup)
    return answer


def _compare(check: Compare, lookup: Lookup) -> bool:
    left = extract(check.left, lookup)
    if left is None:
        return False
    match check.right:
        case Value() as one:
            right = _constants((one,), left)
        case syntax.Values(items):
            right = _constants(items, left)
        case operand:
            extracted = extract(operand, lookup)
            if extracted is None:
                return False
            right = extracted.items
    if check.operator in ("in", "intersects"):
        return _membership(check.operator, left, right)
    value = left.items[0]
    results = (_one(check.operator, value, each) for each in right)
    if not check.modifier:
        return next(results)
    return _modified(check, value, right, results)


def _constants(values: Iterable[Value], left: Values) -> tuple[bytes | int, ...]:
    if isinstance(left.items[0], bytes):
        return tuple(encoded(value.text) for value in values)
    return tuple(number(value.text) for value in values)


def number(text: str) -> int:
    """Return what a constant means beside a number or a boolean."""
    return {"true": 1, "false": 0}[text] if text in ("true", "false") else int(text)


def _membership(operator: str, left: Values, right: tuple[bytes | int, ...]) -> bool:
    """Compare as the engine's hash set does: all bytes count, but a single text loses its NULs at the end."""
    members = set(right)
    if not left.many:
        value = left.items[0]
        return (value.rstrip(b"\0") if isinstance(value, bytes) else value) in members
    found = (item in members for item in left.items)
    return all(found) if operator == "in" else any(found)


def _one(operator: str, value: bytes | int, other: bytes | int) -> bool:
    if isinstance(value, bytes) and isinstance(other, bytes):
        value, other = c_string(value), c_string(other)
        if operator in _TEXTS:
            return _TEXTS[operator](value, other)
    return _ORDERS[operator](value, other)


def _modified(check: Compare, value: bytes | int, right: tuple[bytes | int, ...], results: Iterable[bool]) -> bool:
    """Join the answers for the values of a list; an empty list is false."""
    if not right:
        return False
    if check.modifier == "oneof":
        return sum(results) == 1
    return any(results) if check.modifier == "anyof" else all(results)
