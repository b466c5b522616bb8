"""The bytes of a bundle: archives that are the same wherever they are made, because nothing in them is a choice.

Members stand in the order of their names' bytes, as regular files of mode
0644, owned by nobody in particular, dated 1980-01-01 (the first day that zip
knows).  Nothing is compressed: compressors differ between versions of zlib.
Each function gives one part, so that reading can derive the same part again
and compare (``converter.publish.members``).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from converter.publish.names import ustar_split

SUFFIXES: Final = {".tar": "tar", ".tar.gz": "tgz", ".tgz": "tgz", ".zip": "zip"}
"""The containers by the ending of the file's name."""

MTIME: Final = 315532800
"""1980-01-01T00:00:00Z in seconds."""
BLOCK: Final = 512
CHUNK: Final = 65535
"""Bytes of a stored block of deflate."""
GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""No flags, no time, no level, no system."""
TAR_END: Final = bytes(2 * BLOCK)

_DOS_DATE: Final = 1 << 5 | 1
_UTF8: Final = 0x0800
_UNIX_FILE: Final = 0o100644 << 16


def container_of(name: str) -> str | None:
    """Return the container that a file's name asks for, ``None`` when it asks for none of ours."""
    return next((kind for suffix, kind in SUFFIXES.items() if name.lower().endswith(suffix)), None)


def archive(files: Mapping[str, bytes], kind: str) -> bytes:
    """Return an archive of ``files`` by name; names are sound (``names.problem_of``), sizes within bounds."""
    ordered = [(name.encode("utf-8"), files[name]) for name in sorted(files, key=lambda one: one.encode("utf-8"))]
    if kind == "zip":
        return b"".join(_zip(ordered))
    tar = b"".join(_tar(ordered))
    return tar if kind == "tar" else b"".join(_gzip(tar))


def _tar(files: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for name, data in files:
        yield tar_header(name, len(data))
        yield data
        yield bytes(-len(data) % BLOCK)
    yield TAR_END


def tar_header(name: bytes, size: int) -> bytes:
    """Return a ustar header (POSIX.1-2017, pax, "ustar Interchange Format").

    Raises:
        ValueError: if the name does not fit.
    """
    split = ustar_split(name)
    if split is None:
        raise ValueError(name)
    fields = (
        split[1].ljust(100, b"\0"),
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"%011o\0" % MTIME,
        b" " * 8,
        b"0",
        bytes(100),
        b"ustar\x0000",
        bytes(80),
        split[0].ljust(155, b"\0"),
        bytes(12),
    )
    header = b"".join(fields)
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def _gzip(data: bytes) -> Iterator[bytes]:
    """Yield a gzip file of stored blocks (RFC 1952, RFC 1951 section 3.2.4)."""
    yield GZIP_HEAD
    for at in range(0, len(data), CHUNK):
        part = data[at : at + CHUNK]
        yield stored_head(len(part), last=at + CHUNK >= len(data))
        yield part
    yield gzip_tail(zlib.crc32(data), len(data))


def stored_head(size: int, *, last: bool) -> bytes:
    """Return the five bytes before a stored block."""
    return struct.pack("<BHH", last, size, size ^ 0xFFFF)


def gzip_tail(crc: int, size: int) -> bytes:
    """Return the end of a gzip file: checksum and size of what it holds."""
    return struct.pack("<II", crc, size & 0xFFFFFFFF)


def _zip(files: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    at, directory = 0, []
    for name, data in files:
        crc = zlib.crc32(data)
        head = zip_header(name, len(data), crc)
        directory.append(zip_entry(name, len(data), crc, at))
        at += len(head) + len(data)
        yield head
        yield data
    yield from directory
    yield zip_end(len(directory), sum(map(len, directory)), at)


def zip_header(name: bytes, size: int, crc: int) -> bytes:
    """Return the header before a stored member (APPNOTE 6.3.10, section 4.3.7)."""
    return struct.pack("<4s5H3I2H", b"PK\3\4", 10, _UTF8, 0, 0, _DOS_DATE, crc, size, size, len(name), 0) + name


def zip_entry(name: bytes, size: int, crc: int, at: int) -> bytes:
    """Return a member's entry in the directory at the end (section 4.3.12); made by a Unix system, for the mode's sake."""
    fields = (b"PK\1\2", 3 << 8 | 10, 10, _UTF8, 0, 0, _DOS_DATE, crc, size, size, len(name), 0, 0, 0, 0, _UNIX_FILE, at)
    return struct.pack("<4s6H3I5H2I", *fields) + name


def zip_end(count: int, size: int, at: int) -> bytes:
    """Return the end of the directory (section 4.3.16)."""
    return struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, at, 0)
