"""What Splunk sees of a JSON event: flat field names, every value a text, several values for an array.

The rules and their sources stand in ``views/splunk/*.yml``; they are those of
automatic JSON extraction and hold for every JSON input.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_VIEWS = Path(__file__).parent / "views" / "splunk"


@dataclass(frozen=True, slots=True)
class SplunkView:
    """What a log source's view says beside the extraction: its input's source and type, the macro, the fields that Splunk adds."""

    source: str
    sourcetype: str
    macro: str
    added: tuple[str, ...]


@cache
def splunk_view(name: str) -> SplunkView:
    """Return the view of a log source, named as its file is (``kubernetes_audit``).

    Raises:
        FileNotFoundError: if there is no such view.
    """
    import yaml  # only where a view's file is read: extraction needs none

    found = yaml.safe_load((_VIEWS / f"{name}.yml").read_text(encoding="utf-8"))
    return SplunkView(found["source"], found["sourcetype"], found["macro"], tuple(found["added"]["fields"]))


def splunk_fields(
    event: Mapping[str, Any], *, raw: str = "", source: str = "", sourcetype: str = "", host: str = "", index: str = ""
) -> dict[str, tuple[str, ...]]:
    """Return the fields of a JSON event with their values, in the event's order.

    Args:
        event: the event as JSON reads it.
        raw: its text as it was sent; made from ``event`` when empty, so
            without the escapes that the producer wrote.
        source: the input's source; no field when empty, as for the next two.
        sourcetype: the input's source type.
        host: the input's host.
        index: the index that holds the event.

    ``_raw`` is left out for an event nested too deeply to be written.
    """
    found: dict[str, list[str]] = {}
    stack: list[tuple[str, Any]] = [(str(key), value) for key, value in reversed(list(event.items()))]
    while stack:
        name, value = stack.pop()
        if isinstance(value, Mapping):
            stack.extend((f"{name}.{key}", inner) for key, inner in reversed(list(value.items())))
        elif isinstance(value, list | tuple):
            stack.extend((f"{name}{{}}", inner) for inner in reversed(value))
        else:
            found.setdefault(name, []).append(_text(value))
    fields = {name: tuple(values) for name, values in found.items()}
    given = {"_raw": raw or _written(event), "source": source, "sourcetype": sourcetype, "host": host, "index": index}
    return {**fields, **{name: (text,) for name, text in given.items() if text}}


def _text(value: Any) -> str:  # noqa: ANN401 - a JSON leaf
    """Return a leaf as Splunk holds it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str) if value is None or isinstance(value, bool | int | float) else str(value)


def _written(event: Mapping[str, Any]) -> str:
    """Return an event as compact JSON, or nothing when it is nested too deeply."""
    try:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":"), default=str)
    except RecursionError:
        return ""
