"""Splunk's word on its fields: the results of ``| fieldsummary``, and the field names of ``props.conf``.

Forms of results: a JSON array, ``{"results": […]}`` as the search API gives
them, and ``{"preview": …, "result": {…}}`` line by line as an export does
(Splunk 10.0, Search Reference, "fieldsummary"; REST API Reference,
"search/jobs"); ``values`` is a list or its JSON text.  Of ``props.conf``:
FIELDALIAS, EVAL, EXTRACT and LOOKUP; the fields of a REPORT stand in
``transforms.conf`` and are told (Admin Manual, "props.conf").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from converter.languages import spl
from converter.model import Diagnostic, Source
from converter.readers.fields.system import FIELDS, SIZE, System, SystemField, read_json, refused

_OWN: Final = re.compile(
    r"date_[a-z]+|_.*|index|sourcetype|source|host|linecount|punct|splunk_server.*|timestartpos|timeendpos|eventtype|tag(::.*)?"
)
"""Fields that Splunk makes itself for every event (Splunk, "Use default fields")."""
_INPUTS: Final = ("index", "sourcetype", "source")
_MANY: Final = 10
"""Values of an input beyond which a list of them is no log source."""
_HELP: Final = "save the results of '… | fieldsummary' as JSON, or give a props.conf"
_GROUP: Final = re.compile(r"\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>")
_MAYBE_AS: Final = re.compile(r"""("[^"]+"|[^\s",]+)(?:\s+AS\s+("[^"]+"|[^\s",]+))?""", re.IGNORECASE)
_AS: Final = re.compile(r"""("[^"]+"|[^\s",]+)\s+(?:AS|ASNEW)\s+("[^"]+"|[^\s",]+)""", re.IGNORECASE)


def read_splunk(data: bytes, path: str) -> System | Diagnostic:
    """Return the fields of a fieldsummary's results or of a ``props.conf``, or why there are none (P050)."""
    if path.endswith(".conf"):
        return _of_props(data, path)
    lines = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    read = _by_line(data, path) if lines[:1] == b"{" and b'"result"' in lines[:4096] and b'"results"' not in lines[:4096] else None
    read = read or read_json(data, path)
    if isinstance(read, Diagnostic):
        return read
    value, source = read
    rows = value.get("results") if isinstance(value, Mapping) else value
    found = [one for one in rows if isinstance(one, Mapping) and isinstance(one.get("field"), str)] if isinstance(rows, list) else []
    if not found:
        return refused(source, 0, "the file holds no results of fieldsummary: no row has a 'field'", _HELP)
    if len(found) > FIELDS:
        return refused(source, 0, f"the results have more than {FIELDS} fields", "summarise fewer events")
    fields: dict[str, SystemField] = {}
    selects: dict[str, Any] = {}
    left: list[str] = []
    for row in found:
        name = row["field"]
        if name in _INPUTS:
            values = _values(row)
            distinct = row.get("distinct_count", len(values))
            if 0 < len(values) <= _MANY and str(distinct) == str(len(values)):
                selects[name] = values
            else:
                left.append(f"{name}: {distinct} values, too many to select by")
        elif not _OWN.fullmatch(name):
            fields[name] = SystemField(name, list="{}" in name)
    if "sourcetype" in selects or "index" in selects:
        selects.pop("source", None)  # a file's name, which differs from host to host
    if not fields:
        return refused(source, 0, "the results hold no fields but Splunk's own", _HELP)
    left.append("a fieldsummary lists the fields of the events that it saw")
    return System("splunk", "fieldsummary", fields, {key: selects[key] for key in _INPUTS if key in selects}, {}, tuple(left))


def _by_line(data: bytes, path: str) -> tuple[list[Any], Source] | Diagnostic:
    """Return the results of an export, one object a line."""
    if len(data) > SIZE:
        return refused(Source(path, ""), 0, f"the file has more than {SIZE >> 20} MiB", "summarise fewer events")
    rows: list[Any] = []
    text = data.decode("utf-8-sig", "replace")
    source, at = Source(path, text), 0
    for line in text.split("\n"):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                return refused(source, at, "the line is not JSON", "save the export as it came, one result a line")
            if isinstance(value, Mapping) and not value.get("preview", False):
                rows.append(value.get("result"))
        at += len(line) + 1
    return rows, source


def _values(row: Mapping[str, Any]) -> list[str]:
    """Return the values that a summary lists of a field."""
    values = row.get("values")
    if isinstance(values, str):
        try:
            values = json.loads(values)
        except (ValueError, RecursionError):
            return []
    listed = [one.get("value") for one in values if isinstance(one, Mapping)] if isinstance(values, list) else []
    good = (one for one in listed if isinstance(one, str) and 0 < len(one) <= 400 and one.isprintable())
    return sorted({one for one in good if not re.search(r"[`|\[\]]", one)})


def _of_props(data: bytes, path: str) -> System | Diagnostic:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return refused(Source(path, ""), 0, "the file is not UTF-8", "save it as UTF-8")
    conf = spl.read_conf(text, path)
    if not isinstance(conf, spl.Conf):
        first = conf[0]
        return Diagnostic("P050", first.severity, first.span, first.message, help=first.help)
    fields: dict[str, SystemField] = {}
    left: list[str] = []
    stanzas: list[str] = []
    for stanza in conf.stanzas:
        stanzas.append(stanza.name)
        for key, value in ((one.key, one.value) for one in stanza.settings):
            kind = key.partition("-")[0].upper()
            for name in _named(kind, key, value):
                if not _OWN.fullmatch(name):
                    fields[name] = SystemField(name, note=kind)
            if kind == "REPORT":
                left.append(f"{key} = {value[:80]}: its fields stand in transforms.conf")
            elif kind == "KV_MODE" and value.strip().lower() not in ("none", ""):
                left.append(f"KV_MODE = {value.strip()[:20]}: fields that Splunk finds in the events are not listed")
    if not fields:
        return refused(Source(path, text), 0, "the file names no fields", "look into the add-on's default/props.conf")
    types = [one for one in stanzas if not one.startswith(("source::", "host::", "delayedrule::", "rule::")) and one != "default"]
    good = all(0 < len(one) <= 400 and one.isprintable() and not re.search(r"[`|\[\]]", one) for one in types)
    selects = {"sourcetype": sorted(types)} if good and 0 < len(types) <= _MANY else {}
    return System("splunk", "props.conf", dict(sorted(fields.items())), selects, {}, tuple(dict.fromkeys(left)))


def _named(kind: str, key: str, value: str) -> Iterator[str]:
    """Yield the fields that an attribute of a stanza makes."""
    if kind == "FIELDALIAS":
        for old, new in _AS.findall(value):
            yield from (old.strip('"'), new.strip('"'))
    elif kind == "EVAL":
        yield key.partition("-")[2].strip().strip("'\"")
    elif kind == "EXTRACT":
        yield from _GROUP.findall(value)
    elif kind == "LOOKUP":
        output = re.split(r"\bOUTPUT(?:NEW)?\b", value, maxsplit=1)
        for old, new in _MAYBE_AS.findall(output[1]) if len(output) == 2 else ():
            yield (new or old).strip('"')
