"""A pack's own fields: the files below ``fields/``, beside its rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from converter.data import SHIPPED, OwnSource, Tables
from converter.model import Diagnostic, Severity, Source, Span, ordered
from converter.pack.config import Config
from converter.pack.walk import find, read_bytes, told, unreadable

FIELDS: Final = "fields"
"""The folder's name, beside the configuration."""
_FILES: Final = 500
"""Files of a pack; each may hold several documents."""


def load_fields(config: Config) -> Tables | tuple[Diagnostic, ...]:
    """Return the tables that hold for a pack: its own fields over the shipped ones; or everything that is wrong with its files.

    Files are read in the order of their paths, their documents in theirs.
    Without a configuration, and without a folder of rules beside it, a folder of this name is somebody else's.
    """
    folder = config.root / FIELDS
    if folder.is_symlink():
        place = Source(told(folder), "").start
        return (Diagnostic("P040", Severity.ERROR, place, "the folder of fields is a link", help="put the folder itself into the pack"),)
    if not folder.is_dir() or not (config.file or config.rules.is_dir()):
        return SHIPPED
    from converter.readers.fields import SIZE, read_fields  # few packs have any

    documents: list[OwnSource] = []
    problems: list[Diagnostic] = []
    for number, file in enumerate(find([folder], folder)):
        if number == _FILES:
            place = Source(told(folder), "").start
            problems.append(Diagnostic("P040", Severity.ERROR, place, f"the folder has more than {_FILES} files", help="join some"))
            break
        try:
            data = read_bytes(file.path, SIZE)
        except OSError as error:
            problems.append(unreadable(file.name, error))
            continue
        for one in read_fields(data, file.name):
            if isinstance(one, Diagnostic):
                problems.append(one)
            else:
                documents.append(one)
    if problems:
        return ordered(problems)
    tables = Tables(tuple(documents))
    clashes = _clashes(tables)
    return ordered(clashes) if clashes else tables


def _clashes(tables: Tables) -> list[Diagnostic]:
    """Return what is wrong with how the pack's log sources are selected (P046)."""
    found = []
    shipped = [one.targets["splunk"] for name, one in tables.sources.items() if "splunk" in one.targets and name not in tables.own]
    macros = {str(one["macro"]): str(one["definition"]) for one in shipped}
    for source, own in tables.own.items():
        for target, one in own.targets.items():
            needs = tables.sources[source].targets[target]
            missing = _missing(target, needs)
            if missing:
                found.append(_unselected(target, one.place, *missing))
            elif target == "splunk" and macros.setdefault(needs["macro"], needs["definition"]) != needs["definition"]:
                message = f"another log source has a macro {needs['macro']} with another definition"
                found.append(_unselected(target, one.place, message, "give this one a name of its own with 'macro:'"))
    return found


def _missing(target: str, needs: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is not said of a log source that a target must know, and what to write."""
    if target == "elastic" and not needs["index"]:
        return "nothing says which indices hold this log source", "add 'index: [logs-…-*]'"
    if target == "splunk" and not needs.get("definition"):
        return "nothing says which events are of this log source", "add 'index:', 'sourcetype:', 'source:' or a 'definition:'"
    if target == "falco" and not needs.get("event_source"):
        return "nothing says which event source this is", "add 'event_source:', such as k8s_audit or syscall"
    return None


def _unselected(target: str, place: str, message: str, help_text: str) -> Diagnostic:
    path, _, line = place.rpartition(":")
    span = Span(path, int(line), 1, int(line), 1)
    return Diagnostic("P046", Severity.ERROR, span, f"{target}: {message}", help=help_text)
