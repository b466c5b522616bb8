"""Where in an event, as it was written, a rule's field found its value."""

from __future__ import annotations

from converter.match.paths import MISSING, at
from converter.match.shapes import Seen, first, lifted


def origin(seen: Seen, field: str) -> str:
    """Return the path of a field's value, wrappers included; ``""`` when the event has no such field."""
    if at(seen.event, field) is MISSING:
        return ""
    shape = seen.shape
    if shape is not None:
        # The field itself, or the map that it is a part of: the longest first, as it is looked up.
        name = field
        while name:
            rest = field[len(name) :]
            place = first(seen.raw, shape.fields.get(name, ()))[1]
            if place:
                return f"{seen.inside}{place}{rest}"
            for path in reversed(shape.lift):
                keys: dict[str, object] = {}
                lifted(seen.raw, path, inner=shape.inner, into=keys)
                if name in keys:
                    return f"{seen.inside}{path}.{_written(seen, path, name)}{rest}"
            name = name.rpartition(".")[0]
    return f"{seen.inside}{field}"


def _written(seen: Seen, path: str, name: str) -> str:
    """Return a lifted name as it is written: as it is, with blanks, or deeper, for which ``…`` stands."""
    held = at(seen.raw, path)
    if not isinstance(held, dict) or name in held:
        return name
    return next((key for key in held if key.replace(" ", "") == name), f"…{name}")
