"""Flattened fields, which the search engine does not know: its index is made without them, and no query on one is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def flattened(mappings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of a mapping's flattened fields."""
    return of_type(mappings, "flattened")


def of_type(mappings: Mapping[str, Any], kind: str, path: str = "") -> Iterator[str]:
    """Yield the paths of a mapping's fields of a type."""
    for name, inner in mappings.get("properties", {}).items():
        full = f"{path}.{name}" if path else name
        if inner.get("type") == kind:
            yield full
        yield from of_type(inner, kind, full)


def without_flattened(mappings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping in which flattened fields are kept and not searched, so that a document has all else as before."""
    properties = {
        name: {"type": "object", "enabled": False} if inner.get("type") == "flattened" else without_flattened(inner)
        for name, inner in mappings.get("properties", {}).items()
    }
    return {**mappings, "properties": properties} if properties else dict(mappings)
