"""What Elastic's detection engine sees of an event: the document that the integration's pipeline indexes.

The steps and the mapping stand in ``views/elastic/``; this module knows the
kinds of steps and nothing about a log source.  A step with ``when`` is taken
where the path it names has a value, or has the value given for it (one of
several).  ``guard`` gives what selects the log source to an event that has
none of it.
"""

from __future__ import annotations

import copy
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from converter.data.tables import load, sources, view_of

_MISSING = object()


def elastic_document(event: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the document that the engine indexes for a raw event of a log source.

    Raises:
        FileNotFoundError: if there is no view of the log source.
    """
    document: Any = copy.deepcopy(dict(event))
    for step in _steps(source):
        kind = next(iter(step))
        if kind == "guard":
            for path, value in sources()[source].targets["elastic"]["guard"].items():
                if not path.startswith("data_stream."):  # constants of the index, which no document has
                    _default(document, path, {"to": value if isinstance(value, str) else value[0]})
        elif _is_due(document, step.get("when")):
            document = _STEPS[kind](document, step[kind], step)
    result: dict[str, Any] = document
    return result


@cache
def _steps(source: str) -> tuple[Mapping[str, Any], ...]:
    """Return the steps of a log source's view, those of other views that it includes in their place."""
    found: list[Mapping[str, Any]] = []
    for step in view_of("elastic", source)["steps"]:
        found += load(f"views/elastic/{step['include']}.yml")["steps"] if "include" in step else (step,)
    return tuple(found)


@cache
def elastic_mappings(source: str) -> Mapping[str, Any]:
    """Return the ``mappings`` of the index that holds a log source's documents."""
    name = view_of("elastic", source)["mappings"]
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return loaded


def _is_due(document: Any, when: object) -> bool:  # noqa: ANN401 - JSON
    if isinstance(when, Mapping):
        return all(_get(document, path) in (value if isinstance(value, list) else [value]) for path, value in when.items())
    return when is None or _get(document, str(when)) not in (_MISSING, None)


def _take(document: Any, paths: Mapping[str, str], step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Begin anew with the named values alone, each at its place; one of ``absent`` counts as none, but for names in ``kept``."""
    taken: dict[str, Any] = {}
    for path, place in paths.items():
        value = _get(document, path)
        if value is not _MISSING and value is not None and (path in step.get("kept", ()) or value not in step.get("absent", ())):
            _put(taken, place, value)
    return taken


def _unwrap_json(document: Any, path: str, _step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    value = _get(document, path)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return document
    return value if isinstance(value, dict) else document


def _nest(document: Any, path: str, _step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    for key in reversed(path.split(".")):
        document = {key: document}
    return document


def _expand(document: Any, _value: object, _step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Make levels of the dots in the event's own keys; a key stays whole where one of its levels holds something else."""
    expanded: dict[str, Any] = {}
    for key, value in sorted(document.items(), key=lambda one: "." in one[0]):
        parents = [key[:at] for at, letter in enumerate(key) if letter == "."]
        if "." in key and all(_get(expanded, one) is _MISSING or isinstance(_get(expanded, one), dict) for one in parents):
            _put(expanded, key, value)
        else:
            expanded[key] = value
    return expanded


def _text(document: Any, path: str, _step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Make a text of a number or a truth value."""
    value = _get(document, path)
    if value is not _MISSING:
        _put(document, path, scalar(value))
    return document


def _remove(document: Any, path: str, _step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    parent, _, leaf = path.rpartition(".")
    holder = _get(document, parent) if parent else document
    if isinstance(holder, dict):
        holder.pop(leaf, None)
    return document


def _set(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    _put(document, path, copy.deepcopy(step["to"]))
    return document


def _default(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Set a value where there is none."""
    return _set(document, path, step) if _get(document, path) in (_MISSING, None) else document


def _copy(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    value = _get(document, path)
    if value is not _MISSING and value is not None:
        _put(document, step["to"], copy.deepcopy(value))
    return document


def _rename(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Move a value; where there is one already it stays."""
    if _get(document, step["to"]) is _MISSING:
        _copy(document, path, step)
    return _remove(document, path, step)


def _lowercase(document: Any, path: str, _step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return _changed(document, path, lambda text: text.lower())


def _number(document: Any, path: str, _step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Turn digits into their number; a field of numbers has nothing else."""
    value = _get(document, path)
    if isinstance(value, str):
        return _changed(document, path, int) if value.isascii() and value.isdecimal() else _remove(document, path, {})
    return document


def _replace(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Replace what a regular expression finds in a text."""
    return _changed(document, path, lambda text: re.sub(step["pattern"], step["with"], text))


def _decimal(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Turn a text that holds hexadecimal digits, the groups of a regular expression, into the decimal text of their number."""
    value = _get(document, path)
    found = re.fullmatch(step["pattern"], value) if isinstance(value, str) else None
    return _changed(document, path, lambda _text: str(int("".join(found.groups()), 16))) if found else document


def _rest(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Put every field of the event below ``path`` as text, but for those that go elsewhere by ``to``; one of ``absent`` counts as none."""
    taken: dict[str, Any] = {}
    for name, value in document.items():
        text = scalar(value)
        if text is not None and text not in step.get("absent", ()):
            _put(taken, step["to"].get(name, f"{path}.{name}"), text)
    return taken


def _hashes(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Divide ``NAME=digits`` at commas, in lower case, each to its place; zeros stand for none."""
    value = _get(document, path)
    for pair in value.split(",") if isinstance(value, str) else ():
        name, _, digits = pair.strip().partition("=")
        if name.upper() in step["to"] and digits.strip("0"):
            _put(document, step["to"][name.upper()], digits.lower())
    return _remove(document, path, step)


def _numbered(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Put each of a list's values elsewhere, with its number at the end of the name; a value that is no list is the first."""
    value = _get(document, path)
    for number, one in enumerate(value if isinstance(value, list) else [] if value is _MISSING else [value], start=1):
        if one is not None:
            _put(document, f"{step['to']}{number}", scalar(one))
    return _remove(document, path, step)


def _pieces(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Make a list of a text at its white space, without the marks of the pieces."""
    value = _get(document, path)
    if isinstance(value, str):
        _put(document, path, [piece for one in value.split() if (piece := one.replace(step["mark"], ""))])
    return document


def _render(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Put a text with the values at paths in its braces; one that is missing leaves nothing."""

    def held(found: re.Match[str]) -> str:
        value = _get(document, found[1])
        return "" if value is _MISSING or value is None else "\n".join(map(str, value)) if isinstance(value, list) else str(value)

    _put(document, path, re.sub(r"\{([^}]+)\}", held, step["template"]))
    return document


def _match(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Put the named groups of what a regular expression finds in a text each at its place; where it finds nothing the text stays whole."""
    value = _get(document, path)
    found = re.search(step["pattern"], value, re.DOTALL) if isinstance(value, str) else None
    for name, text in found.groupdict().items() if found else ():
        if text is not None:
            _put(document, step["to"][name], text)
    return document


def scalar(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a number or a truth value as the text that JSON has for it, anything else as it is."""
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def _listed(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Make a list of a value; one of ``absent`` makes an empty list."""
    value = _get(document, path)
    if value is not _MISSING and not isinstance(value, list):
        _put(document, path, [] if value in step.get("absent", ()) else [value])
    return document


def _last_part(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Put what follows the last of a separator elsewhere."""
    value = _get(document, path)
    if isinstance(value, str) and value:
        _put(document, step["to"], value.rpartition(step["after"])[2])
    return document


def _split(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Put the two parts of a text elsewhere, when it has exactly two; the whole goes."""
    value = _get(document, path)
    parts = value.split(step["at"]) if isinstance(value, str) else []
    if len(parts) == len(step["to"]):
        for place, part in zip(step["to"], parts, strict=True):
            _put(document, place, part)
    return _remove(document, path, step)


def _address(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Put a text elsewhere when the whole of it is an address; with ``move`` it does not stay."""
    value = _get(document, path)
    if isinstance(value, str):
        try:
            ipaddress.ip_address(value)
        except ValueError:
            return document
        _put(document, step["to"], value)
    return _remove(document, path, step) if step.get("move") and isinstance(value, str) else document


def _rename_below(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Rename keys in the objects of a list."""
    value = _get(document, path)
    if isinstance(value, list):
        names = step["keys"]
        _put(document, path, [{names.get(key, key): inner for key, inner in one.items()} for one in value if isinstance(one, dict)])
    return document


def _changed(document: Any, path: str, change: Callable[[str], Any]) -> Any:  # noqa: ANN401 - JSON
    value = _get(document, path)
    if isinstance(value, str):
        _put(document, path, change(value))
    return document


def _append(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    value = _get(document, path)
    held = _get(document, step["to"])
    values = list(held) if isinstance(held, list) else []
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and one and one not in values:
            values.append(one)
    _put(document, step["to"], values)
    return document


def _map(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    value = _get(document, path)
    if isinstance(value, str) and (value in step["values"] or "else" in step):
        _put(document, step["to"], step["values"].get(value, step.get("else")))
    return document


def _rename_keys(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    value = _get(document, path)
    if isinstance(value, dict):
        old, new = step["replace"]
        _put(document, path, {key.replace(old, new): one for key, one in value.items()})
    return document


def _drop_empty(document: Any, _value: object, _step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return _without_empty(document)


def _without_empty(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        kept = {key: _without_empty(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if not _is_empty(one)}
    if isinstance(value, list):
        return [one for one in map(_without_empty, value) if not _is_empty(one)]
    return value


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | dict | list) and not value)


_STEPS: Mapping[str, Callable[[Any, Any, Mapping[str, Any]], Any]] = {
    "take": _take,
    "rename": _rename,
    "lowercase": _lowercase,
    "number": _number,
    "replace": _replace,
    "decimal": _decimal,
    "listed": _listed,
    "last_part": _last_part,
    "split": _split,
    "address": _address,
    "rename_below": _rename_below,
    "unwrap_json": _unwrap_json,
    "nest": _nest,
    "expand": _expand,
    "text": _text,
    "remove": _remove,
    "set": _set,
    "default": _default,
    "rest": _rest,
    "hashes": _hashes,
    "copy": _copy,
    "append": _append,
    "map": _map,
    "numbered": _numbered,
    "pieces": _pieces,
    "render": _render,
    "match": _match,
    "rename_keys": _rename_keys,
    "drop_empty": _drop_empty,
}


def _get(document: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    for key in path.split("."):
        if not isinstance(document, dict) or key not in document:
            return _MISSING
        document = document[key]
    return document


def _put(document: Any, path: str, value: Any) -> None:  # noqa: ANN401 - JSON
    *heads, leaf = path.split(".")
    for key in heads:
        inner = document.get(key)
        if not isinstance(inner, dict):
            inner = document[key] = {}
        document = inner
    document[leaf] = value
