"""Names of files in a bundle: such as every system can hold, side by side, below the folder they are unpacked in."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LENGTH: Final = 240
"""Bytes of a name; Windows refuses paths beyond 260 characters with the folder they are unpacked in."""
PART: Final = 100
"""Bytes of a name's last part, which the ustar format bounds; other parts have the same bound for simplicity."""

_BAD: Final = re.compile(r'[\\:*?"<>|]')
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def problem_of(name: str) -> str:
    """Return why a bundle may not hold a file of this name, ``""`` when it may."""
    if not name or "\0" in name or not name.isprintable():
        return "is empty or holds characters that cannot be printed"
    if name.startswith("/") or _BAD.search(name):
        return "leads outside, or holds a character that some system refuses"
    if unicodedata.normalize("NFC", name) != name:
        return "is not in Unicode's composed form, in which names are compared"
    data = name.encode("utf-8", "surrogatepass")
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "leads outside, or has an empty part"
    if any(part[-1] in ". " or part[0] == " " or _DEVICE.fullmatch(part) for part in parts):
        return "is one that Windows cannot hold"
    if len(data) > LENGTH or any(len(part.encode("utf-8", "surrogatepass")) > PART for part in parts) or ustar_split(data) is None:
        return f"is longer than {LENGTH} bytes, or a part of it than {PART}"
    return ""


def ustar_split(data: bytes) -> tuple[bytes, bytes] | None:
    """Return prefix and name of a path in a ustar header (at most 155 and 100 bytes), ``None`` when it does not fit."""
    if len(data) <= 100:
        return b"", data
    for at in range(max(0, len(data) - 101), min(156, len(data))):
        if data[at : at + 1] == b"/":
            return data[:at], data[at + 1 :]
    return None


class Places:
    """The names of a bundle so far; state is how each path was first spelled, and which of them are files."""

    def __init__(self) -> None:
        self._spelled: dict[str, str] = {}
        self._files: set[str] = set()

    def add(self, name: str) -> str:
        """Take a name; return the one that some file system takes for the same, ``""`` when there is none."""
        parts = name.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            known = self._spelled.setdefault(_folded(folder), folder)
            if known != folder or _folded(folder) in self._files:
                return known
        key = _folded(name)
        if key in self._spelled:
            return self._spelled[key]
        self._spelled[key] = name
        self._files.add(key)
        return ""


def _folded(path: str) -> str:
    """Return a path as a file system without regard to case or composition compares it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
