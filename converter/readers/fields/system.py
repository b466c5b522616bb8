"""What a user's system says that it has: fields by their names there, and how its events are selected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from converter.model import Diagnostic, Severity, Source, pack

SIZE: Final = 64 << 20
"""Bytes of a system's answer."""
FIELDS: Final = 50_000
"""Fields of a system that are read."""


@dataclass(frozen=True, slots=True)
class SystemField:
    """A field by its name in the system.

    ``type`` is the system's own word for it, ``unknown`` where it has several,
    ``""`` where the system has no types; ``caseless`` and ``exact`` name other indexes of the same values: in
    lower case, and whole where this one holds words; ``kept`` is how many characters are indexed (0: all).
    """

    path: str
    type: str = ""
    list: bool = False
    caseless: str = ""
    exact: str = ""
    kept: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class System:
    """An answer of a system: its fields, what selects its events, what was left out and why, and what deserves a warning."""

    target: str
    form: str
    fields: Mapping[str, SystemField]
    selects: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def read_json(data: bytes, path: str) -> tuple[Any, Source] | Diagnostic:
    """Return JSON and its text, or why it is none (P050)."""
    if len(data) > SIZE:
        return refused(Source(path, ""), 0, f"the file has more than {SIZE >> 20} MiB", "ask the system for fewer indices or fields")
    try:
        source = Source(path, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8", "replace")
        return refused(Source(path, good), len(good), f"byte 0x{data[error.start]:02x} is not UTF-8", "save the answer as UTF-8")
    try:
        return json.loads(source.text), source
    except json.JSONDecodeError as error:
        return refused(source, error.pos, f"the file is not JSON: {error.msg.lower()}", "save the answer as the system gave it")
    except RecursionError:
        return refused(source, 0, "the file nests too deeply", "save the answer as the system gave it")
    except ValueError:  # a number of thousands of digits
        return refused(source, 0, "the file holds a number that is too long", "save the answer as the system gave it")


def refused(source: Source, offset: int, message: str, help_text: str) -> Diagnostic:
    """Return why an answer cannot be read (P050), at an offset of its text."""
    return Diagnostic("P050", Severity.ERROR, source.span(pack(*(min(offset, 1 << 23),) * 2)), message, help=help_text)


def warned(source: Source, name: str, message: str, help_text: str) -> Diagnostic:
    """Return a warning about a field (P051), at the first place where the text has its name, or its last part."""
    for text in (name, name.rpartition(".")[2]):
        at = source.text.find(json.dumps(text, ensure_ascii=False))
        if 0 <= at < 1 << 23:
            return Diagnostic("P051", Severity.WARNING, source.span(pack(at, at + len(text) + 2)), message, help=help_text)
    return Diagnostic("P051", Severity.WARNING, source.start, message, help=help_text)
