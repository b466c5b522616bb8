"""A whole rule corpus to Elastic: against sigma-cli with its Elasticsearch backend, and how the time grows with the rules."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
PEER = ROOT / ".venv" / "census" / "bin" / "sigma"
RUNS = 3
PART = 300
"""Rules of the smaller corpus."""


def build_elastic() -> None:
    """``build -t elastic`` and ``sigma convert -t lucene``, in turn; then the same of an even part of the rules."""
    named = os.environ.get("CONVERTER_CORPORA")
    corpus = (ROOT / named / "corpora" / "sigmahq").resolve() if named else None
    if corpus is None or not corpus.is_dir():
        print("elastic: CONVERTER_CORPORA names no folder")
        return
    files = sorted(corpus.rglob("*.yml"))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        part = work / "part"
        for file in files[:: len(files) // PART][:PART]:
            (part / file.relative_to(corpus)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, part / file.relative_to(corpus))
        ours = [_median(_build(rules, work)) for rules in (corpus, part)]
        growth = _growth(ours, len(files))
        print(f"elastic: {len(files)} rules {ours[0]:.2f} s CPU, {PART} rules {ours[1]:.2f} s: {growth:.2f} of linear growth")
        if not PEER.is_file():
            print("elastic: the peer is not installed (requirements/census.txt)")
            return
        peer = [str(PEER), "convert", "-t", "lucene", "-p", "ecs_windows", "-s", str(corpus), "-o", str(work / "peer.txt")]
        theirs = _median(peer)
        told = "times ours, which writes every rule's TOML"
        print(f"elastic: sigma convert -t lucene -p ecs_windows -s {theirs:.2f} s: {theirs / ours[0]:.1f} {told}")


def _build(rules: Path, work: Path) -> list[str]:
    return [str(BIN / "converter"), "build", str(rules), "-t", "elastic", "-o", str(work / f"of_{rules.name}")]


def _growth(took: list[float], count: int) -> float:
    """Return the time of all rules by what as many of the part would take; 1 is linear, start-up counts for the part."""
    return took[0] / (took[1] * count / PART)


def _median(command: list[str]) -> float:
    """Return the CPU seconds of a command, the median of some runs; each writes into a folder of its own.

    Nothing is deleted in between: ext4 keeps away from inodes that were deleted a moment ago, and looks for others at our cost.
    """
    return statistics.median(_cpu_s([*command[:-1], f"{command[-1]}_{number}"]) for number in range(RUNS))


def _cpu_s(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
