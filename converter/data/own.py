"""A pack's own log sources and fields over the shipped ones: what the user's systems call them.

A ``Tables`` value is made once for a pack and handed down; nothing here is
global.  Where a pack says something of a field it wins, of two of its
documents the later one; where a document says that its rows are all that a
system has (``complete``), no shipped row is added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from converter.data import tables
from converter.data.tables import Binding, Field, Rows, Source, ecs_types, field_of, row_binding
from converter.model import LogSource, node

TARGETS: Final = ("elastic", "splunk", "falco")
"""The targets on which a log source has names of its own; Python's are the raw event's."""
_BASIC: Final[Mapping[str, str]] = {
    **dict.fromkeys(("long", "integer", "short", "byte", "unsigned_long"), "long"),
    **dict.fromkeys(("text", "match_only_text"), "text"),
    **{kind: kind for kind in ("boolean", "date", "ip")},
}
"""What a producer writes into a field of a type, where nothing better is known; a keyword in all others."""


_UNTYPED: Final = Field("", "")
_INTEGERS: Final[Mapping[str, str]] = dict.fromkeys(("integer", "short", "byte"), "long")
"""Types that answer every test as a long does: a number beyond their range equals none of theirs."""


@node
class OwnTarget:
    """What a pack says of a log source on one target.

    ``selects`` holds what replaces the shipped entries of ``logsources/``; ``rows`` the
    fields in the shipped format by the rules' names, ``places`` the file and line of each; ``complete`` that there are no others, but
    for ``kept``, whose shipped rows hold.  ``base`` is the shipped log source that this stands over, ``""`` for the rules' own.
    """

    selects: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False
    place: str = ""
    base: str = ""
    kept: tuple[str, ...] = ()

    def over(self, former: OwnTarget) -> OwnTarget:
        """Return both, where this one wins."""
        return OwnTarget(
            {**former.selects, **self.selects},
            {**former.rows, **self.rows},
            {**former.places, **self.places},
            former.complete or self.complete,
            self.place or former.place,
            self.base or former.base,
            (*former.kept, *self.kept),
        )


@node
class OwnSource:
    """A log source as one document of a pack describes it; ``fields`` are what its producer writes, in the shipped format."""

    logsource: LogSource
    title: str = ""
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    targets: Mapping[str, OwnTarget] = field(default_factory=dict)
    place: str = ""

    def over(self, former: OwnSource) -> OwnSource:
        """Return both, where this one wins."""
        targets = dict(former.targets)
        for name, one in self.targets.items():
            targets[name] = one.over(targets.get(name, OwnTarget()))
        return OwnSource(former.logsource, self.title or former.title, {**former.fields, **self.fields}, targets, former.place)


@dataclass(frozen=True)
class Tables:
    """The log sources and fields that hold for a pack: its own documents, in their order, over the shipped tables."""

    documents: tuple[OwnSource, ...] = ()

    def source_of(self, logsource: LogSource) -> Source | None:
        """Return the log source that a rule names, if the pack or the shipped tables know it."""
        shipped = tables.source_of(logsource)
        if shipped is not None:
            return self._sources.get(shipped.id, shipped)
        return next((self._sources[name] for name, own in self.own.items() if own.logsource == logsource), None)

    def sources_of(self, logsource: LogSource) -> tuple[Source, ...]:
        """Return all that record a rule's log source, the usual one first; of one that only the pack has, that one."""
        shipped = tuple(self._sources.get(one.id, one) for one in tables.sources_of(logsource))
        own = self.source_of(logsource) if not shipped else None
        said = self.own[shipped[0].id].targets if shipped and shipped[0].id in self.own else {}
        if not said:
            return (own,) if own else shipped
        # Where the pack says how a target has the log source, no other way there is looked for.
        others = (replace(one, targets={name: needs for name, needs in one.targets.items() if name not in said}) for one in shipped[1:])
        return (*shipped[:1], *others)

    @property
    def sources(self) -> Mapping[str, Source]:
        """The log sources by id: the shipped ones, then those that only the pack has."""
        return {**tables.sources(), **self._sources}

    @cached_property
    def own(self) -> Mapping[str, OwnSource]:
        """What the pack says of log sources, by id; a shipped one keeps its id."""
        found: dict[str, OwnSource] = {}
        for one in self.documents:
            shipped = tables.source_of(one.logsource)
            same = (name for name, other in found.items() if other.logsource == one.logsource)
            name = shipped.id if shipped else next(same, "") or _new_id(one.logsource, found)
            found[name] = one.over(found[name]) if name in found else one
        return found

    def on(self, target: str, source: str) -> OwnTarget | None:
        """Return what the pack itself says of a log source on a target, ``None`` when it says nothing."""
        own = self.own.get(source)
        return own.targets.get(target) if own else None

    def fields(self, source: str) -> Mapping[str, Field]:
        """Return the fields of a log source by the name that rules use, as ``converter.data.fields`` does; none of an unknown one."""
        if source not in self._fields:
            self._fields[source] = self._fields_of(source)
        return self._fields[source]

    def bindings(self, target: str, source: str) -> Mapping[str, Binding]:
        """Return what the fields of a log source are called on a target, as ``converter.data.bindings`` does.

        Raises:
            FileNotFoundError: if neither the pack nor the shipped tables have the log source on the target.
        """
        key = (target, source)
        if key not in self._bindings:
            own = self.on(target, source)
            self._bindings[key] = tables.bindings(target, source) if own is None else self._bound(target, source, own)
        return self._bindings[key]

    def origin(self, target: str, source: str, name: str) -> str:
        """Return where a field's row on a target stands: ``file:line`` of the pack, or the shipped table; ``""`` without a row."""
        own = self.on(target, source)
        if own is not None and name in own.places:
            return own.places[name]
        try:
            known = name in self.bindings(target, source)
        except FileNotFoundError:
            return ""
        base = own.base if own and own.base else source
        shared: tuple[str, ...] = tuple(tables.sources()[base].targets.get(target, {}).get("rows", ())) if known else ()
        return f"converter/data/fields/{target}/{shared[-1] if shared else base}.yml" if known else ""

    @cached_property
    def _sources(self) -> Mapping[str, Source]:
        return {name: self._source(name, own) for name, own in self.own.items()}

    @cached_property
    def _fields(self) -> dict[str, Mapping[str, Field]]:
        return {}

    @cached_property
    def _bindings(self) -> dict[tuple[str, str], Mapping[str, Binding]]:
        return {}

    def _source(self, name: str, own: OwnSource) -> Source:
        shipped = tables.source_named(name)
        targets: dict[str, Mapping[str, Any]] = dict(shipped.targets) if shipped else {"python": {}}
        for target, one in own.targets.items():
            base = tables.sources()[one.base].targets.get(target, {}) if one.base else targets.get(target, {})
            targets[target] = self._selected(target, name, one, base)
        where = own.logsource
        named = {"product": where.product, "service": where.service, "category": [where.category]}
        pending = tuple(target for target in shipped.pending if target not in targets) if shipped else ()
        return Source(name, own.title or (shipped.title if shipped else str(where)), shipped.sigma if shipped else named, targets, pending)

    def _selected(self, target: str, source: str, own: OwnTarget, shipped: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return how a log source is selected on a target: what the pack says over what ships."""
        both = {**(shipped or _DEFAULTS[target]), **own.selects}
        if target == "falco":
            both["fields"] = [row.get("path", name) for name, row in own.rows.items()]
            if own.complete and "output" not in own.selects:
                both["output"] = ""  # the shipped text may name fields that the system lacks
        if target == "splunk":
            if "definition" not in own.selects and own.selects.keys() & {"index", "sourcetype", "source"}:
                both["definition"] = _definition(own.selects)
            if "macro" not in own.selects and ("macro" not in both or ("definition" in both and _shared(both["macro"], source))):
                both["macro"] = source.removeprefix(_OWN)
            # What an alert shows is named by Splunk's names, which the pack may have others for.
            renamed = self._renamed(target, source, own)
            for key in {"output", "values"} - own.selects.keys():
                both[key] = {name: renamed.get(path, path) for name, path in both[key].items() if renamed.get(path, path)}
                both[key] = both[key] or _DEFAULTS["splunk"][key]
        return both

    def _renamed(self, target: str, source: str, own: OwnTarget) -> Mapping[str, str]:
        """Return the pack's paths by the shipped ones of the same fields, ``""`` for those that its system lacks."""
        shipped = _shipped(target, own.base or source)
        lacks = dict.fromkeys((one.path for one in shipped.values()), "") if own.complete else {}
        return lacks | {shipped[name].path: row["path"] for name, row in own.rows.items() if name in shipped and "path" in row}

    def _fields_of(self, source: str) -> Mapping[str, Field]:
        own = self.own.get(source)
        try:
            shipped = tables.fields(source)
        except FileNotFoundError:  # no target has a table of it, but its producer's names can be known
            shipped = _named(own.logsource) if own else {}
        if own is None:
            return shipped
        rows = {name: shipped[name] for name in shipped}
        for target in (one for one in TARGETS if one in own.targets):  # Elastic first: it alone has types
            for name, row in own.targets[target].rows.items():
                if name not in shipped and name not in own.fields:
                    path = str(row.get("path", name)) if target == "splunk" else ""
                    kind, many = _BASIC.get(row.get("type", ""), "keyword"), bool(row.get("list")) or path.endswith("{}")
                    former = rows.setdefault(name, Field(name, kind))
                    rows[name] = replace(former, many=former.many or many, each=former.each or "{}." in path)
                elif "*" not in name and shipped.get(name, _UNTYPED).type == "unknown" and name not in own.fields:
                    rows[name] = replace(shipped[name], type=_BASIC.get(row.get("type", ""), "keyword"))
        for name, row in own.fields.items():
            rows[name] = field_of(name, row)
        return Rows(rows, lambda one, rest: replace(one, name=one.name[:-1] + rest))

    def _bound(self, target: str, source: str, own: OwnTarget) -> Mapping[str, Binding]:
        known, shipped = self.fields(source), _shipped(target, own.base or source)
        by_path = {one.path: one for one in shipped.values() if one.change is None}
        names = [name for name in own.kept if name in shipped] if own.complete else list(shipped)
        rows = {name: _about(shipped[name], known.get(name, shipped[name].field)) for name in names}
        for name, row in own.rows.items():
            path = row.get("path", name)
            former = by_path.get(path)
            kind = row.get("type") or (former.type if former else "") or (ecs_types().get(path, "") if target == "elastic" else "keyword")
            kind = "" if kind == "unknown" else kind
            bound = row_binding(known[name], {**row, "path": path, "type": _INTEGERS.get(kind, kind) or "keyword"})
            rows[name] = replace(bound, typed=bool(kind))
        return Rows(rows, tables.binding_below)


SHIPPED: Final = Tables()
"""The shipped tables alone."""
_OWN: Final = "own:"
"""How the id of a log source begins that only a pack has: the name of no file."""
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    # Nothing is known of a pipeline that would drop empty texts: the document is what was sent.
    "elastic": {"index": [], "keeps_empty": True},
    # Splunk's default fields: every event has them (Splunk, "Use default fields").
    "splunk": {"output": {"host": "host"}, "values": {"origin": "source"}},
    "falco": {"engine": "0.38.0", "plugins": [], "tags": []},
}
"""What a target needs of a log source where neither the pack nor the shipped tables say it."""


def _named(logsource: LogSource) -> Mapping[str, Field]:
    """Return the names that a log source's producer is known to write."""
    from converter.data.taxonomy import taxonomy

    table = taxonomy(logsource)
    return Rows(table.fields, lambda one, rest: replace(one, name=one.name[:-1] + rest)) if table else {}


def _shared(macro: str, source: str) -> bool:
    """Whether another shipped log source is selected by this macro, which cannot have two definitions."""
    others = (one.targets.get("splunk", {}) for name, one in tables.sources().items() if name != source)
    return any(one.get("macro") == macro for one in others)


def _shipped(target: str, source: str) -> Mapping[str, Binding]:
    try:
        return tables.bindings(target, source)
    except FileNotFoundError:
        return {}


def _about(binding: Binding, field: Field) -> Binding:
    """Return a shipped binding of a field as the pack describes it; what the target itself keeps in lower case stays so."""
    if binding.lowered:
        field = replace(field, lower=True, values=tuple(value.lower() for value in field.values))
    return replace(binding, field=field)


def _new_id(logsource: LogSource, taken: Mapping[str, object]) -> str:
    """Return an id for a log source that does not ship: the name of no file."""
    words = "_".join(part for part in (logsource.product, logsource.category, logsource.service) if part)
    stem = _OWN + (re.sub("[^a-z0-9]+", "_", words.lower()).strip("_")[:60] or "source")
    return next(name for name in (stem, *(f"{stem}_{number}" for number in range(2, len(taken) + 3))) if name not in taken)


def _definition(selects: Mapping[str, Any]) -> str:
    """Return the search that selects an input by its index, source type and source; of several values, any."""
    terms = []
    for key in ("index", "sourcetype", "source"):
        values = selects.get(key, ())
        listed = [values] if isinstance(values, str) else list(values)
        words = [f"{key}={_quoted(one)}" for one in listed]
        terms += [words[0] if len(words) == 1 else f"({' OR '.join(words)})"] if words else []
    return " ".join(terms)


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_:*-]+", text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
