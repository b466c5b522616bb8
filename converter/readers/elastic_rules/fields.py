"""Of which type a field of Elastic's is: by schema and integrations, else by what the tables say of any log source's fields there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from converter.data import bindings, elastic_type, indexed, sources

_TARGET = "elastic"


def type_of(field: str) -> str:
    """Return a field's type in the index; ``keyword`` where nobody gives another, or the tables do not agree."""
    return elastic_type(field) or _listed().get(field, "keyword")


@cache
def _listed() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for source in sources().values():
        if _TARGET not in source.targets:
            continue
        for row in bindings(_TARGET, source.id).values():
            for one in indexed(row):
                if "*" not in one.path and found.setdefault(one.path, one.type) != one.type:
                    found[one.path] = "keyword"
    return found
