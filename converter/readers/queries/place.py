"""What stands around a query: its language, the log source that a person names, and the title that its file gives."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

LANGUAGES: Final = {"kuery": "R200", "eql": "R280", "lucene": "R290"}
"""The languages of single queries, and the code of a text that is none."""
STDIN: Final = "-"
_PARTS: Final = ("product", "category", "service")
_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_LONGEST: Final = 200
_BETWEEN: Final = re.compile(r"[\s_-]+")


def read_logsource(text: str) -> dict[str, str] | None:
    """Return a log source written as ``product/category/service``, of which parts may be missing; ``None`` for another text."""
    given = text.split("/")
    if len(given) > len(_PARTS) or not any(given) or not all(one == "" or _PART.fullmatch(one) for one in given):
        return None
    return {name: one for name, one in zip(_PARTS, given, strict=False) if one}


def title_of(path: str) -> str:
    """Return the title of a query's rule: its file's name in words."""
    stem = PurePath(path).stem if path != STDIN else ""
    words = " ".join("".join(char if char.isprintable() else " " for char in _BETWEEN.sub(" ", stem)).split())[:_LONGEST].strip()
    return words[:1].upper() + words[1:] if words else "Query from standard input" if path == STDIN else "Query"
