"""What Splunk sees of an event: flat field names with texts, after the extraction of the event's input and its add-on.

The rules and their sources stand in ``views/splunk/*.yml``.  There are two
extractions: ``json`` (automatic, of any JSON text) and ``xml`` (the texts of
a Windows event's ``Data`` elements, whose entities stay as they are).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from converter.model import node

_VIEWS = Path(__file__).parent / "views" / "splunk"
_ELSEWHERE = "another"
"""A source and source type that no input has."""


@node
class Calculated:
    """A field that the add-on makes of another one: its text, or the part of it that ``take`` names, in place of what was there.

    ``take`` is ``all``, ``last_segment`` (of a path) or ``after_domain`` (of an account).
    """

    name: str
    of: str
    take: str = "all"


@node
class SplunkView:
    """What a log source's view says beside the extraction's rules.

    ``source``, ``sourcetype`` and ``macro`` are the input's; ``left_out`` are
    values that every event of the log source has, though a test event may
    leave them out; ``elsewhere`` are those that events of the same input, but
    of another log source have; ``filled`` are texts that the add-on gives to fields that
    are missing; ``added`` are names of fields that Splunk makes itself, which
    are not made here.
    """

    source: str
    sourcetype: str
    macro: str
    added: tuple[str, ...]
    extraction: str = "json"
    left_out: Mapping[str, Any] | None = None
    elsewhere: Mapping[str, Any] | None = None
    filled: Mapping[str, str] | None = None
    calculated: tuple[Calculated, ...] = ()


@cache
def splunk_view(name: str) -> SplunkView:
    """Return the view of a log source, named as its file is (``kubernetes_audit``).

    Raises:
        FileNotFoundError: if there is no such view.
    """
    import yaml  # only where a view's file is read: extraction needs none

    found = yaml.safe_load((_VIEWS / f"{name}.yml").read_text(encoding="utf-8"))
    return SplunkView(
        found["source"],
        found["sourcetype"],
        found["macro"],
        tuple(found["added"]["fields"]),
        found.get("extraction", "json"),
        {one: entry["value"] for one, entry in found.get("left_out", {}).items()},
        {one: entry["elsewhere"] for one, entry in found.get("left_out", {}).items()},
        {one: entry["text"] for one, entry in found.get("filled", {}).items()},
        tuple(Calculated(one, entry["of"], entry.get("take", "all")) for one, entry in found.get("calculated", {}).items()),
    )


def splunk_event(name: str, event: Mapping[str, Any], *, foreign: bool = False) -> dict[str, tuple[str, ...]]:
    """Return the fields of a log source's event as a search sees them.

    ``foreign`` gives the event to another input, whose events the log source's macro does not select.

    Raises:
        FileNotFoundError: if there is no view of the log source.
    """
    view = splunk_view(name)
    source, sourcetype = (_ELSEWHERE, _ELSEWHERE) if foreign else (view.source, view.sourcetype)
    whole = {**(view.left_out or {}), **event}
    if view.extraction == "xml":
        fields = _with_input(_of_xml(whole), "" if foreign else _as_xml(whole), source, sourcetype)
    else:
        fields = splunk_fields(whole, source=source, sourcetype=sourcetype)
    for one, text in (view.filled or {}).items():
        fields.setdefault(one, (text,))
    made = {one.name: tuple(_taken(text, one.take) for text in fields[one.of]) for one in view.calculated if one.of in fields}
    return {**fields, **made}


def splunk_seen(event: Mapping[str, Any], source: str = "", sourcetype: str = "") -> dict[str, tuple[str, ...]]:
    """Return the fields of an event that came through an input, named by its source or as a log source; as JSON when neither is known.

    Of log sources that share an input the event's own one is taken, when it shows an id.
    """
    if source in _inputs():
        return splunk_event(source, event)
    near = [name for name, view in _inputs().items() if source and view.source.lower() == source.lower()]
    near.sort(key=lambda name: dict(_inputs()[name].left_out or {}).items() <= event.items(), reverse=True)
    return splunk_event(near[0], event) if near else splunk_fields(event, source=source, sourcetype=sourcetype)


@cache
def _inputs() -> Mapping[str, SplunkView]:
    """Return all views by the name of their log source."""
    return {path.stem: splunk_view(path.stem) for path in sorted(_VIEWS.glob("*.yml"))}


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
    return _with_input(fields, raw or _as_json(event), source, sourcetype, host, index)


def _with_input(
    fields: Mapping[str, tuple[str, ...]], raw: str, source: str, sourcetype: str, host: str = "", index: str = ""
) -> dict[str, tuple[str, ...]]:
    """Return fields with those of the input, which win; none where a text is empty."""
    given = {"_raw": raw, "source": source, "sourcetype": sourcetype, "host": host, "index": index}
    return {**fields, **{name: (text,) for name, text in given.items() if text}}


def _of_xml(event: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the fields of a flat event that is sent as XML: a text each, entities kept, nothing for an empty element."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in event.items():
        texts = tuple(_entities(text) for one in _elements(value) if (text := _text(one)))
        if texts:
            cleaned = re.sub(r"[^A-Za-z0-9_]", "_", str(name))
            found[cleaned] = (*found.get(cleaned, ()), *texts)
    return found


def _as_xml(event: Mapping[str, Any]) -> str:
    """Return a flat event as the elements of its data."""
    data = (
        f"<Data Name='{_entities(str(name))}'>{_entities(_text(one))}</Data>" for name, value in event.items() for one in _elements(value)
    )
    return f"<Event><EventData>{''.join(data)}</EventData></Event>"


def _elements(value: Any) -> list[Any]:  # noqa: ANN401 - a JSON value
    """Return what is written for a value, one element each; an object has no form there."""
    values = value if isinstance(value, list | tuple) else [value]
    return [one for one in values if one is not None and not isinstance(one, Mapping | list | tuple)]


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _taken(text: str, take: str) -> str:
    """Return the part of a text that a calculated field takes."""
    if take == "last_segment":
        return re.split(r"[\\/]", text)[-1] or text
    return text.rpartition("\\")[2] or text if take == "after_domain" else text


def _text(value: Any) -> str:  # noqa: ANN401 - a JSON leaf
    """Return a leaf as Splunk holds it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str) if value is None or isinstance(value, bool | int | float) else str(value)


def _as_json(event: Mapping[str, Any]) -> str:
    """Return an event as compact JSON, or nothing when it is nested too deeply."""
    try:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":"), default=str)
    except RecursionError:
        return ""
