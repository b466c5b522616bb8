"""Of which type a field is on Elastic, by the Elastic Common Schema and by what the integrations add to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from converter.data.tables import Binding, Field, ecs_types, load


def elastic_type(field: str) -> str:
    """Return a field's Elasticsearch type, ``""`` where neither the schema nor an integration is known to give it one."""
    return ecs_types().get(field) or _added().get(field) or next((kind for start, kind in _families() if field.startswith(start)), "")


def ecs_bindings(names: Iterable[str]) -> Mapping[str, Binding]:
    """Return fields of documents on Elastic by the names that they have there; unknown ones count as keyword."""
    found = {name: elastic_type(name) or "keyword" for name in names}
    return {name: Binding(Field(name, kind), name, kind) for name, kind in found.items()}


@cache
def _added() -> Mapping[str, str]:
    return {field: kind for kind, names in load("fields/integrations.yml").items() for field in names}


@cache
def _families() -> tuple[tuple[str, str], ...]:
    """Return what the names of a family begin with, and their type; the longest first."""
    return tuple(sorted(((name[:-1], kind) for name, kind in _added().items() if name.endswith(".*")), key=lambda one: -len(one[0])))
