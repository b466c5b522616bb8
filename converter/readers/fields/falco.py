"""Falco's word on its fields: a list of them as JSON, as plain names, or as its documentation's tables.

How ``falco --list`` prints JSON was not measured: every object with a name
and, if it has one, a type is taken for a field, wherever it stands.  A
plugin's own list is measured by its source (plugin API, ``get_fields``:
``name``, ``type``, ``isList``, ``arg``).  ``falco --list -N`` gives names, one
a line; ``falco --list --markdown`` rows of a table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from converter.model import Diagnostic, Source
from converter.readers.fields.system import FIELDS, SIZE, System, SystemField, read_json, refused

_NAME: Final = re.compile(r"[a-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)+")
_ROW: Final = re.compile(r"\|?\s*`?([a-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+)`?\s*(?:\|\s*([A-Za-z0-9_()]+)\s*\|.*)?")
_SOURCE: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_KEYED: Final = " needs an argument"
"""What is said of a field that stands for nothing without brackets."""
_HELP: Final = "save the list that 'falco --list' prints, or a plugin's own"


def read_falco(data: bytes, path: str, event_source: str = "") -> System | Diagnostic:
    """Return the fields of a list, of one event source where it names any, or why there are none (P050)."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        read = read_json(data, path)
        if isinstance(read, Diagnostic):
            return read
        value, source = read
        found = _of_json(value)
    else:
        if len(data) > SIZE:
            return refused(Source(path, ""), 0, f"the file has more than {SIZE >> 20} MiB", _HELP)
        source = Source(path, data.decode("utf-8-sig", "replace"))
        lines = [match for line in source.text.split("\n") if (match := _ROW.fullmatch(line.strip()))]
        found = [(match[1], match[2] or "", False, ()) for match in lines]
    if not found:
        return refused(source, 0, "the file lists no fields", _HELP)
    if len(found) > FIELDS:
        return refused(source, 0, f"the list has more than {FIELDS} fields", _HELP)
    events = sorted({one for *_, sources in found for one in sources if _SOURCE.fullmatch(one)})
    if event_source and events and event_source not in events:
        return refused(source, 0, f"the list has no fields of the event source {event_source}", f"it has those of {', '.join(events)}")
    chosen = event_source or (events[0] if len(events) == 1 else "")
    fields = {
        name: SystemField(name, kind.removesuffix(_KEYED), many, note=_KEYED if kind.endswith(_KEYED) else "")
        for name, kind, many, sources in sorted(found)
        if not (chosen and sources) or chosen in sources
    }
    left = () if chosen or not events else (f"fields of the event sources {', '.join(events)}; '--event-source' chooses one",)
    return System("falco", "list", fields, {"event_source": chosen} if chosen else {}, {}, left)


def _of_json(value: Any) -> list[tuple[str, str, bool, tuple[str, ...]]]:  # noqa: ANN401 - JSON
    """Return name, type, whether it is a list, and event sources of every field below a value; a class's sources are its fields'."""
    found: dict[str, tuple[str, str, bool, tuple[str, ...]]] = {}
    stack: list[tuple[Any, tuple[str, ...]]] = [(value, ())]
    while stack:
        node, sources = stack.pop()
        if isinstance(node, list):
            stack += [(one, sources) for one in reversed(node)]
        elif isinstance(node, Mapping):
            own = _sources(node) or sources
            name = next((node[key] for key in ("name", "field") if isinstance(node.get(key), str)), "")
            if _NAME.fullmatch(name) and not isinstance(node.get("fields"), list):
                former = found.get(name, (name, "", False, ()))
                kind = str(node["type"])[:40] if isinstance(node.get("type"), str) else former[1]
                argument: Mapping[str, Any] = next((node[key] for key in ("argument", "arg") if isinstance(node.get(key), Mapping)), {})
                kind += _KEYED if any(argument.get(key) is True for key in ("required", "isRequired")) and _KEYED not in kind else ""
                many = any(node.get(key) is True for key in ("list", "isList", "is_list")) or "list" in kind.lower() or former[2]
                found[name] = (name, kind, many, tuple(sorted({*former[3], *own})))
            else:
                stack += [(one, own) for key, one in reversed(list(node.items())) if isinstance(one, list | Mapping)]
    return list(found.values())


def _sources(node: Mapping[str, Any]) -> tuple[str, ...]:
    for key in ("sources", "event_sources"):
        listed = node.get(key)
        if isinstance(listed, list):
            return tuple(one for one in listed if isinstance(one, str))
    one = node.get("source", node.get("event_source"))
    return (one,) if isinstance(one, str) and _SOURCE.fullmatch(one) else ()
