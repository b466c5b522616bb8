"""Find the rules of a pack: which files, and where their outputs go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.ir import Node, link, lower
from converter.model import Diagnostic, Rule, Severity, Source, has_errors, ordered
from converter.readers import read_rules

FILE_SIZE = 16 << 20


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file with rules: where it is, how people are told of it, and its outputs' path without extension."""

    path: Path
    name: str
    output: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A rule that was read; ``tree`` is ``None`` when it has no meaning, then ``diagnostics`` says why."""

    file: RuleFile
    rule: Rule
    tree: Node | None
    diagnostics: tuple[Diagnostic, ...]
    output: str

    @property
    def is_opaque(self) -> bool:
        """Whether the rule holds a target's own query instead of a detection."""
        return not self.rule.detection


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or a document of one, that gives no rule."""

    file: RuleFile
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules of some paths: those with a header, and the files or documents without."""

    rules: tuple[Loaded, ...]
    unread: tuple[Unread, ...]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that was found while reading and lowering."""
        found = [one for loaded in self.rules for one in loaded.diagnostics]
        return ordered([*found, *(one for unread in self.unread for one in unread.diagnostics)])


def load_pack(paths: Sequence[Path], rules: Path | None = None) -> Pack:
    """Read, lower and link the rules of files and folders; a bad file costs only itself.

    ``rules`` is the pack's folder of rules, which outputs mirror.
    """
    found_rules: list[Loaded] = []
    unread: list[Unread] = []
    seen: set[Path] = set()
    for file in find(paths, rules):
        if file.path in seen:
            continue
        seen.add(file.path)
        found, diagnostics = load_file(file)
        found_rules += found
        if diagnostics:
            unread.append(Unread(file, diagnostics))
    return Pack(tuple(_linked(found_rules)), tuple(unread))


def _linked(rules: Sequence[Loaded]) -> Iterator[Loaded]:
    """Yield the rules, without meaning those that cannot stand beside the others: neither of two is built, whichever is read first."""
    doubles = {(one.span.path, one.span.line): one for one in link([loaded.rule for loaded in rules]) if one.span}
    shared = _one_output(rules)
    for loaded in rules:
        span = loaded.rule.span("id")
        found = [one for one in (doubles.get((span.path, span.line)), shared.get(id(loaded))) if one]
        yield Loaded(loaded.file, loaded.rule, None, ordered([*loaded.diagnostics, *found]), loaded.output) if found else loaded


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
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            for file in sorted(_walk(path)):
                yield RuleFile(file, told(file), _output(file, path, rules))
        else:
            yield RuleFile(path, told(path), _output(path, path.parent, rules))


def _walk(folder: Path) -> Iterable[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(root, name)
            if path.suffix in (".yml", ".yaml") and not name.startswith(".") and not path.is_symlink():
                yield path


def _output(file: Path, folder: Path, rules: Path | None) -> str:
    """Return the path of a file's outputs: below the pack's rules, else the nearest folder ``rules``, else below what was given."""
    absolute = Path(os.path.abspath(file))
    parts = absolute.parent.parts
    if rules is not None and absolute.is_relative_to(os.path.abspath(rules)):
        below = absolute.parent.relative_to(os.path.abspath(rules)).parts
    elif "rules" in parts:
        below = parts[len(parts) - parts[::-1].index("rules") :]
    else:
        below = absolute.parent.relative_to(os.path.abspath(folder)).parts
    return "/".join((*below, absolute.name.rpartition(".")[0] or absolute.name))


def told(path: Path) -> str:
    """Return a path as reports write it: relative to the working directory, or absolute outside it."""
    absolute = Path(os.path.abspath(path))
    try:
        return absolute.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return absolute.as_posix()


def load_file(file: RuleFile) -> tuple[tuple[Loaded, ...], tuple[Diagnostic, ...]]:
    """Return the rules of one file, and what keeps others of it from being rules."""
    try:
        data = read_bytes(file.path)
    except OSError as error:
        return (), (unreadable(file.name, error),)
    return load_bytes(data, file)


def load_bytes(data: bytes, file: RuleFile) -> tuple[tuple[Loaded, ...], tuple[Diagnostic, ...]]:
    """Return the rules of a file's bytes; several rules of one file get numbered outputs."""
    rules, diagnostics = read_rules(data, file.name)
    errors = tuple(one for one in diagnostics if one.severity is Severity.ERROR)
    remarks = tuple(one for one in diagnostics if one.severity is not Severity.ERROR)
    loaded = []
    for number, rule in enumerate(rules):
        output = file.output if number == 0 else f"{file.output}_{number + 1}"
        tree = None if not rule.detection else lower(rule)
        told_here = remarks if number == 0 else ()
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
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder")
    if path.exists() and not path.is_file():
        raise OSError(22, "is not a regular file")
    with path.open("rb") as stream:
        return stream.read(limit + 1)


def unreadable(name: str, error: OSError) -> Diagnostic:
    """Return what to tell of a file that the system does not give."""
    reason = (error.strerror or str(error)).lower()
    return Diagnostic(
        "R020", Severity.ERROR, Source(name, "").start, f"the file cannot be read: {reason}", help="check the path and its permissions"
    )


def failed(loaded: Loaded) -> bool:
    """Whether a rule has no meaning."""
    return loaded.tree is None and has_errors(loaded.diagnostics)
