"""Verify a pack's outputs: every artifact file of the manifests against the rule that it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.ir import unevaluable
from converter.model import Diagnostic, Evidence, Severity, Source, Status
from converter.pack import Entry, Loaded, Pack, Record, digest, read_bytes, read_evidence, read_manifest, told, unreadable, write_evidence
from converter.verify.compare import Measured, Questions, Verdict, compare, questions, seen
from converter.verify.engines import EngineRun, run_engine
from converter.verify.readings import Artifact


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdicts in the order of rule and target, and what could not be asked."""

    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]


def verify(pack: Pack, targets: Sequence[str], output: Path, engine: str) -> Verification:
    """Return a verdict for each rule and target that has an artifact.

    ``engine`` is ``reader`` (our reading alone) or ``osmem`` (Elastic's
    queries also through Kibana's parser and a search engine).

    Raises:
        OutputError: if a manifest is damaged.
        EngineMissingError: if the engine was asked for and is not installed.
    """
    verdicts: list[Verdict] = []
    notes: list[str] = []
    asked = {loaded.rule.id: questions(loaded, loaded.tree) for loaded in pack.rules if loaded.tree is not None and not _closed(loaded)}
    for target in targets:
        folder = output / target
        entries = {entry.rule: (path, entry) for path, entry in read_manifest(folder).items() if entry.rule}
        context = _context(folder)
        found = [_verdict(loaded, target, folder, entries, context, asked) for loaded in pack.rules]
        mine = [one for one in found if one is not None]
        if engine == "osmem" and target == "elastic":
            run = run_engine([_job(one, folder, entries) for one in mine if one.measured and not one.failed], asked)
            notes += run.notes
            mine = [_with_engine(one, run) for one in mine]
        verdicts += mine
    order = {loaded.rule.id: index for index, loaded in enumerate(pack.rules)}
    return Verification(tuple(sorted(verdicts, key=lambda one: order[one.loaded.rule.id])), tuple(notes))


def record(verification: Verification, output: Path) -> None:
    """Write what was found beside the outputs; a record of other bytes of a rule goes."""
    for target in {verdict.target for verdict in verification.verdicts}:
        folder = output / target
        hashes = {entry.sha256 for entry in read_manifest(folder).values()}
        records = {key: one for key, one in read_evidence(folder).items() if key in hashes}
        for verdict in verification.verdicts:
            if verdict.target != target or not verdict.artifact:
                continue
            key = digest((folder / _below(verdict, folder)).read_bytes())
            records.pop(key, None)
            if verdict.measured and not verdict.failed:
                measured = verdict.measured
                records[key] = Record(verdict.evidence.value, measured.engine, measured.version, measured.events)
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
    closed = _closed(loaded)
    source = seen(loaded.rule, target)
    if loaded.tree is None or closed or (source is None and target != "python"):
        return Verdict(loaded, target, told(path), declared, Evidence.DECLARED, None, closed or loaded.diagnostics)
    verdict = compare(
        loaded,
        loaded.tree,
        Artifact(told(path), data, loaded.rule.id, source.id if source else "", context),
        target,
        declared,
        asked[loaded.rule.id],
    )
    if digest(data) != entry.sha256:
        message = f"{told(path)} is not the file that the build wrote"
        changed = Diagnostic("V005", Severity.ERROR, Source(told(path), "").start, message, help="build it again")
        return Verdict(loaded, target, told(path), verdict.status, verdict.evidence, verdict.measured, (*verdict.diagnostics, changed))
    return verdict


def _job(verdict: Verdict, folder: Path, entries: dict[str, tuple[str, Entry]]) -> tuple[Verdict, Artifact]:
    name, _ = entries[verdict.loaded.rule.id]
    source = seen(verdict.loaded.rule, verdict.target)
    assert source is not None, "a verdict was reached with it"
    return verdict, Artifact(verdict.artifact, (folder / name).read_bytes(), verdict.loaded.rule.id, source.id)


def _with_engine(verdict: Verdict, run: EngineRun) -> Verdict:
    return run.verdicts.get(verdict.loaded.rule.id, verdict)


__all__ = ["Measured", "Verification", "record", "verify"]
