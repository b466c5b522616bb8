"""Files that are replaced as a whole or not at all, and never through a link."""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from itertools import count
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


def write_json(path: Path, value: object) -> bool:
    """Write JSON as UTF-8 text with a final newline, where it differs."""
    return write_bytes(path, (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> bool:
    """Replace a file atomically, where it differs; return whether it did.

    Raises:
        OutputError: if the folder cannot be written, or a link stands in the way.
    """
    return Inside(path.parent).write(path.name, data)


def remove(path: Path) -> None:
    """Remove a file, if it is there and no link."""
    Inside(path.parent).remove(path.name)


class Inside:
    """Files below one folder, which must not be left: none of them is a link, and no folder on the way to one.

    Each folder is looked at once, and so is a file that is not there, so an
    object lives no longer than the change of files that it serves.
    """

    def __init__(self, folder: Path) -> None:
        self._prefix = "" if folder == Path() else os.path.join(folder, "")
        self._sound = {""}
        self._absent: set[str] = set()
        self._made: set[str] = set()

    def refuse_links(self, name: str) -> None:
        """Raise ``OutputError`` if a file, or a folder on the way to it, is a link; ``name`` is its path with ``/`` between folders."""
        path = self._path(name)
        try:
            self._enter(name)
            if _refuse(path, path) is None:
                self._absent.add(name)
        except OSError as error:
            raise _unwritable(path, error) from error

    def write(self, name: str, data: bytes) -> bool:
        """Replace a file atomically, where it differs; return whether it did.

        Raises:
            OutputError: if the folder cannot be written, or a link stands in the way.
        """
        path = self._path(name)
        try:
            self._enter(name)
            present = None if name in self._absent else _refuse(path, path)
            if present is not None and stat.S_ISREG(present.st_mode) and present.st_size == len(data) and _read(path) == data:
                return False
            folder = path[: len(path) - len(name.rpartition("/")[2])]
            if folder not in self._made:
                os.makedirs(folder or ".", exist_ok=True)
                self._made.add(folder)
            _replace(folder, path, data)
        except OSError as error:
            raise _unwritable(path, error) from error
        return True

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        path = self._path(name)
        try:
            self._enter(name)
            if _refuse(path, path):  # where nothing can be written, nothing to do is no failure
                with suppress(FileNotFoundError):
                    os.unlink(path)
        except OSError as error:
            message = f"{path} cannot be removed: {(error.strerror or str(error)).lower()}"
            raise OutputError(message) from error

    def _path(self, name: str) -> str:
        return self._prefix + name or "."

    def _enter(self, name: str) -> None:
        """Refuse folders on the way to a file that are links, from the top."""
        parent = name.rpartition("/")[0]
        if parent in self._sound:
            return
        for folder in folders_of(name):
            if folder not in self._sound:
                _refuse(self._path(folder), self._path(name))
                self._sound.add(folder)


def folders_of(name: str) -> list[str]:
    """Return the folders above a file, from the top."""
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _refuse(found: str, path: str) -> os.stat_result | None:
    """Return what is at ``found``, ``None`` where nothing is, and refuse a link, which stands in the way of ``path``."""
    try:
        present = os.lstat(found)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(present.st_mode):
        raise OutputError(f"{found} is a link; remove it to write {path}")
    return present


def _unwritable(path: str, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as stream:
        return stream.readall()


_numbers = count()
_CREATED: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)


def _created(folder: str, name: str) -> tuple[int, str]:
    """Return a new file, open for writing, for a while beside the one of this name in a folder, and where it is."""
    while True:
        temporary = f"{folder}.{name[:60]}.{os.getpid()}-{next(_numbers)}{TEMPORARY}"
        try:
            return os.open(temporary, _CREATED, 0o600), temporary
        except FileExistsError:  # left behind by a killed run whose number the system gave again
            continue


def _replace(folder: str, path: str, data: bytes) -> None:
    """Write beside a file of ``folder``, whose name ends in a separator, then rename.

    A killed run leaves the old bytes, or the new ones, and perhaps a
    temporary file.
    """
    handle, temporary = _created(folder, path[len(folder) :])
    try:
        _lock(handle, wait=True)
        written = 0
        while written < len(data):
            written += os.write(handle, data[written:] if written else data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    finally:
        os.close(handle)


def refuse_links(path: Path, below: Path | None = None) -> None:
    """Raise ``OutputError`` if a path is a link, or a folder on its way below ``below`` is one."""
    if below is not None and below in path.parents:
        Inside(below).refuse_links(path.relative_to(below).as_posix())
    else:
        Inside(path.parent).refuse_links(path.name)


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
