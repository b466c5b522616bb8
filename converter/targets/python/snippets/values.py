"""What stands at a field."""

from __future__ import annotations


def values(event: dict[str, object], field: str) -> list[object]:
    """Return what stands at a dotted field: the longest key first, lists taken apart."""
    found: list[object] = []
    pending: list[tuple[object, str]] = [(event, field)]
    while pending:
        value, rest = pending.pop()
        if isinstance(value, list):
            pending.extend((one, rest) for one in value)
        elif not rest:
            found.append(value)
        elif isinstance(value, dict):
            key = rest
            while key and key not in value:
                key = key.rpartition(".")[0]
            if key:
                pending.append((value[key], rest[len(key) + 1 :]))
    return found
