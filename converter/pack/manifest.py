"""What a build wrote: ``output/<target>/.manifest.json``, and the evidence that verify recorded beside it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MANIFEST = ".manifest.json"
EVIDENCE = ".evidence.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One written file: the hash of its bytes, its rule (``""`` for a file of all rules) and the rule's status."""

    sha256: str
    rule: str
    status: str


@dataclass(frozen=True, slots=True)
class Record:
    """What verify found for exactly these bytes."""

    evidence: str
    engine: str
    version: str
    events: int


class OutputError(Exception):
    """The output folder cannot be used; the message says why, for a person."""


def digest(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(folder: Path) -> dict[str, Entry]:
    """Return what former builds wrote below ``output/<target>``; raise ``OutputError`` when the file is damaged."""
    return {path: Entry(**entry) for path, entry in _load(folder / MANIFEST, {"sha256", "rule", "status"}).items()}


def read_evidence(folder: Path) -> dict[str, Record]:
    """Return what verify recorded, by artifact hash; raise ``OutputError`` when the file is damaged."""
    return {key: Record(**entry) for key, entry in _load(folder / EVIDENCE, {"evidence", "engine", "version", "events"}).items()}


def _load(path: Path, keys: set[str]) -> Mapping[str, Mapping[str, Any]]:
    if path.is_symlink():
        raise OutputError(f"{path} is a link")
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        raise OutputError(f"{path.parent} cannot be used: a file stands where a folder should be") from error
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError(f"{path} is damaged ({error}); restore it from version control, or delete it and its outputs") from error
    sound = isinstance(loaded, dict) and all(isinstance(one, dict) and set(one) == keys for one in loaded.values())
    if not sound or not all(_is_inside(name) for name in loaded):
        raise OutputError(f"{path} is damaged; restore it from version control, or delete it and its outputs")
    result: Mapping[str, Mapping[str, Any]] = loaded
    return result


def _is_inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/") and "\\" not in name and "\0" not in name


def write_manifest(folder: Path, entries: Mapping[str, Entry]) -> bool:
    """Write the manifest where it differs; return whether it did."""
    return write_json(folder / MANIFEST, {path: asdict(entries[path]) for path in sorted(entries)})


def write_evidence(folder: Path, records: Mapping[str, Record]) -> bool:
    """Write the evidence where it differs; return whether it did."""
    return write_json(folder / EVIDENCE, {key: asdict(records[key]) for key in sorted(records)})


def write_json(path: Path, value: object) -> bool:
    """Write JSON as UTF-8 text with a final newline, where it differs."""
    return write_bytes(path, (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> bool:
    """Replace a file atomically, where it differs; return whether it did.

    Raises:
        OutputError: if the folder cannot be written, or a link stands in the way.
    """
    try:
        for parent in (path, *path.parents[: max(0, len(path.parts) - 1)]):
            if parent.is_symlink() and parent.name:
                _refuse_link(parent, path)
        if path.is_file() and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:60]}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
    return True


def _refuse_link(link: Path, path: Path) -> None:
    """A link below the output folder could lead a write anywhere; one above it is the user's own choice."""
    if link == path or (link.parent / MANIFEST).exists():
        raise OutputError(f"{link} is a link; remove it to write {path}")
