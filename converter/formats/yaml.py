"""YAML with positions, from libyaml's events: bytes in, dictionaries and lists out.

Never a composer: ``yaml.load`` recurses in C, and 100,000 opening brackets end
the interpreter.  Here depth, expanded aliases and size are bounded, duplicate
keys are refused, tags are refused, and every key and value keeps its offsets.
Scalars mean what PyYAML's ``SafeLoader`` says (YAML 1.1), because pySigma
reads rules through it; ``tests/property/test_yaml.py`` holds the two equal.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from converter.model import LIMIT, Diagnostic, Severity, Source, node, pack

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


@node
class Document:
    """One document of a file: its value, the value's packed offsets, and the file's text."""

    source: Source
    value: Any
    offsets: int


_BOM: Final = "\ufeff"


def decode(data: bytes, path: str, limit: int = SIZE) -> Source | Diagnostic:
    """Return the text of a file, or why it is none: too large, not UTF-8, or with NUL characters."""
    if len(data) > limit:
        message = f"the file has {len(data)} bytes, more than {limit}"
        return Diagnostic("R002", Severity.ERROR, Source(path, "").start, message, help="split the file")
    try:
        text = data.decode().removeprefix(_BOM)  # "utf-8-sig" is a codec in Python
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8", "replace").removeprefix(_BOM)
        source = Source(path, good)
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
    try:
        return _documents(source)
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


def _documents(source: Source) -> tuple[Document, ...]:
    # libyaml's parser, or PyYAML's own where it is absent (equal, slower).
    loader = (yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)(source.text)
    try:
        return _Builder(source).documents(loader.get_event)
    finally:
        loader.dispose()


def _tab_at(text: str, at: int) -> bool:
    head = text.rfind("\n", 0, at) + 1
    return "\t" in text[head : at + 1]


class _ReadError(Exception):
    """Carries the diagnostic out of the event loop; never leaves this module."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


_Open: TypeAlias = tuple[Any, list[int], Any, int, "str | None", int]
"""A holder whose end has not been seen, its offsets and what comes next in it; start, anchor and count of what was opened in it."""

_ENTRY: Final = object()
_NO_KEY: Final = object()
_MERGE: Final = object()
_RESOLVERS: Final = yaml.SafeLoader.yaml_implicit_resolvers
_SHORT: Final = 24
"""Characters of a plain scalar whose value is remembered: dates and numbers come again and again (ids, which are longer, do not)."""
_LONGEST: Final = {head: len("false") if head.isalpha() else SIZE for head in _RESOLVERS}
"""Characters, by its first one, of the longest plain scalar that is no text: of words these are the truth values and null."""
_DASHES: Final = 3
"""Dashes of a moment west of Greenwich, the value with the most; an id has four."""


class _Builder:
    """Turns events into values; state is what aliases and merges need."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._merges: dict[int, list[tuple[Any, int]]] = {}
        self._expanded = 0

    def documents(self, next_event: Callable[[], Any]) -> tuple[Document, ...]:
        """Return the documents of all events.

        A scalar, of which a rule has forty, costs no call and no object but
        its value.  ``key`` says what comes next in ``holder``: an entry, a
        key, or the value of this key; ``count`` is the number of values so far.
        """
        holder: Any = Seq()
        holder.offsets = places = list[int]()
        text, key, stack, count = self._source.text, _ENTRY, list[_Open](), 0
        while True:
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent:
                value, offsets = event.value, event.start_mark.index << 24 | event.end_mark.index
                if event.implicit[0] and len(value) <= _LONGEST.get(value[:1], -1):
                    value = self._plain(value, offsets)
                elif event.tag is not None:
                    self._check_tag(event.tag, offsets)
                if event.anchor is not None:
                    self._anchors[event.anchor] = value, 1
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if event.tag is not None or len(stack) >= DEPTH:
                    self._check_open(event, len(stack))
                stack.append((holder, places, key, event.start_mark.index, event.anchor, count))
                holder, key = (Map(), _NO_KEY) if kind is MappingStartEvent else (Seq(), _ENTRY)
                holder.offsets = places = []
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = holder
                holder, places, key, start, anchor, before = stack.pop()
                if self._merges:
                    count += self._merge(value, len(stack) + 1)
                if anchor is not None:
                    self._anchors[anchor] = value, count - before + 1
                # A block's last event is at the next token: the blank lines before that are not the collection's.
                offsets = start << 24 | start + len(text[start : max(event.end_mark.index, start + 1)].rstrip())
            elif kind is AliasEvent:
                value, offsets, size = self._alias(event)
                count += size - 1
            elif kind is StreamEndEvent:
                return tuple(Document(self._source, one, place) for one, place in zip(holder, places, strict=True))
            else:
                self._anchors.clear()  # a document begins or ends
                continue
            count += 1
            if key is _NO_KEY:
                key = value if value.__class__ is str and value not in holder else self._key(value, holder, offsets)
                if key is _MERGE:
                    continue
            elif key is _ENTRY:
                holder.append("<<" if value is _MERGE else value)
            elif key is _MERGE:
                self._merges.setdefault(len(stack), []).append((value, offsets))
                key = _NO_KEY
                continue
            else:
                holder[key] = "<<" if value is _MERGE else value
                key = _NO_KEY
            places.append(offsets)

    def _refuse(self, code: str, offsets: int, message: str, help_text: str) -> _ReadError:
        return _ReadError(Diagnostic(code, Severity.ERROR, self._source.span(offsets), message, help=help_text))

    def _check_open(self, event: Any, depth: int) -> None:  # noqa: ANN401 - MappingStartEvent or SequenceStartEvent
        start = event.start_mark.index
        if depth >= DEPTH:
            help_text = "a rule needs far fewer; check for a runaway bracket"
            raise self._refuse("R004", pack(start, start + 1), f"more than {DEPTH} nested levels", help_text)
        self._check_tag(event.tag, pack(start, start + 1))

    def _check_tag(self, tag: str | None, offsets: int) -> None:
        if tag is not None and tag != "!":
            raise self._refuse("R005", offsets, f"the tag {tag} is not allowed", "remove the tag")

    def _key(self, value: Any, holder: Map, offsets: int) -> Any:  # noqa: ANN401 - any YAML value
        """Return a key that is no text, or stands in the map already; refuse collections and doubles."""
        if isinstance(value, Map | Seq):
            raise self._refuse("R008", offsets, "a map or a list cannot be a key", "quote the key if it is text")
        if value is not _MERGE and value in holder:
            raise self._refuse("R009", offsets, f"the key '{value}' stands twice in one map", "join the two, or rename one")
        return value

    def _plain(self, text: str, offsets: int) -> Any:  # noqa: ANN401 - a YAML scalar is any of seven types
        if text.count("-") > _DASHES:
            return text
        try:
            return _short(text) if len(text) <= _SHORT else _resolved(text)
        except (ValueError, OverflowError, KeyError):
            kind = _tag(text).rpartition(":")[2]
            raise self._refuse("R006", offsets, f"'{text[:40]}' is not a valid {kind}", "put it in quotes if it is text") from None

    def _alias(self, event: Any) -> tuple[Any, int, int]:  # noqa: ANN401 - AliasEvent, whose value is any
        """Return the value of an alias, its place, and how many values it holds."""
        offsets = pack(event.start_mark.index, event.end_mark.index)
        if event.anchor not in self._anchors:
            raise self._refuse("R007", offsets, f"the alias *{event.anchor} has no anchor before it", f"define it with &{event.anchor}")
        value, size = self._anchors[event.anchor]
        self._expanded += size
        if self._expanded > EXPANDED:
            message = f"aliases expand to more than {EXPANDED} values"
            raise self._refuse("R004", offsets, message, "write the values out, or use fewer aliases")
        return value, offsets, size

    def _merge(self, value: Any, depth: int) -> int:  # noqa: ANN401 - any YAML value
        """Add the keys of ``<<``: what the map itself says, and what was merged first, wins; return how many values they held."""
        count = 0
        for merged, offsets in self._merges.pop(depth, ()):
            for one in merged if isinstance(merged, Seq) else (merged,):
                if not isinstance(one, Map):
                    raise self._refuse("R008", offsets, "'<<' takes a map or a list of maps", "give it an alias of a map")
                for index, key in enumerate(one):
                    if key not in value:
                        value[key] = one[key]
                        value.offsets += one.offsets[2 * index], one.offsets[2 * index + 1]
                count += len(one)
        return count


def _tag(text: str) -> str:
    """Return the tag that a plain scalar has by its form, ``""`` for a text."""
    return next((tag for tag, pattern in _RESOLVERS.get(text[:1], ()) if pattern.match(text)), "")


def _resolved(text: str) -> Any:  # noqa: ANN401 - a YAML scalar is any of seven types
    """Return what a plain scalar means; raise what PyYAML raises of one whose form has no value, such as a date in month 13."""
    tag = _tag(text)
    if tag == "tag:yaml.org,2002:merge":
        return _MERGE
    return _CONSTRUCTOR.construct_object(yaml.ScalarNode(tag, text)) if tag not in ("", "tag:yaml.org,2002:value") else text


_CONSTRUCTOR: Final = yaml.SafeLoader("")
_short: Final = lru_cache(maxsize=4096)(_resolved)
