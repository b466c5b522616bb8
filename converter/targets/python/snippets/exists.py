"""Whether a field is there."""

from __future__ import annotations


def exists(event: dict[str, object], field: str) -> bool:
    """Return whether the field's key is present, whatever its value."""
    pending: list[tuple[object, str]] = [(event, field)]
    while pending:
        value, rest = pending.pop()
        if not rest:
            return True
        if isinstance(value, list):
            pending.extend((one, rest) for one in value)
        elif isinstance(value, dict):
            key = rest
            while key and key not in value:
                key = key.rpartition(".")[0]
            if key:
                pending.append((value[key], rest[len(key) + 1 :]))
    return False
