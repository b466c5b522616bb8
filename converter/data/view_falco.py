"""What Falco sees of an event: the values of its fields, as the plugins extract them or the engine records the same occurrence.

The fields and the ways of extraction stand in ``views/falco/*.yml``.  Numbers
and the texts of objects are printed from the parsed event: ``1e2`` becomes
``100.0`` and an escape such as ``\\u0026`` its character, where the plugins
keep the producer's spelling.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, TypeAlias

from converter.data.falco_query import query_parameter
from converter.data.tables import load

KUBERNETES: Final = "kubernetes_audit"
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:[.,]([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INDEX: Final = re.compile("[+-]?[0-9]{1,9}")

Values: TypeAlias = str | int | tuple[str, ...] | None
"""A text, a number, the texts of a list, or ``None`` for a field without a value."""


class _Absent:
    """The mark of a value that is not there: JSON's null is one that is."""


_ABSENT: Final = _Absent()


@cache
def falco_view(name: str = KUBERNETES) -> Mapping[str, Any]:
    """Return the view of a log source, named as its file is, with one entry for each field.

    Raises:
        FileNotFoundError: if there is no such view.
    """
    view: dict[str, Any] = load(f"views/falco/{name}.yml")
    containers = view.get("containers", {"lists": (), "fields": {}})
    for one in containers["lists"]:
        for short, entry in containers["fields"].items():
            if one in entry.get("not_in", ()):
                continue
            path = ["requestObject", "spec", one]
            own = {kind: path + value if kind in _WAYS else value for kind, value in entry.items()}
            view["fields"][f"ka.req.pod.{one}.{short}"] = own
    return view


def falco_fields(name: str = KUBERNETES) -> frozenset[str]:
    """Return the names of the fields that the view of a log source gives values to."""
    return frozenset(falco_view(name)["fields"])


def falco_events(document: object, name: str = KUBERNETES) -> list[Mapping[str, Any]]:
    """Return the events that are made of a JSON document: none, one, or those of a list.

    What the plugin drops is left out: see ``envelope`` in the view.
    """
    envelope = falco_view(name)["envelope"]
    if envelope.get("record"):
        return [document] if isinstance(document, Mapping) else []
    if not _fits(document, envelope["max_depth"]):
        return []
    found: list[Mapping[str, Any]] = []
    pending: list[object] = [document]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending.extend(reversed(one))
        elif _at(one, ["kind"]) == envelope["kinds"]["many"] and isinstance(items := _at(one, ["items"]), list):
            found += [item for item in items if _nanoseconds(item) is not None]
        elif _at(one, ["kind"]) == envelope["kinds"]["one"] and isinstance(one, Mapping):
            found += [one] if _nanoseconds(one) is not None else []
        else:
            return []
    return [event for event in found if len(_compact(event).encode("utf-8", "surrogatepass")) <= envelope["max_bytes"]]


def falco_values(event: Mapping[str, Any], field: str, argument: str | None = None, name: str = KUBERNETES) -> Values:
    """Return what a rule sees as the field's value on an event that ``falco_events`` returned.

    Args:
        event: the event as JSON reads it.
        field: the field's name.
        argument: the text in brackets, ``None`` without brackets.
        name: the log source.

    Raises:
        KeyError: if the view says nothing about the field (the engine may still know it).
    """
    entry = falco_view(name)["fields"][field]
    if field.startswith("ka.") and "auditID" not in event:
        return None
    for condition in entry.get("only", ()):
        found = _at(event, condition["path"])
        if (found if isinstance(found, str) else "") != condition["is"]:
            return None
    way = next(kind for kind in entry if kind in _WAYS)
    values = _WAYS[way](event, entry, argument)
    return values if values != () else None


def _fits(document: object, limit: int) -> bool:
    """Say whether the document nests no deeper than the plugin's parser goes."""
    level: list[object] = [document]
    for _ in range(limit):
        level = [child for one in level if isinstance(one, Mapping | list) for child in (one.values() if isinstance(one, Mapping) else one)]
        if not level:
            return True
    return False


def _nanoseconds(event: object) -> int | None:
    """Return the event's time since 1970, ``None`` where the plugin cannot read it."""
    stamp = _at(event, ["stageTimestamp"])
    found = _TIME.fullmatch(stamp) if isinstance(stamp, str) else None
    if found is None:
        return None
    seconds, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(seconds + ("+00:00" if zone == "Z" else zone))
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(seconds=1) * 10**9 + int((fraction or "0")[:9].ljust(9, "0"))


def _at(value: object, path: Sequence[str]) -> object:
    """Follow keys; in an array a key is an index."""
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key, _ABSENT)
        elif isinstance(value, list) and _INDEX.fullmatch(key) and 0 <= int(key) < len(value):
            value = value[int(key)]
        else:
            return _ABSENT
    return value


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _printed(value: object) -> str:
    """Return a value as the plugins print it: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else _compact(value)


def _spread(value: object, index: int | None, path: Sequence[str]) -> list[object] | None:
    """Return one value for each element of the arrays on the path, ``_ABSENT`` for those without; ``None`` for no path at all.

    With an index only that element of every array is followed.
    """
    for place, key in enumerate(path):
        if isinstance(value, list):
            if index is None:
                return [one for element in value for one in _or_absent(_spread(element, None, path[place:]))]
            if index >= len(value):
                return None
            value = value[index]
        value = _at(value, [key]) if key else value
        if value is _ABSENT:
            return None
    return [value]


def _or_absent(values: list[object] | None) -> list[object]:
    return [_ABSENT] if values is None else values


def _index(argument: str | None) -> int | None:
    return None if argument is None else int(argument)


def _text(event: Mapping[str, Any], entry: Mapping[str, Any], _argument: str | None) -> Values:
    found = _at(event, entry["text"])
    return None if found is _ABSENT else _printed(found)


def _value(event: Mapping[str, Any], entry: Mapping[str, Any], _argument: str | None) -> Values:
    """Return a value that the engine knows by itself: a null is none, nor is what stands for nothing."""
    found = _at(event, entry["value"])
    return None if found is _ABSENT or found is None or found == entry.get("absent") else _printed(found)


def _own_text(event: Mapping[str, Any], entry: Mapping[str, Any], _argument: str | None) -> Values:
    found = _at(event, entry["own_text"])
    return found if isinstance(found, str) else None


def _command(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    """Return a command line, a blank behind it where it has no arguments."""
    found = _value(event, {**entry, "value": entry["command"]}, argument)
    return found if not isinstance(found, str) or " " in found else found + " "


def _number(_event: Mapping[str, Any], entry: Mapping[str, Any], _argument: str | None) -> Values:
    return int(entry["number"])


def _texts(event: Mapping[str, Any], entry: Mapping[str, Any], _argument: str | None) -> Values:
    found = _at(event, entry["texts"])
    return tuple(map(_printed, found)) if isinstance(found, list) else None


def _constant(_event: Mapping[str, Any], entry: Mapping[str, Any], _argument: str | None) -> Values:
    return str(entry["constant"])


def _event(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    """Return the event, its time, or the part of it that a JSON pointer names; the slash in front may be missing."""
    if entry["event"] == "nanoseconds":
        moment = _nanoseconds(event)
        return None if moment is None else str(moment)
    if entry["event"] == "indented":
        return json.dumps(event, ensure_ascii=False, indent=2, default=str)
    if entry["event"] == "compact" or not argument:
        return _compact(event)
    keys = [key.replace("~1", "/").replace("~0", "~") for key in argument.removeprefix("/").split("/")]
    found = _at(event, keys)
    return None if found is _ABSENT else _printed(found)


def _query(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    found = _at(event, entry["query_parameter"])
    return None if found is _ABSENT else query_parameter(_printed(found), argument or "")


def _elements(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    found = _spread(event, _index(argument), entry["elements"])
    if found is None or (entry["absent"] == "fail" and _ABSENT in found):
        return None
    if entry["absent"] == "default":
        default = _at(event, entry["default"])
        found = [("0" if default is _ABSENT else default) if one is _ABSENT else one for one in found]
    return tuple(_printed(one) for one in found if one is not _ABSENT)


def _flattened(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    found = _spread(event, _index(argument), entry["flattened"])
    return None if found is None else tuple(_printed(one) for array in found if isinstance(array, list) for one in array)


def _joined(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    arrays = [one for one in _spread(event, _index(argument), entry["joined"]) or () if one is not _ABSENT]
    if not all(isinstance(array, list) and all(isinstance(word, str) for word in array) for array in arrays):
        return None
    return tuple(" ".join(array) for array in arrays if isinstance(array, list))


def _repositories(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    found = _spread(event, _index(argument), entry["repositories"])
    if found is None or _ABSENT in found:
        return None
    return tuple(_printed(one).partition(":")[0].partition("@")[0] for one in found)


def _ports(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    arrays = [one for one in _spread(event, _index(argument), entry["ports"]) or () if one is not _ABSENT]
    if not all(isinstance(array, list) for array in arrays):
        return None
    ports = [port for array in arrays if isinstance(array, list) for port in array]
    found = [host if (host := _at(port, ["hostPort"])) is not _ABSENT else _at(port, ["containerPort"]) for port in ports]
    return tuple(_printed(one) for one in found if one is not _ABSENT)


def _first_of(event: Mapping[str, Any], entry: Mapping[str, Any], _argument: str | None) -> Values:
    found = falco_values(event, entry["first_of"], "0")
    return found[0] if isinstance(found, tuple) and found else None


def _any_true(event: Mapping[str, Any], entry: Mapping[str, Any], _argument: str | None) -> Values:
    found = _spread(event, None, entry["any_true"])
    return None if found is None else "true" if any(one is True for one in found) else "false"


def _keys(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    found = _spread(event, _index(argument), [*entry["keys"], ""])
    return None if found is None else tuple(key for one in found if isinstance(one, Mapping) for key in one if key != entry["but"])


def _listed(event: Mapping[str, Any], entry: Mapping[str, Any], argument: str | None) -> Values:
    found = _spread(event, 0, entry["listed"])
    if found is None or not argument:
        return None
    texts = [_printed(one) for one in found if one is not _ABSENT]
    prefix = argument[:-1] if argument.endswith("*") else None
    return "true" if any(text == argument or (prefix is not None and text.startswith(prefix)) for text in texts) else "false"


def _subjects(event: Mapping[str, Any], entry: Mapping[str, Any], _argument: str | None) -> Values:
    found = _at(event, entry["subjects"])
    names: list[str] = []
    for subject in found if isinstance(found, list) else ():
        kind, name, space = (_at(subject, [key]) for key in ("kind", "name", "namespace"))
        if kind is _ABSENT or name is _ABSENT or _printed(kind) != entry["kind"]:
            continue
        if not entry.get("namespaced"):
            names.append(_printed(name))
        elif space is not _ABSENT:
            names.append(f"{_printed(space)}:{_printed(name)}")
    return tuple(names)


_WAYS: Final[dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], str | None], Values]]] = {
    "text": _text,
    "value": _value,
    "own_text": _own_text,
    "command": _command,
    "number": _number,
    "texts": _texts,
    "constant": _constant,
    "event": _event,
    "query_parameter": _query,
    "elements": _elements,
    "flattened": _flattened,
    "joined": _joined,
    "repositories": _repositories,
    "ports": _ports,
    "first_of": _first_of,
    "any_true": _any_true,
    "keys": _keys,
    "listed": _listed,
    "subjects": _subjects,
}
"""How a field's value is found, by the key of its entry in the view."""
