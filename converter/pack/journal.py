"""Change a target's outputs so that a run may be killed at any moment and the next one mends what is left.

The journal, ``output/<target>/.journal.json``, says before anything else is
touched which files a build is about to change, from which bytes to which.
While it is there the manifest does not name those files; what each of them is
shows in its bytes.  So a file that a killed build wrote counts as written by a
build, and one that a person edited since does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from converter.pack.files import Inside, Locked, OutputError, folders_of, remove, sweep, write_bytes
from converter.pack.manifest import Entry, digest, entry_of, is_entry, is_inside, load_json, stated, write_manifest

JOURNAL: Final = ".journal.json"

Change: TypeAlias = tuple[Entry | None, Entry | None]
"""What a file is before and after a change; ``None`` where there is none."""


def commit(folder: Path, entries: Mapping[str, Entry], writes: Mapping[str, bytes], removals: Iterable[str]) -> None:
    """Write and remove files below ``output/<target>``, then say so in the manifest.

    ``entries`` is the whole manifest afterwards.  Files are whole at every
    moment, and the manifest names none that has other bytes.

    Raises:
        OutputError: if a file cannot be written; those before it are, and the next build goes on from there.
    """
    from converter.pack.manifest import read_manifest

    gone = sorted(removals)
    if not folder.exists() and not writes and not entries:
        return
    with Locked(folder):
        _tidy(folder)
        before = read_manifest(folder)
        changes: dict[str, Change] = {path: (before.get(path), entries.get(path)) for path in (*sorted(writes), *gone)}
        inside = Inside(folder)
        for path in changes:
            inside.refuse_links(path)
        if changes:
            _begin(folder, before, changes)
        for path in sorted(writes):
            inside.write(path, writes[path])
        for path in gone:
            inside.remove(path)
        write_manifest(folder, entries)
        remove(folder / JOURNAL)


def _begin(folder: Path, before: Mapping[str, Entry], changes: Mapping[str, Change]) -> None:
    """Write the journal, then take what it speaks of out of the manifest."""
    if _journal(folder):
        # What an older journal knows goes into the manifest before its place is taken.
        write_manifest(folder, before)
    text = json.dumps({path: [stated(one) if one else None for one in change] for path, change in changes.items()}, ensure_ascii=False)
    write_bytes(folder / JOURNAL, text.encode("utf-8"))
    if any(path in before for path in changes):
        write_manifest(folder, {path: entry for path, entry in before.items() if path not in changes})


def settled(folder: Path, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the manifest with what a killed build changed, each file judged by its bytes."""
    found = dict(entries)
    for path, (old, new) in _journal(folder).items():
        found.pop(path, None)
        present = _present(folder / path)
        match = next((one for one in (new, old) if one and one.sha256 == present), None)
        # Bytes that neither build nor rebuild has: a person's, which the next build must see as changed by hand.
        kept = match or ((old or new) if present else None)
        if kept:
            found[path] = kept
    return found


def _journal(folder: Path) -> dict[str, Change]:
    loaded = load_json(folder / JOURNAL)
    sound = isinstance(loaded, dict) and all(
        is_inside(path) and isinstance(pair, list) and len(pair) == 2 and all(one is None or is_entry(one) for one in pair)
        for path, pair in loaded.items()
    )
    if not isinstance(loaded, dict) or not sound:
        raise OutputError(f"{folder / JOURNAL} is damaged; delete it and build again")
    return {path: (entry_of(old) if old else None, entry_of(new) if new else None) for path, (old, new) in loaded.items()}


def _present(path: Path) -> str:
    """Return the hash of a file's bytes, ``""`` when there is none; what is no file has no bytes of ours."""
    try:
        return digest(path.read_bytes()) if path.is_file() and not path.is_symlink() else ""
    except OSError:
        return ""


def _tidy(folder: Path) -> None:
    """Remove what a killed run left half-written."""
    sweep(folder)
    for one in sorted({one for path in _journal(folder) for one in folders_of(path)}):
        if not (folder / one).is_symlink():
            sweep(folder / one)


def is_pending(folder: Path) -> bool:
    """Whether a build of this folder was killed, so that its manifest has to be written anew."""
    return (folder / JOURNAL).is_file()
