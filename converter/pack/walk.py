"""Find the rules of a pack: which files, and where their outputs go."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from converter.ir import Placeholders, link, lower
from converter.model import Diagnostic, Rule, Severity, Source, ordered
from converter.pack.loaded import Loaded, Pack, RuleFile, Unread
from converter.pack.related import is_about_rules, related
from converter.readers import read_rules

FILE_SIZE = 16 << 20
BATCH = 64
"""Files that go through each stage together."""
BATCH_SIZE = 4 << 20
"""Bytes behind which a batch ends early, so that large files are not held together."""
_BINARY = getattr(os, "O_BINARY", 0)


def load_pack(paths: Sequence[Path], rules: Path | None = None, placeholders: Placeholders | None = None) -> Pack:
    """Read, lower and link the rules of files and folders; a bad file costs only itself.

    ``rules`` is the pack's folder of rules, which outputs mirror: filters and
    correlations in it concern the rules of ``paths`` too.  ``placeholders``
    are the pack's values for those of its rules.
    """
    files: dict[str, RuleFile] = {}
    for file in find(paths, rules):
        files.setdefault(str(file.path), file)
    found, unread = _loaded(files.values(), placeholders)
    around = _around(found, files.values(), rules, placeholders)
    whole = related([*found, *around], placeholders)[: len(found)]
    return Pack(
        tuple(_linked([one for one in whole if not one.rule.filter])), tuple(unread), tuple(one for one in whole if one.rule.filter)
    )


def _loaded(files: Iterable[RuleFile], placeholders: Placeholders | None) -> tuple[list[Loaded], list[Unread]]:
    rules: list[Loaded] = []
    unread: list[Unread] = []
    for batch in _batches(files):
        contents = [(file, *_read(data, file)) for file, data in batch]
        for file, headers, diagnostics in contents:
            found, errors = _lowered(file, headers, diagnostics, placeholders)
            rules += found
            if errors:
                unread.append(Unread(file, errors))
    return rules, unread


def _around(found: Sequence[Loaded], files: Iterable[RuleFile], rules: Path | None, placeholders: Placeholders | None) -> list[Loaded]:
    """Return the rest of the pack where it concerns what was found: it holds filters or correlations, or what was found does."""
    folder = os.path.abspath(rules) if rules is not None else ""
    given = {os.path.abspath(file.path) for file in files}
    if rules is None or not any(path.startswith(os.path.join(folder, "")) for path in given):
        return []
    others = [file for file in find([rules], rules) if os.path.abspath(file.path) not in given]
    contents = (_bytes(one) for one in others)
    needed = any(one.rule.correlation for one in found) or any(isinstance(data, bytes) and is_about_rules(data) for data in contents)
    return _loaded(others, placeholders)[0] if needed else []


def _batches(files: Iterable[RuleFile]) -> Iterator[list[tuple[RuleFile, bytes | Diagnostic]]]:
    """Yield files with their bytes, or why there are none, some at a time.

    Each stage then works on several files in a row, which processors thank
    with a sixth of the time: code and tables of one stage stay in the cache.
    """
    batch: list[tuple[RuleFile, bytes | Diagnostic]] = []
    size = 0
    for file in files:
        data = _bytes(file)
        batch.append((file, data))
        size += len(data) if isinstance(data, bytes) else 0
        if len(batch) == BATCH or size > BATCH_SIZE:
            yield batch
            batch, size = [], 0
    yield batch


def _linked(rules: Sequence[Loaded]) -> Iterator[Loaded]:
    """Yield the rules, without meaning those that cannot stand beside the others: neither of two is built, whichever is read first."""
    doubles = {(one.span.path, one.span.line): one for one in link([loaded.rule for loaded in rules]) if one.span}
    shared = _one_output(rules)
    for loaded in rules:
        if not doubles and id(loaded) not in shared:
            yield loaded
            continue
        span = loaded.rule.span("id")
        found = [one for one in (doubles.get((span.path, span.line)), shared.get(id(loaded))) if one]
        yield replace(loaded, tree=None, linked=None, diagnostics=ordered([*loaded.diagnostics, *found])) if found else loaded


def _one_output(rules: Sequence[Loaded]) -> dict[int, Diagnostic]:
    """Return B004, by the rule's identity, where it would be written to another one's file, or to that of all rules' macros."""
    by_output: dict[str, list[Loaded]] = {}
    for loaded in rules:
        by_output.setdefault(loaded.output, []).append(loaded)
    found: dict[int, Diagnostic] = {}
    for output, same in by_output.items():
        for number, loaded in enumerate(same):
            if len(same) > 1:
                what = f"that of {same[0 if number else 1].file.name} too"
            elif output == "macros":
                what = "that of all rules' macros too"
            else:
                continue
            message = f"the rule's output, {output}, would be {what}"
            found[id(loaded)] = Diagnostic("B004", Severity.ERROR, loaded.rule.span("title"), message, help="rename one of the files")
    return found


def find(paths: Sequence[Path], rules: Path | None = None) -> Iterator[RuleFile]:
    """Yield the rule files of ``paths`` in a fixed order; links are not followed."""
    here, below = _here(), dict[str, tuple[str, str]]()
    for path in paths:
        is_folder = path.is_dir() and not path.is_symlink()
        files = sorted(_walk(str(path)), key=lambda one: one.split(os.sep)) if is_folder else [str(path)]
        folder = path if is_folder else path.parent
        below.clear()
        for file in files:
            parent, name = os.path.split(file) if is_folder else os.path.split(os.path.abspath(file))
            if parent not in below:
                absolute = os.path.abspath(parent)
                outputs = "".join(f"{part}/" for part in _below(Path(absolute), folder, rules))
                below[parent] = os.path.join(absolute, "").removeprefix(here).replace(os.sep, "/"), outputs
            told_folder, outputs = below[parent]
            yield RuleFile(Path(file), told_folder + name, outputs + (name.rpartition(".")[0] or name))


def _walk(folder: str) -> Iterator[str]:
    """Yield the files below a folder that can hold rules, in the system's order; what cannot be listed is left out."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path)
            elif entry.name.endswith((".yml", ".yaml")):
                yield entry.path


def _below(parent: Path, folder: Path, rules: Path | None) -> tuple[str, ...]:
    """Return the folders of a file's outputs: below the pack's rules, else the nearest folder ``rules``, else below what was given."""
    parts = parent.parts
    if rules is not None and parent.is_relative_to(os.path.abspath(rules)):
        return parent.relative_to(os.path.abspath(rules)).parts
    if "rules" in parts:
        return parts[len(parts) - parts[::-1].index("rules") :]
    return parent.relative_to(os.path.abspath(folder)).parts


def told(path: Path) -> str:
    """Return a path as reports write it: relative to the working directory, or absolute outside it."""
    return _told(os.path.abspath(path), _here())


def _here() -> str:
    """Return the working directory with a separator behind it."""
    return os.path.join(os.getcwd(), "")


def _told(absolute: str, here: str) -> str:
    relative = "." if os.path.join(absolute, "") == here else absolute.removeprefix(here)
    return relative.replace(os.sep, "/")


def load_bytes(
    data: bytes, file: RuleFile, rules: Path | None = None, placeholders: Placeholders | None = None
) -> tuple[tuple[Loaded, ...], tuple[Diagnostic, ...]]:
    """Return the rules of a file's bytes; several rules of one file get numbered outputs.

    ``rules`` and ``placeholders`` are the pack's, as for ``load_pack``.
    """
    found, errors = _lowered(file, *_read(data, file), placeholders)
    around = _around(found, [file], rules, placeholders)
    return tuple(one for one in related([*found, *around], placeholders)[: len(found)] if not one.rule.filter), errors


def _bytes(file: RuleFile) -> bytes | Diagnostic:
    try:
        return read_bytes(file.path)
    except OSError as error:
        return unreadable(file.name, error)


def _read(data: bytes | Diagnostic, file: RuleFile) -> tuple[tuple[Rule, ...], tuple[Diagnostic, ...]]:
    return read_rules(data, file.name) if isinstance(data, bytes) else ((), (data,))


def _lowered(
    file: RuleFile, rules: Sequence[Rule], diagnostics: Sequence[Diagnostic], placeholders: Placeholders | None = None
) -> tuple[tuple[Loaded, ...], tuple[Diagnostic, ...]]:
    errors = tuple(one for one in diagnostics if one.severity is Severity.ERROR)
    remarks = tuple(one for one in diagnostics if one.severity is not Severity.ERROR)
    loaded: list[Loaded] = []
    number = 0
    for rule in rules:
        output = file.output if number == 0 else f"{file.output}_{number + 1}"
        number += rule.filter is None
        tree = None if not rule.detection else lower(rule, placeholders)
        told_here = remarks if not loaded else ()
        if isinstance(tree, tuple):
            loaded.append(Loaded(file, rule, None, ordered([*told_here, *tree]), output))
        else:
            loaded.append(Loaded(file, rule, tree, told_here, output))
    return tuple(loaded), errors


def read_bytes(path: Path, limit: int = FILE_SIZE) -> bytes:
    """Return a regular file's bytes, at most one more than ``limit``.

    Raises:
        OSError: if it cannot be read, is no regular file (a pipe would wait for ever), or is a folder.
    """
    info = os.stat(path)
    if stat.S_ISDIR(info.st_mode):
        raise IsADirectoryError(21, "is a folder")
    if not stat.S_ISREG(info.st_mode):
        raise OSError(22, "is not a regular file")
    handle = os.open(path, os.O_RDONLY | _BINARY)
    try:
        data = os.read(handle, min(info.st_size, limit) + 1)
        while len(data) != info.st_size and len(data) <= limit and (more := os.read(handle, limit + 1 - len(data))):
            data += more
        return data
    finally:
        os.close(handle)


def unreadable(name: str, error: OSError) -> Diagnostic:
    """Return what to tell of a file that the system does not give."""
    reason = (error.strerror or str(error)).lower()
    return Diagnostic(
        "R020", Severity.ERROR, Source(name, "").start, f"the file cannot be read: {reason}", help="check the path and its permissions"
    )
