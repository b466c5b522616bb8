"""YAML with positions, from libyaml's events: bytes in, dictionaries and lists out.

Never a composer: ``yaml.load`` recurses in C, and 100,000 opening brackets end
the interpreter.  Here depth, expanded aliases and size are bounded, duplicate
keys are refused, tags are refused, and every key and value keeps its offsets.
Scalars mean what PyYAML's ``SafeLoader`` says (YAML 1.1), because pySigma
reads rules through it; ``tests/property/test_yaml.py`` holds the two equal.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from converter.model import LIMIT, Diagnostic, Severity, Source, pack

DEPTH: Final = 64
"""Nested maps and lists."""
EXPANDED: Final = 200_000
"""Values that aliases may add to a file."""
SIZE: Final = 8 << 20
"""Bytes of a file."""


class Map(dict[str, Any]):
    """A mapping; ``offsets`` holds the packed offsets of key and value in turn, in the order of the items."""

    __slots__ = ("offsets",)
    offsets: list[int]


class Seq(list[Any]):
    """A sequence; ``offsets`` holds the packed offsets of each value."""

    __slots__ = ("offsets",)
    offsets: list[int]


Value: TypeAlias = Map | Seq | str | int | float | bool | datetime.date | bytes | None


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value, the value's packed offsets, and the file's text."""

    source: Source
    value: Any
    offsets: int


def decode(data: bytes, path: str, limit: int = SIZE) -> Source | Diagnostic:
    """Return the text of a file, or why it is none: too large, not UTF-8, or with NUL characters."""
    empty = Source(path, "")
    if len(data) > limit:
        message = f"the file has {len(data)} bytes, more than {limit}"
        return Diagnostic("R002", Severity.ERROR, empty.start, message, help="split the file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8", "replace")
        source = Source(path, good.lstrip("\ufeff"))
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        kind = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "another encoding"
        return Diagnostic(
            "R001", Severity.ERROR, source.span(pack(len(good), len(good))), message, help=f"save the file as UTF-8; it looks like {kind}"
        )
    nul = text.find("\0")
    if nul >= 0:
        source = Source(path, text)
        return Diagnostic(
            "R001", Severity.ERROR, source.span(pack(nul, nul + 1)), "a NUL character in a text file", help="save the file as UTF-8 text"
        )
    return Source(path, text)


def read(data: bytes, path: str) -> tuple[Document, ...] | Diagnostic:
    """Return the documents of a YAML file, or the first thing that is wrong with it (R001 to R009)."""
    source = decode(data, path)
    return source if isinstance(source, Diagnostic) else read_text(source)


def read_text(source: Source) -> tuple[Document, ...] | Diagnostic:
    """Return the documents of a text, or the first thing that is wrong with it."""
    if len(source.text) >= LIMIT:
        return Diagnostic("R002", Severity.ERROR, source.start, f"the file has {len(source.text)} characters", help="split the file")
    builder = _Builder(source)
    try:
        for event in _events(source.text):
            builder.add(event)
    except _ReadError as refusal:
        return refusal.diagnostic
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = mark.index if mark else 0
        problem = error.problem or "not YAML"
        help_text = "indent with blanks, not with tabs" if _tab_at(source.text, at) else "check quotes, colons and indentation here"
        return Diagnostic("R003", Severity.ERROR, source.span(pack(at, at + 1)), problem, help=help_text)
    except yaml.reader.ReaderError as error:
        at = error.position if isinstance(error.position, int) else 0
        return Diagnostic(
            "R003",
            Severity.ERROR,
            source.span(pack(at, at + 1)),
            "a character that YAML does not allow",
            help="write it as an escape in double quotes",
        )
    return tuple(builder.documents)


def _events(text: str) -> Iterator[Event]:
    """Yield the events of libyaml, or of PyYAML's own parser where libyaml is absent (equal, slower)."""
    loader = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
    parser: Any = loader(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    finally:
        parser.dispose()


def _index(mark: Any) -> int:  # noqa: ANN401 - PyYAML's Mark or libyaml's, or None by the stubs
    index: int = mark.index
    return index


def _tab_at(text: str, at: int) -> bool:
    head = text.rfind("\n", 0, at) + 1
    return "\t" in text[head : at + 1]


class _ReadError(Exception):
    """Carries the diagnostic out of the event loop; never leaves this module."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class _Open:
    """A map or list whose end has not been seen."""

    value: Map | Seq
    start: int
    anchor: str | None
    before: int
    key: Any = None
    key_offsets: int = 0
    merges: list[tuple[Any, int]] | None = None


_NO_KEY: Final = object()
_MERGE: Final = object()


class _Builder:
    """Turns events into values: state is the stack of open collections."""

    def __init__(self, source: Source) -> None:
        self.documents: list[Document] = []
        self._source = source
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0
        self._expanded = 0

    def add(self, event: Event) -> None:
        """Take one event."""
        match event:
            case ScalarEvent():
                self._scalar(event)
            case MappingStartEvent() | SequenceStartEvent():
                self._open(event)
            case MappingEndEvent() | SequenceEndEvent():
                self._close(event)
            case AliasEvent():
                self._alias(event)
            case DocumentStartEvent():
                self._anchors.clear()

    def _refuse(self, code: str, start: int, end: int, message: str, help_text: str) -> _ReadError:
        return _ReadError(Diagnostic(code, Severity.ERROR, self._source.span(pack(start, end)), message, help=help_text))

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        start = _index(event.start_mark)
        if len(self._stack) >= DEPTH:
            raise self._refuse(
                "R004", start, start + 1, f"more than {DEPTH} nested levels", "a rule needs far fewer; check for a runaway bracket"
            )
        if event.tag is not None and event.tag != "!":
            raise self._refuse("R005", start, start + 1, f"the tag {event.tag} is not allowed", "remove the tag")
        value: Map | Seq = Map() if isinstance(event, MappingStartEvent) else Seq()
        value.offsets = []
        opened = _Open(value, start, event.anchor, self._count)
        opened.key = _NO_KEY
        self._stack.append(opened)

    def _close(self, event: MappingEndEvent | SequenceEndEvent) -> None:
        closed = self._stack.pop()
        value = closed.value
        if isinstance(value, Map) and closed.merges:
            self._merge(value, closed.merges)
        end = max(_index(event.end_mark), closed.start + 1)
        # A block collection ends where the next token begins: leave out the blank lines before it.
        end = closed.start + len(self._source.text[closed.start : end].rstrip())
        if closed.anchor:
            self._anchors[closed.anchor] = value, self._count - closed.before + 1
        self._put(value, pack(closed.start, end))

    def _scalar(self, event: ScalarEvent) -> None:
        start, end = _index(event.start_mark), _index(event.end_mark)
        text: str = event.value
        value: Any = text
        if event.implicit[0]:
            value = self._plain(text, start, end)
        elif event.tag is not None and event.tag != "!":
            raise self._refuse("R005", start, end, f"the tag {event.tag} is not allowed", "remove the tag")
        if event.anchor:
            self._anchors[event.anchor] = value, 1
        self._put(value, pack(start, end))

    def _plain(self, text: str, start: int, end: int) -> Any:  # noqa: ANN401 - a YAML scalar is any of seven types
        resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], ())
        tag = next((tag for tag, pattern in resolvers if pattern.match(text)), None)
        if tag is None:
            return text
        if tag == "tag:yaml.org,2002:merge":
            return _MERGE
        if tag == "tag:yaml.org,2002:value":
            return text
        try:
            return _CONSTRUCTOR.construct_object(yaml.ScalarNode(tag, text))
        except (ValueError, OverflowError, KeyError):
            kind = tag.rpartition(":")[2]
            raise self._refuse("R006", start, end, f"'{text[:40]}' is not a valid {kind}", "put it in quotes if it is text") from None

    def _alias(self, event: AliasEvent) -> None:
        start, end = _index(event.start_mark), _index(event.end_mark)
        if event.anchor not in self._anchors:
            raise self._refuse(
                "R007", start, end, f"the alias *{event.anchor} has no anchor before it", "define it with &" + str(event.anchor)
            )
        value, size = self._anchors[event.anchor]
        self._expanded += size
        if self._expanded > EXPANDED:
            raise self._refuse(
                "R004", start, end, f"aliases expand to more than {EXPANDED} values", "write the values out, or use fewer aliases"
            )
        self._count += size - 1
        self._put(value, pack(start, end))

    def _put(self, value: Any, offsets: int) -> None:  # noqa: ANN401 - any YAML value
        self._count += 1
        if not self._stack:
            self.documents.append(Document(self._source, "<<" if value is _MERGE else value, offsets))
            return
        holder = self._stack[-1]
        if isinstance(holder.value, Seq):
            holder.value.append("<<" if value is _MERGE else value)
            holder.value.offsets.append(offsets)
        elif holder.key is _NO_KEY:
            self._put_key(holder, value, offsets)
        elif holder.key is _MERGE:
            holder.merges = [*(holder.merges or ()), (value, offsets)]
            holder.key = _NO_KEY
        else:
            holder.value[holder.key] = "<<" if value is _MERGE else value
            holder.value.offsets += holder.key_offsets, offsets
            holder.key = _NO_KEY

    def _put_key(self, holder: _Open, value: Any, offsets: int) -> None:  # noqa: ANN401 - any YAML value
        start, end = offsets >> 24, offsets & (LIMIT - 1)
        if isinstance(value, Map | Seq):
            raise self._refuse("R008", start, end, "a map or a list cannot be a key", "quote the key if it is text")
        if value is not _MERGE and value in holder.value:
            raise self._refuse("R009", start, end, f"the key '{value}' stands twice in one map", "join the two, or rename one")
        holder.key, holder.key_offsets = value, offsets

    def _merge(self, value: Map, merges: list[tuple[Any, int]]) -> None:
        """Add the keys of ``<<``: what the map itself says, and what was merged first, wins."""
        for merged, offsets in merges:
            for one in merged if isinstance(merged, Seq) else (merged,):
                if not isinstance(one, Map):
                    start, end = offsets >> 24, offsets & (LIMIT - 1)
                    raise self._refuse("R008", start, end, "'<<' takes a map or a list of maps", "give it an alias of a map")
                for index, key in enumerate(one):
                    if key not in value:
                        value[key] = one[key]
                        value.offsets += one.offsets[2 * index], one.offsets[2 * index + 1]
                self._count += len(one)


_CONSTRUCTOR: Final = yaml.SafeLoader("")
