"""Put imported rules into a pack: nothing that a person edited since is replaced."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from converter.model import Diagnostic, Severity, Source
from converter.pack.files import OutputError
from converter.pack.journal import commit
from converter.pack.manifest import Entry, digest, read_manifest
from converter.pack.walk import told


def place(folder: Path, files: Mapping[str, bytes], *, force: bool) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
    """Write ``files`` below ``folder``; return the paths written and what was left alone (R021).

    The folder's manifest remembers what an import wrote, so that a second
    import can tell its own files from edited ones.

    Raises:
        OutputError: if the folder cannot be used.
    """
    manifest = read_manifest(folder)
    written: dict[str, bytes] = {}
    left: list[Diagnostic] = []
    for name in sorted(files):
        path, data = folder / name, files[name]
        present = _present(path)
        former = manifest.get(name)
        if present and present != digest(data) and (former is None or former.sha256 != present) and not force:
            what = "was edited since it was imported" if former else "exists and was not imported"
            message = f"{told(path)} {what} and is left alone"
            left.append(Diagnostic("R021", Severity.ERROR, Source(told(path), "").start, message, help="move it away, or use --force"))
            continue
        manifest[name] = Entry(digest(data), "", "imported")
        written[name] = data
    if written:
        commit(folder, manifest, written, ())
    return tuple(told(folder / name) for name in written), tuple(left)


def _present(path: Path) -> str:
    if path.is_symlink():
        raise OutputError(f"{told(path)} is a link")
    try:
        return digest(path.read_bytes()) if path.is_file() else ""
    except OSError as error:
        raise OutputError(f"{told(path)} cannot be read: {(error.strerror or str(error)).lower()}") from error
