"""Fields that ship: which names an event of a log source has, whatever the target, and which it can never have.

``taxonomy/index.yml`` names the table of each log source; a table is one
file, read when a rule of its log source comes first.  A table is *closed*
when its producer's documentation lists all the names, so that any other name
is a mistake, and *open* when events may have names that it does not list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from converter.data.tables import Field, load
from converter.model import LogSource, node

UNKNOWN = "unknown"
"""The type of a field whose documentation gives none."""


@node
class Instead:
    """A name that no raw event of the log source has.

    ``use`` is the name that holds what it means, ``""`` when nothing does;
    ``why`` says in half a sentence where the name comes from or where its
    value stands.
    """

    name: str
    use: str
    why: str


@dataclass(frozen=True)
class Taxonomy:
    """The names of a log source's events.

    ``fields`` are those that the producer writes, by name, where
    ``<object>.*`` stands for every name below it without an entry of its
    own; ``others`` those, families too, that only other programs write, with
    words for these; ``instead`` those that no raw event has.  ``cited`` gives
    each field's source.
    """

    id: str
    title: str
    closed: bool
    fields: Mapping[str, Field]
    others: Mapping[str, str]
    instead: Mapping[str, Instead]
    cited: Mapping[str, str]

    def field(self, name: str) -> Field | None:
        """Return what the log source's producer writes under ``name``; ``None`` when it is not known to."""
        if name in self.fields:
            return self.fields[name]
        family = _family(name, self._families)
        return replace(self.fields[family], name=name) if family else None

    def other(self, name: str) -> str:
        """Return words for the programs that alone write ``name``, such as ``sensors such as Aurora``; ``""`` for no such name."""
        if name in self.others or self.has(name):
            return self.others.get(name, "")
        return self.others.get(_family(name, self._other_families), "")

    def source(self, name: str) -> str:
        """Return the public document that a listed field is taken from; ``""`` for a name that is not listed."""
        return self.cited.get(name, "")

    def is_object(self, name: str) -> bool:
        """Whether ``name`` holds other fields: it can be present or null, and has no text of its own."""
        return name in self._objects

    def has(self, name: str) -> bool:
        """Whether an event can have something at ``name``: a field, or an object with fields."""
        return self.field(name) is not None or self.is_object(name)

    def with_own(self, rows: Mapping[str, Field], source: str) -> Taxonomy:
        """Return the table with a pack's own fields over it, which ``source`` gives; they are no longer other programs' or wrong."""
        return replace(
            self,
            fields={**self.fields, **rows},
            others={name: writer for name, writer in self.others.items() if name not in rows},
            instead={name: row for name, row in self.instead.items() if name not in rows},
            cited={**self.cited, **dict.fromkeys(rows, source)},
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that can be suggested: those of the fields, without families."""
        return tuple(name for name in self.fields if not name.endswith(".*"))

    @cached_property
    def _families(self) -> tuple[str, ...]:
        return _longest_first(self.fields)

    @cached_property
    def _other_families(self) -> tuple[str, ...]:
        return _longest_first(self.others)

    @cached_property
    def _objects(self) -> frozenset[str]:
        return frozenset(parent for name in self.fields for parent in _parents(name) if parent not in self.fields)


def _longest_first(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted((name for name in names if name.endswith(".*")), key=len, reverse=True))


def _family(name: str, families: Iterable[str]) -> str:
    """Return the ``<object>.*`` that a name belongs to, ``""`` for none."""
    if "*" in name:
        return ""
    return next((one for one in families if name.startswith(one[:-1]) and len(name) >= len(one)), "")


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def taxonomy(logsource: LogSource) -> Taxonomy | None:
    """Return the table of a rule's log source; ``None`` when no table has its product, category or service.

    A rule that names more parts than any table has that of its product and
    category, then that of its product and service, of its category alone, of
    its product alone.
    """
    product, category, service = logsource.product, logsource.category, logsource.service
    parts = [(product, category, service), (product, category, "")]
    parts += [(product, "", service)] if service else []
    parts += [("", category, service), ("", category, ""), (product, "", "")]
    index = _index()
    return next((_table(index[key]) for key in map("/".join, parts) if key in index), None)


def taxonomy_sources() -> tuple[LogSource, ...]:
    """Return every log source that has a table, in the index's order."""
    return tuple(LogSource(*_named(key)) for key in _index())


def _named(key: str) -> tuple[str, str, str]:
    """Return category, product and service of ``product/category/service``, as ``LogSource`` has them."""
    product, category, service = key.split("/")
    return category, product, service


@cache
def _index() -> Mapping[str, str]:
    table: Mapping[str, str] = load("taxonomy/index.yml")["tables"]
    return table


@cache
def _table(name: str) -> Taxonomy:
    entry: Mapping[str, Any] = load(f"taxonomy/{name}.yml")
    parts = [load(f"taxonomy/{part}.yml") for part in entry.get("includes", ())]
    parts.append(entry)
    fields: dict[str, Field] = {}
    cited: dict[str, str] = {}
    others: dict[str, str] = {}
    instead: dict[str, Instead] = {}
    for part in parts:
        sources = part["sources"]
        for field, row in part.get("fields", {}).items():
            fields[field] = _field(field, row)
            cited[field] = _citation(row["source"], sources)
        others |= {field: writer for writer, names in part.get("others", {}).items() for field in names}
        instead |= {field: Instead(field, row.get("use", ""), row["why"]) for field, row in part.get("instead", {}).items()}
    others = {field: writer for field, writer in others.items() if field not in fields}
    found = Taxonomy(name, entry["title"], entry["closed"], fields, others, {}, cited)
    # A shared row counts where the table has the name that it gives instead.
    sound = {field: row for field, row in instead.items() if field not in fields and (not row.use or found.has(row.use))}
    return replace(found, instead=sound)


def _field(name: str, row: Mapping[str, Any]) -> Field:
    return Field(
        name,
        row.get("type", UNKNOWN),
        row.get("many", False),
        row.get("each", False),
        row.get("case") == "lower",
        tuple(row.get("values", ())),
        row.get("long", False),
        row.get("form", ""),
    )


def _citation(source: str, sources: Mapping[str, str]) -> str:
    """Return a row's source with its short name written out: ``api: core/v1 Pod`` begins with the document ``api``."""
    for mark in (":", ",", ";"):
        head, found, rest = source.partition(mark)
        if head in sources:
            return f"{sources[head]}{found}{rest}"
    return source
