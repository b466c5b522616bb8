"""What a check yields: a diagnostic and, where the cure is certain, the edit that makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from converter.model import Diagnostic, Severity, Source, pack, unpack

LONGEST: Final = 400
"""Characters of a message."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Characters ``start`` to ``end`` of a file's text become ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that cure a finding.

    ``safe`` means that neither the rule's detection nor any other key than
    ``key`` changes its meaning; ``fix.py`` verifies that before it writes.
    """

    edits: tuple[Edit, ...]
    safe: bool
    key: str = "detection"


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic with its source, and the fix when there is one."""

    diagnostic: Diagnostic
    source: Source = field(repr=False, compare=False)
    fix: Fix | None = None

    @property
    def code(self) -> str:
        """The check's code."""
        return self.diagnostic.code


def finding(
    code: str,
    source: Source,
    offsets: int,
    message: str,
    help_text: str,
    *,
    fix: Fix | None = None,
    severity: Severity = Severity.WARNING,
) -> Finding:
    """Return a finding at packed ``offsets`` of ``source``."""
    return Finding(Diagnostic(code, severity, source.span(offsets), _short(message), help=_short(help_text)), source, fix)


def _short(text: str) -> str:
    """Return a sentence that a screen holds: values of rules have any length."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def replaced(source: Source, offsets: int, new: str, *, safe: bool, key: str = "detection") -> Fix | None:
    """Return the fix that writes the text ``new`` for the scalar at ``offsets``, in the scalar's own style.

    ``None`` for block scalars, aliases and anchored values, and for a text
    that its style cannot hold: then the author edits.
    """
    start, end = unpack(offsets)
    raw = source.text[start:end]
    if not raw or raw[0] in "|>*&!" or not new.isprintable():
        return None
    if raw[0] == "'":
        text = "'" + new.replace("'", "''") + "'"
    elif raw[0] == '"':
        text = '"' + new.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        text = new if _is_plain(new) else "'" + new.replace("'", "''") + "'"
    return Fix((Edit(start, end, text),), safe, key)


def _is_plain(text: str) -> bool:
    """Whether YAML reads the bare ``text``, in any context, as this text."""
    from converter.formats import read_text

    if not text or text != text.strip() or any(c in text for c in "[]{},#:&*!|>'\"%@`"):
        return False
    documents = read_text(Source("", text))
    return isinstance(documents, tuple) and len(documents) == 1 and documents[0].value == text


def removed(source: Source, offsets: int, *, safe: bool, key: str = "detection") -> Fix | None:
    """Return the fix that takes an entry out of a list: its line in a block list, the entry and one comma in a flow list."""
    start, end = unpack(offsets)
    text = source.text
    head = text.rfind("\n", 0, start) + 1
    tail = text.find("\n", end)
    tail = len(text) if tail < 0 else tail
    if text[head:start].strip() == "-" and (not text[end:tail].strip() or text[end:tail].lstrip().startswith("#")):
        return Fix((Edit(head, min(tail + 1, len(text)), ""),), safe, key)
    after = end + len(text[end:tail]) - len(text[end:tail].lstrip(" "))
    before = text[:start].rstrip(" ")
    if before.endswith(","):
        return Fix((Edit(len(before) - 1, end, ""),), safe, key)
    if before.endswith("[") and text.startswith(",", after):
        rest = after + 1
        return Fix((Edit(start, rest + len(text[rest:]) - len(text[rest:].lstrip(" ")), ""),), safe, key)
    return None


def within(offsets: int, first: int, last: int) -> int:
    """Return the packed offsets of characters ``first`` to ``last`` of the text at ``offsets``."""
    start, _ = unpack(offsets)
    return pack(start + first, start + last)
