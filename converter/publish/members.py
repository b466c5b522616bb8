"""Read a bundle without trust: each part is derived again from what it names, and has to be what stands there.

So a changed byte anywhere is found, whatever a lenient reader would make of
it.  Nothing is unpacked; one member is held at a time.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from converter.publish import archive
from converter.publish.archive import BLOCK, CHUNK
from converter.publish.names import LENGTH, Places, problem_of

MEMBERS: Final = 60_000
"""Files of a bundle; zip counts them in 16 bits."""
MEMBER_SIZE: Final = 64 << 20
"""Bytes of a file in a bundle."""
SIZE: Final = 512 << 20
"""Bytes of a bundle."""

_STEP: Final = 1 << 20
_LINKS: Final = {b"1": "a link", b"2": "a link", b"3": "a device", b"4": "a device", b"5": "a folder", b"6": "a pipe"}
_EXTENDED: Final = b"xgLKNVSDAMX"


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a bundle: its name, its bytes' SHA-256 and number; ``data`` for those that were asked for, else ``b""``."""

    name: str
    sha256: str
    size: int
    data: bytes = b""


class RefusedError(Exception):
    """The archive is not one that we would write; ``code`` says in which way, the message in words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NoArchiveError(Exception):
    """The file is no archive of a kind that bundles have."""


def members(stream: BinaryIO, keep: frozenset[str]) -> Iterator[Member]:
    """Yield a bundle's files, in their order; ``keep`` names those whose bytes are wanted.

    Raises:
        NoArchiveError: if the file is nothing like a bundle.
        RefusedError: at the first part that is not as we write it.
        OSError: if the file cannot be read.
    """
    source = _Source(stream)
    head = source.peek(BLOCK)
    reader = _Checked(keep)
    # One changed byte leaves at least one of two marks, so it is told as what it is.
    if head[:2] == archive.GZIP_HEAD[:2] or head[2:10] == archive.GZIP_HEAD[2:]:
        yield from _tar_members(_Stored(source), reader)
    elif head[:2] == b"PK" or head[2:4] == b"\3\4":
        yield from _zip_members(source, reader)
    elif head[257:262] == b"ustar" or head.startswith((b"LICENSES/", b"NOTICE\0")):
        yield from _tar_members(source, reader)
    else:
        raise NoArchiveError("it is no archive that 'converter bundle' writes")


class _Source:
    """Reads exactly as many bytes as asked; state is the place in the file."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._ahead = b""
        self.at = 0

    def peek(self, size: int) -> bytes:
        self._ahead += self._stream.read(max(0, size - len(self._ahead)))
        return self._ahead[:size]

    def read(self, size: int) -> bytes:
        data = self._ahead[:size]
        self._ahead = self._ahead[size:]
        if len(data) < size:
            data += self._stream.read(size - len(data))
        self.at += len(data)
        if len(data) < size:
            raise RefusedError("B020", f"the archive ends after {self.at} bytes, in the middle of a part")
        if self.at > SIZE:
            raise RefusedError("B026", f"the archive is larger than {SIZE >> 20} MiB")
        return data

    def finish(self) -> None:
        if self.peek(1):
            raise RefusedError("B020", f"something follows the end of the archive, after {self.at} bytes")


class _Stored:
    """Reads what a gzip file of stored blocks holds; state is the block at hand and the checksum so far."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._block = b""
        self._at = 0
        self._last = False
        self._crc = 0
        self._size = 0
        if source.read(len(archive.GZIP_HEAD)) != archive.GZIP_HEAD:
            raise RefusedError("B020", "the head of the gzip file is not as bundles have it")

    def read(self, size: int) -> bytes:
        parts = []
        while size:
            if self._at == len(self._block):
                self._next()
            part = self._block[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def _next(self) -> None:
        if self._last:
            raise RefusedError("B020", "the archive ends in the middle of a part")
        head = self._source.read(5)
        size = int.from_bytes(head[1:3], "little")
        self._last = head[0] == 1
        if head != archive.stored_head(size, last=self._last) or size == 0 or (size != CHUNK and not self._last):
            raise RefusedError("B020", "a block of the gzip file is compressed, or not as bundles have it")
        self._block, self._at = self._source.read(size), 0
        self._crc = zlib.crc32(self._block, self._crc)
        self._size += size

    def finish(self) -> None:
        if self._at != len(self._block) or not self._last:
            raise RefusedError("B020", "something follows the end of the archive")
        if self._source.read(8) != archive.gzip_tail(self._crc, self._size):
            raise RefusedError("B020", "the checksum of the gzip file is not that of its bytes")
        self._source.finish()


class _Checked:
    """Judges names and sizes; state is what was seen so far."""

    def __init__(self, keep: frozenset[str]) -> None:
        self._keep = keep
        self._places = Places()
        self._former = b""
        self._count = 0

    def name(self, data: bytes) -> str:
        try:
            name = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RefusedError("B021", "a file's name is not UTF-8") from error
        why = problem_of(name)
        if why:
            raise RefusedError("B021", f"the name {name[:LENGTH]!r} {why}")
        other = self._places.add(name)
        if other:
            raise RefusedError(
                "B021", f"the name '{name}' is there twice" if other == name else f"'{name}' and '{other}' are one file to some systems"
            )
        if data <= self._former:
            raise RefusedError("B020", f"'{name}' is not in the order of names")
        self._former = data
        self._count += 1
        if self._count > MEMBERS:
            raise RefusedError("B026", f"the archive holds more than {MEMBERS} files")
        return name

    def body(self, source: _Source | _Stored, name: str, size: int) -> tuple[Member, int]:
        """Read a file's bytes; return them with their CRC-32."""
        if size > MEMBER_SIZE:
            raise RefusedError("B026", f"'{name}' is larger than {MEMBER_SIZE >> 20} MiB")
        sha, crc, kept = hashlib.sha256(), 0, []
        for at in range(0, size, _STEP):
            part = source.read(min(_STEP, size - at))
            sha.update(part)
            crc = zlib.crc32(part, crc)
            if name in self._keep:
                kept.append(part)
        return Member(name, sha.hexdigest(), size, b"".join(kept)), crc


def _tar_members(source: _Source | _Stored, checked: _Checked) -> Iterator[Member]:
    while True:
        header = source.read(BLOCK)
        if not any(header):
            if source.read(BLOCK) != bytes(BLOCK):
                raise RefusedError("B020", "something follows the end of the archive")
            source.finish()
            return
        raw, size = _tar_fields(header)
        name = checked.name(raw)
        if header != archive.tar_header(raw, size):
            raise RefusedError("B020", f"mode, owner, time or form of '{name}' are not as bundles have them")
        member, _ = checked.body(source, name, size)
        if any(source.read(-size % BLOCK)):
            raise RefusedError("B020", f"something is hidden behind '{name}'")
        yield member


def _tar_fields(header: bytes) -> tuple[bytes, int]:
    """Return a header's name and size; tell a kind of member that bundles do not have by its kind."""
    short, prefix = header[:100].rstrip(b"\0"), header[345:500].rstrip(b"\0")
    raw, kind = (prefix + b"/" + short if prefix else short), header[156:157]
    told = raw.decode("utf-8", "replace")
    if kind in _LINKS:
        raise RefusedError("B022", f"{told!r} is {_LINKS[kind]}")
    if kind in _EXTENDED and kind:
        raise RefusedError("B022", f"{told!r} is an extended header, which could rename what follows")
    digits = header[124:135]
    if kind != b"0" or not digits or any(digit not in b"01234567" for digit in digits):
        raise RefusedError("B020", f"the header of {told!r} is not as bundles have it")
    return raw, int(digits, 8)


def _zip_members(source: _Source, checked: _Checked) -> Iterator[Member]:
    directory: list[bytes] = []
    sizes = 0
    while source.peek(4) == b"PK\3\4":
        start = source.at
        fixed = source.read(30)
        crc, size, length = (
            struct.unpack_from("<I", fixed, 14)[0],
            struct.unpack_from("<I", fixed, 22)[0],
            int.from_bytes(fixed[26:28], "little"),
        )
        raw = source.read(length)
        name = checked.name(raw)
        if fixed + raw != archive.zip_header(raw, size, crc):
            raise RefusedError("B020", f"'{name}' is compressed, or its header is not as bundles have it")
        member, found = checked.body(source, name, size)
        if found != crc:
            raise RefusedError("B020", f"the checksum of '{name}' is not that of its bytes")
        directory.append(archive.zip_entry(raw, size, crc, start))
        sizes += len(directory[-1])
        yield member
    at = source.at
    for entry in directory:
        found_entry = source.read(len(entry))
        if found_entry != entry:
            _tell_entry(found_entry)
    end = archive.zip_end(len(directory), sizes, at)
    if source.read(len(end)) != end:
        raise RefusedError("B020", "the end of the archive is not as bundles have it")
    source.finish()


def _tell_entry(entry: bytes) -> None:
    kind = int.from_bytes(entry[38:42], "little") >> 28
    if entry[:4] == b"PK\1\2" and kind not in (0, 0o10):
        raise RefusedError("B022", f"{entry[46:].decode('utf-8', 'replace')!r} is {'a link' if kind == 0o12 else 'no regular file'}")
    raise RefusedError("B020", "the directory of the archive does not say what its files say")
