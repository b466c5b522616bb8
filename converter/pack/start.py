"""Start a rule pack: copy the files that every pack begins with, filled in, over nothing that is there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from converter.data import shipped
from converter.pack.files import OutputError

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
"""What a pack may be called."""
HOSTS: Final = ("github", "gitlab")
"""Whose workflow a pack can begin with."""
_RENAMED: Final = {"gitignore": ".gitignore"}
"""Names that would have a meaning of their own among the templates."""


def pack_name(folder: Path) -> str:
    """Return a pack's name after its folder's."""
    words = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(os.path.abspath(folder)).name).strip("-_")
    words = words if words[:1].isalpha() else f"rules-{words}".rstrip("-")
    return words[:64].rstrip("-")


def first_files(values: Mapping[str, str], host: str) -> dict[str, bytes]:
    """Return the files of a new pack by their path in it.

    Args:
        values: what stands for ``@NAME@`` and so on; plain words, so that they break out of no format.
        host: ``github``, ``gitlab`` or ``""`` for no workflow.

    Raises:
        ValueError: if a value is no plain word.
    """
    for key, value in values.items():
        if not re.fullmatch(r"[A-Za-z0-9._+-]+", value):
            raise ValueError(f"{key} is {value!r}")
    root = shipped("templates") / "init"
    files: dict[str, bytes] = {}
    for part in ("pack", host):
        for path in sorted((root / part).rglob("*")) if part else ():
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                for key, value in values.items():
                    text = text.replace(f"@{key}@", value)
                name = path.relative_to(root / part).as_posix()
                files[_RENAMED.get(name, name)] = text.encode("utf-8")
    return files


def standing_in_the_way(folder: Path, names: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return what exists where the files would go: the files themselves, a link or a file in place of a folder, an ``output``."""
    found = []
    if folder.exists() and not folder.is_dir():
        return (str(folder),)
    for name in (*sorted(names), "output"):
        path = folder / name
        if path.is_symlink() or path.exists():
            found.append(str(path))
        parents = [folder.joinpath(*Path(name).parts[:depth]) for depth in range(1, len(Path(name).parts))]
        found += [str(parent) for parent in parents if parent.is_symlink() or (parent.exists() and not parent.is_dir())]
    return tuple(dict.fromkeys(found))


def put_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files that do not exist yet.

    Raises:
        OutputError: if one cannot be written, or has come into being since.
    """
    for name in sorted(files):
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as stream:
                stream.write(files[name])
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
