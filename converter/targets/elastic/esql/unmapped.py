"""Columns that an index may not have: ES|QL refuses a query that names one.

A field that the integration's mapping does not list becomes a column with the
first event that has it.  Until then the rule fails: that loses nothing where
only such an event could match, and misses events where another could (T117).
A field that the mapping never takes in is refused.

Source: elastic/elasticsearch, Analyzer, "Unknown column"; the mappings of the integrations (``data/views/elastic``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from converter.data import SHIPPED, elastic_mappings, indexed, source_named
from converter.ir import And, Exists, FieldMatch, FieldRef, Keyword, Node, Not, Null, Or, atoms
from converter.model import Fidelity, Loss
from converter.targets.contract import ResolvedRule
from converter.targets.elastic.esql.refusal import no

SHOWN: Final = 3
"""Columns that a message names."""


def unmapped(tree: Node, resolved: ResolvedRule) -> tuple[Loss, ...]:
    """Return a loss for fields without a column of their own, where an event that lacks them could match.

    Raises:
        Inexpressible: for a field that never becomes a column.
    """
    mappings = _mappings(resolved)
    if mappings is None:
        return ()
    first: dict[str, FieldMatch] = {}
    for atom in atoms(tree):
        if isinstance(atom, FieldMatch):
            first.setdefault(atom.field, atom)
            if isinstance(atom.test, FieldRef):
                first.setdefault(atom.test.field, atom)
    found: dict[str, FieldMatch] = {}
    for name, atom in first.items():
        path = resolved.fields[name].path
        if not _is_shipped(name, path, resolved) or _is_listed(path, mappings):
            continue
        if not _is_dynamic(path, mappings):
            raise no(atom, f"a test on '{path}', which is no column of the index", "use another field", resolved)
        if path not in found and _may_hold(tree, path, resolved) is not False:
            found[path] = atom
    if not found:
        return ()
    paths = [f"'{path}'" for path in found]
    named = ", ".join(paths[:SHOWN]) + (f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else "")
    columns, them = ("the column", "it") if len(paths) == 1 else ("the columns", "each of them")
    message = f"the index has {columns} {named} once an event had {them}; until then the query fails"
    place = resolved.rule.source.span(next(iter(found.values())).offsets)
    return (Loss("T117", "field.column", Fidelity.NARROWER, message, place),)


def _mappings(resolved: ResolvedRule) -> Mapping[str, Any] | None:
    """Return the mapping of the integration that records the log source, ``None`` where the index is another one."""
    shipped = source_named(resolved.source.id)
    if resolved.rule.taxonomy not in ("sigma", "sigmahq") or shipped is None:
        return None
    if shipped.targets.get("elastic") != resolved.source.targets.get("elastic"):
        return None
    try:
        return elastic_mappings(resolved.source.id)
    except FileNotFoundError:
        return None


def _is_shipped(name: str, path: str, resolved: ResolvedRule) -> bool:
    """Say whether a path is the tables' own: a pack's rows may name fields that the index lists."""
    known = SHIPPED.bindings("elastic", resolved.source.id)
    return path in _paths(resolved.source.id) or (name in known and known[name].path == path)


@cache
def _paths(source: str) -> frozenset[str]:
    return frozenset(one.path for binding in SHIPPED.bindings("elastic", source).values() for one in indexed(binding))


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _is_listed(path: str, mappings: Mapping[str, Any]) -> bool:
    """Say whether a mapping lists a field, or a multi-field, by this path."""
    node: Any = mappings
    steps = _steps(path)
    for at, step in enumerate(steps):
        inside = {**node.get("fields", {}), **node.get("properties", {})}
        rest = ".".join(steps[at:])
        if rest in inside:
            return True
        if step not in inside:
            return False
        node = inside[step]
    return "type" in node and node["type"] != "object"


def _is_dynamic(path: str, mappings: Mapping[str, Any]) -> bool:
    """Say whether an event can add a field to the mapping at this path."""
    node: Any = mappings
    dynamic = node.get("dynamic", True)
    for step in _steps(path):
        node = node.get("properties", {}).get(step)
        if node is None:
            break
        dynamic = node.get("dynamic", dynamic)
    return str(dynamic).lower() == "true"


def _may_hold(tree: Node, path: str, resolved: ResolvedRule) -> bool | None:
    """Say whether a tree holds of an event without a column; ``None`` where other columns decide."""
    match tree:
        case FieldMatch(field, test):
            columns = [field, *([test.field] if isinstance(test, FieldRef) else [])]
            if all(resolved.fields[one].path != path for one in columns):
                return None
            return isinstance(test, Null) or (isinstance(test, Exists) and not test.present)
        case And(children):
            found = [_may_hold(child, path, resolved) for child in children]
            return False if False in found else None if None in found else True
        case Or(children):
            found = [_may_hold(child, path, resolved) for child in children]
            return True if True in found else None if None in found else False
        case Not(child):
            inner = _may_hold(child, path, resolved)
            return None if inner is None else not inner
        case Keyword():
            return None
