"""Run the benchmarks: ``make bench``.  Each line names both commands and the ratio of their CPU seconds (medians of one run)."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.benchmarks.correlations import correlations
from tests.benchmarks.coverage import coverage
from tests.benchmarks.elastic import build_elastic
from tests.benchmarks.engine import engine

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
SEED = "rules/kubernetes/audit/user_exec_into_pod.yml"
RUNS = 7


def cpu_s(command: list[str]) -> float:
    """Return the CPU seconds of one run of a command, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def paired(ours: list[str], theirs: list[str]) -> tuple[float, float]:
    """Return the medians of two commands, run in turn after one warm-up each."""
    cpu_s(ours), cpu_s(theirs)
    pairs = [(cpu_s(ours), cpu_s(theirs)) for _ in range(RUNS)]
    return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)


def start_up() -> None:
    """``--help`` against the peer's."""
    ours, theirs = [str(BIN / "converter"), "--help"], [str(BIN / "sigma"), "--help"]
    if not Path(theirs[0]).is_file():
        print("start-up: the peer is not installed (requirements/bench.txt)")
        return
    mine, other = paired(ours, theirs)
    print(f"start-up: converter --help {mine:.3f} s, sigma --help {other:.3f} s: ratio {mine / other:.2f}")


def convert() -> None:
    """One rule to each target, as a whole process."""
    bare = statistics.median(cpu_s([sys.executable, "-c", "import sigma.rule"]) for _ in range(RUNS))
    digest = hashlib.sha256((ROOT / SEED).read_bytes()).hexdigest()[:12]
    for target in ("elastic", "splunk", "falco", "python"):
        command = [str(BIN / "converter"), "convert", SEED, "-t", target]
        cpu_s(command)
        mine = statistics.median(cpu_s(command) for _ in range(RUNS))
        print(f"convert: {SEED} ({digest}) to {target} {mine:.3f} s CPU; importing pySigma alone {bare:.3f} s: ratio {mine / bare:.2f}")


_LOAD_OURS = """
import gc, pathlib, resource, sys, time
from converter.pack import load_pack
gc.disable()
start = time.process_time(); pack = load_pack([pathlib.Path(sys.argv[1])]); took = time.process_time() - start
lowered = sum(loaded.tree is not None for loaded in pack.rules)
print(took, len(pack.rules), lowered, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "sigma.rule" in sys.modules)
"""
_LOAD_THEIRS = """
import resource, sys, time
from sigma.collection import SigmaCollection
start = time.process_time(); rules = SigmaCollection.load_ruleset([sys.argv[1]], collect_errors=True)
parsed = 0
for rule in rules.rules:
    try: parsed += bool([one.parsed for one in rule.detection.parsed_condition])
    except Exception: pass
print(time.process_time() - start, len(rules.rules), parsed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, True)
"""


def load_corpus() -> None:
    """Read and lower a whole rule corpus against pySigma's load and parse: CPU seconds, and the highest memory of each process."""
    named = os.environ.get("CONVERTER_CORPORA")
    corpus = (ROOT / named / "corpora" / "sigmahq").resolve() if named else None
    if corpus is None or not corpus.is_dir():
        print("corpus: CONVERTER_CORPORA names no folder")
        return
    rounds = [
        [
            subprocess.run([sys.executable, "-c", code, str(corpus)], capture_output=True, text=True, check=True).stdout.split()
            for code in (_LOAD_OURS, _LOAD_THEIRS)
        ]
        for _ in range(3)
    ]
    mine, other = (statistics.median(float(lanes[lane][0]) for lanes in rounds) for lane in (0, 1))
    (_, count, lowered, memory, imported), (_, peers, parsed, their_memory, _) = rounds[0]
    ours = f"read {count} rules, lower {lowered}, {mine:.2f} s CPU (gc off, {'with' if imported == 'True' else 'without'} pySigma)"
    theirs = f"pySigma load_ruleset of {peers} and parse of {parsed} {other:.2f} s"
    print(f"corpus: {ours}, {theirs}: {other / mine:.1f} times")
    share = int(memory) / int(their_memory)
    print(f"corpus: highest memory {int(memory) / 1024:.0f} MiB (gc off), pySigma's {int(their_memory) / 1024:.0f} MiB: ratio {share:.2f}")


def oracle() -> None:
    """Events a second of the oracle on the bench events, against decoding them."""
    named = os.environ.get("CONVERTER_CORPORA")
    events = (ROOT / named / "events" / "k8s_audit" / "templates_179.jsonl").resolve() if named else None
    if events is None or not events.is_file():
        print("oracle: CONVERTER_CORPORA names no folder")
        return
    import time

    from converter.ir import evaluate
    from converter.pack import load_pack

    lines = events.read_bytes().splitlines() * 50
    trees = [loaded.tree for loaded in load_pack([ROOT / "rules"]).rules if loaded.tree is not None]
    start = time.process_time()
    documents = [json.loads(line) for line in lines]
    decoded = time.process_time()
    hits = sum(evaluate(tree, document) for document in documents for tree in trees)
    done = time.process_time()
    rate, bare = len(lines) / (done - decoded), len(lines) / (decoded - start)
    print(f"oracle: {len(lines)} events, {len(trees)} rules, {hits} matches: {rate:,.0f} events/s; decoding {bare:,.0f}/s")


BUILD_LIMIT_S = 30.0
"""What a build of the whole corpus to all targets may take, in CPU seconds."""
INIT_LIMIT_S = 3.0
"""What a new pack may take until its checks and tests are green."""


def build_corpus() -> None:
    """A whole rule corpus to the four targets, as one process that writes every output."""
    named = os.environ.get("CONVERTER_CORPORA")
    corpus = (ROOT / named / "corpora" / "sigmahq").resolve() if named else None
    if corpus is None or not corpus.is_dir():
        print("build: CONVERTER_CORPORA names no folder")
        return
    with tempfile.TemporaryDirectory() as folder:
        report = str(Path(folder) / "report.json")
        took = cpu_s([str(BIN / "converter"), "build", str(corpus), "-o", folder, "--report", report])
        rows = json.loads(Path(report).read_bytes())["results"]
    counts = Counter((row["target"], row["status"]) for row in rows)
    told = ", ".join(
        f"{target} {counts[target, 'exact']} exact and {counts[target, 'wider']} wider"
        for target in ("elastic", "splunk", "falco", "python")
    )
    files = len({row["path"] for row in rows})
    print(f"build: {files} files to 4 targets {took:.1f} s CPU, of {BUILD_LIMIT_S:.0f}: {took / BUILD_LIMIT_S:.2f}; {told}")


def new_pack() -> None:
    """``init`` until it is green, and ``ci`` on what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        pack = str(Path(folder) / "pack")
        took = cpu_s([str(BIN / "converter"), "init", pack, "--ci", "github"])
    print(f"init: {took:.2f} s CPU, of {INIT_LIMIT_S:.0f}: {took / INIT_LIMIT_S:.2f}")


def match() -> None:
    """Events a second of ``match``, as a process: the pack's rules, then a whole corpus, on a recorded Windows log."""
    named = os.environ.get("CONVERTER_CORPORA")
    shared = (ROOT / named).resolve() if named else None
    if shared is None or not (shared / "events" / "windows_sample_3736.jsonl").is_file():
        print("match: CONVERTER_CORPORA names no folder")
        return
    events = shared / "events" / "windows_sample_3736.jsonl"
    count = len(events.read_bytes().splitlines())
    for rules in (ROOT / "rules", shared / "corpora" / "sigmahq"):
        command = [str(BIN / "converter"), "match", str(rules), str(events), "--count"]
        idle = cpu_s([str(BIN / "converter"), "match", str(rules), os.devnull, "--count"])
        took = cpu_s(command) - idle
        print(f"match: {count} events, {rules.name}: {count / took:,.0f} events/s CPU, decoding included; reading the rules {idle:.2f} s")


BAD_DOCUMENTS = 50_000
"""Mutated documents of the long run, in pieces of so many that a process stays small."""
PIECE = 5_000


def bad_input() -> None:
    """Mutated documents from the fixed seed, the whole way and back: what was wrong with us, and the slowest command."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        for start in range(0, BAD_DOCUMENTS, PIECE):
            words = ["--start", str(start), "--count", str(PIECE), "--report", str(report)]
            subprocess.run([sys.executable, "-m", "tests.fuzz", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
            rows.append(json.loads(report.read_bytes()))
    documents, problems, took = (sum(row[key] for row in rows) for key in ("documents", "problems", "cpu_s"))
    slowest = max(row["slowest"][0] for row in rows)
    read = sum(row["facts"]["read"] for row in rows)
    told = f"{read} read, {problems} with a crash, a hang, a lost place or another meaning; {took:.0f} s CPU"
    told += f", at most {max(row['memory_mib'] for row in rows)} MiB"
    print(f"bad input: {documents} documents, {told}; slowest command {slowest[0]:.2f} s at {slowest[1]}: {slowest[2]}")


def python_package() -> None:
    """Events a second of the pack's Python package, all rules on each event, against decoding them."""
    named = os.environ.get("CONVERTER_CORPORA")
    events = (ROOT / named / "events" / "k8s_audit" / "templates_179.jsonl").resolve() if named else None
    if events is None or not events.is_file():
        print("python-package: CONVERTER_CORPORA names no folder")
        return
    code = (
        "import json, sys, time, importlib, pathlib; sys.path.insert(0, sys.argv[1])\n"
        "name = next(path.parent.name for path in pathlib.Path(sys.argv[1]).glob('*/__init__.py'))\n"
        "match_all = importlib.import_module(name).match_all\n"
        "lines = pathlib.Path(sys.argv[2]).read_bytes().splitlines() * 50\n"
        "start = time.process_time(); documents = [json.loads(line) for line in lines]; decoded = time.process_time()\n"
        "hits = sum(len(list(match_all(one))) for one in documents); done = time.process_time()\n"
        "print(len(lines), hits, len(lines) / (done - decoded), len(lines) / (decoded - start))"
    )
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([str(BIN / "converter"), "build", "-t", "python-package", "-o", folder], cwd=ROOT, capture_output=True, check=True)
        command = [sys.executable, "-c", code, str(Path(folder) / "python-package"), str(events)]
        count, hits, rate, bare = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    print(f"python-package: {count} events, {hits} matches: {float(rate):,.0f} events/s, all of rules/; decoding {float(bare):,.0f}/s")


EXAMPLES_LIMIT_S = 90.0
"""What the example events of a whole corpus may take, in CPU seconds."""
_EXAMPLES = """
import pathlib, sys, time
from collections import Counter
from converter.data import fields, source_of
from converter.ir import unevaluable
from converter.pack import load_pack
from converter.synthesis import frame, synthesize
full = events = 0
took, found = [], Counter()
for loaded in load_pack([pathlib.Path(sys.argv[1])]).rules:
    if loaded.tree is None or unevaluable(loaded.tree, loaded.rule.source): continue
    source = source_of(loaded.rule.logsource)
    start = time.process_time()
    made = synthesize(loaded.tree, fields(source.id) if source else {}, frame(source.id) if source else {})
    took.append(time.process_time() - start)
    full += made.full; events += len(made.events); found.update(one.found.value for one in made.atoms)
parts = ", ".join(f"{count} {name}" for name, count in found.most_common())
print(f"{len(took)} rules, {full} full, {events} events, parts {parts}; longest {max(took):.2f} s|{sum(took)}")
"""


def example_events() -> None:
    """Example events for every part of every rule of a corpus, in one process."""
    named = os.environ.get("CONVERTER_CORPORA")
    corpus = (ROOT / named / "corpora" / "sigmahq").resolve() if named else None
    if corpus is None or not corpus.is_dir():
        print("examples: CONVERTER_CORPORA names no folder")
        return
    done = subprocess.run([sys.executable, "-c", _EXAMPLES, str(corpus)], capture_output=True, text=True, check=True)
    said, _, took = done.stdout.strip().partition("|")
    print(f"examples: {said}; {float(took):.1f} s CPU, of {EXAMPLES_LIMIT_S:.0f}: {float(took) / EXAMPLES_LIMIT_S:.2f}")


if __name__ == "__main__":
    for bench in (
        start_up,
        convert,
        new_pack,
        load_corpus,
        build_corpus,
        build_elastic,
        coverage,
        oracle,
        match,
        correlations,
        example_events,
        engine,
        python_package,
        bad_input,
    ):
        bench()
