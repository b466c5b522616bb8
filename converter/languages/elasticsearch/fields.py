"""What an Elasticsearch mapping says: the type of each field, and how objects nest."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from converter.model import node

STRINGS: Final = frozenset({"keyword", "text", "match_only_text", "wildcard", "constant_keyword", "flattened"})
TOKENIZED: Final = frozenset({"text", "match_only_text"})
KEYWORD_FAMILY: Final = frozenset({"keyword", "constant_keyword", "wildcard"})
"""Types that Elasticsearch's field capabilities, hence Kibana's data views, call ``keyword``."""
INTEGERS: Final = {
    "byte": (-(1 << 7), (1 << 7) - 1),
    "short": (-(1 << 15), (1 << 15) - 1),
    "integer": (-(1 << 31), (1 << 31) - 1),
    "long": (-(1 << 63), (1 << 63) - 1),
    "unsigned_long": (0, (1 << 64) - 1),
}
FLOATS: Final = frozenset({"double", "float", "half_float", "scaled_float"})
DATES: Final = frozenset({"date", "date_nanos"})
UNSEARCHED: Final = frozenset({"geo_point", "binary", "histogram", "dense_vector", "version"})
"""Types known by their presence alone."""


@node
class FieldType:
    """A field that holds values: its full path and the mapping parameters that change an answer.

    ``unmodelled`` says why its values are not known here; a mapping has such
    fields only where that was asked for.
    """

    path: str
    type: str
    ignore_above: int | None = None
    lowercase: bool = False
    value: str | None = None
    null_value: Any = None
    indexed: bool = True
    doc_values: bool = True
    coerce: bool = True
    ignore_malformed: bool = False
    formats: tuple[str, ...] = ()
    scaling_factor: float = 1.0
    key: str = ""
    fields: tuple[FieldType, ...] = ()
    unmodelled: str = ""

    @property
    def is_searchable(self) -> bool:
        """Whether a query on its values is possible at all."""
        return self.indexed or (self.doc_values and self.type not in TOKENIZED)


@node
class ObjectType:
    """An object of the mapping, the root too (``path`` is then empty); an empty ``dynamic`` is inherited."""

    path: str
    children: MappingABC[str, FieldType | ObjectType]
    dynamic: str = ""
    enabled: bool = True
    nested: bool = False
    include_in_parent: bool = False
    include_in_root: bool = False


@dataclass(frozen=True)
class Mapping:
    """A compiled mapping.

    ``raw`` is what it was compiled from (dynamic mapping adds to a copy);
    ``fields`` holds every field by full path, multi-fields and aliases too.
    """

    raw: MappingABC[str, Any]
    root: ObjectType
    fields: MappingABC[str, FieldType]
    aliases: frozenset[str] = frozenset()
    nested: frozenset[str] = frozenset()
    flattened: MappingABC[str, FieldType] = field(default_factory=dict)

    def find(self, path: str) -> FieldType | None:
        """Return the type of the field with this full path; a key inside a flattened field is one too."""
        found = self.fields.get(path)
        if found is not None or not self.flattened:
            return found
        for end in range(len(path) - 1, 0, -1):
            if path[end] == "." and (root := self.flattened.get(path[:end])) is not None:
                return FieldType(root.path, "flattened", indexed=root.indexed, doc_values=root.doc_values, key=path[end + 1 :])
        return None

    @cached_property
    def default_fields(self) -> tuple[FieldType, ...]:
        """The fields that free text searches, each once."""
        return tuple(kind for path, kind in self.fields.items() if path not in self.aliases and kind.type not in UNSEARCHED)
