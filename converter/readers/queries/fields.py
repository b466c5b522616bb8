"""Of which type a query's fields are: as an index's mapping says, else the log source's tables and the Elastic Common Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from converter.data import bindings, ecs_types, indexed, sources_of
from converter.languages import kql
from converter.model import Diagnostic, LogSource

Types: TypeAlias = Callable[[str], tuple[str, bool] | None]
"""From a field's name to its type in the index and whether case counts; ``None`` where the index has no such field."""
_TARGET: Final = "elastic"


def source_types(logsource: Mapping[str, str]) -> Types:
    """Return the types of a log source's fields; an unknown field is a keyword.

    Where the agents that record the log source disagree on a type, it is not known.
    """
    known: dict[str, str] = {}
    for source in sources_of(LogSource(**logsource)):
        for row in bindings(_TARGET, source.id).values() if _TARGET in source.targets else ():
            for one in indexed(row):
                if known.setdefault(one.path, one.type) != one.type:
                    known[one.path] = "keyword"
    return lambda field: (known.get(field) or ecs_types().get(field) or "keyword", True)


def mapped_types(mappings: object) -> Types | Diagnostic:
    """Return the types that an index's ``mappings`` object gives; ``R204`` when it is none, or says what is not modelled."""
    mapping = kql.compile_mapping(mappings)
    if isinstance(mapping, Diagnostic):
        return mapping

    def of(field: str) -> tuple[str, bool] | None:
        found = mapping.find(field)
        return None if found is None else (found.type, not found.lowercase)

    return of
