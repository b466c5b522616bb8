"""S015 never-true: parts of the condition that exclude each other, so that the rule cannot match.

Why it matters: the rule looks like cover and is none; most often a filter
repeats the selection, or two values of one field stand under "and".

Bad::  verb|all: [get, list]        Good::  verb: [get, list]
"""

from __future__ import annotations

from collections.abc import Iterator

from converter.checks.finding import Finding, finding
from converter.checks.sameness import Shape as Meaning
from converter.checks.sameness import shape
from converter.checks.subject import Subject
from converter.data import Field, fields
from converter.ir import And, FieldMatch, Node, Not, Or, Shape, Text, fold

CODE = "S015"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each conjunction that nothing can satisfy, outside negations."""
    if subject.tree is None:
        return
    known = fields(subject.table.id) if subject.table else {}
    stack: list[Node] = [subject.tree]
    while stack:
        tree = stack.pop()
        match tree:
            case And(children):
                parts = _flat(tree)
                clash = _negated(parts) or _values(parts, known)
                if clash:
                    yield finding(CODE, subject.source, clash[0].offsets or tree.offsets, clash[1], clash[2])
                else:
                    stack.extend(children)
            case Or(children):
                stack.extend(children)
            case _:
                pass


def _flat(tree: Node) -> list[Node]:
    return [part for child in tree.children for part in _flat(child)] if isinstance(tree, And) else [tree]


def _negated(parts: list[Node]) -> tuple[Node, str, str] | None:
    """Return the negated part that excludes what other parts ask for."""
    if not any(isinstance(part, Not) for part in parts):
        return None
    wanted: set[object] = {shape(part) for part in parts if not isinstance(part, Not)}
    for part in parts:
        if isinstance(part, Not) and _covers(shape(part.child), wanted):
            return part, "this excludes every event that the rest asks for", "the rule never matches; correct the filter"
    return None


def _covers(excluded: Meaning, wanted: set[object]) -> bool:
    """Whether what is wanted implies what is excluded: one of its alternatives has no other demands."""
    if excluded in wanted:
        return True
    alternatives = excluded[1] if excluded[0] == "or" else {excluded}
    return any(one in wanted or (one[0] == "and" and one[1] <= wanted) for one in alternatives)  # type: ignore[attr-defined]


def _values(parts: list[Node], known: object) -> tuple[Node, str, str] | None:
    """Return the second of two whole values for a field that holds one value."""
    table: dict[str, Field] = dict(known)  # type: ignore[call-overload]
    first: dict[str, str] = {}
    for part in parts:
        if not isinstance(part, FieldMatch) or not isinstance(part.test, Text) or part.test.shape is not Shape.EQUALS:
            continue
        field = table.get(part.field)
        if field is None or field.many or field.each:
            continue
        value = fold(part.test.literal)
        if first.setdefault(part.field, value) != value:
            return (
                part,
                f"'{part.field}' cannot be '{first[part.field]}' and '{part.test.literal}' at once",
                "put the values in a list without '|all'",
            )
    return None
