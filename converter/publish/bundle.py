"""Make a bundle: compile a pack afresh, in memory, and lay everything that belongs to it out as one archive."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from converter.data import License
from converter.model import Artifact, Diagnostic, Severity, Source, Status, has_errors
from converter.pack import (
    Loaded,
    Outcome,
    OutputError,
    Pack,
    Policy,
    compile_rule,
    digest,
    is_known,
    load_pack,
    package_options,
    read_bytes,
    read_evidence,
    read_manifest,
    refuse_links,
    told,
    unreadable,
)
from converter.publish.archive import archive
from converter.publish.contents import (
    MANIFEST,
    NOTICE,
    SCHEMA_VERSION,
    SUMS,
    data_versions,
    is_too_large,
    json_bytes,
    license_entries,
    license_texts,
    notice,
    rule_entry,
    rule_path,
    sums_bytes,
    target_entry,
)
from converter.publish.license import license_of
from converter.publish.members import MEMBER_SIZE, MEMBERS, SIZE
from converter.publish.names import Places, problem_of
from converter.targets import Target, UnpackableError
from converter.targets import target as target_of
from converter.verify import TestResult, run_tests


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """What to bundle: rules for targets, with what the pack allows; ``output`` is where verify recorded evidence."""

    paths: Sequence[Path]
    targets: Sequence[Target]
    output: Path
    flags: Mapping[str, Any]
    policy: Policy
    version: str
    """The tool's version."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle before it is written.

    ``data`` is ``None`` when there is none to write.  ``reading`` is about
    rules that were left out as a whole, ``findings`` about everything else.
    """

    data: bytes | None
    pack: Pack
    outcomes: tuple[Outcome, ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    reading: tuple[Diagnostic, ...] = ()
    findings: tuple[Diagnostic, ...] = ()


def make_bundle(request: BundleRequest, kind: str) -> Bundle:
    """Return a pack's bundle in a container (``archive.SUFFIXES``).

    Raises:
        OutputError: if what former builds recorded cannot be read.
    """
    pack = load_pack(request.paths, request.policy.config.rules, request.policy.config.placeholders)
    reading = pack.diagnostics
    licensed, unlicensed = _licensed(sorted(pack.rules, key=lambda loaded: loaded.output), request.policy.config.license)
    licensed = [(loaded, expression) for loaded, expression in licensed if not has_errors(loaded.diagnostics)]
    if unlicensed or not licensed:
        return Bundle(None, pack, reading=reading, findings=unlicensed)
    contents = _Contents(request)
    contents.add_rules(licensed)
    for target in sorted(request.targets, key=lambda one: one.name):
        contents.add_target(target, [loaded for loaded, _ in licensed])
    contents.finish()
    fatal = _too_large(contents.files)
    if contents.fatal or fatal:
        return Bundle(None, pack, tuple(contents.outcomes), reading=reading, findings=(*contents.fatal, *fatal))
    data = archive(contents.files, kind)
    return Bundle(data, pack, tuple(contents.outcomes), contents.manifest, tuple(contents.files), reading, tuple(contents.findings))


def _licensed(rules: Sequence[Loaded], default: str) -> tuple[list[tuple[Loaded, License]], tuple[Diagnostic, ...]]:
    found: list[tuple[Loaded, License]] = []
    problems: list[Diagnostic] = []
    for loaded in rules:
        expression = license_of(loaded.rule, default)
        if isinstance(expression, Diagnostic):
            problems.append(expression)
        else:
            found.append((loaded, expression))
    return found, tuple(problems)


class _Contents:
    """The files of a bundle while it is put together; state is those, and what was found on the way."""

    def __init__(self, request: BundleRequest) -> None:
        self.files: dict[str, bytes] = {}
        self.outcomes: list[Outcome] = []
        self.findings: list[Diagnostic] = []
        self.fatal: list[Diagnostic] = []
        self.manifest: dict[str, Any] = {}
        self._request = request
        self._places = Places()
        self._licensed: list[tuple[Loaded, License]] = []
        self._tests: dict[str, tuple[TestResult, ...]] = {}
        self._targets: dict[str, dict[str, Any]] = {}
        self._shared: list[dict[str, Any]] = []

    def add_rules(self, licensed: Sequence[tuple[Loaded, License]]) -> None:
        """Take the rules' files as they are, with the event files of their tests, and run the tests."""
        self._licensed = list(licensed)
        for loaded, _ in licensed:
            path = rule_path(loaded)
            if path not in self.files:
                self._read(path, loaded.file.path, loaded)
            self._add_events(loaded, path.rpartition("/")[0])
            results = run_tests(loaded)
            self._tests[loaded.rule.id] = results
            self.findings += [one.diagnostic for one in results if not one.passed and one.diagnostic]
            self._targets[loaded.rule.id] = {}

    def add_target(self, target: Target, rules: Sequence[Loaded]) -> None:
        """Compile the rules for a target, and take what may be passed on."""
        request = self._request
        base = target_of(target.base)
        outcomes = [compile_rule(loaded, base, request.flags, frozenset(), request.policy) for loaded in rules]
        self.outcomes += outcomes
        done = [one for one in outcomes if one.allowed and one.compilation]
        folder = request.output / target.name
        former = {rule for entry in read_manifest(folder).values() for rule in entry.rule.split(",")}
        by_rule = self._add_artifacts(target, done)
        # A package holds each query as the base's own file does, so what verify found on that file holds for it.
        judged = by_rule if base.name == target.name else self._artifacts(base, done)
        records = read_evidence(request.output / base.name)
        for one in outcomes:
            own = by_rule.get(one.loaded.rule.id)
            refused = own is None and one.status not in (Status.NO_SOURCE, Status.DISABLED)
            stale = refused and one.loaded.rule.id in former
            entry = (f"{target.name}/{own.path}", digest(own.data)) if own else None
            judge = judged.get(one.loaded.rule.id)
            record = records.get(digest(judge.data)) if judge else None
            self._targets[one.loaded.rule.id][target.name] = target_entry(one, entry, record, stale)
            if refused:
                self._tell_left_out(one, stale)

    def _add_artifacts(self, target: Target, done: Sequence[Outcome]) -> Mapping[str, Artifact]:
        """Take a target's files; return each rule's own, for a package target the package's main file."""
        try:
            artifacts = self._packaged(target, done)
        except UnpackableError as error:
            self.findings += error.diagnostics
            return {}
        own = _by_rule(artifacts, done) if target.name == target.base else {}
        paths = {artifact.path for artifact in own.values()}
        for artifact in artifacts:
            name = f"{target.name}/{artifact.path}"
            self._take(name, artifact.data, None)
            if artifact.path not in paths:
                self._shared.append({"path": name, "sha256": digest(artifact.data), "target": target.name, "rules": sorted(artifact.rules)})
        return own if target.name == target.base else {one.loaded.rule.id: artifact for one in done for artifact in artifacts[:1]}

    def _artifacts(self, target: Target, done: Sequence[Outcome]) -> Mapping[str, Artifact]:
        return _by_rule(self._packaged(target, done), done)

    def _packaged(self, target: Target, done: Sequence[Outcome]) -> Sequence[Artifact]:
        compilations = [one.compilation for one in done if one.compilation]
        options = package_options(self._request.policy, self._request.flags)
        return target.package(compilations, [one.loaded.output for one in done], options) if compilations else ()

    def finish(self) -> None:
        """Add licences, manifest and checksums."""
        request = self._request
        texts = license_texts(request.policy.config.root, [expression for _, expression in self._licensed])
        for name, data in texts.items():
            self._take(name, data, None)
        self._take(NOTICE, notice(self._licensed, texts), None)
        self.manifest = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "converter", "version": request.version},
            "data": data_versions([loaded.rule for loaded, _ in self._licensed], request.policy.tables),
            "targets": sorted(target.name for target in request.targets),
            "licenses": license_entries(self._licensed, texts),
            "rules": [self._entry(loaded, expression) for loaded, expression in self._licensed],
            "files": self._others(),
        }
        self._take(MANIFEST, json_bytes(self.manifest), None)
        self._take(SUMS, sums_bytes({name: digest(data) for name, data in self.files.items()}), None)

    def _entry(self, loaded: Loaded, expression: License) -> dict[str, Any]:
        path, rule = rule_path(loaded), loaded.rule.id
        return rule_entry(loaded, expression, digest(self.files.get(path, b"")), self._tests[rule], self._targets[rule])

    def _others(self) -> list[dict[str, Any]]:
        """Return every file that is neither a rule nor a rule's own artifact: shared ones, event files, licences."""
        shared = {entry["path"]: entry for entry in self._shared}
        own = {rule_path(loaded) for loaded, _ in self._licensed}
        own |= {entry["artifact"] for targets in self._targets.values() for entry in targets.values() if entry["artifact"]}
        rest = [name for name in self.files if name not in own and name not in shared]
        plain: list[dict[str, Any]] = [{"path": name, "sha256": digest(self.files[name]), "target": None, "rules": []} for name in rest]
        return sorted([*shared.values(), *plain], key=lambda entry: str(entry["path"]).encode("utf-8"))

    def _add_events(self, loaded: Loaded, folder: str) -> None:
        """Take the event files beside a rule; one that cannot be read, or leads away, fails its test, which tells."""
        for test in loaded.rule.converter.get("tests", ()):
            name = posixpath.normpath(str(test.get("events_file", ".")))
            path = loaded.file.path.parent / name
            if name == "." or name.startswith(("../", "/")) or f"{folder}/{name}" in self.files:
                continue
            try:
                refuse_links(path, loaded.file.path.parent)
                self._take(f"{folder}/{name}", read_bytes(path, MEMBER_SIZE), loaded)
            except (OSError, OutputError):
                continue

    def _read(self, name: str, path: Path, loaded: Loaded) -> None:
        try:
            if path.is_symlink():
                raise OSError(40, "is a link")
            data = read_bytes(path, MEMBER_SIZE)
        except OSError as error:
            self.fatal.append(unreadable(told(path), error))
            return
        self._take(name, data, loaded)

    def _take(self, name: str, data: bytes, loaded: Loaded | None) -> None:
        """Add a file; one that not every system could hold beside the others ends the bundle (B032)."""
        why = problem_of(name)
        other = "" if why else self._places.add(name)
        if why or other:
            place = loaded.rule.span() if loaded else Source(name, "").start
            message = f"the name '{name}' {why}" if why else f"'{name}' and '{other}' are one file to some systems"
            self.fatal.append(Diagnostic("B032", Severity.ERROR, place, message, help="rename the rule's file"))
            return
        self.files[name] = data

    def _tell_left_out(self, outcome: Outcome, stale: bool) -> None:
        severity = Severity.WARNING if is_known(outcome, self._request.policy) else Severity.ERROR
        self.findings += [one if severity is Severity.ERROR else replace(one, severity=severity) for one in outcome.diagnostics]
        old = "; what an earlier build wrote is stale and is not passed on" if stale else ""
        message = f"{outcome.target}: the rule '{outcome.loaded.rule.title}' is {outcome.status.value} and left out{old}"
        help_text = "translate it within what is allowed, accept the loss with a reason, or disable the target for the rule"
        self.findings.append(Diagnostic("B033", severity, outcome.loaded.rule.span("title"), message, help=help_text))


def _by_rule(artifacts: Sequence[Artifact], done: Sequence[Outcome]) -> dict[str, Artifact]:
    """Return each rule's own file: the one at the rule's path, which no other file has (shared files lie beside)."""
    rules = {one.loaded.output: one.loaded.rule.id for one in done}
    stems = {artifact.path.rpartition(".")[0]: artifact for artifact in artifacts if len(artifact.rules) == 1}
    return {rule: stems[output] for output, rule in rules.items() if output in stems and stems[output].rules == (rule,)}


def _too_large(files: Mapping[str, bytes]) -> list[Diagnostic]:
    """Return what is beyond the bounds that verify-bundle keeps (B034)."""
    help_text = "bundle fewer rules or targets at once"
    large = [name for name, data in files.items() if len(data) > MEMBER_SIZE]
    problems = [f"'{name}' is larger than {MEMBER_SIZE >> 20} MiB" for name in large]
    if is_too_large(files[MANIFEST]):
        problems.append("the manifest would be larger than a bundle's may be")
    if len(files) > MEMBERS:
        problems.append(f"the bundle would hold more than {MEMBERS} files")
    if sum(len(data) + 4096 for data in files.values()) > SIZE:
        problems.append(f"the bundle would be larger than {SIZE >> 20} MiB")
    return [Diagnostic("B034", Severity.ERROR, None, one, help=help_text) for one in problems]


def is_refused(bundle: Bundle) -> bool:
    """Whether something was left out or found, so that the command fails though a bundle may have been made."""
    return bundle.data is None or has_errors(bundle.findings)
