"""What a target sees of an event where the pack says what its own system calls the fields.

Nobody recorded that system: a row says that the value at a rule's name stands
at a path, so that is what the view does, and every verdict on it says whose
word it is.  What a row names as the shipped tables do has the value that the
shipped view puts there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from converter.data import (
    SHIPPED,
    Binding,
    OwnTarget,
    Source,
    Tables,
    elastic_document,
    elastic_mappings,
    falco_values,
    falco_view,
    splunk_event,
)
from converter.ir import lookup
from converter.model import node

ELSEWHERE: Final = "another.dataset"
"""What a field that selects the log source holds in another one's events."""
Event = Mapping[str, Any]


@node
class OwnView:
    """A pack's word on a log source on one target.

    ``rows`` are its own, ``shipped`` the names whose path the shipped view of ``source`` has too; ``""`` where none ships.
    """

    source: str
    own: OwnTarget
    needs: Mapping[str, Any]
    rows: Mapping[str, Binding]
    shipped: frozenset[str]

    @property
    def place(self) -> str:
        """Where the pack says so, as ``file:line``."""
        return self.own.place


def own_view(tables: Tables, target: str, source: Source | None) -> OwnView | None:
    """Return what the pack says of a log source on a target, ``None`` when it says nothing."""
    own = tables.on(target, source.id) if source else None
    if own is None or source is None:
        return None
    bindings, base = tables.bindings(target, source.id), own.base or source.id
    rows = {name: bindings[name] for name in (*own.rows, *own.kept) if name in bindings}
    try:
        before = SHIPPED.bindings(target, base)
        _shipped_view(target, base)
    except FileNotFoundError:
        return OwnView("", own, source.targets[target], rows, frozenset())
    same = frozenset(name for name, one in rows.items() if name in before and before[name].path == one.path)
    return OwnView(base, own, source.targets[target], rows, same)


def _shipped_view(target: str, source: str) -> object:
    """Return the shipped view of a log source; raise ``FileNotFoundError`` when there is none."""
    if target == "elastic":
        return elastic_mappings(source)
    return falco_view(source) if target == "falco" else splunk_event(source, {})


def _has_shipped(view: OwnView) -> bool:
    return bool(view.source) and bool(view.shipped or not view.own.complete)


def _parts(row: Binding) -> Iterator[Binding]:
    """Yield the fields that a row's values stand in."""
    if row.change is None:
        yield row
    else:
        yield from (part for _, part in row.change.parts)


def _values(event: Event, name: str, row: Binding) -> list[Any]:
    """Return the values at a rule's name, without those that the target leaves out."""
    return [one for one in lookup(event, name).values if not (isinstance(one, str) and one in row.changed)]


# ---------------------------------------------------------------- Elastic


def own_document(view: OwnView, event: Event, *, foreign: bool = False) -> dict[str, Any]:
    """Return the document that the pack says its index has of an event; a ``foreign`` one is of another log source."""
    base = elastic_document(event, view.source) if _has_shipped(view) else {}
    document: dict[str, Any] = {} if view.own.complete else base
    words = _words(view)
    for name, row in view.rows.items():
        if name in view.shipped:
            for path in (path for part in _parts(row) for path in (part.path, part.ip) if path and view.own.complete):
                if (value := _at(base, path)) is not None:
                    _put(document, path, value)
            continue
        value = _held(event, name, row)
        for path in dict.fromkeys((words.get(row.path, row.path), *((row.ip,) if row.ip else ()))):
            if value is not None:
                _put(document, path, value)
        if row.caseless and not _is_below(row.caseless, words.get(row.path, row.path)) and value is not None:
            _put(document, row.caseless, value)
    for path, one in _guard(view).items():
        _put(document, path, ELSEWHERE if foreign else one)
    return document


def own_mappings(view: OwnView) -> dict[str, Any]:
    """Return the mapping that the pack says its index has."""
    base: dict[str, Any] = {}
    if _has_shipped(view) and not view.own.complete:
        base = json.loads(json.dumps(elastic_mappings(view.source)))
    base.setdefault("properties", {})
    base.setdefault("dynamic", False)
    words = _words(view)
    for path in _guard(view):
        _map(base, path, {"type": "keyword"})
    for path in sorted(words.values()):
        _map(base, path, {"type": "text"})
    for name, row in sorted(view.rows.items(), key=lambda one: one[1].path):
        own = view.own.rows.get(name, {})
        kept = {key: own[key] for key in ("ignore_above",) if key in own and row.type in ("keyword", "wildcard")}
        for part in _parts(row) if own or view.own.complete else ():
            kind = own.get("type", part.type)
            # The documents say what a constant is, for the mapping of an index without documents does not.
            kind = "keyword" if kind in ("unknown", "constant_keyword") else kind
            _map(base, part.path.removesuffix(".*"), {"type": kind, **kept})
            if part.caseless:
                _map(base, part.caseless, {"type": "keyword", "normalizer": "lowercase"})
            if part.ip:
                _map(base, part.ip, {"type": "ip"})
    return base


def _words(view: OwnView) -> Mapping[str, str]:
    """Return the fields of which rows are multi-fields, by the rows' paths: a document has the value there."""
    paths = {row.path for row in view.rows.values()} | {row.words for row in view.rows.values() if row.words}
    return {path: parent for path in paths if (parent := path.rpartition(".")[0]) in paths}


def _held(event: Event, name: str, row: Binding) -> Any:  # noqa: ANN401 - a JSON value
    if name.endswith(".*"):
        found = _at(event, name.removesuffix(".*"))
        return found if isinstance(found, Mapping) else None
    values = _values(event, name, row)
    if row.lowered:
        values = [one.lower() if isinstance(one, str) else one for one in values]
    return None if not values else values[0] if len(values) == 1 and not row.list else values


def _guard(view: OwnView) -> dict[str, str]:
    """Return the pack's own condition on the log source: each field with a value that it admits."""
    guard = view.needs.get("guard", {}) if "guard" in view.own.selects or view.own.complete else {}
    return {path: value if isinstance(value, str) else value[0] for path, value in guard.items()}


def is_selected(view: OwnView) -> bool:
    """Whether the query itself tells events of other log sources apart; else only the index does, which no query shows."""
    return bool(view.needs.get("guard"))


def _is_below(path: str, parent: str) -> bool:
    return path.rpartition(".")[0] == parent


def _at(document: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    for key in path.removesuffix(".*").split("."):
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _put(document: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401 - JSON
    *heads, leaf = path.removesuffix(".*").split(".")
    for key in heads:
        inner = document.get(key)
        if not isinstance(inner, dict):
            inner = document[key] = {}
        document = inner
    document[leaf] = value


def _map(mapping: dict[str, Any], path: str, leaf: Mapping[str, Any]) -> None:
    """Put a field into a mapping; one below another field becomes a multi-field of it."""
    node, *heads = mapping, *path.split(".")
    name = heads.pop()
    for key in heads:
        node = node.setdefault("properties", {}).setdefault(key, {})
    inside = "fields" if "type" in node and node["type"] not in ("object", "nested") else "properties"
    kept = node.setdefault(inside, {}).get(name, {})
    node[inside][name] = {**{key: one for key, one in kept.items() if key == "fields"}, **leaf}


# ---------------------------------------------------------------- Splunk


def own_fields(view: OwnView, event: Event, *, foreign: bool = False) -> Iterator[dict[str, tuple[str, ...]]]:
    """Yield the fields that a search sees of an event, as the pack says; of a foreign one, in each place where it could come from."""
    base = splunk_event(view.source, event, foreign=foreign) if _has_shipped(view) else {"_raw": (_json(event),)}
    fields = {key: base[key] for key in ("_raw", "index", "sourcetype", "source") if key in base} if view.own.complete else dict(base)
    for name, row in view.rows.items():
        if name in view.shipped:
            fields |= {part.path: base[part.path] for part in _parts(row) if part.path in base}
        elif texts := tuple(text for one in _values(event, name, row) for text in _texts(one, row.type)):
            fields[row.path] = texts
    own = _inputs(view)
    if own:
        for key in ("index", "sourcetype", "source"):
            fields.pop(key, None)
        fields |= {key: ("another",) if foreign else (value,) for key, value in own.items()}
    guard = {key: value if isinstance(value, str) else value[0] for key, value in view.needs.get("guard", {}).items()}
    if "guard" in view.own.selects or view.own.complete:
        fields |= {key: (value,) for key, value in guard.items()}
    yield fields
    if foreign and guard:
        yield {**fields, **{key: (value,) for key, value in own.items()}, **dict.fromkeys(guard, ("another",))}


def _inputs(view: OwnView) -> dict[str, str]:
    """Return index, source type and source of the pack's own events: the first that its definition admits."""
    if not view.own.selects.keys() & {"definition", "index", "sourcetype", "source"}:
        return {}
    terms = re.findall(r"\b(index|sourcetype|source)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s()]+)", view.needs["definition"])
    found: dict[str, str] = {}
    for key, value in terms:
        text = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        found.setdefault(key, text.replace("*", "any"))
    return found


def _texts(value: Any, kind: str) -> Iterator[str]:  # noqa: ANN401 - a JSON leaf
    """Yield a value as Splunk's extraction has it: of XML with its entities, and nothing for an empty element."""
    if isinstance(value, Mapping):
        return
    text = value if isinstance(value, str) else json.dumps(value)
    if kind != "xml":
        yield text
    elif value is not None and text:
        yield text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _json(event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), default=str)


# ---------------------------------------------------------------- Falco


def own_values(view: OwnView, event: Event, field: str, argument: str | None = None) -> Any:  # noqa: ANN401 - the view's values
    """Return what the pack says Falco sees as a field's value.

    Raises:
        KeyError: if neither the pack nor the shipped view says anything of the field.
    """
    path = field if argument is None else f"{field}[{argument}]"
    for name, row in view.rows.items():
        if row.path == path and name not in view.shipped:
            texts = [
                text for one in _values(event, name, row) for text in _texts(one, row.type) if one is not None or row.type == "keyword"
            ]
            return (tuple(texts) or None) if row.list else texts[0] if texts else None
    if not view.source:
        raise KeyError(field)
    return falco_values(event, field, argument, name=view.source)


def own_names(view: OwnView) -> Sequence[tuple[str, bool, bool]]:
    """Return the fields that the pack names on Falco: the name, whether it is a list, whether it has an argument."""
    return [(row.path.partition("[")[0], row.list, "[" in row.path) for row in view.rows.values()]
