"""A pack's configuration: ``converter.toml``, or ``[tool.converter]`` in ``pyproject.toml``; the nearest one wins.

A pack is untrusted: what its configuration names lies inside the pack, and it
can name no code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from converter.formats import Document, Map
from converter.model import Diagnostic, Severity, Source, Span, node, ordered
from converter.pack.glob import matches_path
from converter.pack.walk import read_bytes, told, unreadable
from converter.readers import check_schema

NAME: Final = "converter.toml"
_PROJECT: Final = "pyproject.toml"
RULES_ONLY: Final = ("accept", "enabled", "kind", "machine_learning_job_id", "name", "opaque", "query", "reason", "rule_id")
"""Options of a target that only a rule can have."""


@node
class Acceptance:
    """A loss that somebody signed: of which kind, on which targets and rules (``()``: all), until when, and why.

    ``code`` is a loss's code or a direction; ``paths`` are patterns below the
    pack; ``until`` is the last day, ISO 8601, or ``""``.
    """

    code: str
    reason: str
    until: str = ""
    targets: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    span: Span | None = None

    def covers(self, path: str, target: str) -> bool:
        """Whether it speaks of a rule at this path below the pack, on this target."""
        return (not self.targets or target in self.targets) and (not self.paths or any(matches_path(one, path) for one in self.paths))


@node
class Config:
    """What a pack says of itself; without a file, what a pack is by default.

    ``root`` is the folder that the paths are relative to; ``file`` the
    configuration's own path as reports write it, ``""`` when there is none.
    """

    root: Path
    file: str = ""
    rules: Path = Path("rules")
    output: Path = Path("output")
    targets: tuple[str, ...] = ()
    name: str = ""
    version: str = ""
    author: str = ""
    license: str = ""
    accepts: tuple[Acceptance, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    placeholders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load_config(start: Path) -> Config | tuple[Diagnostic, ...]:
    """Return the configuration that holds for a file or folder, or everything that is wrong with it."""
    found = _nearest(start)
    if found is None:
        return Config(Path.cwd())
    path, name = found, told(found)
    try:
        data = read_bytes(path)
    except OSError as error:
        return (unreadable(name, error),)
    from converter.formats import read_toml

    document = read_toml(data, name)
    if isinstance(document, Diagnostic):
        return (document,)
    value, offsets = document.value, document.offsets
    if path.name == _PROJECT:
        value = value["tool"]["converter"]
        if not isinstance(value, Map):
            message = "tool.converter is no table"
            return (Diagnostic("R012", Severity.ERROR, document.source.start, message, help="write [tool.converter.pack] and so on"),)
    problems = check_schema(value, "config", document.source, offsets)
    return ordered(problems) if problems else _from_table(path.parent, name, document, value)


def _nearest(start: Path) -> Path | None:
    """Return the nearest configuration at or above ``start``; a folder with ``.git`` is the last one looked at."""
    folder = Path(os.path.abspath(start))
    for place in (folder, *folder.parents):
        if (place / NAME).is_file():
            return place / NAME
        if (place / _PROJECT).is_file() and _has_table(place / _PROJECT):
            return place / _PROJECT
        if (place / ".git").exists():
            return None
    return None


def _has_table(path: Path) -> bool:
    """Whether a ``pyproject.toml`` configures us; one that is not ours to judge counts as silent."""
    try:
        data = read_bytes(path)
    except OSError:
        return False
    if b"converter" not in data:
        return False
    from converter.formats import read_toml

    document = read_toml(data, path.name)
    return isinstance(document, Document) and "converter" in document.value.get("tool", {})


def _from_table(root: Path, name: str, document: Document, value: Map) -> Config | tuple[Diagnostic, ...]:
    source = document.source
    pack = value.get("pack", Map())
    problems: list[Diagnostic] = []
    folders = {key: _inside(root, pack, key, source, problems) for key in ("rules", "output")}
    _targets(pack, source, problems)
    options = _options(value.get("targets", Map()), source, problems)
    accepts = []
    entries = value.get("accept", [])
    for number, entry in enumerate(entries):
        _targets(entry, source, problems)
        spoken = (tuple(entry.get("targets", ())), tuple(entry.get("paths", ())))
        accepts.append(Acceptance(entry["code"], entry["reason"], entry.get("until", ""), *spoken, source.span(entries.offsets[number])))
    if problems:
        return ordered(problems)
    checks = value.get("check", {})
    return Config(
        root=root,
        file=name,
        rules=folders["rules"],
        output=folders["output"],
        targets=tuple(pack.get("targets", ())),
        name=pack.get("name", ""),
        version=pack.get("version", ""),
        author=pack.get("author", ""),
        license=pack.get("license", ""),
        accepts=tuple(accepts),
        options=options,
        select=tuple(checks.get("select", ())),
        ignore=tuple(checks.get("ignore", ())),
        placeholders={name: tuple(values) for name, values in value.get("placeholders", {}).items()},
    )


def _inside(root: Path, pack: Map, key: str, source: Source, problems: list[Diagnostic]) -> Path:
    """Return a folder of the pack; one that leads out of it, by its name or through links, is a finding."""
    named = pack.get(key, key)
    path = Path(os.path.normpath(root / named))
    base = root.resolve()
    if "\\" in named or "\0" in named or not (path.is_relative_to(root) and path != root and path.resolve().is_relative_to(base)):
        place = source.span(pack.offsets[2 * list(pack).index(key) + 1]) if key in pack else source.start
        message = f"the folder '{named}' for {key} lies outside the pack"
        problems.append(Diagnostic("P001", Severity.ERROR, place, message, help="name a folder below the configuration's own"))
    return path


def _targets(table: Map, source: Source, problems: list[Diagnostic]) -> None:
    import difflib

    from converter.targets import NAMES, PACKAGES

    for number, name in enumerate(table.get("targets", ())):
        if name not in NAMES and name not in PACKAGES and not name.startswith("pysigma-"):
            close = difflib.get_close_matches(name, [*NAMES, *PACKAGES], n=1)
            place = source.span(table["targets"].offsets[number])
            help_text = f"did you mean '{close[0]}'?" if close else "see 'converter targets'"
            problems.append(Diagnostic("P002", Severity.ERROR, place, f"there is no target '{name}'", help=help_text))


def _options(table: Map, source: Source, problems: list[Diagnostic]) -> Mapping[str, Mapping[str, Any]]:
    """Return the targets' options for all rules of the pack."""
    from converter.readers import schema

    known = schema("rule")["$defs"]["converter"]["properties"]["targets"]["properties"]
    found: dict[str, Mapping[str, Any]] = {}
    for number, (name, options) in enumerate(table.items()):
        key, place = source.span(table.offsets[2 * number]), table.offsets[2 * number + 1]
        if name not in known or not isinstance(options, Map):
            message = f"there is no target '{name}' that takes options"
            problems.append(Diagnostic("P002", Severity.ERROR, key, message, help="one of: " + ", ".join(known)))
            continue
        problems += check_schema(options, "rule", source, place, part=name)
        for index, option in enumerate(options):
            if option in RULES_ONLY:
                where = source.span(options.offsets[2 * index])
                message = f"'{option}' belongs to one rule"
                problems.append(
                    Diagnostic("P003", Severity.ERROR, where, message, help=f"write it under x-converter.targets.{name} of the rule")
                )
        found[name] = options
    return found
