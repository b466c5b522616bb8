"""Files that are replaced as a whole or not at all, and never through a link."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

try:
    import fcntl

    _LOCKS = True
except ImportError:  # a system without it has no such locks: nothing is cleaned up there
    _LOCKS = False

TEMPORARY: Final = ".converter-tmp"
"""How the name of a file ends that is being written; a killed run can leave one behind."""


class OutputError(Exception):
    """The output folder cannot be used; the message says why, for a person."""


def write_json(path: Path, value: object, below: Path | None = None) -> bool:
    """Write JSON as UTF-8 text with a final newline, where it differs."""
    return write_bytes(path, (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8"), below)


def write_bytes(path: Path, data: bytes, below: Path | None = None) -> bool:
    """Replace a file atomically, where it differs; return whether it did.

    ``below`` is the folder that the file must not leave: no part of its path
    below that may be a link.

    Raises:
        OutputError: if the folder cannot be written, or a link stands in the way.
    """
    try:
        refuse_links(path, below)
        if path.is_file() and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
    return True


def _replace(path: Path, data: bytes) -> None:
    """Write beside the file, then rename: a killed run leaves the old bytes, or the new ones, and perhaps a temporary file."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:60]}.", suffix=TEMPORARY, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            _lock(stream.fileno(), wait=True)
            stream.write(data)
            stream.flush()
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def remove(path: Path, below: Path) -> None:
    """Remove a file, if it is there, and no link below ``below`` leads to it."""
    try:
        refuse_links(path, below)
        if path.exists():  # where nothing can be written, nothing to do is no failure
            path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be removed: {(error.strerror or str(error)).lower()}") from error


def refuse_links(path: Path, below: Path | None = None) -> None:
    """Raise ``OutputError`` if a path is a link, or a folder on its way below ``below`` is one."""
    folders = [] if below is None else [one for one in path.parents if below in one.parents]
    try:
        link = next((one for one in (path, *folders) if one.is_symlink()), None)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
    if link is not None:
        raise OutputError(f"{link} is a link; remove it to write {path}")


def refuse_outside(folder: Path, root: Path) -> None:
    """Raise ``OutputError`` if a folder that is named below ``root`` lies elsewhere, through links that came with the pack."""
    absolute = Path(os.path.abspath(folder))
    if absolute.is_relative_to(os.path.abspath(root)) and not absolute.resolve().is_relative_to(root.resolve()):
        raise OutputError(f"{folder} leads out of the pack through a link; remove the link, or name another folder")


def sweep(folder: Path) -> None:
    """Remove what killed runs left half-written in a folder; a file that another run still writes is locked, and stays."""
    if not _LOCKS:
        return
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(".") and entry.name.endswith(TEMPORARY) and entry.is_file(follow_symlinks=False):
                _remove_abandoned(entry.path)


def _remove_abandoned(path: str) -> None:
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            if _lock(handle, wait=False):
                os.unlink(path)
        finally:
            os.close(handle)


def _lock(handle: int, *, wait: bool) -> bool:
    """Lock an open file until it is closed; return whether that worked, which some file systems cannot."""
    if not _LOCKS:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


class Locked:
    """Holds a folder while one run changes it; a second run is told, and does not wait."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle = -1

    def __enter__(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if _LOCKS:
                self._handle = os.open(self._folder, os.O_RDONLY)
                _lock(self._handle, wait=False)
        except BlockingIOError as error:
            self.__exit__()
            raise OutputError(f"another run of the converter is writing {self._folder}; wait until it has ended") from error
        except OSError as error:
            raise OutputError(f"{self._folder} cannot be written: {(error.strerror or str(error)).lower()}") from error

    def __exit__(self, *_: object) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
