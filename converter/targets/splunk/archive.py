"""A .tgz whose bytes depend on its files alone: the same under any Python, zlib, system, user, time zone and umask.

The deflate stream is made of stored blocks, written here: compressed bytes
differ between versions of zlib and its successors, and how zlib cuts stored
blocks does, too.  An app of searches is small.

Source: RFC 1952 (gzip) and RFC 1951 3.2.4 (stored blocks); POSIX.1-1988
ustar, as Python's tarfile writes it.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from collections.abc import Mapping
from typing import Final

_BLOCK: Final = 0xFFFF
"""Bytes of a stored block at most."""


def tgz(root: str, files: Mapping[str, bytes]) -> bytes:
    """Return an archive of ``files`` (by path below ``root``) and their folders, in the order of their paths.

    Files are 0644, folders 0755, owned by nobody in particular, from 1970.
    """
    folders = {"/".join(name.split("/")[:depth]) for name in files for depth in range(1, name.count("/") + 1)}
    entries: dict[str, bytes | None] = {root: None}
    entries |= {f"{root}/{folder}": None for folder in folders} | {f"{root}/{name}": data for name, data in files.items()}
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(entries):
            data = entries[name]
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = (tarfile.DIRTYPE, 0o755) if data is None else (tarfile.REGTYPE, 0o644)
            entry.size = len(data or b"")
            archive.addfile(entry, io.BytesIO(data or b""))
    return _gzip(raw.getvalue())


def _gzip(data: bytes) -> bytes:
    """Return gzip without compression: no name, no time, operating system unknown (255)."""
    blocks = [data[start : start + _BLOCK] for start in range(0, len(data), _BLOCK)] or [b""]
    body = b"".join(
        struct.pack("<BHH", index == len(blocks) - 1, len(block), len(block) ^ _BLOCK) + block for index, block in enumerate(blocks)
    )
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
