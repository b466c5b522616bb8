"""A rule as the checks see it: read once, walked once, shared by all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from converter.data import SHIPPED, Source, Tables, Taxonomy, source_of, taxonomy
from converter.formats import Map, Seq, read_text
from converter.ir import Atom, Node, atoms
from converter.model import Rule
from converter.model import Source as Text
from converter.pack import Loaded


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a detection: ``field|modifiers: values``, with the packed offsets of key and of each value.

    ``field`` is ``""`` for keywords.  ``holder`` is the whole value's place.
    """

    detection: str
    field: str
    modifiers: tuple[str, ...]
    key: int
    values: tuple[tuple[Any, int], ...]
    holder: int


@dataclass(frozen=True)
class Subject:
    """A rule with what several checks need of it."""

    loaded: Loaded
    license: str = ""
    """The licence of the whole pack."""
    tables: Tables = SHIPPED
    """The log sources and fields that hold for the pack."""

    @property
    def rule(self) -> Rule:
        """The rule's header."""
        return self.loaded.rule

    @property
    def source(self) -> Text:
        """The file's text."""
        return self.loaded.rule.source

    @property
    def tree(self) -> Node | None:
        """What the rule means."""
        return self.loaded.tree

    @cached_property
    def is_ours(self) -> bool:
        """Whether the rule belongs to a pack: it holds ``x-converter``.  Others are somebody else's Sigma rules."""
        return bool(self.rule.converter)

    @cached_property
    def table(self) -> Source | None:
        """The log source, when the tables know it."""
        return source_of(self.rule.logsource)

    @cached_property
    def taxonomy(self) -> Taxonomy | None:
        """The names that the log source's events have, the pack's own among them; ``None`` where no table, or no raw name, is asked for."""
        if self.rule.taxonomy not in ("sigma", "sigmahq"):
            return None
        shipped = taxonomy(self.rule.logsource)
        known = self.tables.source_of(self.rule.logsource) if self.tables.own else None
        if shipped is None or known is None or known.id not in self.tables.own:
            return shipped
        return shipped.with_own(self.tables.fields(known.id), "the pack's own fields")

    @cached_property
    def atoms(self) -> tuple[Atom, ...]:
        """The tree's tests in reading order."""
        return atoms(self.tree) if self.tree is not None else ()

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The lines of the detection, each once however often an alias repeats it."""
        found: dict[int, Item] = {}
        for index, (name, value) in enumerate(self.rule.detection.items()):
            if name != "condition" and isinstance(self.rule.detection, Map):
                for item in _items(str(name), value, self.rule.detection.offsets[2 * index + 1]):
                    found.setdefault(item.key, item)
        return tuple(found.values())

    def sections(self) -> Iterator[tuple[str, Any, int, int]]:
        """Yield each detection's name, its value, and the packed offsets of both; the condition too."""
        detection = self.rule.detection
        if isinstance(detection, Map):
            for index, (name, value) in enumerate(detection.items()):
                yield str(name), value, detection.offsets[2 * index], detection.offsets[2 * index + 1]

    @cached_property
    def document(self) -> Map:
        """The whole document, read again for the place of what the header does not keep; only for findings."""
        return _documents(self.source).get(self.rule.positions.get("title", 0), _empty())

    def tag_place(self, number: int) -> int:
        """Return the packed offsets of a tag by its number."""
        tags = self.document.get("tags")
        return tags.offsets[number] if isinstance(tags, Seq) and number < len(tags) else self.place("tags")

    def place(self, key: str) -> int:
        """Return the packed offsets of a header key's value; those of the title when it is absent."""
        positions = self.rule.positions
        return positions.get(key, positions.get("title", 0))


def _empty() -> Map:
    empty = Map()
    empty.offsets = []
    return empty


@lru_cache(maxsize=4)
def _documents(source: Text) -> dict[int, Map]:
    """Return the maps of a file by the place of their title."""
    documents = read_text(source)
    maps = [one.value for one in documents if isinstance(one.value, Map)] if isinstance(documents, tuple) else []
    return {one.offsets[2 * list(one).index("title") + 1]: one for one in maps if "title" in one}


def _items(name: str, value: Any, offsets: int) -> Iterator[Item]:  # noqa: ANN401 - any YAML value
    if isinstance(value, Map):
        for index, (key, one) in enumerate(value.items()):
            place, holder = value.offsets[2 * index], value.offsets[2 * index + 1]
            field, *modifiers = str(key).split("|")
            yield Item(name, field, tuple(modifiers), place, _values(one, holder), holder)
    elif isinstance(value, Seq) and any(isinstance(one, Map | Seq) for one in value):
        for one, place in zip(value, value.offsets, strict=True):
            yield from _items(name, one, place)
    else:
        yield Item(name, "", (), offsets, _values(value, offsets), offsets)


def _values(value: Any, offsets: int) -> tuple[tuple[Any, int], ...]:  # noqa: ANN401 - any YAML value
    return tuple(zip(value, value.offsets, strict=True)) if isinstance(value, Seq) else ((value, offsets),)
