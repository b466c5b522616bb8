"""Packages: each rule is taken out as what its base would have written, so that the base's reading can read it.

What lies in a package is not trusted: sizes are bounded, no path of an
archive is followed, and a rule is known by the id that its own text names.
"""

from __future__ import annotations

import ast
import gzip
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from converter.formats import Map, Seq
from converter.formats import read as read_yaml
from converter.languages import spl
from converter.model import Diagnostic, Severity, Source, node
from converter.pack import read_bytes, told

BASES: Final = {"elastic-ndjson": "elastic", "splunk-app": "splunk", "falco-rules": "falco", "python-package": "python"}
"""Which target's files a package's rules are read as."""
SIZE: Final = 64 << 20
"""Bytes of a package's file, and of what an archive holds."""
_ID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@node
class Part:
    """A rule of a package: the package's file that holds it, and what its base's file would be."""

    rule: str
    path: Path
    data: bytes
    context: Mapping[str, bytes] = field(default_factory=dict)


def parts(package: str, folder: Path, names: Iterator[str]) -> tuple[dict[str, Part], tuple[Diagnostic, ...]]:
    """Return the rules of a package's files by id, and what cannot be read of them (V010)."""
    found: dict[str, Part] = {}
    problems: list[Diagnostic] = []
    reading = {"elastic-ndjson": _lines, "splunk-app": _searches, "falco-rules": _rules, "python-package": _modules}[package]
    for path in sorted(folder / name for name in names):
        try:
            found |= {one.rule: one for one in reading(path)}
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError, tarfile.TarError, zlib.error, EOFError) as error:
            message = f"the package cannot be read: {error}"
            problems.append(Diagnostic("V010", Severity.ERROR, Source(told(path), "").start, message, help="build it again"))
    return found, tuple(problems)


def _read(path: Path) -> bytes:
    data = read_bytes(path, SIZE)
    if len(data) > SIZE:
        raise ValueError(f"it has more than {SIZE} bytes")
    return data


def _lines(path: Path) -> Iterator[Part]:
    """Yield the rules of Kibana's import file; the id stands in the last of the lines that could name one."""
    for line in _read(path).decode("utf-8").removesuffix("\n").split("\n"):
        rule = json.loads(line)
        if not isinstance(rule, dict):
            raise ValueError("a line is no rule")
        named = re.findall(rf"^- Sigma rule: ({_ID})$", str(rule.get("note", "")), re.MULTILINE)
        if named:
            yield Part(named[-1], path, line.encode("utf-8"))


def _searches(path: Path) -> Iterator[Part]:
    """Yield the saved searches of an app, an archive or its folder's file, with the app's macros."""
    if path.name == "savedsearches.conf":
        texts = {name: _read(path.with_name(name)) for name in ("savedsearches.conf", "macros.conf")}
    elif path.suffix == ".tgz":
        texts = _unpacked(_read(path))
    else:
        return
    text = texts["savedsearches.conf"].decode("utf-8")
    conf = spl.read_conf(text, path.name)
    if not isinstance(conf, spl.Conf):
        raise ValueError(conf[0].message)
    lines = text.split("\n")
    starts = [conf.source.span(one.offsets).line - 1 for one in conf.stanzas]
    for stanza, start, end in zip(conf.stanzas, starts, [*starts[1:], len(lines)], strict=True):
        named = [one for one in re.findall(rf"Rule ({_ID}), by ", stanza.get("description")) if stanza.name.endswith(one[:8])]
        if named:
            yield Part(named[-1], path, "\n".join(lines[start:end]).encode("utf-8"), {"macros.conf": texts["macros.conf"]})


def _unpacked(data: bytes) -> dict[str, bytes]:
    """Return the two files of an archive that verify needs, in memory."""
    found: dict[str, bytes] = {}
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        raw = stream.read(SIZE + 1)
    if len(raw) > SIZE:
        raise ValueError(f"it unpacks to more than {SIZE} bytes")
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
        for entry in archive:
            folder, _, name = entry.name.rpartition("/")
            if name in ("savedsearches.conf", "macros.conf") and folder.endswith("/default") and entry.isreg():
                member = archive.extractfile(entry)
                found[name] = member.read() if member else b""
    if len(found) < 2:
        raise ValueError("it holds no app with searches and macros")
    return found


def _rules(path: Path) -> Iterator[Part]:
    """Yield the rules of a rules file, each behind the file's head."""
    documents = read_yaml(_read(path), path.name)
    if isinstance(documents, Diagnostic):
        raise ValueError(documents.message)
    if len(documents) != 1 or not isinstance(documents[0].value, Seq):
        raise ValueError("it is no list of rules")
    source, items = documents[0].source, documents[0].value
    if not all(isinstance(item, Map) for item in items):
        raise ValueError("an entry is no rule")
    lines = source.text.split("\n")
    starts = [source.span(place).line - 1 for place in items.offsets]
    head = next((start for start, item in zip(starts, items, strict=True) if "rule" in item), len(lines))
    for item, start, end in zip(items, starts, [*starts[1:], len(lines)], strict=True):
        named = re.findall(rf"^Sigma rule: ({_ID})$", str(item.get("desc", "")), re.MULTILINE)
        if named and "rule" in item:
            yield Part(named[-1], path, "\n".join([*lines[:head], *lines[start:end], ""]).encode("utf-8"))


def _modules(path: Path) -> Iterator[Part]:
    """Yield the rule of a package's module; the module is parsed, not run."""
    if path.parent.name != "rules" or path.suffix != ".py" or path.name == "__init__.py":
        return
    data = _read(path)
    for statement in ast.parse(data).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name) and statement.targets[0].id == "RULE":
            yield Part(str(ast.literal_eval(statement.value)["id"]), path, data)
