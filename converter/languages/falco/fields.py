"""The fields that a rule of an event source may name: ``fields.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from converter.data import read_facts
from converter.model import node


@node
class FieldType:
    """What a field holds: ``type`` is ``string``, ``number`` or ``boolean``; ``many`` says that it is a list.

    ``argument`` is ``key`` or ``index`` when brackets may follow, else empty;
    ``required`` says that they must.
    """

    type: str
    many: bool = False
    argument: str = ""
    required: bool = False


@cache
def fields_of(source: str) -> Mapping[str, FieldType]:
    """Return the fields by name that a rule of this event source may use; empty for a source without a table."""
    groups = read_facts(Path(__file__).with_name("fields.yml"))["sources"].get(source, ())
    return MappingProxyType(
        {
            name: FieldType(group["type"], group.get("list", False), group.get("argument", ""), group.get("required", False))
            for group in groups
            for name in group["fields"]
        }
    )
