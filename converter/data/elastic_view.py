"""What Elastic's detection engine sees of an event: the document that the integration's pipeline indexes.

The steps and the mapping stand in ``views/elastic/``; this module knows the
kinds of steps and nothing about a log source.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from converter.data.tables import load

_MISSING = object()


def elastic_document(event: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the document that the engine indexes for a raw event of a log source.

    Raises:
        FileNotFoundError: if there is no view of the log source.
    """
    document: Any = copy.deepcopy(dict(event))
    for step in load(f"views/elastic/{source}.yml")["steps"]:
        kind = next(iter(step))
        document = _STEPS[kind](document, step[kind], step)
    result: dict[str, Any] = document
    return result


@cache
def elastic_mappings(source: str) -> Mapping[str, Any]:
    """Return the ``mappings`` of the index that holds a log source's documents."""
    name = load(f"views/elastic/{source}.yml")["mappings"]
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return loaded


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


def _remove(document: Any, path: str, _step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    parent, _, leaf = path.rpartition(".")
    holder = _get(document, parent)
    if isinstance(holder, dict):
        holder.pop(leaf, None)
    return document


def _set(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    _put(document, path, step["to"])
    return document


def _copy(document: Any, path: str, step: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    value = _get(document, path)
    if value is not _MISSING and value is not None:
        _put(document, step["to"], copy.deepcopy(value))
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
    if isinstance(value, str) and value in step["values"]:
        _put(document, step["to"], step["values"][value])
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
    "unwrap_json": _unwrap_json,
    "nest": _nest,
    "remove": _remove,
    "set": _set,
    "copy": _copy,
    "append": _append,
    "map": _map,
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
