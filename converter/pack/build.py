"""Build a pack: compile every rule for every target, write what changed, remove what a former build left behind."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from converter.model import Artifact, Diagnostic, Evidence, Fidelity, Severity, Source, Span, Status, node, ordered
from converter.pack.acceptances import Policy, findings
from converter.pack.baseline import NAME, write_baseline
from converter.pack.compile import Outcome, compile_rule
from converter.pack.files import OutputError, refuse_links, refuse_outside
from converter.pack.journal import commit, is_pending
from converter.pack.known import is_known, is_known_unread, recorded, unused
from converter.pack.loaded import Loaded, Pack
from converter.pack.manifest import MANIFEST, Entry, Record, digest, read_evidence, read_manifest
from converter.pack.packaging import evidence_of_base, left_out, package_options
from converter.pack.walk import find, load_pack, told
from converter.targets import Target, UnpackableError


@node
class Row:
    """A rule on a target after the build: its outcome, its file, and on what evidence the status rests."""

    outcome: Outcome
    artifact: str = ""
    stale: bool = False
    evidence: Evidence = Evidence.DECLARED
    record: Record | None = None
    known: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether the rule should have an output here and has none."""
        return not self.outcome.allowed and self.outcome.status not in (Status.NO_SOURCE, Status.DISABLED)

    @property
    def fails(self) -> bool:
        """Whether the build fails because of this row: it is refused, and no baseline knew that."""
        return self.is_refused and not self.known


@node
class Report:
    """What a build did, or with ``--check`` would do.

    ``diagnostics`` are about files in the output folder, ``reading`` about
    rules that no baseline knew, ``findings`` about acceptances.
    """

    pack: Pack
    rows: tuple[Row, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    reading: tuple[Diagnostic, ...] = ()
    findings: tuple[Diagnostic, ...] = ()


@node
class Request:
    """What to build: rules for targets into a folder."""

    paths: Sequence[Path]
    targets: Sequence[Target]
    output: Path
    flags: Mapping[str, Any]
    allow: frozenset[Fidelity]
    check: bool = False
    policy: Policy = field(default_factory=Policy)
    baseline: bool = False
    """Whether to record in the baseline what is refused today."""


def build(request: Request) -> Report:
    """Build ``request.paths``; files that all rules share (macros) hold those of the whole pack.

    Raises:
        OutputError: if the output folder cannot be used.
    """
    rules = request.policy.config.rules
    refuse_outside(request.output, request.policy.config.root)
    pack = load_pack(request.paths, rules, request.policy.config.placeholders)
    chosen = [one.file.path for one in (*pack.rules, *pack.filters)] + [one.file.path for one in pack.unread]
    others, whole = _others(request, {os.path.abspath(path) for path in chosen})
    changed: list[str] = []
    if request.baseline:
        request, written = _with_baseline(request, pack, whole)
        changed += written
    rows: list[Row] = []
    removed: list[str] = []
    diagnostics: list[Diagnostic] = []
    compiled: dict[str, list[Outcome]] = {}
    for target in request.targets:
        if target.base not in compiled:
            compiled[target.base] = _compiled(pack.rules, target, request)
        outcomes = compiled[target.base]
        writer = _Writer(request, target, pack)
        is_package = target.base != target.name
        rows += writer.write_package(outcomes) if is_package else writer.write(outcomes, _compiled(others, target, request))
        changed += writer.changed
        removed += writer.removed
        diagnostics += writer.diagnostics
    judged = [one for outcomes in compiled.values() for one in outcomes]
    found = (
        *findings(judged, request.policy, whole=whole),
        *unused(judged, pack, request.policy, whole=whole),
    )
    return Report(pack, tuple(rows), tuple(changed), tuple(removed), tuple(diagnostics), _reading(pack, rows, request.policy), found)


def _compiled(rules: Iterable[Loaded], target: Target, request: Request) -> list[Outcome]:
    return [compile_rule(loaded, target, request.flags, request.allow, request.policy) for loaded in rules]


def _with_baseline(request: Request, pack: Pack, whole: bool) -> tuple[Request, list[str]]:
    """Return the request with a baseline of what is refused now, and the file if it was written."""
    bare = replace(request.policy, baseline=replace(request.policy.baseline, losses=frozenset()))
    outcomes = [one for target in request.targets for one in _compiled(pack.rules, target, replace(request, policy=bare))]
    baseline = recorded(outcomes, pack, request.policy, whole=whole)
    root = request.policy.config.root
    written = [] if request.check or not write_baseline(root, baseline) else [told(root / NAME)]
    return replace(request, policy=replace(request.policy, baseline=baseline)), written


def _reading(pack: Pack, rows: Sequence[Row], policy: Policy) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the rules themselves, without what the baseline knows."""
    errors = [row for row in rows if row.outcome.status is Status.ERROR]
    known = {id(row.outcome.loaded) for row in errors if row.known}
    stopped = {id(row.outcome.loaded) for row in errors}
    found = [one for loaded in pack.rules if id(loaded) not in known for one in loaded.diagnostics if not _passed(loaded, one, stopped)]
    unread = (one for unread in pack.unread if not is_known_unread(unread, policy) for one in unread.diagnostics)
    return ordered([*found, *unread])


def _passed(loaded: Loaded, one: Diagnostic, stopped: Set[int]) -> bool:
    """Whether an error of a rule's stopped none of its rows: a pipeline gave the rule a meaning, or pySigma took it."""
    return one.severity is Severity.ERROR and loaded.tree is None and bool(loaded.rule.detection) and id(loaded) not in stopped


def _others(request: Request, chosen: set[str]) -> tuple[tuple[Loaded, ...], bool]:
    """Return the pack's rules outside the paths given, when those lie in the pack; and whether the paths are the whole pack."""
    rules = request.policy.config.rules
    folder = os.path.abspath(rules)
    if not os.path.isdir(folder) or not any(path.startswith(os.path.join(folder, "")) for path in chosen):
        return (), False
    files = [file for file in find([rules], rules) if os.path.abspath(file.path) not in chosen]
    return load_pack([file.path for file in files], rules, request.policy.config.placeholders).rules, not files


class _Writer:
    """Brings ``output/<target>`` to what the compilations say; state is the manifest and what was done."""

    def __init__(self, request: Request, target: Target, pack: Pack) -> None:
        self.changed: list[str] = []
        self.removed: list[str] = []
        self.diagnostics: list[Diagnostic] = []
        self._request, self._target, self._pack = request, target, pack
        self._folder = request.output / target.name
        self._shown, self._exists = told(self._folder), os.path.exists(self._folder)
        self._manifest = read_manifest(self._folder)
        self._evidence = read_evidence(self._folder)
        self._former = dict(self._manifest)
        self._writes: dict[str, bytes] = {}
        self._gone: list[str] = []

    def write(self, outcomes: Sequence[Outcome], beside: Sequence[Outcome]) -> list[Row]:
        """Write the artifacts of ``outcomes``; ``beside`` only counts for files of all rules."""
        done = [one for one in outcomes if one.allowed and one.compilation]
        also = [one for one in beside if one.allowed and one.compilation]
        artifacts = self._packaged([*done, *also])
        own = {one.loaded.rule.id: one for one in done}
        written: dict[str, str] = {}
        before = dict(self._manifest)
        for artifact in artifacts:
            rule = artifact.rules[0] if len(artifact.rules) == 1 and not _is_shared(artifact) else ""
            if rule and rule not in own:
                continue
            if self._put(artifact, before):
                status = own[rule].status.value if rule else ""
                self._manifest[artifact.path] = Entry(digest(artifact.data), rule, status)
                if rule:
                    written[rule] = artifact.path
        former = {entry.rule: name for name, entry in reversed(self._manifest.items())}
        rows = [self._row(one, written, former) for one in outcomes]
        self._tell_unread()
        self._sweep(outcomes, {artifact.path for artifact in artifacts})
        self._commit()
        return rows

    def write_package(self, outcomes: Sequence[Outcome]) -> list[Row]:
        """Write a package of exactly the rules that are allowed, and remove what a former one held besides.

        Rules that are refused are left out, which is told; when nothing is
        left, or the rules do not fit together, the former package stays.
        """
        done = [one for one in outcomes if one.allowed and one.compilation]
        rows = [Row(one, known=is_known(one, self._request.policy)) for one in outcomes]
        unread = [one.file.name for one in self._pack.unread if not is_known_unread(one, self._request.policy)]
        left = [*(row.outcome.loaded.file.name for row in rows if row.fails), *unread]
        if left:
            self.diagnostics.append(left_out(self._target.name, left, empty=not done))
        try:
            artifacts = self._packaged(done)
        except UnpackableError as error:
            self.diagnostics += error.diagnostics
            return [self._named(row) for row in rows]
        before = dict(self._manifest)
        written = [artifact.path for artifact in artifacts if self._put(artifact, before)]
        self._manifest |= {one.path: Entry(digest(one.data), "", "") for one in artifacts if one.path in written}
        if artifacts and artifacts[0].path in written:
            held = {"rule": ",".join(one.loaded.rule.id for one in done), "status": ",".join(one.status.value for one in done)}
            self._manifest[artifacts[0].path] = replace(self._manifest[artifacts[0].path], **held)
        if artifacts or not any(row.is_refused for row in rows):
            for name in sorted(before.keys() - {one.path for one in artifacts}):
                self._remove(name, before[name])
        self._commit()
        self._prune()
        main = self._told(artifacts[0].path) if artifacts and artifacts[0].path in written else ""
        evidence = evidence_of_base(self._request.output, self._target, done, self._request.flags)
        evidence |= {rule: record for one in artifacts for rule in one.rules if (record := self._evidence.get(digest(one.data)))}
        return [self._named(row, main, evidence.get(row.outcome.loaded.rule.id)) for row in rows]

    def _prune(self) -> None:
        """Remove the folders of removed files that are empty now."""
        for name in [] if self._request.check else self._gone:
            for parent in Path(name).parents[:-1]:
                with suppress(OSError):
                    (self._folder / parent).rmdir()

    def _named(self, row: Row, main: str = "", record: Record | None = None) -> Row:
        """Return a row of the base as one of the package: with its main file, and what was found on the base's file."""
        outcome = replace(row.outcome, target=self._target.name)
        evidence = Evidence(record.evidence) if record else Evidence.DECLARED
        return replace(row, outcome=outcome, artifact=main if outcome.allowed else "", evidence=evidence, record=record)

    def _packaged(self, done: Sequence[Outcome]) -> Sequence[Artifact]:
        if not done:
            return ()
        compilations = [one.compilation for one in done if one.compilation]
        flags = self._request.flags
        options = flags if self._target.base == self._target.name else package_options(self._request.policy, flags)
        return self._target.package(compilations, [one.loaded.output for one in done], options)

    def _put(self, artifact: Artifact, before: Mapping[str, Entry]) -> bool:
        """Write one artifact; refuse to touch a file that a build did not write, or that was edited since."""
        former, shown = before.get(artifact.path), self._told(artifact.path)
        present = _present(self._folder, artifact.path) if self._exists else None
        if present is not None:
            if present == digest(artifact.data):
                return True
            if former is None or former.sha256 != present:
                what = "was changed by hand" if former else "was not written by a build"
                message = f"{shown} {what} and is left alone"
                help_text = "move it away, or restore it, and build again"
                self.diagnostics.append(Diagnostic("B001", Severity.ERROR, Source(shown, "").start, message, help=help_text))
                return False
        self.changed.append(shown)
        self._writes[artifact.path] = artifact.data
        return True

    def _told(self, name: str) -> str:
        """Return the path of a file of the target's as reports write it."""
        return name if self._shown == "." else f"{self._shown}/{name}"

    def _commit(self) -> None:
        """Do what was decided; with ``--check``, only say whether anything would be done."""
        if not self._request.check:
            refuse_links(self._folder)
            commit(self._folder, self._manifest, self._writes, self._gone)
        elif (self._manifest != self._former and not self.changed and not self.removed) or is_pending(self._folder):
            self.changed.append(self._told(MANIFEST))

    def _row(self, outcome: Outcome, written: Mapping[str, str], former: Mapping[str, str]) -> Row:
        path = written.get(outcome.loaded.rule.id, "")
        if path:
            record = self._evidence.get(self._manifest[path].sha256)
            evidence = Evidence(record.evidence) if record else Evidence.DECLARED
            return Row(outcome, self._told(path), False, evidence, record)
        old = former.get(outcome.loaded.rule.id, "")
        stale = bool(old) and outcome.status not in (Status.NO_SOURCE, Status.DISABLED)
        if stale and not outcome.allowed:
            self._tell_stale(old, outcome.loaded.rule.span("title"))
        return Row(outcome, self._told(old) if stale else "", stale, known=is_known(outcome, self._request.policy))

    def _tell_unread(self) -> None:
        """Tell of outputs whose rule's file can no longer be read."""
        files = {one.file.output: one for one in self._pack.unread}
        for name in sorted(self._manifest) if files else ():
            entry, unread = self._manifest[name], files.get(name.rpartition(".")[0])
            if unread and entry.rule and not any(loaded.rule.id == entry.rule for loaded in self._pack.rules):
                self._tell_stale(name, unread.diagnostics[0].span or Source(unread.file.name, "").start)

    def _tell_stale(self, old: str, place: Span) -> None:
        message = f"the rule was built before and is refused now; {self._told(old)} stays as it was and is stale"
        help_text = f"see what {self._target.name} says of the rule; to give the output up, disable the target for the rule"
        self.diagnostics.append(Diagnostic("B002", Severity.ERROR, place, message, help=help_text))

    def _sweep(self, outcomes: Iterable[Outcome], current: set[str]) -> None:
        """Remove what former builds wrote below the paths given for rules that are gone, disabled or without source."""
        keep = {one.loaded.rule.id for one in outcomes if one.status not in (Status.NO_SOURCE, Status.DISABLED)}
        unread = {unread.file.output for unread in self._pack.unread}
        below = _scopes(self._request)
        for name in sorted(self._manifest):
            entry, stem = self._manifest[name], name.rpartition(".")[0]
            if name in current or not entry.rule or (entry.rule in keep and not _moved(entry, outcomes, stem)) or stem in unread:
                continue
            if not any(stem == scope or scope == "" or stem.startswith(scope + "/") for scope in below):
                continue
            self._remove(name, entry)

    def _remove(self, name: str, entry: Entry) -> None:
        shown = self._told(name)
        if _present(self._folder, name) not in (None, "", entry.sha256):
            message = f"{shown} was changed by hand; its rule is gone, the file is left alone"
            self.diagnostics.append(Diagnostic("B001", Severity.ERROR, Source(shown, "").start, message, help="delete the file"))
            return
        self.removed.append(shown)
        self._gone.append(name)
        del self._manifest[name]


def _present(folder: Path, name: str) -> str | None:
    """Return the hash of a file's bytes, ``""`` for what is no file, ``None`` where nothing is; a link is refused when it is written."""
    path = os.path.join(folder, name)
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return None
        return digest(Path(path).read_bytes()) if stat.S_ISREG(mode) else ""
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise OutputError(f"{told(Path(path))} cannot be read: {(error.strerror or str(error)).lower()}") from error


def _is_shared(artifact: Artifact) -> bool:
    """Whether a file holds what several rules use; the macros of a pack of one rule are such a file too."""
    return artifact.path in ("macros.conf",)


def _moved(entry: Entry, outcomes: Iterable[Outcome], stem: str) -> bool:
    """Whether the rule of an entry is now built at another path."""
    return any(one.loaded.rule.id == entry.rule and one.allowed and one.loaded.output != stem for one in outcomes)


def _scopes(request: Request) -> list[str]:
    """Return the folders below ``output/<target>`` that the given paths mirror."""
    rules = request.policy.config.rules
    scopes = []
    for path in request.paths:
        if path.is_dir():
            below = next(iter(find([path / "probe.yml"], rules))).output.rpartition("/")[0]
            scopes.append(below if "rules" in path.absolute().parts or path.absolute().is_relative_to(rules.absolute()) else "")
        else:
            scopes.append(next(iter(find([path], rules))).output)
    return scopes
