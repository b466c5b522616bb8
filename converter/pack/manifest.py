"""What a build wrote: ``output/<target>/.manifest.json``, and the evidence that verify recorded beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Final

from converter.model import Evidence, node
from converter.pack.files import OutputError, refuse_links, write_bytes, write_json
from converter.pack.walk import read_bytes

MANIFEST: Final = ".manifest.json"
EVIDENCE: Final = ".evidence.json"
SIZE: Final = 64 << 20
"""Bytes of such a file."""


@node
class Entry:
    """One written file: the hash of its bytes, its rule (``""`` for a file of all rules) and the rule's status.

    The main file of a package has all its rules and their statuses, each
    separated by commas.
    """

    sha256: str
    rule: str
    status: str


@node
class Record:
    """What verify found for exactly these bytes."""

    evidence: str
    engine: str
    version: str
    events: int


def digest(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(folder: Path) -> dict[str, Entry]:
    """Return what former builds wrote below ``output/<target>``; raise ``OutputError`` when the file is damaged.

    After a build that was killed, this is what it had reached: see ``journal``.
    """
    from converter.pack.journal import settled

    return settled(folder, {path: entry_of(value) for path, value in _load(folder / MANIFEST, _ENTRY).items()})


def read_evidence(folder: Path) -> dict[str, Record]:
    """Return what verify recorded, by artifact hash; raise ``OutputError`` when the file is damaged."""
    found = {key: Record(**entry) for key, entry in _load(folder / EVIDENCE, _RECORD).items()}
    if not {one.evidence for one in found.values()} <= {one.value for one in Evidence}:
        raise OutputError(f"{folder / EVIDENCE} is damaged; restore it from version control, or delete it")
    return found


_ENTRY: Final = {"sha256": str, "rule": str, "status": str}
_RECORD: Final = {"evidence": str, "engine": str, "version": str, "events": int}


def entry_of(value: Mapping[str, Any]) -> Entry:
    """Return an entry of the manifest from its JSON."""
    return Entry(**value)


def stated(entry: Entry) -> dict[str, str]:
    """Return an entry as JSON has it, its keys in order."""
    return {"rule": entry.rule, "sha256": entry.sha256, "status": entry.status}


def is_entry(value: object) -> bool:
    """Whether JSON is an entry of the manifest."""
    return _has(value, _ENTRY)


def _has(value: object, keys: Mapping[str, type]) -> bool:
    return isinstance(value, dict) and value.keys() == keys.keys() and all(type(value[key]) is kind for key, kind in keys.items())


def load_json(path: Path) -> object:
    """Return what a file of ours says, ``{}`` when there is none.

    Raises:
        OutputError: if it is a link, no regular file, or damaged.
    """
    if path.is_symlink():
        raise OutputError(f"{path} is a link")
    try:
        data = read_bytes(path, SIZE)
        if len(data) > SIZE:
            raise ValueError(f"larger than {SIZE >> 20} MiB")
        return json.loads(data.decode("utf-8"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        raise OutputError(f"{path.parent} cannot be used: a file stands where a folder should be") from error
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError(f"{path} is damaged ({error}); restore it from version control, or delete it and its outputs") from error


def _load(path: Path, keys: Mapping[str, type]) -> Mapping[str, Mapping[str, Any]]:
    loaded = load_json(path)
    if not isinstance(loaded, dict) or not all(_has(one, keys) for one in loaded.values()) or not all(is_inside(name) for name in loaded):
        raise OutputError(f"{path} is damaged; restore it from version control, or delete it and its outputs")
    return loaded


def is_inside(name: str) -> bool:
    """Whether a path in a manifest stays below its folder."""
    return bool(name) and not name.startswith("/") and ".." not in name.split("/") and "\\" not in name and "\0" not in name


def write_manifest(folder: Path, entries: Mapping[str, Entry]) -> bool:
    """Write the manifest where it differs; return whether it did."""
    rows = [_row(path, entries[path]) for path in sorted(entries)]
    return write_bytes(folder / MANIFEST, ("{" + ",".join(rows) + ("\n}\n" if rows else "}\n")).encode("utf-8"))


def _row(path: str, entry: Entry) -> str:
    """Return an entry as ``write_json`` has it, which takes its time for thousands of them."""
    rule, sha256, status = (encode_basestring(one) for one in (entry.rule, entry.sha256, entry.status))
    return f'\n {encode_basestring(path)}: {{\n  "rule": {rule},\n  "sha256": {sha256},\n  "status": {status}\n }}'


def write_evidence(folder: Path, records: Mapping[str, Record]) -> bool:
    """Write the evidence where it differs; return whether it did."""
    refuse_links(folder)
    return write_json(folder / EVIDENCE, {key: asdict(records[key]) for key in sorted(records)})
