"""Tests of a missing value beside tests of what a target leaves out, as one test that means the same there.

Where a pipeline drops empty texts, or a producer's word for what it does not
know, a value that is one of them is missing on the target.  Alone, neither a
test of the missing value nor one of the dropped one is answered as on the
event; a rule that accepts all of them together is: on the target they are all
missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from converter.data import Binding
from converter.ir import And, FieldMatch, Keyword, Node, Not, Null, Or, Text, evaluate
from converter.targets.kept import HEX


def together(tree: Node, known: Mapping[str, Binding], fields: dict[str, Binding], *, keeps_empty: bool) -> Node:
    """Return a tree in which alternatives that accept every form of absence ask for the missing value alone.

    ``fields`` receives the fields of the new tests: those of the old under
    another name, with no values that the target changes.
    """
    match tree:
        case FieldMatch() | Keyword():
            return tree
        case Not(child):
            return Not(together(child, known, fields, keeps_empty=keeps_empty), tree.offsets)
        case And(children):
            return And(tuple(together(one, known, fields, keeps_empty=keeps_empty) for one in children), tree.offsets)
        case Or(children):
            found = tuple(together(one, known, fields, keeps_empty=keeps_empty) for one in children)
            for name in dict.fromkeys(one.field for one in _alternatives(found) if isinstance(one.test, Null)):
                binding = known.get(name) if "*" not in name else None
                if binding is not None and binding.change is None:
                    found = _joined(found, name, binding, fields, keeps_empty=keeps_empty)
            return Or(found, tree.offsets)
    assert_never(tree)


def _alternatives(children: tuple[Node, ...]) -> list[FieldMatch]:
    """Return the tests of which any one suffices, those of lists in the list too."""
    found: list[FieldMatch] = []
    for one in children:
        if isinstance(one, FieldMatch):
            found.append(one)
        elif isinstance(one, Or):
            found += _alternatives(one.children)
    return found


def _joined(children: tuple[Node, ...], name: str, binding: Binding, fields: dict[str, Binding], *, keeps_empty: bool) -> tuple[Node, ...]:
    """Rename the field in alternatives that between them accept whatever the target has as missing."""
    tests = [one for one in _alternatives(children) if one.field == name]
    dropped = [*([] if keeps_empty else [""]), *binding.changed]
    if not dropped or any(HEX in value or not _accepted(tests, name, value) for value in dropped):
        return children
    other = f"{name} (or none)"
    fields[other] = replace(binding, field=replace(binding.field, name=other), changed=(), gone=True)
    return _renamed(children, name, other)


def _accepted(tests: list[FieldMatch], name: str, value: str) -> bool:
    return any(evaluate(one, {name: value}) for one in tests if isinstance(one.test, Text))


def _renamed(children: tuple[Node, ...], name: str, other: str) -> tuple[Node, ...]:
    found: list[Node] = []
    for one in children:
        if isinstance(one, FieldMatch) and one.field == name:
            found.append(replace(one, field=other))
        else:
            found.append(Or(_renamed(one.children, name, other), one.offsets) if isinstance(one, Or) else one)
    return tuple(found)
