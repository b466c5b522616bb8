"""Verify a bundle: every byte is accounted for, or it is refused."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from converter.model import Diagnostic, Severity, Source
from converter.pack import told
from converter.publish.contents import MANIFEST, RULES, SCHEMA_VERSION, SUMS, is_too_large, json_bytes, sums_bytes
from converter.publish.members import Member, NoArchiveError, RefusedError, members

_HELP: Final = {
    "B020": "do not use it; get the bundle again from its source, or build it anew",
    "B021": "do not unpack it",
    "B022": "do not unpack it",
    "B025": "use the version of the converter that made it, or a newer one",
    "B026": "do not unpack it",
}
_DEFAULT_HELP: Final = "a file was changed, added or removed since the bundle was made: do not use it"
_RULE_KEYS: Final = {"id", "title", "path", "sha256", "license", "targets", "tests"}
_TARGET_KEYS: Final = {"status", "artifact", "sha256", "evidence", "losses"}
_TARGET: Final = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What became of a bundle: ``findings`` is empty when it is sound, ``unreadable`` says why it could not be judged."""

    path: str
    findings: tuple[Diagnostic, ...] = ()
    unreadable: Diagnostic | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    files: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether the file is exactly what its manifest and checksums say, and what we would write for that."""
        return not self.findings and self.unreadable is None


def inspect(path: Path) -> Inspection:
    """Judge a bundle; it is read once, in order, and never unpacked."""
    name = told(path)
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise OSError(22, "is a folder" if stat.S_ISDIR(mode) else "is not a regular file")
        with path.open("rb") as stream:
            return inspect_stream(stream, name)
    except OSError as error:
        message = f"the bundle cannot be read: {(error.strerror or str(error)).lower()}"
        return Inspection(name, unreadable=_finding("R020", name, message, "check the path and its permissions"))


def inspect_stream(stream: BinaryIO, name: str) -> Inspection:
    """Judge a bundle that is read from a stream; ``name`` is what people are told of it.

    Raises:
        OSError: if the stream cannot be read.
    """
    seen: dict[str, Member] = {}
    try:
        for member in members(stream, frozenset((MANIFEST, SUMS))):
            seen[member.name] = member
    except NoArchiveError as error:
        help_text = "a bundle is a .tar, .tar.gz or .zip file as 'converter bundle' writes it"
        return Inspection(name, unreadable=_finding("B027", name, f"this is no bundle: {error}", help_text))
    except RefusedError as error:
        return Inspection(name, (_finding(error.code, name, str(error)),), files=len(seen))
    manifest = _manifest(seen)
    if isinstance(manifest, tuple):
        return Inspection(name, (_finding(manifest[0], name, manifest[1]),), files=len(seen))
    problems = [*_sums_problems(seen), *_manifest_problems(seen, manifest)]
    return Inspection(name, tuple(_finding(code, name, message) for code, message in problems), manifest=manifest, files=len(seen))


def _finding(code: str, name: str, message: str, help_text: str = "") -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, Source(name, "").start, message, help=help_text or _HELP.get(code, _DEFAULT_HELP))


def _manifest(seen: Mapping[str, Member]) -> dict[str, Any] | tuple[str, str]:
    """Return the manifest, or code and message of what is wrong with its form."""
    for name in (MANIFEST, SUMS):
        if name not in seen:
            return "B020", f"the bundle has no {name}"
    data = seen[MANIFEST].data
    if is_too_large(data):
        return "B026", "the manifest is larger than a bundle's may be"
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError):
        return "B024", "the manifest is no JSON"
    if not isinstance(loaded, dict):
        return "B024", "the manifest is no JSON object"
    version = loaded.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        return "B025", f"the manifest's schema_version is {str(version)[:40]}, this version reads {SCHEMA_VERSION}"
    try:
        same = json_bytes(loaded) == data
    except (ValueError, RecursionError):
        same = False
    if not same:
        return "B024", "the manifest is not written as 'converter bundle' writes it"
    return loaded


def _sums_problems(seen: Mapping[str, Member]) -> Iterator[tuple[str, str]]:
    """Yield where ``SHA256SUMS`` and the files differ."""
    hashes = {name: member.sha256 for name, member in seen.items() if name != SUMS}
    expected, found = sums_bytes(hashes), seen[SUMS].data
    if expected == found:
        return
    if len(found) > 2 * len(expected):
        yield "B023", f"{SUMS} lists more than the bundle holds"
        return
    told_lines = found.decode("utf-8", "replace").split("\n")
    listed = {line[66:]: line[:64] for line in told_lines if line[64:66] == "  "}
    clear = False
    for name in sorted({*hashes, *listed}):
        if name not in listed:
            yield "B023", f"'{name}' is not in {SUMS}"
        elif name not in hashes:
            yield "B023", f"'{name}' is in {SUMS} and not in the bundle"
        elif hashes[name] != listed[name]:
            yield "B023", f"the checksum of '{name}' is not the one in {SUMS}"
        else:
            continue
        clear = True
    if not clear:
        yield "B023", f"{SUMS} is not written as 'converter bundle' writes it"


def _manifest_problems(seen: Mapping[str, Member], manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where the manifest and the files differ: each file is named, with its hash, and nothing else is."""
    try:
        claimed = list(_claims(manifest))
    except (KeyError, TypeError, AttributeError):
        yield "B024", "the manifest lacks what 'converter bundle' writes into it"
        return
    known = set()
    for path, sha256 in claimed:
        known.add(path)
        if path not in seen:
            yield "B024", f"the manifest names '{path}', which is not in the bundle"
        elif seen[path].sha256 != sha256:
            yield "B024", f"the manifest's hash of '{path}' is not that of the file"
    for name in seen:
        if name not in known and name not in (MANIFEST, SUMS):
            yield "B024", f"the manifest does not name '{name}'"


def _claims(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each path and hash that the manifest names; raise as Python does where it has another shape."""
    targets = manifest["targets"]
    if not all(isinstance(manifest[key], list) for key in ("targets", "rules", "files")):
        raise TypeError
    if not all(_TARGET.fullmatch(name) for name in targets) or not {"name", "version"} <= manifest["tool"].keys():
        raise KeyError
    for rule in manifest["rules"]:
        if not rule.keys() >= _RULE_KEYS or not rule["path"].startswith(f"{RULES}/"):
            raise KeyError
        yield rule["path"], rule["sha256"]
        for target, entry in rule["targets"].items():
            if target not in targets or not entry.keys() >= _TARGET_KEYS:
                raise KeyError
            if entry["artifact"] is not None:
                if not entry["artifact"].startswith(f"{target}/"):
                    raise KeyError
                yield entry["artifact"], entry["sha256"]
    for entry in manifest["files"]:
        yield entry["path"] + "", entry["sha256"]
