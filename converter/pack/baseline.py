"""What a pack that is being adopted could not do on the day it was recorded: ``converter.baseline.json``.

A machine writes it and reads it.  Its losses count as accepted, its refusals do
not fail a build; whatever is not in it does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from converter.model import Diagnostic, Severity, Source, node
from converter.pack.files import write_json
from converter.pack.walk import read_bytes, told, unreadable

NAME: Final = "converter.baseline.json"
REASON: Final = "recorded in the baseline; nobody has judged it yet"
"""The reason that is printed for a loss of the baseline."""
SIZE: Final = 32 << 20
"""Bytes of a baseline."""


@node
class Baseline:
    """Known losses (rule id, target, code, feature), refusals (rule id, target, code) and files that give no rule (path, code)."""

    losses: frozenset[tuple[str, str, str, str]] = frozenset()
    refused: frozenset[tuple[str, str, str]] = frozenset()
    unread: frozenset[tuple[str, str]] = frozenset()


_KEYS: Final = {"losses": ("rule", "target", "code", "feature"), "refused": ("rule", "target", "code"), "unread": ("path", "code")}


def read_baseline(folder: Path) -> Baseline | Diagnostic:
    """Return the baseline of a pack, empty when there is none."""
    path = folder / NAME
    try:
        data = read_bytes(path, SIZE)
    except FileNotFoundError:
        return Baseline()
    except OSError as error:
        return unreadable(told(path), error)
    try:
        loaded = json.loads(data)
        tables = {name: frozenset(_row(entry, keys) for entry in loaded[name]) for name, keys in _KEYS.items()}
    except (ValueError, KeyError, TypeError, RecursionError):
        message = "the baseline is damaged"
        help_text = "restore it from version control, or write it again with 'converter build --write-baseline'"
        return Diagnostic("P004", Severity.ERROR, Source(told(path), "").start, message, help=help_text)
    return Baseline(tables["losses"], tables["refused"], tables["unread"])


def _row(entry: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:  # noqa: ANN401 - untrusted JSON
    if set(entry) != set(keys) or not all(isinstance(entry[key], str) for key in keys):
        raise ValueError
    return tuple(entry[key] for key in keys)


def write_baseline(folder: Path, baseline: Baseline) -> bool:
    """Write a pack's baseline where it differs; return whether it did."""
    rows = {"losses": baseline.losses, "refused": baseline.refused, "unread": baseline.unread}
    tables = {name: [dict(zip(_KEYS[name], row, strict=True)) for row in sorted(rows[name])] for name in _KEYS}
    return write_json(folder / NAME, {"schema_version": 1, **tables})
