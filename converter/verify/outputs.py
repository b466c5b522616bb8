"""Verify a pack's outputs: every artifact file of the manifests against the rule that it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from converter.data import SHIPPED, Tables
from converter.ir import unevaluable
from converter.model import Diagnostic, Evidence, Severity, Source, Status, node
from converter.pack import Entry, Loaded, Pack, Record, digest, read_bytes, read_evidence, read_manifest, told, unreadable, write_evidence
from converter.verify.compare import Measured, Questions, Verdict, compare, questions, seen
from converter.verify.correlated import compare_correlation
from converter.verify.engines import EngineRun, run_engine
from converter.verify.own_view import own_view
from converter.verify.packages import BASES, parts
from converter.verify.packages import SIZE as PACKAGE_SIZE
from converter.verify.readings import Artifact
from converter.verify.synthesized import MISSING_SOLVER, has_solver
from converter.verify.timelines import unanswerable


@node
class Verification:
    """The verdicts in the order of rule and target, and what could not be asked."""

    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]


def verify(pack: Pack, targets: Sequence[str], output: Path, engine: str, tables: Tables = SHIPPED) -> Verification:
    """Return a verdict for each rule and target that has an artifact.

    ``engine`` is ``reader`` (our reading alone) or ``osmem`` (Elastic's
    queries also through Kibana's parser and a search engine).  ``tables`` are the pack's; where it has its own word on what a target
    sees, no engine is asked: its answer would rest on that word too.

    Raises:
        OutputError: if a manifest is damaged.
        EngineMissingError: if the engine was asked for and is not installed.
    """
    verdicts: list[Verdict] = []
    notes = [] if has_solver() else [MISSING_SOLVER]
    asked = {
        loaded.rule.id: questions(loaded, loaded.tree, tables) for loaded in pack.rules if loaded.tree is not None and not _closed(loaded)
    }
    for target in targets:
        if target in BASES:
            mine, artifacts = _of_package(pack, target, output / target, asked, tables)
        else:
            mine, artifacts = _of_files(pack, target, output / target, asked, tables)
        if engine == "osmem" and BASES.get(target, target) == "elastic":
            jobs = [(one, artifacts[one.loaded.rule.id]) for one in mine if one.measured and not one.failed and one.loaded.linked is None]
            run = run_engine([(one, artifact) for one, artifact in jobs if artifact.view is None], asked)
            notes += run.notes
            mine = [_with_engine(one, run) for one in mine]
        verdicts += mine
    order = {loaded.rule.id: index for index, loaded in enumerate(pack.rules)}
    return Verification(tuple(sorted(verdicts, key=lambda one: order[one.loaded.rule.id])), tuple(notes))


def _of_files(
    pack: Pack, target: str, folder: Path, asked: dict[str, Questions], tables: Tables
) -> tuple[list[Verdict], dict[str, Artifact]]:
    """Return the verdicts on the files of single rules, and what was read, by rule."""
    entries = {entry.rule: (path, entry) for path, entry in read_manifest(folder).items() if entry.rule}
    context = _context(folder)
    artifacts: dict[str, Artifact] = {}
    found = [_verdict(loaded, target, folder, entries, context, asked, artifacts, tables) for loaded in pack.rules]
    return [one for one in found if one is not None], artifacts


def _of_package(
    pack: Pack, target: str, folder: Path, asked: dict[str, Questions], tables: Tables
) -> tuple[list[Verdict], dict[str, Artifact]]:
    """Return the verdicts on a package's rules, each taken out of the package's file and read as its base's file."""
    entries = read_manifest(folder)
    declared = {rule: Status(status) for entry in entries.values() for rule, status in _pairs(entry)}
    found, problems = parts(target, folder, iter(entries))
    changed = {folder / name for name, entry in entries.items() if _digest(folder / name) != entry.sha256}
    verdicts: list[Verdict] = []
    artifacts: dict[str, Artifact] = {}
    for loaded in (one for one in pack.rules if one.rule.id in declared):
        rule, part = loaded.rule.id, found.get(loaded.rule.id)
        if part is None:
            main = told(folder / next(name for name, entry in entries.items() if entry.rule))
            missing = Diagnostic(
                "V010", Severity.ERROR, Source(main, "").start, f"the package lacks the rule {rule}", help="build it again"
            )
            verdicts.append(Verdict(loaded, target, main, declared[rule], Evidence.DECLARED, None, problems or (missing,)))
            continue
        verdict = _read(loaded, BASES[target], part.path, part.data, part.context, declared[rule], asked, artifacts, tables)
        verdict = replace(verdict, target=target)
        verdicts.append(_changed(verdict, part.path) if part.path in changed else verdict)
    return verdicts, artifacts


def _pairs(entry: Entry) -> list[tuple[str, str]]:
    return list(zip(entry.rule.split(","), entry.status.split(","), strict=False)) if entry.rule else []


def _digest(path: Path) -> str:
    try:
        return digest(read_bytes(path, PACKAGE_SIZE))
    except OSError:
        return ""


def record(verification: Verification, output: Path) -> None:
    """Write what was found beside the outputs; a record of other bytes of a rule goes.

    A package's file of several rules has one record, when all of them passed:
    the weakest evidence, and the events of all.
    """
    for target in {verdict.target for verdict in verification.verdicts}:
        folder = output / target
        hashes = {entry.sha256 for entry in read_manifest(folder).values()}
        records = {key: one for key, one in read_evidence(folder).items() if key in hashes}
        files: dict[str, list[Verdict]] = {}
        for verdict in verification.verdicts:
            if verdict.target == target and verdict.artifact:
                files.setdefault(_digest(folder / _below(verdict, folder)), []).append(verdict)
        for key, verdicts in files.items():
            records.pop(key, None)
            measured = [one.measured for one in verdicts if one.measured and not one.failed]
            if len(measured) == len(verdicts):
                weakest = max(verdicts, key=lambda one: one.evidence is not Evidence.ENGINE)
                seen_by = weakest.measured or measured[0]
                records[key] = Record(weakest.evidence.value, seen_by.engine, seen_by.version, sum(one.events for one in measured))
        write_evidence(folder, records)


def _below(verdict: Verdict, folder: Path) -> str:
    path = Path(verdict.artifact)
    return path.relative_to(told(folder)).as_posix()


def _closed(loaded: Loaded) -> tuple[Diagnostic, ...]:
    return unevaluable(loaded.tree, loaded.rule.source) if loaded.tree is not None else ()


def _context(folder: Path) -> dict[str, bytes]:
    path = folder / "macros.conf"
    return {"macros.conf": path.read_bytes()} if path.is_file() else {}


def _verdict(
    loaded: Loaded,
    target: str,
    folder: Path,
    entries: dict[str, tuple[str, Entry]],
    context: dict[str, bytes],
    asked: dict[str, Questions],
    artifacts: dict[str, Artifact],
    tables: Tables,
) -> Verdict | None:
    """Return the verdict on one artifact, ``None`` when the rule has none on the target."""
    if loaded.rule.id not in entries:
        return None
    name, entry = entries[loaded.rule.id]
    path = folder / name
    declared = Status(entry.status) if entry.status else Status.UNKNOWN
    try:
        data = read_bytes(path)
    except OSError as error:
        return Verdict(loaded, target, told(path), declared, Evidence.DECLARED, None, (unreadable(told(path), error),))
    verdict = _read(loaded, target, path, data, context, declared, asked, artifacts, tables)
    return verdict if loaded.rule.id not in artifacts or digest(data) == entry.sha256 else _changed(verdict, path)


def _read(
    loaded: Loaded,
    target: str,
    path: Path,
    data: bytes,
    context: Mapping[str, bytes],
    declared: Status,
    asked: dict[str, Questions],
    artifacts: dict[str, Artifact],
    tables: Tables,
) -> Verdict:
    """Return the verdict on what a rule's file holds; what was read joins ``artifacts``."""
    if loaded.linked is not None:
        artifacts[loaded.rule.id] = artifact = Artifact(told(path), data, loaded.rule.id, "", context)
        if problems := unanswerable(loaded.linked):
            return Verdict(loaded, target, artifact.path, declared, Evidence.DECLARED, None, problems)
        return compare_correlation(loaded, loaded.linked, artifact, target, declared, tables)
    closed = _closed(loaded)
    source = seen(loaded.rule, target, tables, data)
    if loaded.tree is None or closed or (source is None and target != "python"):
        return Verdict(loaded, target, told(path), declared, Evidence.DECLARED, None, closed or loaded.diagnostics)
    view = None if target == "python" else own_view(tables, target, source)
    artifact = Artifact(told(path), data, loaded.rule.id, source.id if source else "", context, view)
    artifacts[loaded.rule.id] = artifact
    return compare(loaded, loaded.tree, artifact, target, declared, asked[loaded.rule.id])


def _changed(verdict: Verdict, path: Path) -> Verdict:
    message = f"{told(path)} is not the file that the build wrote"
    told_of = Diagnostic("V005", Severity.ERROR, Source(told(path), "").start, message, help="build it again")
    return replace(verdict, diagnostics=(*verdict.diagnostics, told_of))


def _with_engine(verdict: Verdict, run: EngineRun) -> Verdict:
    return run.verdicts.get(verdict.loaded.rule.id, verdict)


__all__ = ["Measured", "Verification", "record", "verify"]
