"""Join a person's edits of a YAML file with another version of what the file was made from: per key, in the text.

What only the other version changed is written into the person's text at its
place, so that comments and spelling around it stay.  What both changed is a
conflict, which is told and never decided.  Lists of plain values are joined
element by element, other lists are one value.  A rule of a file with several
is known by its id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from converter.formats import Document, Map, Seq, decode, read_text
from converter.model import Diagnostic, Severity, Source, Span, node, pack, unpack
from converter.pack.edits import ABSENT, Edit, applied, written

_MARK: Final = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_COMMENT: Final = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
_SHOWN: Final = 80
_SCALARS: Final = (str, int, float, bool, type(None))


@node
class Merged:
    """A text that has both: ``changed`` are the keys that came from the other version, ``comments`` says that all comments were kept."""

    text: str
    changed: tuple[str, ...]
    comments: bool


@node
class _Part:
    """A document of a file: its text, where that begins in the file, and what it says."""

    text: str
    start: int
    document: Document

    @property
    def key(self) -> str:
        """By what the same document of another version is found."""
        return str(self.document.value.get("id", "")) if isinstance(self.document.value, Map) else ""


@dataclass(slots=True)
class _Merge:
    """The merge of one document: where it stands, the edits and the conflicts so far."""

    part: _Part
    file: Source
    keep: bool
    edits: list[Edit] = field(default_factory=list)
    conflicts: list[Diagnostic] = field(default_factory=list)

    def value(self, base: Any, here: Any, theirs: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any YAML value
        """Return what both make of a value; ``ABSENT`` where there is none."""
        if same(base, theirs) or same(here, theirs):
            return here
        if isinstance(here, Map) and isinstance(theirs, Map):
            known = base if isinstance(base, Map) else Map()
            found = Map()
            for key in [*here, *(one for one in theirs if one not in here)]:
                one = self.value(known.get(key, ABSENT), here.get(key, ABSENT), theirs.get(key, ABSENT), (*path, key))
                if one is not ABSENT:
                    found[key] = one
            return found
        if same(base, here):
            self.edits.append(Edit(path, theirs))
            return theirs
        joined = _joined(base, here, theirs)
        if joined is not None:
            self.edits.append(Edit(path, joined))
            return joined
        self.conflict(path, here, theirs)
        return here

    def conflict(self, path: tuple[str, ...], here: Any, theirs: Any) -> None:  # noqa: ANN401 - any YAML value
        """Note that both changed a value; where edits are kept, the one here stands."""
        if self.keep:
            return
        name = ".".join(map(str, path)) or "the rule"
        message = f"{name} was changed here to {_shown(here)}, and in the source to {_shown(theirs)}"
        help_text = "put in the source's, or use --keep-edits for what is here; --force takes the whole file from the source"
        self.conflicts.append(Diagnostic("R130", Severity.ERROR, self.span(path), message, help=help_text))

    def span(self, path: tuple[str, ...]) -> Span:
        """Return where a key stands in the file; the map that it is missing in, when it does."""
        offsets, value = self.part.document.offsets, self.part.document.value
        for key in path:
            if not isinstance(value, Map) or key not in value or len(value.offsets) != 2 * len(value):
                break
            offsets, value = value.offsets[2 * list(value).index(key)], value[key]
        start, end = unpack(offsets)
        return self.file.span(pack(start + self.part.start, end + self.part.start))


def merged(base: bytes, here: bytes, theirs: bytes, path: str, *, keep: bool = False) -> Merged | tuple[Diagnostic, ...]:
    """Return a person's text ``here`` with what changed from ``base`` to ``theirs``, or why there is none (R130).

    ``path`` is the name by which people know the file; ``keep`` lets what is
    here stand where both changed the same.
    """
    parts = [_parts(data, path) for data in (base, here, theirs)]
    unread = next((one for one in parts if isinstance(one, Diagnostic)), None)
    if unread is not None:
        message = f"this was edited and cannot be joined with its source's changes: {unread.message}"
        return (Diagnostic("R130", Severity.ERROR, unread.span, message, help="mend the file, or use --force"),)
    old, mine, new = ({one.key: one for one in found} for found in parts if not isinstance(found, Diagnostic))
    sizes = [len(found) for found in parts if not isinstance(found, Diagnostic)]
    file = Source(path, here.decode("utf-8-sig"))
    if sizes != [len(old), len(mine), len(new)]:
        message = "this was edited and cannot be joined with its source's changes: not every rule of the file has an id of its own"
        return (Diagnostic("R130", Severity.ERROR, file.start, message, help="give each rule its id, or use --force"),)
    texts: list[str] = []
    changed: list[str] = []
    conflicts: list[Diagnostic] = []
    comments = True
    for key, part in mine.items():
        one = _document(old.get(key), part, new.get(key), file, keep=keep)
        conflicts += one.conflicts
        if one.text is not None:
            texts.append(one.text)
        comments &= one.comments
        changed += one.changed
    for key, part in new.items():
        if key in mine:
            continue
        if key not in old:
            texts.append(part.text)
            changed.append(f"the rule {key}")
        elif not keep and not same(old[key].document.value, part.document.value):
            message = f"the rule {key} was removed here, and changed in its source"
            conflicts.append(
                Diagnostic("R130", Severity.ERROR, file.start, message, help="put it back, or use --keep-edits for what is here")
            )
    if conflicts:
        return tuple(conflicts)
    head = file.text[: next((one.start for one in mine.values()), 0)]
    return Merged(head + "---\n".join(one if one.endswith("\n") else f"{one}\n" for one in texts), tuple(changed), comments)


@node
class _Joined:
    """What became of one document; ``text`` is ``None`` for one that is gone."""

    text: str | None
    changed: tuple[str, ...] = ()
    comments: bool = True
    conflicts: tuple[Diagnostic, ...] = ()


def _document(base: _Part | None, here: _Part, theirs: _Part | None, file: Source, *, keep: bool) -> _Joined:
    merge = _Merge(here, file, keep)
    value = here.document.value
    if theirs is None:
        if base is not None and same(base.document.value, value):
            return _Joined(None, (f"the rule {here.key}",))
        if base is None or keep:
            return _Joined(here.text)
        message = f"the rule {here.key} was changed here, and removed in its source"
        told = Diagnostic("R130", Severity.ERROR, merge.span(()), message, help="remove it, or use --keep-edits for what is here")
        return _Joined(here.text, conflicts=(told,))
    result = merge.value(base.document.value if base else ABSENT, value, theirs.document.value, ())
    if merge.conflicts:
        return _Joined(here.text, conflicts=tuple(merge.conflicts))
    changed = tuple(".".join(map(str, one.path)) for one in merge.edits)
    if not merge.edits:
        return _Joined(here.text)
    text = applied(here.text, here.document, merge.edits, result, theirs.document.value)
    again = read_text(Source("", text)) if text is not None else ()
    if text is None or isinstance(again, Diagnostic) or len(again) != 1 or not same(again[0].value, result):
        return _Joined(written(result), changed, comments=False)
    return _Joined(text, changed, all(comment in text for comment in _COMMENT.findall(here.text)))


def _parts(data: bytes, path: str) -> list[_Part] | Diagnostic:
    """Return the documents of a file, each with its own text, or what is wrong with it."""
    source = decode(data, path)
    if isinstance(source, Diagnostic):
        return source
    whole = read_text(source)
    if isinstance(whole, Diagnostic):
        return whole
    starts = [0, *(one.start() for one in _MARK.finditer(source.text)), len(source.text)]
    found: list[_Part] = []
    for start, end in pairwise(starts):
        begin = source.text.find("\n", start, end) + 1 if source.text.startswith("---", start) else start
        text = source.text[begin or end : end] if source.text.startswith("---", start) else source.text[start:end]
        documents = read_text(Source(path, text))
        if isinstance(documents, Diagnostic):
            return documents
        found += [_Part(text, begin, one) for one in documents]
    if len(found) != len(whole) or not all(same(one.document.value, two.value) for one, two in zip(found, whole, strict=True)):
        message = "its documents cannot be told apart"
        return Diagnostic("R130", Severity.ERROR, source.start, message, help="write '---' on a line of its own")
    return found


def same(one: object, other: object) -> bool:
    """Whether two values are the same: of the same types, whatever the order of a map's keys."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one is other or (type(one) is type(other) and one == other)


def _joined(base: object, here: object, theirs: object) -> Seq | None:
    """Return a list with the elements that either added, without those that either removed; ``None`` where that is not certain.

    Both may have replaced the same element by different ones, and of values
    that are no plain ones it is not known which are meant to be the same.
    """
    lists = (base, here, theirs)
    if not all(isinstance(one, list) and all(isinstance(value, _SCALARS) for value in one) for one in lists):
        return None
    old, mine, new = ({(type(value), value): value for value in one} for one in lists if isinstance(one, list))
    if [len(old), len(mine), len(new)] != [len(one) for one in lists if isinstance(one, Sequence)]:
        return None
    removed, added = (old.keys() - mine.keys(), old.keys() - new.keys()), (mine.keys() - old.keys(), new.keys() - old.keys())
    if removed[0] & removed[1] and (added[0] or added[1]) and added[0] != added[1]:
        return None
    return Seq([*(mine[key] for key in mine if key not in removed[1]), *(new[key] for key in new if key in added[1] and key not in mine)])


def _shown(value: object) -> str:
    if value is ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
