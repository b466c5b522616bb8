"""Import again: what a person edited since stays, what changed at the source comes in, and where both did they are joined or told.

The folder's manifest has the hash of each file as it was imported;
``.imported/`` below the folder holds these bytes, from which the changes of
both sides are known.  Without them, or where they are not what the manifest
says, an edited file is left alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from converter.model import Diagnostic, Severity, Source, node
from converter.pack.files import OutputError, refuse_links
from converter.pack.journal import commit
from converter.pack.loaded import RuleFile
from converter.pack.manifest import Entry, digest, read_manifest
from converter.pack.walk import FILE_SIZE, find, load_bytes, read_bytes, told

if TYPE_CHECKING:
    from converter.pack.merge import Merged

BASES: Final = ".imported"
"""The folder below that of the rules which holds the bytes that were imported; they end so that no tool takes them for rules."""
STATUS: Final = "imported"
BASE: Final = "imported from"
_ID: Final = re.compile(rb"^id: '?([0-9A-Za-z-]{1,64})'?$", re.MULTILINE)


def base_name(name: str) -> str:
    """Return where the bytes of an imported file are kept."""
    return f"{BASES}/{name}.base"


@node
class Placed:
    """What an import did: files written, among them those with a person's edits ``joined``; edited ones ``kept``, as their source is.

    ``left`` are those left alone although the source has something else, with
    the reasons in ``told``.  ``moved`` are rules that have another name now,
    with the file that they have had since their first import.
    """

    written: tuple[str, ...]
    joined: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[str, ...]
    told: tuple[Diagnostic, ...]
    moved: Mapping[str, str]


@dataclass(slots=True)
class _Plan:
    """What is going to be written: files, and for those that were joined what was imported."""

    folder: Path
    manifest: dict[str, Entry]
    keep: bool
    bases: dict[str, bytes] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    told: list[Diagnostic] = field(default_factory=list)

    def take(self, name: str, data: bytes, *, force: bool) -> bool:
        """Decide on one file; return whether ``data`` is what it comes from afterwards."""
        here, former = self.bytes_of(name), self.manifest.get(name)
        if here is None and former is not None and not force:
            return self.removed(name, data, former)
        if here is None or force or here == data or (former is not None and digest(here) == former.sha256):
            self.files[name] = data
            return True
        if former is None:
            self.leave(name, "exists and was not imported: it is left alone")
            return False
        base = self.base_of(name)
        if former.sha256 == digest(data) or base == data:
            self.kept.append(name)
            return True
        if base is None or digest(base) != former.sha256:
            self.leave(name, "was edited since it was imported, and what was imported then is not known: it is left alone")
            return False
        return self.join(name, base, here, data)

    def removed(self, name: str, data: bytes, former: Entry) -> bool:
        """Decide on a file that a person removed: it stays so, or its source's change is told."""
        if self.keep or digest(data) == former.sha256:
            self.kept.append(name)
            return True
        shown = told(self.folder / name)
        message = f"{shown} was removed here, and changed in its source"
        help_text = "use --keep-edits to do without it, or --force to have it again"
        self.told.append(Diagnostic("R130", Severity.ERROR, Source(shown, "").start, message, help=help_text))
        return False

    def join(self, name: str, base: bytes, here: bytes, data: bytes) -> bool:
        """Join the edits of a file with the changes of its source."""
        from converter.pack.merge import Merged, merged

        shown = told(self.folder / name)
        found = merged(base, here, data, shown, keep=self.keep)
        if isinstance(found, Merged):
            text = found.text.encode("utf-8")
            broken = _problems(text, name) - _problems(here, name)
            if not broken:
                self.files[name] = text
                self.joined.append(name)
                self.told.append(_joined(shown, found))
                return True
            message = f"this was edited, and joined with its source's changes it would be no rule: {min(broken)}"
            found = (Diagnostic("R130", Severity.ERROR, Source(shown, "").start, message, help="change it by hand, or use --force"),)
        self.told += found
        return False

    def leave(self, name: str, why: str) -> None:
        """Tell that a file is left alone."""
        shown = told(self.folder / name)
        self.told.append(Diagnostic("R021", Severity.ERROR, Source(shown, "").start, f"{shown} {why}", help="move it away, or use --force"))

    def bytes_of(self, name: str) -> bytes | None:
        """Return a file's bytes, ``None`` where there is none."""
        path = self.folder / name
        refuse_links(path, self.folder)
        if not path.exists():
            return None
        try:
            data = read_bytes(path)
        except OSError as error:
            raise OutputError(f"{told(path)} cannot be read: {(error.strerror or str(error)).lower()}") from error
        if len(data) > FILE_SIZE:
            raise OutputError(f"{told(path)} is larger than {FILE_SIZE >> 20} MiB")
        return data

    def base_of(self, name: str) -> bytes | None:
        """Return what was imported, as far as it is what the manifest says; of a file that was moved, ``bases`` has it."""
        if name in self.bases:
            return self.bases[name]
        base = base_name(name)
        data = self.bytes_of(base) if base in self.manifest else None
        return data if data is not None and digest(data) == self.manifest[base].sha256 else None


def reimport(folder: Path, files: Mapping[str, bytes], *, force: bool, keep: bool = False) -> Placed:
    """Write imported files below ``folder``, with the edits that people made since an earlier import.

    A rule is known by its id, whatever its file is called here or would be.
    A file that nobody edited is replaced.  One that was edited stays as it
    is when its source did not change, is joined with the changes when it did
    (R131), and is left alone where both changed the same (R130) or what was
    imported is not known (R021).  ``force`` replaces all; ``keep`` lets the
    edit stand where both changed the same, and the next import starts from
    there.

    Raises:
        OutputError: if the folder cannot be used.
    """
    plan = _Plan(folder, read_manifest(folder), keep)
    moved = _moved(plan, files)
    files = {moved.get(name, name): data for name, data in files.items()}
    current = [name for name in sorted(files) if plan.take(name, files[name], force=force)]
    before = dict(plan.manifest)
    for name, data in plan.files.items():
        # A joined file still comes from what was imported before, until that is written too: a killed run is done again.
        if name not in plan.joined:
            before[name] = _entry(data)
    # What a moved file was imported from moves with it, in the same step.
    moves = {base_name(name): data for name, data in plan.bases.items()}
    before |= {name: Entry(digest(data), "", BASE) for name, data in moves.items()}
    if plan.files or moves:
        commit(folder, {name: one for name, one in before.items() if name not in plan.gone}, plan.files | moves, plan.gone)
    before = {name: one for name, one in before.items() if name not in plan.gone}
    after = before | {name: _entry(files[name]) for name in current}
    bases = {base_name(name): files[name] for name in current if plan.base_of(name) != files[name]}
    after |= {name: Entry(digest(data), "", BASE) for name, data in bases.items()}
    if after != before or bases:
        commit(folder, after, bases, ())

    def shown(names: list[str]) -> tuple[str, ...]:
        return tuple(told(folder / name) for name in names)

    return Placed(
        shown(list(plan.files)),
        shown(plan.joined),
        shown(plan.kept),
        shown(sorted(files.keys() - {*current})),
        tuple(plan.told),
        moved,
    )


def _entry(data: bytes) -> Entry:
    """Return what the manifest says of a file: the id of its first rule too, by which it is known under another name."""
    found = _ID.search(data)
    return Entry(digest(data), found[1].decode() if found else "", STATUS)


def _moved(plan: _Plan, files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the files in which rules are that have another name now, or that a person put elsewhere; the manifest follows those."""
    homes = {one.rule: name for name, one in plan.manifest.items() if one.rule and one.status == STATUS and name not in files}
    found = {name: home for name, data in files.items() if name not in plan.manifest and (home := homes.pop(_entry(data).rule, None))}
    missing = {
        plan.manifest[home].rule: (name, home)
        for name in files
        if (home := found.get(name, name)) in plan.manifest and plan.manifest[home].rule and plan.bytes_of(home) is None
    }
    for place in _rule_files(plan, files) if missing else ():
        name, home = missing.pop(_entry(plan.bytes_of(place) or b"").rule, ("", ""))
        if name:
            base = plan.base_of(home)
            found[name] = place
            plan.manifest[place] = plan.manifest.pop(home)
            if base is not None:
                plan.bases[place] = base
                plan.gone.append(base_name(home))
    return {name: place for name, place in found.items() if name != place}


def _rule_files(plan: _Plan, files: Mapping[str, bytes]) -> list[str]:
    """Return the rule files below the folder that this import does not write there."""
    if not plan.folder.is_dir():
        return []
    found = (os.path.relpath(one.path, plan.folder).replace(os.sep, "/") for one in find([plan.folder]))
    return [name for name in found if name not in files]


def _joined(shown: str, found: Merged) -> Diagnostic:
    keys = ", ".join(found.changed) or "nothing, as the edits stand in its place"
    lost = "" if found.comments else "; not all comments could be kept"
    message = f"the edits were kept and the source's changes came in: {keys[:300]}{lost}"
    return Diagnostic("R131", Severity.NOTE, Source(shown, "").start, message, help="look at the rule as a whole")


def _problems(data: bytes, name: str) -> set[str]:
    """Return what is wrong with the rules of a file."""
    loaded, errors = load_bytes(data, RuleFile(Path(name), name, name))
    found = [*errors, *(one for rule in loaded for one in rule.diagnostics)]
    return {one.message for one in found if one.severity is Severity.ERROR}
