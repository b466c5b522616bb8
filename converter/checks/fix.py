"""Apply fixes to files: by position, so that every other byte stays; verified by reading the result before it is written."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from converter.checks.finding import Edit, Finding
from converter.checks.sameness import Shape, shape
from converter.formats import Map, read
from converter.model import Rule, has_errors
from converter.pack import Loaded, Pack, RuleFile, load_bytes, read_bytes

ROUNDS: Final = 5
"""How often a file is fixed and looked at again."""
TRIALS: Final = 64
"""How often a file is read to find out which of its fixes do not hold."""
_BOM = "\ufeff".encode()


@dataclass(frozen=True, slots=True)
class Fixed:
    """A file with its bytes before and after, and the findings that the edits cured."""

    file: RuleFile
    before: bytes
    after: bytes
    cured: tuple[Finding, ...]


def fix_pack(pack: Pack, find: Callable[[Pack], Sequence[Finding]], *, unsafe: bool) -> tuple[Fixed, ...]:
    """Return the files of a pack that fixes change; nothing is written.

    ``find`` is asked again after each round, because one cure may show the
    next mistake.  Of the fixes of a file those are kept that, one after the
    other, leave a file which reads without new errors and where nothing but
    their own point changed; a safe fix keeps the detection's meaning.

    Raises:
        OSError: if a file can no longer be read.
    """
    done: dict[RuleFile, Fixed] = {}
    for _ in range(ROUNDS):
        wanted: dict[str, list[Finding]] = {}
        for one in find(pack):
            if one.fix and (one.fix.safe or unsafe):
                wanted.setdefault(one.source.path, []).append(one)
        changed = {}
        for file in dict.fromkeys(loaded.file for loaded in pack.rules):
            data = done[file].after if file in done else read_bytes(file.path)
            fixed = _fixed(file, data, wanted[file.name]) if file.name in wanted else None
            if fixed:
                changed[file] = fixed
                first = done.get(file, fixed)
                done[file] = Fixed(file, first.before, fixed.after, (*(first.cured if first is not fixed else ()), *fixed.cured))
        if not changed:
            break
        pack = _reread(pack, {file: one.after for file, one in changed.items()})
    return tuple(done.values())


def _reread(pack: Pack, contents: Mapping[RuleFile, bytes]) -> Pack:
    """Return the pack with the rules of changed files read anew; the others stay, because some checks compare rules."""
    by_file: dict[RuleFile, list[Loaded]] = {}
    for loaded in pack.rules:
        by_file.setdefault(loaded.file, []).append(loaded)
    for file, data in contents.items():
        by_file[file] = list(load_bytes(data, file)[0])
    return Pack(tuple(one for rules in by_file.values() for one in rules), pack.unread, pack.filters)


def _fixed(file: RuleFile, data: bytes, wanted: Sequence[Finding]) -> Fixed | None:
    bom, text = (_BOM, data[len(_BOM) :]) if data.startswith(_BOM) else (b"", data)
    source = wanted[0].source.text
    if text.decode("utf-8", "replace") != source:
        return None  # the file changed since it was read
    before, kept = _parts(data, file), list(wanted)
    if not _is_sound(before, _parts(bom + _applied(source, kept), file), kept):
        kept = _sound_ones(kept, lambda some: _is_sound(before, _parts(bom + _applied(source, some), file), some))
    after = bom + _applied(source, kept)
    return Fixed(file, data, after, tuple(kept)) if kept and after != data else None


def _sound_ones(wanted: Sequence[Finding], is_sound: Callable[[Sequence[Finding]], bool]) -> list[Finding]:
    """Return the fixes that hold together, found by halving; after ``TRIALS`` the rest is left out."""
    kept: list[Finding] = []
    stack = [list(wanted)]
    for _ in range(TRIALS):
        if not stack:
            break
        some = stack.pop()
        if is_sound([*kept, *some]):
            kept += some
        elif len(some) > 1:
            half = len(some) // 2
            stack += [some[half:], some[:half]]
    return kept


def _applied(source: str, findings: Sequence[Finding]) -> bytes:
    """Return the text with the edits made; of two fixes that meet the earlier one wins."""
    edits: list[Edit] = []
    for one in findings:
        new = [edit for edit in (one.fix.edits if one.fix else ()) if not _stands(edit, edits)]
        if all(_is_free(edit, edits) for edit in new):
            for edit in new:
                insort(edits, edit)
    parts: list[str] = []
    at = 0
    for edit in edits:
        parts += source[at : edit.start], edit.text
        at = edit.end
    return "".join([*parts, source[at:]]).encode("utf-8")


def _stands(edit: Edit, edits: Sequence[Edit]) -> bool:
    place = bisect_left(edits, edit)
    return place < len(edits) and edits[place] == edit


def _is_free(edit: Edit, edits: Sequence[Edit]) -> bool:
    """Whether no edit of a sorted sequence, whose edits do not meet, meets this one."""
    place = bisect_left(edits, edit)
    before = edits[place - 1] if place else None
    after = edits[place] if place < len(edits) else None
    return (before is None or before.end <= edit.start) and (after is None or edit.end <= after.start)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a file says: its rules, their meaning, and each document's keys."""

    rules: tuple[Loaded, ...]
    meanings: tuple[Shape | None, ...]
    documents: tuple[object, ...]
    errors: int


def _parts(data: bytes, file: RuleFile) -> _Parts:
    rules, errors = load_bytes(data, file)
    documents = read(data, file.name)
    values = tuple(one.value for one in documents) if isinstance(documents, tuple) else ()
    bad = len(errors) + sum(has_errors(loaded.diagnostics) for loaded in rules)
    return _Parts(rules, tuple(shape(one.tree) if one.tree else None for one in rules), values, bad)


def _is_sound(before: _Parts, after: _Parts, findings: Sequence[Finding]) -> bool:
    """Whether nothing changed but the keys that the fixes name, and no meaning unless a fix is unsafe."""
    if len(before.rules) != len(after.rules) or len(before.documents) != len(after.documents) or after.errors > before.errors:
        return False
    fixes = [one.fix for one in findings if one.fix]
    if all(fix.safe for fix in fixes) and before.meanings != after.meanings:
        return False
    keys = {fix.key for fix in fixes}
    if not all(map(_is_same, before.documents, after.documents, [keys] * len(before.documents))):
        return False
    return all(map(_is_same_rule, before.rules, after.rules, [keys] * len(before.rules)))


def _is_same(before: object, after: object, keys: set[str]) -> bool:
    if not isinstance(before, Map) or not isinstance(after, Map):
        return before == after
    return all(repr(before.get(key)) == repr(after.get(key)) for key in {*before, *after} - keys) and set(after) <= {*before, *keys}


def _is_same_rule(before: Loaded, after: Loaded, keys: set[str]) -> bool:
    """Whether two headers agree on everything but the keys named; a derived id that is written out stays the same id."""
    free = {"source", "positions", "detection", "converter", *keys} - {"id"}
    return all(getattr(before.rule, one.name) == getattr(after.rule, one.name) for one in fields(Rule) if one.name not in free)
